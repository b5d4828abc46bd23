/** The table of all scenarios in SCENARIOS.md; a test compares them. */

import { RECORDED_START_US } from "../../../actors/feeds/mod.ts";
import { durationText } from "../../../protocol/text-values.ts";
import type { Scenario } from "../model/scenario.ts";
import { SCENARIOS } from "../scenarios.ts";
import { createRun } from "../worlds.ts";

const HEAD = [
  "| scenario | what happens | truth (who should find it) | channels × rate, duration | injectable | source |",
  "|---|---|---|---|---|---|",
];

export function scenarioTable(): string {
  return [...HEAD, ...SCENARIOS.map(rowOf)].join("\n");
}

function rowOf(scenario: Scenario): string {
  const { name, title, channels, usualRate, usualDurationUs, disturb, source } = scenario;
  const usual = `${channels.usual} × ${usualRate}/s, ${durationText(usualDurationUs)}`;
  const cells = [`\`${name}\``, title, truths(name), usual, disturb === undefined ? "" : "yes", source];
  return `| ${cells.join(" | ")} |`;
}

/** Kinds of truth of one run, each with the detectors that should find it. */
function truths(name: string): string {
  const run = createRun(name, { seed: 1, strength: 1, group: name }, RECORDED_START_US);
  while (run.next() !== null);
  const kinds = new Map(run.truth.map(({ kind, detectors }) => [kind, detectors]));
  return Array.from(kinds.entries())
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, detectors]) => `${kind} (${detectors.join(", ") || "none"})`)
    .join(", ");
}
