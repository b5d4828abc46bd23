/** A case of the suite: a scenario in one form, and its score for each detector and seed. */
import type { ScenarioOptions } from "../../worlds/model/scenario.ts";
import { findScenario, SCENARIOS } from "../../worlds/scenarios.ts";
import { runScenario } from "./run.ts";
import { DEFAULT_DETECTORS, type DetectorName, score, type Tally } from "./score.ts";

export interface DetectCase {
  readonly scenario: string;
  readonly form?: NonNullable<ScenarioOptions["form"]>;
}

/** Score of one seed: the tally of the eventful run, and the alarms of the quiet run, in which nothing happens. */
export interface DetectorScore {
  readonly tally: Tally;
  readonly quietAlarms: number;
  /** Quiet alarms that count against the promised rate. */
  readonly quietPromised: number;
  /** Priorities of the quiet alarms that have one. */
  readonly quietPriorities?: readonly number[];
}

export type SeedScore = Partial<Record<DetectorName, DetectorScore>>;

/**
 * Longest delay that counts after the end of a truth, as a share of the run: 72 s of an hour of prices, a quarter of an hour of half a day
 * of metrics. Long enough for sequential tests to gather evidence, short enough for few hits by chance.
 */
export const ALLOWED_SHARE = 0.02;

/** Every scenario once; quantum scenarios also as states. */
export function allCases(): DetectCase[] {
  return SCENARIOS.flatMap(({ name, family }): DetectCase[] =>
    family === "quantum"
      ? [{ scenario: name }, { scenario: name, form: "density" }, { scenario: name, form: "vector" }]
      : [{ scenario: name }],
  );
}

/** Detectors that apply to the data: coherence needs two channels, and states have a detector of their own. */
export function detectorsOf({ scenario, form }: DetectCase): DetectorName[] {
  const ofStates = form === "density" || form === "vector";
  const { channels } = findScenario(scenario);
  return DEFAULT_DETECTORS.filter((name) => {
    if (name === "incidents") return true;
    if (ofStates || name === "trajectory") return ofStates && name === "trajectory";
    return name !== "coherence" || channels.usual >= 2;
  });
}

export function scoreSeed(each: DetectCase, seed: number): SeedScore {
  const scenario = findScenario(each.scenario);
  const form = each.form === undefined ? {} : { form: each.form };
  const eventful = runScenario(scenario, { seed, strength: 1, ...form });
  const quiet = runScenario(scenario, { seed, strength: 0, ...form });
  const allowedUs = ALLOWED_SHARE * scenario.usualDurationUs;
  const result: SeedScore = {};
  for (const detector of detectorsOf(each)) {
    const alarms = quiet.alarms.filter((alarm) => alarm.detector === detector);
    result[detector] = {
      tally: score(detector, eventful.truths, eventful.alarms, allowedUs),
      quietAlarms: alarms.length,
      quietPromised: alarms.filter(({ promised }) => promised).length,
      quietPriorities: alarms.flatMap(({ priority }) => (priority === undefined ? [] : [priority])),
    };
  }
  return result;
}
