/**
 * One line of a benchmark's result.
 *
 * A figure stands beside a limit, or beside a peer that was measured in the same run; the type has no row without either. Only a
 * calibration stands alone: it says how fast and how quiet the machine was.
 */
import { median, quantile } from "./measure.ts";

export type BenchRow = Measured &
  ({ limit: Limit; peers?: Peers } | { limit?: undefined; peers: Peers } | { calibration: true });

export interface Measured {
  name: string;
  /** Median of the runs. */
  value: number;
  unit: string;
  /** Smallest and largest run, and how many runs there were: absent for a single run. */
  spread?: { least: number; most: number; runs: number };
  p50?: number;
  p99?: number;
  note?: string;
}

/** Rates have a lower limit, times and sizes an upper one; `rank` says that it is one for the 99th percentile. */
export type Limit = { atLeast: number } | { atMost: number; rank?: "p99" };

type Peers = readonly [Peer, ...Peer[]];

export interface Peer {
  name: string;
  value: number;
  /** Our value ÷ the peer's: the median over runs in which both took turns. Good is above 1 for rates, below 1 for times. */
  ratio: number;
  /** Target of the ratio. */
  atLeast?: number;
}

interface Figure {
  name: string;
  unit: string;
  /** One value for each run. */
  runs: readonly number[];
  /** One value for each run. */
  p99?: readonly number[] | undefined;
  note?: string | undefined;
}

/** Values of peers by name, one for each run, in the order of ours. */
type PeerRuns = Readonly<Record<string, readonly number[]>>;

/** A figure beside its peers, and its limit if it has one. `ratioAtLeast`: target of its ratio to each peer. */
export function compared(figure: Figure, peers: PeerRuns, limit?: Limit, ratioAtLeast?: number): BenchRow {
  const target = ratioAtLeast === undefined ? {} : { atLeast: ratioAtLeast };
  const [first, ...rest] = Object.entries(peers).map(([name, theirs]) => ({
    ...peer(name, figure.runs, theirs),
    ...target,
  }));
  if (first === undefined) throw new TypeError(`${figure.name} has no peer`);
  return { ...measured(figure), ...(limit ? { limit } : {}), peers: [first, ...rest] };
}

export function limited(figure: Figure, limit: Limit): BenchRow {
  return { ...measured(figure), limit };
}

function measured({ name, unit, runs, p99, note }: Figure): Measured {
  const value = median(runs);
  return {
    name,
    value,
    unit,
    ...(runs.length > 1
      ? { spread: { least: Math.min(...runs), most: Math.max(...runs), runs: runs.length } }
      : {}),
    ...(p99 === undefined ? {} : { p50: value, p99: median(p99) }),
    ...(note === undefined ? {} : { note }),
  };
}

function peer(name: string, ours: readonly number[], theirs: readonly number[]): Peer {
  return { name, value: median(theirs), ratio: ratioOf(ours, theirs) };
}

/** Median of the ratios of the runs: a run and its peer's met the same load of the machine. */
export function ratioOf(ours: readonly number[], theirs: readonly number[]): number {
  return quantile(
    ours.map((value, k) => value / theirs[k]!),
    0.5,
  );
}

export function rowText(row: BenchRow): string {
  const { name, value, unit, spread, p99, note } = row;
  const parts = [`${numberText(value)} ${unit}`];
  if (spread)
    parts[0] += ` (${numberText(spread.least)} to ${numberText(spread.most)} in ${spread.runs} runs)`;
  if (p99 !== undefined) parts.push(`p99 ${numberText(p99)}`);
  if ("limit" in row && row.limit) parts.push(limitText(row, row.limit));
  if ("peers" in row) for (const peer of row.peers ?? []) parts.push(peerText(peer));
  if (note) parts.push(note);
  return `${name.padEnd(64)} ${parts.join(" · ")}`;
}

export function withinLimit({ value, p99 }: Measured, limit: Limit): boolean {
  if ("atLeast" in limit) return value >= limit.atLeast;
  return (limit.rank === "p99" ? p99! : value) <= limit.atMost;
}

function peerText({ name, value, ratio, atLeast }: Peer): string {
  const text = `${numberText(ratio)} × ${name} (${numberText(value)})`;
  if (atLeast === undefined) return text;
  return `${text}, target ≥ ${numberText(atLeast)} ×${ratio >= atLeast ? "" : " MISSED"}`;
}

function limitText(row: Measured, limit: Limit): string {
  const of = "rank" in limit ? " for p99" : "";
  const text =
    "atLeast" in limit
      ? `target ≥ ${numberText(limit.atLeast)}`
      : `target${of} ≤ ${numberText(limit.atMost)}`;
  return withinLimit(row, limit) ? text : `${text} MISSED`;
}

function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
