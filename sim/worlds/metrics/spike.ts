/** One sample far from its neighbours, in one metric of a server. */
import { disturbance } from "../model/disturbance.ts";
import type { Disturbance, DisturbanceOptions } from "../model/scenario.ts";
import { metricScenario } from "./metric-scenario.ts";

/** Height in standard deviations of the increments of the channel: by chance, one in 10²² samples is that far. */
const HEIGHT = 10;

export const spike = metricScenario({
  name: "spike",
  title: "one sample of one metric is far out; anomaly names the channel, then all is normal again",
  source: "Fox (1972): additive outlier",
  shareOfRun: 0,
  disturb(options: DisturbanceOptions): Disturbance {
    const spiked = new Set<number>();
    return disturbance(options, { kind: "spike", detectors: ["anomaly"] }, ({ channel, value, floor }) => {
      if (spiked.has(channel)) return value;
      spiked.add(channel);
      return value + HEIGHT * options.strength * floor.deviation;
    });
  },
});
