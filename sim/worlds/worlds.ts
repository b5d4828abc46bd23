/** A scenario made ready: what is left out is as usual, and what it cannot do is refused in words. */
import { CommandError } from "../../actors/errors.ts";
import type { SynthChoice, SynthWorlds } from "../../actors/feeds/synth-world.ts";
import { MAX_FRAME_SPAN_US } from "../../protocol/limits.ts";
import type { Scenario, ScenarioOptions, ScenarioRun } from "./model/scenario.ts";
import { findScenario, scenarioNames } from "./scenarios.ts";

/** All scenarios, as the `synth` feed wants them. */
export function synthWorlds(): SynthWorlds {
  return {
    names: scenarioNames(),
    prepare(name, choice) {
      const { scenario, options } = chosenWorld(name, choice);
      return (startUs) => scenario.create({ ...options, startUs });
    },
  };
}

/** The scenario and all its options but the start. Throws CommandError. */
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
    throw refused(name, `${channels} channels`, least === most ? `${least}` : `${least} to ${most}`);
  if (!(rate > 0) || rate > RATE_MOST) throw refused(name, `rate ${rate}`, `above 0, at most ${RATE_MOST}`);
  if (1e6 / rate > MAX_FRAME_SPAN_US) throw refused(name, `rate ${rate}`, "a sample an hour at least");
  if (durationUs * rate < 1e6)
    throw refused(name, `${durationUs / 1e6} s at ${rate} samples/s`, "at least one sample");
  if (form !== undefined && scenario.family !== "quantum")
    throw refused(name, `form ${form}`, "no form: it has samples only");
  const options = { seed, channels, rate, durationUs, strength, group };
  return { scenario, options: form === undefined ? options : { ...options, form } };
}

/** One run, from its start. */
export function createRun(name: string, choice: SynthChoice, startUs: number): ScenarioRun {
  const { scenario, options } = chosenWorld(name, choice);
  return scenario.create({ ...options, startUs });
}

/** Times are whole µs: more samples a second would fall on the same. */
const RATE_MOST = 1e6;

function refused(name: string, got: string, expected: string): CommandError {
  return new CommandError(`Cannot create scenario ${name} with ${got}; expected ${expected}`);
}
