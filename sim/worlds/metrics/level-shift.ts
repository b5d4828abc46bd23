/** A metric that jumps to another level, and back at the end. */
import { disturbance } from "../model/disturbance.ts";
import { metricScenario } from "./metric-scenario.ts";

/** Size in standard deviations of the channel's increments. */
const SHIFT = 8;

export const levelShift = metricScenario({
  name: "level-shift",
  title: "one metric jumps to another level and back later; anomaly names the channel at both ends",
  source: "Box & Tiao (1975): intervention, step",
  shareOfRun: 0.1,
  disturb: (options) =>
    disturbance(
      options,
      { kind: "levelShift", detectors: ["anomaly"] },
      ({ value, floor }) => value + SHIFT * options.strength * floor.deviation,
    ),
});
