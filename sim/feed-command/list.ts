/** `eigenwatch feed list`: each scenario with a line, and a small plot of what one run of it looks like. */
import process from "node:process";
import { durationText } from "../../actors/feeds/options.ts";
import { RECORDED_START_US } from "../../actors/feeds/synth.ts";
import type { Scenario } from "../feeds/scenario.ts";
import { SCENARIOS } from "../feeds/scenarios.ts";
import { chosenWorld } from "../feeds/worlds.ts";
import { sparkLines } from "./spark-lines.ts";

export function feedListCommand(flags: { json?: true }): number {
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(SCENARIOS.map(described))}\n`);
    return 0;
  }
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  for (const scenario of SCENARIOS) {
    const { name, title, usualRate, usualDurationUs, channels } = scenario;
    process.stdout.write(`${name.padEnd(width)}  ${title}\n`);
    const usual = `${channels.usual} × ${usualRate}/s for ${durationText(usualDurationUs)}`;
    process.stdout.write(
      `${" ".repeat(width)}  ${usual}${scenario.disturb === undefined ? "" : ", can be injected"}\n`,
    );
    for (const line of plotted(scenario)) process.stdout.write(`${" ".repeat(width)}  ${line}\n`);
    process.stdout.write("\n");
  }
  return 0;
}

function described(scenario: Scenario): Record<string, unknown> {
  const { name, family, title, source, channels, usualRate, usualDurationUs, disturb } = scenario;
  return {
    name,
    family,
    title,
    source,
    channels,
    rate: usualRate,
    durationSeconds: usualDurationUs / 1e6,
    injectable: disturb !== undefined,
  };
}

function plotted({ name }: Scenario): string[] {
  const { scenario, options } = chosenWorld(name, { seed: 1, strength: 1, group: name });
  return sparkLines(scenario.create({ ...options, startUs: RECORDED_START_US }), {
    fromUs: RECORDED_START_US,
    untilUs: RECORDED_START_US + options.durationUs,
  });
}
