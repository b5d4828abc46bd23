/** All suites by name. A suite is loaded by the process that runs it. */
import type { Suite } from "./suite.ts";

export interface SuiteEntry {
  /** One line for the list of suites. */
  readonly summary: string;
  load(): Promise<Suite>;
}

export const SUITES: Readonly<Record<string, SuiteEntry>> = {
  synthetic: {
    summary: "every synthetic scenario, with and without what happens in it: recall, delay, false alarms",
    load: async () => (await import("./synthetic.ts")).synthetic,
  },
  market: {
    summary:
      "recorded markets and servers with known events, through the shipped core: found, delay, alarms outside",
    load: async () => (await import("./market.ts")).market,
  },
  nab: {
    summary: "Numenta Anomaly Benchmark: its score in three profiles",
    load: async () => (await import("./nab.ts")).nab,
  },
  tcpd: {
    summary: "Turing Change Point Dataset: F1 and cover of changes, beside never a change",
    load: async () => (await import("./tcpd.ts")).tcpd,
  },
  smd: {
    summary: "Server Machine Dataset: VUS-PR of the score of all channels, incidents beside labels",
    load: async () => (await import("./servers.ts")).smd,
  },
  asd: {
    summary: "Application Server Dataset: the same",
    load: async () => (await import("./servers.ts")).asd,
  },
  arl: {
    summary: "the collapse detector's promise on processes without a change, and its delay at six changes",
    load: async () => (await import("./arl.ts")).arl,
  },
  nulls: {
    summary: "anomalies announced per promised one on noise in which nothing happens, by law",
    load: async () => (await import("./nulls.ts")).nulls,
  },
  oracle: {
    summary: "measures of states against reference values, each within its tolerance",
    load: async () => (await import("./oracle.ts")).oracle,
  },
  effect: {
    summary: "p-values of marked events at which nothing happens, and how often an effect is found",
    load: async () => (await import("./effect.ts")).effect,
  },
  changes: {
    summary:
      "false changes of level and slope, and turns of trends, per promised one, on channels that keep theirs",
    load: async () => (await import("./change-nulls.ts")).changeNulls,
  },
  pairs: {
    summary:
      "false announcements of pairs that begin or cease to move together, or to keep a phase, and delays",
    load: async () => (await import("./pairs.ts")).pairs,
  },
  prediction: {
    summary: "bands of forecasts on ten synthetic worlds, and announcements of skill where there is none",
    load: async () => (await import("./prediction.ts")).predictionSuite,
  },
  states: {
    summary: "whole states of quantum worlds foretold by their motion, beside the last one and averages",
    load: async () => (await import("./states.ts")).states,
  },
  crossings: {
    summary: "intervals of the time until a level is reached, on ten lines with noise of some memory",
    load: async () => (await import("./crossings.ts")).crossings,
  },
  shapes: {
    summary: "shapes where there are none per promised one, and those found of shapes drawn into noise",
    load: async () => (await import("./shapes.ts")).shapes,
  },
  risk: {
    summary: "violated back-tests, falls and turbulence per promised one, on returns whose law stays",
    load: async () => (await import("./risk-nulls.ts")).riskNulls,
  },
};
