/**
 * The measures shown over time: their name in physics, the same in plain words, and their possible range.
 */
import type { JointState } from "./model.ts";

export interface Measure {
  /** Names in the state message. The first one present counts. */
  names: readonly string[];
  title: string;
  plain: string;
  help: string;
  /** Digits after the point. */
  digits: number;
  highest(n: number): number;
  lowest(n: number): number;
}

export const MEASURES: readonly Measure[] = [
  {
    names: ["cohL1Norm"],
    title: "Coherence",
    plain: "how much moves together",
    help: "l1 coherence of ρ divided by n − 1 (Baumgratz, Cramer, Plenio 2014): 0 = every channel for itself, 1 = all as one.",
    digits: 3,
    lowest: () => 0,
    highest: () => 1,
  },
  {
    names: ["purity"],
    title: "Purity",
    plain: "concentration",
    help: "tr ρ², the Herfindahl index of the eigenvalues: 1/n = motion spread evenly, 1 = a single pattern.",
    digits: 3,
    lowest: (n) => 1 / n,
    highest: () => 1,
  },
  {
    names: ["entropy"],
    title: "Entropy",
    plain: "spread over patterns, nats",
    help: "Von Neumann entropy −Σ λ ln λ: 0 = a single pattern, ln n = none stands out.",
    digits: 2,
    lowest: () => 0,
    highest: (n) => Math.log(n),
  },
  {
    names: ["effRank"],
    title: "Effective rank",
    plain: "patterns at work",
    help: "e^S (Roy, Vetterli 2007): how many independent patterns the channels follow, between 1 and n.",
    digits: 1,
    lowest: () => 1,
    highest: (n) => n,
  },
];

export function seriesOf(joint: JointState, measure: Measure) {
  for (const name of measure.names) {
    const series = joint.measures.get(name);
    if (series !== undefined) return series;
  }
  return undefined;
}
