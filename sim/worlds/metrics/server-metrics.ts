/** A day of servers on which each kind of event happens once, to a metric or to the clock. */

import { rowsRun } from "../model/rows.ts";
import type { Scenario } from "../model/scenario.ts";
import { Variates } from "../model/variates.ts";
import { type Window, windowBetween } from "../model/window.ts";
import { burst } from "./burst.ts";
import { steppedClock } from "./clock-step.ts";
import { drift } from "./drift.ts";
import { dropOut } from "./drop-out.ts";
import { levelShift } from "./level-shift.ts";
import { disturbedChannel, METRICS_USUALS, type MetricScenario } from "./metric-scenario.ts";
import { MetricsWorld } from "./metrics-world.ts";
import { spike } from "./spike.ts";
import { stuckSensor } from "./stuck-sensor.ts";

/** Duration of each event, as a share of the run. */
const HAPPENINGS: readonly (readonly [MetricScenario | "clock-step", share: number])[] = [
  [{ ...spike, shareOfRun: 0 }, 0],
  [{ ...levelShift, shareOfRun: 0.03 }, 0.03],
  [{ ...drift, shareOfRun: 0.05 }, 0.05],
  [{ ...stuckSensor, shareOfRun: 0.02 }, 0.02],
  [{ ...dropOut, shareOfRun: 0.02 }, 0.02],
  [{ ...burst, shareOfRun: 0.01 }, 0.01],
  ["clock-step", 0.01],
];

/** No event before this share of the run; then each event has its own slot, half of which is quiet. */
const FIRST = 0.3;

export const serverMetrics: Scenario = {
  ...METRICS_USUALS,
  name: "server-metrics",
  title:
    "a day of servers: spike, level shift, drift, stuck sensor, drop-out, burst and clock step, in any order",
  source: "Box & Jenkins (1970): season and AR(1); Ni et al. (2009): faults",
  usualDurationUs: 86_400e6,
  create(options) {
    const variates = new Variates(options.seed, "happening");
    const order = shuffled(HAPPENINGS, variates);
    const slot = (1 - FIRST) / order.length;
    const happenings = order.map(([scenario, share], k) => {
      const from = FIRST + slot * (k + 0.4 * variates.uniform());
      const window: Window = windowBetween(options, from, from + share);
      const channel = variates.whole(options.channels);
      return scenario === "clock-step"
        ? steppedClock(options, window)
        : disturbedChannel(scenario, options, window, channel);
    });
    return rowsRun("server-metrics", options, new MetricsWorld(options, happenings));
  },
};

/** Fisher & Yates (1938). */
function shuffled<T>(items: readonly T[], variates: Variates): T[] {
  const list = [...items];
  for (let k = list.length - 1; k > 0; k--) {
    const other = variates.whole(k + 1);
    [list[k], list[other]] = [list[other]!, list[k]!];
  }
  return list;
}
