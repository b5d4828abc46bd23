/** A sensor that sends nothing for a while. */
import { disturbance } from "../model/disturbance.ts";
import { metricScenario } from "./metric-scenario.ts";

export const dropOut = metricScenario({
  name: "drop-out",
  title: "one metric sends nothing for a while (any strength); no sample is unusual",
  source: "Ni et al. (2009): sensor fault, data loss",
  shareOfRun: 0.05,
  disturb: (options) => disturbance(options, { kind: "dropOut", detectors: [] }, () => Number.NaN),
});
