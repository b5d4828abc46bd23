/** What the nodes of simulated worlds run: every shipped actor and the witness, set up to warm within seconds and to speak often. */
import { SYSTEM } from "../../actors/mod.ts";
import { parseSettings, type Settings } from "../../protocol/settings.ts";
import { WITNESS } from "./witness.ts";

export const SESSION = "simulated";

export const SIMULATED_SYSTEM = { group: [...SYSTEM.group, WITNESS], session: SYSTEM.session };

/** A world of two minutes has a thousand rows: memories and promises are scaled to that. */
export function simulatedSettings(seed: number): Settings {
  return parseSettings({
    seed,
    publishEveryUs: 2_000_000,
    estimator: { memoryRows: 32, scaleRows: 64, warmupRows: 16 },
    collapse: { falseAlarmSamples: 200, calibrationRows: 60, recoveryRows: 20 },
    anomaly: { falseAlarmSamples: 200, windowSamples: 64, warmupSamples: 32, cooldownSamples: 8 },
  });
}

/** Samples between snapshots: some twenty in a run. */
export const SNAPSHOT_SAMPLES = 500;

/** What people change while it runs. */
export const SETTING_CHANGES: readonly (readonly [path: string, value: number | boolean])[] = [
  ["estimator.memoryRows", 24],
  ["anomaly.cooldownSamples", 4],
  ["collapse.falseAlarmSamples", 150],
  ["anomaly.enabled", false],
  ["anomaly.enabled", true],
  ["publishEveryUs", 1_000_000],
];
