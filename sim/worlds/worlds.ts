/** Creates worlds from a scenario and options: fills in the usual values and refuses options that the scenario cannot have. */
import type { SynthChoice, SynthWorlds } from "../../actors/feeds/mod.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { MAX_FRAME_SPAN_US } from "../../protocol/limits.ts";
import type { Scenario, ScenarioOptions, ScenarioRun } from "./model/scenario.ts";
import { findScenario, scenarioNames } from "./scenarios.ts";

/** All scenarios as the port of the `synth` feed. */
export function synthWorlds(): SynthWorlds {
  return {
    names: scenarioNames(),
    prepare(name, choice) {
      const { scenario, options } = chosenWorld(name, choice);
      return (startUs) => scenario.create({ ...options, startUs });
    },
  };
}

/** The scenario with all its options except the start. Throws an EigenwatchError. */
export function chosenWorld(
  name: string,
  choice: SynthChoice,
): { scenario: Scenario; options: Omit<ScenarioOptions, "startUs"> } {
  const scenario = findScenario(name);
  const { least, most, usual } = scenario.channels;
  const { seed, strength, group, form } = choice;
  const channels = choice.channels ?? usual;
  const rate = choice.rate ?? scenario.usualRate;
  const durationUs = choice.durationUs ?? scenario.usualDurationUs;
  if (channels < least || channels > most)
    throw badOption(name, `${channels} channels`, least === most ? `${least}` : `${least} to ${most}`);
  if (!(rate > 0) || rate > RATE_MOST) throw badOption(name, `rate ${rate}`, `above 0, at most ${RATE_MOST}`);
  const [slowestUs, slowest] = scenario.family === "quantum" ? RECORD_SLOWEST : ROWS_SLOWEST;
  if (1e6 / rate > slowestUs) throw badOption(name, `rate ${rate}`, `a sample ${slowest} at least`);
  if (durationUs * rate < 1e6)
    throw badOption(name, `${durationUs / 1e6} s at ${rate} samples/s`, "at least one sample");
  if (form !== undefined && scenario.family !== "quantum")
    throw badOption(name, `form ${form}`, "no form: it has samples only");
  const options = { seed, channels, rate, durationUs, strength, group };
  return { scenario, options: form === undefined ? options : { ...options, form } };
}

/** One run, from its start. */
export function createRun(name: string, choice: SynthChoice, startUs: number): ScenarioRun {
  const { scenario, options } = chosenWorld(name, choice);
  return scenario.create({ ...options, startUs });
}

/** Samples of a record lie in one message, which has the span of a frame. */
const RECORD_SLOWEST = [MAX_FRAME_SPAN_US, "an hour"] as const;
/** Rows far apart have a frame each: daily bars, and weekly ones. */
const ROWS_SLOWEST = [7 * 86_400e6, "a week"] as const;

/** Times are whole µs: at a higher rate, several samples would have the same time. */
const RATE_MOST = 1e6;

function badOption(name: string, value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: `create scenario ${name}`, value, expected });
}
