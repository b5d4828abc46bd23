/** A sensor that repeats its last value. */
import { disturbance } from "../model/disturbance.ts";
import { metricScenario } from "./metric-scenario.ts";

export const stuckSensor = metricScenario({
  name: "stuck-sensor",
  title: "one metric repeats one value (any strength); anomaly finds that the noise is gone",
  source: "Ni et al. (2009): sensor fault, stuck-at",
  shareOfRun: 0.05,
  disturb(options) {
    const held = new Float64Array(options.channels).fill(Number.NaN);
    return disturbance(options, { kind: "stuckSensor", detectors: ["anomaly"] }, ({ channel, value }) => {
      if (Number.isNaN(held[channel])) held[channel] = value;
      return held[channel]!;
    });
  },
});
