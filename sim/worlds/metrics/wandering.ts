/** A metric that stops to return to its level: what comes next can no longer be foretold. */
import { disturbance } from "../model/disturbance.ts";
import { Variates } from "../model/variates.ts";
import { metricScenario } from "./metric-scenario.ts";

export const wandering = metricScenario({
  name: "wandering",
  title:
    "one metric no longer returns to its level but wanders; its forecasts cease to be better than its last value",
  source: "Box & Jenkins (1970): AR(1) and random walk",
  shareOfRun: 0.3,
  disturb(options) {
    const variates = new Variates(options.seed, "wandering");
    const place = new Float64Array(options.channels).fill(Number.NaN);
    return disturbance(options, { kind: "wandering", detectors: [] }, ({ channel, value, floor }) => {
      const from = Number.isNaN(place[channel]) ? value : place[channel]!;
      place[channel] = from + options.strength * floor.deviation * variates.normal();
      return place[channel]!;
    });
  },
});
