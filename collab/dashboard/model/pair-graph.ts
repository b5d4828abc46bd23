/**
 * Pairs of the channels of a group, as its states and their measures say it.
 *
 *   ρ, entanglement.coherenceFloor, entanglement.hub.CPU …       a graph: lines between pairs beyond chance, dots as large as what a channel shares
 *   ρ of the kept states, interference.stability.A~B …           fringes of a pair in time
 */
import type { StateHistory } from "./state-history.ts";

type Measures = Readonly<Record<string, number>>;
type Channels = readonly { readonly name: string; readonly title: string }[];

export interface Edge {
  readonly i: number;
  readonly j: number;
  /** 2|ρij|, in [0, 1]. */
  readonly concurrence: number;
  /** arg ρij, degrees: above 0, i leads. */
  readonly degrees: number;
}

export interface PairGraph {
  readonly nodes: readonly { readonly title: string; readonly share: number }[];
  /** Strongest first. */
  readonly edges: readonly Edge[];
}

/** These measures are shown in dialogs of their own. */
export function isEntanglement(measure: string): boolean {
  return measure.startsWith("entanglement.");
}

export function isInterference(measure: string): boolean {
  return measure.startsWith("interference.");
}

/** Rounding of entries with 24 bits. */
const LEAST_CONCURRENCE = 1e-6;

/** Null: the group has no such measures. */
export function pairGraphOf(
  measures: Measures,
  channels: Channels,
  { re, im }: { readonly re: ArrayLike<number>; readonly im: ArrayLike<number> },
): PairGraph | null {
  if (!Object.keys(measures).some(isEntanglement)) return null;
  const n = channels.length;
  const floor = measures["entanglement.coherenceFloor"] ?? Number.POSITIVE_INFINITY;
  const edges: Edge[] = [];
  for (let i = 1; i < n; i++)
    for (let j = 0; j < i; j++) {
      const [x, y] = [re[i * n + j]!, im[i * n + j]!];
      const size = Math.hypot(x, y);
      const coherence = size / Math.sqrt(re[i * n + i]! * re[j * n + j]!);
      // The floor is the coherence of the weakest pair that counts, before rounding.
      if (!(coherence >= floor - LEAST_CONCURRENCE) || 2 * size <= LEAST_CONCURRENCE) continue;
      edges.push({ i, j, concurrence: 2 * size, degrees: (Math.atan2(y, x) * 180) / Math.PI });
    }
  edges.sort((a, b) => b.concurrence - a.concurrence);
  const nodes = channels.map(({ name, title }, k) => ({
    title: title === "" ? name : title,
    share: measures[`entanglement.hub.${name}`] ?? measures[`entanglement.hub.#${k}`] ?? 0,
  }));
  return { nodes, edges };
}

/** Least and largest concurrence of a pair in the kept states. */
export function concurrenceRange(
  history: StateHistory,
  i: number,
  j: number,
): [least: number, largest: number] {
  let [least, largest] = [1, 0];
  for (let k = history.written - history.kept; k < history.written; k++) {
    const { re, im } = history.matrixAt(k);
    const value = 2 * Math.hypot(re[i * history.n + j]!, im[i * history.n + j]!);
    least = Math.min(least, value);
    largest = Math.max(largest, value);
  }
  return [least, largest];
}

/** The pairs of which `interference.visibility.A~B` says something, as places and as the name in measures. */
export function interferingPairs(
  measures: Measures,
  channels: Channels,
): { i: number; j: number; of: string }[] {
  const place = (name: string) =>
    channels.findIndex((channel, k) => channel.name === name || `#${k}` === name);
  return Object.keys(measures)
    .filter((name) => name.startsWith(VISIBILITY))
    .map((name) => name.slice(VISIBILITY.length))
    .map((of) => {
      const [first = "", second = ""] = of.split("~");
      return { i: place(first), j: place(second), of };
    })
    .filter(({ i, j }) => i >= 0 && j >= 0);
}

const VISIBILITY = "interference.visibility.";

/**
 * Fringes of a pair: what both give together when one is turned by θ, pᵢ + pⱼ + 2|ρᵢⱼ| cos(θ − φ), as a share of its largest possible value. Column by
 * column in time, the last `columns` kept states; rows are θ from −π to π. Values in [0, 1].
 */
export function fringes(
  history: StateHistory,
  i: number,
  j: number,
  columns: number,
  rows: number,
): Float32Array {
  const out = new Float32Array(columns * rows);
  const { n, kept, written } = history;
  for (let c = 0; c < columns; c++) {
    const state = written - kept + Math.floor((c * kept) / columns);
    if (kept === 0) break;
    const { re, im } = history.matrixAt(state);
    const total = re[i * n + i]! + re[j * n + j]!;
    const [x, y] = [re[i * n + j]!, im[i * n + j]!];
    for (let r = 0; r < rows; r++) {
      const turn = 2 * Math.PI * (r / rows) - Math.PI;
      out[r * columns + c] = total > 0 ? 0.5 + (x * Math.cos(turn) + y * Math.sin(turn)) / total : 0;
    }
  }
  return out;
}
