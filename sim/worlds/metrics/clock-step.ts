/** A clock that is wrong for a while: values are right, times are not. */

import { rowsRun } from "../model/rows.ts";
import type { Scenario, ScenarioOptions } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, type Window } from "../model/window.ts";
import { METRICS_USUALS } from "./metric-scenario.ts";
import { type Happening, MetricsWorld } from "./metrics-world.ts";

/** Rows by which the clock is set ahead: three rows seem to be missing, and later three seem to come twice. */
const STEP_ROWS = 3;
/** The times of a frame must be within an hour. */
const STEP_MOST_US = 600e6;

export const clockStep: Scenario = {
  ...METRICS_USUALS,
  name: "clock-step",
  title: "the clock that stamps all metrics is set ahead, and back later; no value is unusual",
  source: "RFC 5905 (2010): step of a system clock",
  create(options) {
    const window = drawWindow(options, new Variates(options.seed, "happening"), 0.05);
    return rowsRun("clock-step", options, new MetricsWorld(options, [steppedClock(options, window)]));
  },
};

export function steppedClock(options: ScenarioOptions, window: Window): Happening {
  const expected = Math.round((STEP_ROWS * options.strength * 1e6) / options.rate);
  const clockStepUs = Math.min(STEP_MOST_US, expected);
  const channels = new MetricsWorld(options, []).channels.map(({ name }) => name);
  const truth = plan(options, window, {
    kind: "clockStep",
    detectors: [],
    channels,
    detail: { clockStepUs },
  });
  return { window, truth, channel: 0, disturbance: null, clockStepUs };
}
