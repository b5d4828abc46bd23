/**
 * The measures shown over time: their name in physics, the same in plain words, and their possible range.
 *
 *   estimated from samples    coherence first: how much moves together
 *   whole states of a feed    purity and spectrum first: nothing is estimated, and the words of physics are meant
 */
import { settingsSchema } from "../../../protocol/settings.ts";
import type { Series } from "../../charts/series.ts";
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

const COHERENCE: Measure = {
  names: ["cohL1Norm"],
  title: "Coherence",
  plain: "how much moves together",
  help: "l1 coherence of ρ divided by n − 1 (Baumgratz, Cramer, Plenio 2014): 0 = every channel for itself, 1 = all as one.",
  digits: 3,
  lowest: () => 0,
  highest: () => 1,
};

const PURITY: Measure = {
  names: ["purity"],
  title: "Purity",
  plain: "concentration",
  help: "tr ρ², the Herfindahl index of the eigenvalues: 1/n = motion spread evenly, 1 = a single pattern.",
  digits: 3,
  lowest: (n) => 1 / n,
  highest: () => 1,
};

const ENTROPY: Measure = {
  names: ["entropy"],
  title: "Entropy",
  plain: "spread over patterns, nats",
  help: "Von Neumann entropy −Σ λ ln λ: 0 = a single pattern, ln n = none stands out.",
  digits: 2,
  lowest: () => 0,
  highest: (n) => Math.log(n),
};

const EFFECTIVE_RANK: Measure = {
  names: ["effRank"],
  title: "Effective rank",
  plain: "patterns at work",
  help: "e^S (Roy, Vetterli 2007): how many independent patterns the channels follow, between 1 and n.",
  digits: 1,
  lowest: () => 1,
  highest: (n) => n,
};

export const MEASURES: readonly Measure[] = [COHERENCE, PURITY, ENTROPY, EFFECTIVE_RANK];

const SPECTRUM: Measure = {
  names: ["lambdaMax"],
  title: "Spectrum",
  plain: "eigenvalues of ρ",
  help: "The probabilities with which ρ is a mixture of its eigenstates: one line at 1 = a pure state.",
  digits: 3,
  lowest: () => 0,
  highest: () => 1,
};

const FIDELITY: Measure = {
  names: ["fidelity"],
  title: "Fidelity",
  plain: "with the states before",
  help: "(tr √(√ρ σ √ρ))² with the mean σ of the states before (Jozsa 1994): it falls where the state jumps.",
  digits: 3,
  lowest: () => 0,
  highest: () => 1,
};

const DIRECT_MEASURES: readonly Measure[] = [
  { ...PURITY, plain: "1 = a pure state", help: "tr ρ²: 1 = pure, 1/n = completely mixed." },
  SPECTRUM,
  FIDELITY,
  { ...ENTROPY, plain: "nats", help: "Von Neumann entropy −Σ λ ln λ: 0 = pure, ln n = completely mixed." },
  { ...COHERENCE, plain: "superposition of the levels" },
];

/** Whether a feed sends the states of the group whole. */
export function isDirect(joint: JointState | undefined): boolean {
  return joint?.last?.source === "direct";
}

/** The measures of a group, those that are shown at first to begin with, those of detectors that people added at the end. */
export function measuresOf(joint: JointState | undefined): readonly Measure[] {
  const known = isDirect(joint) ? DIRECT_MEASURES : MEASURES;
  if (joint === undefined) return known;
  const added = ADDED.get(joint);
  if (added?.count === joint.measures.size && added.known === known) return added.all;
  const own = [...joint.measures.keys()].filter(isOwn).slice(0, MOST_OWN).map(ownMeasure);
  const all = own.length === 0 ? known : [...known, ...own];
  ADDED.set(joint, { known, count: joint.measures.size, all });
  return all;
}

/** By the measures that a group had then: they only become more. */
const ADDED = new WeakMap<
  JointState,
  { readonly known: readonly Measure[]; readonly count: number; readonly all: readonly Measure[] }
>();

/** Rows of a chart that can still be read. */
const MOST_OWN = 8;

/** Sections of the program's own detectors: their measures have places of their own. */
const SECTIONS: ReadonlySet<string> = new Set(Object.keys(settingsSchema.entries));

/** "gap.score": a measure of a detector that somebody added (docs/detectors.md). */
function isOwn(name: string): boolean {
  const dot = name.indexOf(".");
  return dot > 0 && !SECTIONS.has(name.slice(0, dot));
}

function ownMeasure(name: string): Measure {
  return {
    names: [name],
    title: name,
    plain: "",
    help: "A measure of a detector that was added to the program.",
    digits: 3,
    lowest: () => Number.NEGATIVE_INFINITY,
    highest: () => Number.POSITIVE_INFINITY,
  };
}

/** How many of them are shown. */
export function measuresShown(joint: JointState | undefined, isAll: boolean): number {
  return isAll ? measuresOf(joint).length : isDirect(joint) ? 3 : 1;
}

export function seriesOf(joint: JointState, measure: Measure): Series | undefined {
  for (const name of measure.names) {
    const series = joint.measures.get(name);
    if (series !== undefined) return series;
  }
  return undefined;
}

/** Further lines of the same row: of the spectrum all eigenvalues after the first. */
export function besideOf(joint: JointState, measure: Measure): readonly Series[] {
  if (measure !== SPECTRUM) return [];
  const lines: Series[] = [];
  for (let k = 2; joint.measures.has(`lambda${k}`); k++) lines.push(joint.measures.get(`lambda${k}`)!);
  return lines;
}

/** Where the state of one qubit lies: |r| = 1 on the sphere for a pure state, 0 in its middle for a completely mixed one. */
export interface BlochVector {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly length: number;
}

/** ρ = (1 + xσx + yσy + zσz) / 2, row-major. */
export function blochVector(re: ArrayLike<number>, im: ArrayLike<number>): BlochVector {
  const x = re[1]! + re[2]!;
  const y = im[2]! - im[1]!;
  const z = re[0]! - re[3]!;
  return { x, y, z, length: Math.sqrt(x * x + y * y + z * z) };
}

/** "0.98: nearly pure" of the purity of a whole state of n levels. */
export function purityWords(purity: number, n: number): string {
  if (Number.isNaN(purity)) return "not known yet";
  const share = (purity - 1 / n) / (1 - 1 / n);
  const word =
    share > 0.999 ? "pure" : share > 0.9 ? "nearly pure" : share > 0.02 ? "mixed" : "completely mixed";
  return `purity ${purity.toFixed(3)}: ${n === 1 ? "pure" : word}`;
}
