/** One scenario through the shipped core, at its usual size: its truths and the alarms. */
import type { Scenario, ScenarioOptions, ScenarioRun, Truth } from "../../worlds/model/scenario.ts";
import { type Alarm, alarmOf } from "./score.ts";
import { type TimedInput, throughCore } from "./through-core.ts";

/** 2023-11-14T22:13:20Z, an arbitrary Tuesday. */
const START_US = 1_700_000_000_000_000;

export interface RunResult {
  readonly truths: readonly Truth[];
  readonly alarms: readonly Alarm[];
  /** Samples and states that the core applied. */
  readonly samples: number;
}

export function runScenario(
  scenario: Scenario,
  { seed, strength, form }: Pick<ScenarioOptions, "seed" | "strength" | "form">,
): RunResult {
  const run = scenario.create({
    seed,
    strength,
    channels: scenario.channels.usual,
    rate: scenario.usualRate,
    durationUs: scenario.usualDurationUs,
    startUs: START_US,
    group: "g",
    ...(form === undefined ? {} : { form }),
  });
  const alarms: Alarm[] = [];
  const samples = throughCore({
    seed,
    source: scenario.name,
    startUs: START_US,
    declarations: run.declarations,
    inputs: piecesOf(run),
    event(event) {
      const alarm = alarmOf(event);
      if (alarm !== null) alarms.push(alarm);
    },
  });
  return { truths: run.truth, alarms, samples };
}

function* piecesOf(run: ScenarioRun): Generator<TimedInput> {
  for (let input = run.next(); input !== null; input = run.next())
    yield { timeUs: input.type === "frame" ? input.time[input.count - 1]! : input.timeUs, input };
}
