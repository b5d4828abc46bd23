/**
 * What is known of a symbol before a rule is evaluated for it, from its latest rows and from earlier scans. O(symbols × ROWS): the rules
 * read all rows.
 *
 * Each trait is a rank among the symbols, from −1 for the least to 1 for the largest; 0 where it is unknown.
 */
import type { UniverseData } from "../universe/universe.ts";

/** In the order of the vectors. `docs/scans.md` says what each means. */
export const TRAITS = [
  "ownRate",
  "hitRate",
  "recency",
  "volatility",
  "change",
  "size",
  "trend",
  "volume",
] as const;
export type Trait = (typeof TRAITS)[number];

/** Rows of volatility, trend and mean volume: a month of days. */
const ROWS = 20;
/** Rows of a change since the last scan: at least a week of days, so that it is more than the noise of one row; at most a quarter. */
const CHANGE_ROWS_LEAST = 5;
const CHANGE_ROWS_MOST = 60;

/** What earlier scans know of a symbol. */
export interface SymbolPast {
  /** Share of the scans that look for the same, and of all, in which it had a signal. */
  readonly ownRate: number;
  readonly hitRate: number;
  /** When it had its last signal, µs; −∞ before the first. */
  readonly signalUs: number;
  /** Time of its latest row at the last scan; −∞ before the first. */
  readonly seenUs: number;
}

/** A vector of TRAITS.length numbers for each symbol, one after the other. */
export function traitsOf(data: UniverseData, pastOf: (symbol: string) => SymbolPast): Float64Array {
  const n = data.symbols.length;
  const traits = new Float64Array(n * TRAITS.length);
  const columns: Readonly<Record<Trait, Float64Array>> = {
    ownRate: new Float64Array(n),
    hitRate: new Float64Array(n),
    recency: new Float64Array(n),
    volatility: new Float64Array(n),
    change: new Float64Array(n),
    size: new Float64Array(n),
    trend: new Float64Array(n),
    volume: new Float64Array(n),
  };
  for (let s = 0; s < n; s++) {
    const past = pastOf(data.symbols[s]!);
    const from = data.offsets[s]!;
    const to = data.offsets[s + 1]!;
    columns.ownRate[s] = past.ownRate;
    columns.hitRate[s] = past.hitRate;
    columns.recency[s] = past.signalUs;
    const close = data.columns.close?.subarray(from, to) ?? EMPTY;
    const volatility = volatilityOf(close);
    const change = changeOf(close, rowsSince(data.timeUs, from, to, past.seenUs), volatility);
    columns.volatility[s] = volatility;
    columns.change[s] = change;
    columns.size[s] = Math.abs(change);
    columns.trend[s] = changeOf(close, ROWS, volatility);
    columns.volume[s] = volumeOf(data.columns.volume?.subarray(from, to) ?? EMPTY);
  }
  TRAITS.forEach((trait, k) => {
    const ranks = ranksOf(columns[trait]);
    for (let s = 0; s < n; s++) traits[s * TRAITS.length + k] = ranks[s]!;
  });
  return traits;
}

const EMPTY = new Float64Array(0);

/** Root mean square of the latest log returns. */
function volatilityOf(close: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (let i = Math.max(1, close.length - ROWS); i < close.length; i++) {
    const step = Math.log(close[i]! / close[i - 1]!);
    if (!Number.isFinite(step)) continue;
    sum += step * step;
    count++;
  }
  return count === 0 ? Number.NaN : Math.sqrt(sum / count);
}

/** Log return of the latest rows, in units of what such a symbol moves in so many. */
function changeOf(close: Float64Array, rows: number, volatility: number): number {
  const before = close[close.length - 1 - Math.min(rows, close.length - 1)];
  if (before === undefined || !(volatility > 0)) return Number.NaN;
  return Math.log(close[close.length - 1]! / before) / (volatility * Math.sqrt(rows));
}

function rowsSince(timeUs: Float64Array, from: number, to: number, seenUs: number): number {
  let rows = 0;
  while (rows < CHANGE_ROWS_MOST && to - 1 - rows >= from && timeUs[to - 1 - rows]! > seenUs) rows++;
  // Nothing is known of it, or all of it is new.
  if (rows === CHANGE_ROWS_MOST && seenUs === Number.NEGATIVE_INFINITY) return CHANGE_ROWS_LEAST;
  return Math.max(CHANGE_ROWS_LEAST, rows);
}

/** The latest volume as a multiple of the mean before it. */
function volumeOf(volume: Float64Array): number {
  const last = volume.length - 1;
  let sum = 0;
  let count = 0;
  for (let i = Math.max(0, last - ROWS); i < last; i++) {
    if (!Number.isFinite(volume[i]!)) continue;
    sum += volume[i]!;
    count++;
  }
  return count === 0 || sum === 0 ? Number.NaN : (volume[last]! * count) / sum;
}

/** Equal values have the mean of their ranks. */
function ranksOf(values: Float64Array): Float64Array {
  const ranks = new Float64Array(values.length);
  const known = [...values.keys()].filter((s) => !Number.isNaN(values[s]!));
  known.sort((a, b) => (values[a]! < values[b]! ? -1 : values[a]! > values[b]! ? 1 : 0));
  for (let first = 0, end = 0; first < known.length; first = end) {
    while (end < known.length && values[known[end]!] === values[known[first]!]) end++;
    const rank = known.length === 1 ? 0 : (first + end - 1) / (known.length - 1) - 1;
    for (let k = first; k < end; k++) ranks[known[k]!] = rank;
  }
  return ranks;
}
