/** The detectors that measure more of channels than fits beside the charts: what each knows stands in the dialog of analyses. */
import { isForecast } from "./forecasts.ts";
import { isOpportunity } from "./opportunity.ts";
import { isEntanglement, isInterference } from "./pair-graph.ts";
import { isRisk } from "./risk.ts";
import { isTrend } from "./trends.ts";

export const ANALYSES = [
  { name: "Risk", has: isRisk, about: "What the channels may lose with their next move" },
  { name: "Trends", has: isTrend, about: "Where the channels go, and when they reach thresholds" },
  {
    name: "Forecasts",
    has: isForecast,
    about: "What comes next, and whether that is more than anybody could say",
  },
  {
    name: "Opportunities",
    has: isOpportunity,
    about: "Prices that are tied and came apart, and ways round through markets, after costs",
  },
  { name: "Entanglement", has: isEntanglement, about: "Which channels move together beyond chance" },
  { name: "Interference", has: isInterference, about: "Fringes and beats of two channels" },
] as const;

export type AnalysisName = (typeof ANALYSES)[number]["name"];

/** Whether a measure is shown there, as it is now: it needs no past on the page. */
export function isAnalysed(measure: string): boolean {
  return ANALYSES.some(({ has }) => has(measure));
}

/** Those of which a group has measures. */
export function analysesIn(measures: Readonly<Record<string, number>>): readonly (typeof ANALYSES)[number][] {
  const names = Object.keys(measures);
  return ANALYSES.filter(({ has }) => names.some(has));
}
