/** A sensor that goes on telling its last value. */
import { disturbance } from "../model/disturbance.ts";
import { metricScenario } from "./metric-scenario.ts";

export const stuckSensor = metricScenario({
  name: "stuck-sensor",
  title: "one metric tells the same value again and again (any strength); anomaly sees the noise gone",
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
