/** A sensor whose values slowly drift away from the truth. */
import { disturbance } from "../model/disturbance.ts";
import { metricScenario } from "./metric-scenario.ts";

/** Drift at the end, in standard deviations of the increments of the channel. */
const REACH = 12;

export const drift = metricScenario({
  name: "drift",
  title: "one metric drifts away slowly; no single sample is unusual, anomaly should name the channel",
  source: "Ni et al. (2009): sensor fault, calibration drift",
  shareOfRun: 0.1,
  disturb: (options) =>
    disturbance(
      options,
      { kind: "drift", detectors: ["anomaly"] },
      ({ value, floor, progress }) => value + REACH * options.strength * progress * floor.deviation,
    ),
});
