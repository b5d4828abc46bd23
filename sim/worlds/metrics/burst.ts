/** A burst of noise. */
import { disturbance } from "../model/disturbance.ts";
import { Variates } from "../model/variates.ts";
import { metricScenario } from "./metric-scenario.ts";

/** Standard deviation of the added noise, in standard deviations of the increments of the channel. */
const LOUDNESS = 4;

export const burst = metricScenario({
  name: "burst",
  title: "one metric becomes noisy for a while; anomaly names the channel",
  source: "Fox (1972), Ni et al. (2009): noisy stretch",
  shareOfRun: 0.02,
  disturb(options) {
    const variates = new Variates(options.seed, "burst");
    return disturbance(
      options,
      { kind: "burst", detectors: ["anomaly"] },
      ({ value, floor }) => value + LOUDNESS * options.strength * floor.deviation * variates.normal(),
    );
  },
});
