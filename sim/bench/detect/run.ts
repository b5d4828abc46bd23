/**
 * One scenario through the shipped core, offline, with default settings and all actors.
 *
 *   scenario ─► pieces ─► Core.apply ─► events ─► alarms          no sequencer, no journal, no clock
 */
import { Core } from "../../../actors/core/core.ts";
import { SYSTEM } from "../../../actors/system.ts";
import type { Input } from "../../../protocol/messages.ts";
import { defaultSettings } from "../../../protocol/settings.ts";
import type { Scenario, ScenarioOptions, Truth } from "../../worlds/model/scenario.ts";
import { type Alarm, alarmOf } from "./score.ts";

/** 2023-11-14T22:13:20Z, an arbitrary Tuesday. */
const START_US = 1_700_000_000_000_000;

export interface RunResult {
  readonly truths: readonly Truth[];
  readonly alarms: readonly Alarm[];
  /** Samples and states that the core applied. */
  readonly samples: number;
}

/** The scenario at its usual size. */
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
  const core = new Core(SYSTEM, {
    event(event) {
      const alarm = alarmOf(event);
      if (alarm !== null) alarms.push(alarm);
    },
    state() {},
    unread: true,
    metrics() {},
  });
  // Time never goes back, as behind a sequencer; in some scenarios clocks do.
  const apply = (timeUs: number, input: Input) =>
    core.apply(core.sequence + 1, Math.max(core.now, timeUs), input);
  const settings = defaultSettings();
  apply(START_US, {
    type: "sessionOpened",
    session: "bench",
    partition: "p0",
    seed,
    settings: { ...settings, seed },
    versions: {},
  });
  for (const declaration of run.declarations)
    apply(START_US, { type: "channels", source: scenario.name, ...declaration });
  for (let piece = run.next(); piece !== null; piece = run.next())
    apply(piece.type === "frame" ? piece.time[piece.count - 1]! : piece.timeUs, piece);
  return { truths: run.truth, alarms, samples: core.samples };
}
