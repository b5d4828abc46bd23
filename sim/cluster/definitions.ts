/** What the nodes of simulated worlds run: shipped actors and the witness, with settings that warm up within seconds and give many events. */
import type { CoreDefinitions } from "../../actors/core/mod.ts";
import { SYSTEM } from "../../actors/mod.ts";
import { parseSettings, type Settings } from "../../protocol/settings.ts";
import type { WorldOptions } from "./options.ts";
import type { RecordedInputs } from "./recorded/inputs.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { WITNESS } from "./witness-actor.ts";

export const SESSION = "simulated";

/** All shipped actors and the witness. */
export const SIMULATED_SYSTEM: CoreDefinitions = {
  group: [...SYSTEM.group, WITNESS],
  session: SYSTEM.session,
};

/**
 * Of the actors of groups only the estimator, which publishes states, and the witness, which shows every effect of a fault. What is tested is
 * what lies around detectors, and they would take most of the time.
 */
const LIGHT_SYSTEM: CoreDefinitions = {
  group: [...SYSTEM.group.filter(({ name }) => name === "estimator"), WITNESS],
  session: SYSTEM.session,
};

/** `recorded`: not the witness, because logical time begins at 0 and its pulse would beat until the first data of a recording. */
export function systemOf(
  { allDetectors }: Pick<WorldOptions, "allDetectors">,
  recorded: RecordedInputs | null = null,
): CoreDefinitions {
  if (recorded !== null) return SYSTEM;
  return allDetectors ? SIMULATED_SYSTEM : LIGHT_SYSTEM;
}

/** Of the session that is replayed, or scaled to the world. */
export function settingsOf({ seed, recorded }: Pick<SimulatedCluster, "seed" | "recorded">): Settings {
  return recorded?.settings ?? simulatedSettings(seed);
}

/** A world of two minutes has a thousand rows: memories and false-alarm rates are scaled to that. */
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

/** Settings that users change during a run. */
export const SETTING_CHANGES: readonly (readonly [path: string, value: number | boolean])[] = [
  ["estimator.memoryRows", 24],
  ["anomaly.cooldownSamples", 4],
  ["collapse.falseAlarmSamples", 150],
  ["anomaly.enabled", false],
  ["anomaly.enabled", true],
  ["publishEveryUs", 1_000_000],
];
