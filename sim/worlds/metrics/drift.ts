/** A sensor that slowly runs away from the truth. */
import { disturbance } from "../model/disturbance.ts";
import { metricScenario } from "./metric-scenario.ts";

/** Where it is at the end, in standard deviations of the channel's increments. */
const REACH = 12;

export const drift = metricScenario({
  name: "drift",
  title: "one metric runs away slowly; no single sample is odd, anomaly should name the channel all the same",
  source: "Ni et al. (2009): sensor fault, calibration drift",
  shareOfRun: 0.1,
  disturb: (options) =>
    disturbance(
      options,
      { kind: "drift", detectors: ["anomaly"] },
      ({ value, floor, progress }) => value + REACH * options.strength * progress * floor.deviation,
    ),
});
