/** A resource that fills: a metric that rises evenly from some time on, until the end. */
import { disturbance } from "../model/disturbance.ts";
import { metricScenario } from "./metric-scenario.ts";

/** Height at the end of half a run, in standard deviations of the increments of the channel: far above what a season does. */
const REACH = 600;

export const filling = metricScenario({
  name: "filling",
  title:
    "one metric begins to rise evenly, as a disk that fills; trend names the channel, and says when it will be full",
  source: "Harvey (1989): deterministic trend, change of slope",
  shareOfRun: 0.5,
  disturb: (options) =>
    disturbance(
      options,
      { kind: "filling", detectors: ["trend"] },
      ({ value, floor, progress }) => value + REACH * options.strength * progress * floor.deviation,
    ),
});
