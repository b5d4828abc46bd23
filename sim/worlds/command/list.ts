/** `eigenwatch feed list`: each scenario with a line, and a small plot of what one run of it looks like. */
import { print, printJson } from "../../../actors/command-line/terminal.ts";
import { RECORDED_START_US } from "../../../actors/feeds/mod.ts";
import { durationText } from "../../../protocol/text-values.ts";
import type { Scenario } from "../model/scenario.ts";
import { SCENARIOS } from "../scenarios.ts";
import { chosenWorld } from "../worlds.ts";
import { sparkLines } from "./spark-lines.ts";

export function printScenarios(json: boolean): number {
  if (json) printJson(SCENARIOS.map(described));
  else print(...listText().replace(/\n$/, "").split("\n"));
  return 0;
}

/** One entry per scenario, followed by an empty line. */
export function listText(): string {
  const width = Math.max(...SCENARIOS.map(({ name }) => name.length));
  const margin = " ".repeat(width);
  const entries = SCENARIOS.map((scenario) => {
    const { name, title, usualRate, usualDurationUs, channels, disturb } = scenario;
    const usual = `${channels.usual} × ${usualRate}/s for ${durationText(usualDurationUs)}`;
    const below = [`${usual}${disturb === undefined ? "" : ", can be injected"}`, ...plotted(scenario)];
    return `${name.padEnd(width)}  ${title}\n${below.map((line) => `${margin}  ${line}\n`).join("")}\n`;
  });
  return entries.join("");
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
