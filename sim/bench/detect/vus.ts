/**
 * VUS-PR: how well scores rank labelled rows before others, without a threshold, and without asking for exact starts and ends of the labels
 * (Paparrizos et al. 2022, PVLDB 15(11); Liu & Paparrizos 2024, arXiv:2502.13318, rank by it).
 *
 *   for each width w of 0 … window: each event is widened by ⌊w/2⌋ rows to each side, of weight √(1 − distance/w);
 *   at each of 250 quantiles of the scores
 *       precision = weight predicted / rows predicted
 *       recall    = weight predicted / half of (labelled twice + widened part predicted), at most 1, times the share of events found
 *   average precision over the quantiles, mean over the widths
 */

const THRESHOLDS = 250;

interface Run {
  readonly first: number;
  readonly last: number;
}

/** `labels`: 1 for labelled rows; `window`: rows, usually one period of the data. Null without a label. O(window × labelled rows). */
export function vusPr(scores: Float64Array, labels: Uint8Array, window: number): number | null {
  const events = runsOf(labels);
  if (events.length === 0) return null;
  const ranks = rank(scores);
  let sum = 0;
  for (let width = 0; width <= window; width++) sum += averagePrecision(ranks, labels, events, width);
  return sum / (window + 1);
}

interface Ranks {
  /** Rows predicted at each threshold, from the highest threshold down. */
  readonly predicted: Int32Array;
  /** For each row, the first threshold at which it is predicted. */
  readonly firstOf: Int32Array;
}

function rank(scores: Float64Array): Ranks {
  const n = scores.length;
  const descending = scores.slice().sort().reverse();
  const thresholds = new Float64Array(THRESHOLDS);
  const predicted = new Int32Array(THRESHOLDS);
  for (let k = 0; k < THRESHOLDS; k++) {
    // The small addend: (249 · 10) / 249 must not become 9.
    let row = Math.floor((k * (n - 1)) / (THRESHOLDS - 1) + 1e-9);
    const threshold = descending[row]!;
    while (row + 1 < n && descending[row + 1] === threshold) row++;
    thresholds[k] = threshold;
    predicted[k] = row + 1;
  }
  const firstOf = Int32Array.from(scores, (score) => firstAtMost(thresholds, score));
  return { predicted, firstOf };
}

/** The first of the descending thresholds that is at most the score; their number if there is none. */
function firstAtMost(thresholds: Float64Array, score: number): number {
  let [low, high] = [0, thresholds.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (thresholds[middle]! <= score) high = middle;
    else low = middle + 1;
  }
  return low;
}

function averagePrecision(
  { predicted, firstOf }: Ranks,
  labels: Uint8Array,
  events: readonly Run[],
  width: number,
): number {
  // What is added when the threshold falls to each: weight, its widened part, events found.
  const weight = new Float64Array(THRESHOLDS + 1);
  const widened = new Float64Array(THRESHOLDS + 1);
  const found = new Float64Array(THRESHOLDS + 1);
  let labelled = 0;
  for (const { first, last } of events)
    for (let row = first; row <= last; row++, labelled++) weight[firstOf[row]!]! += 1;
  for (const [row, sum] of buffersOf(events, width, labels)) {
    weight[firstOf[row]!]! += Math.min(1, sum);
    widened[firstOf[row]!]! += Math.min(1, sum);
  }
  const ranges = mergedRanges(events, width, labels.length);
  for (const { first, last } of ranges) {
    let earliest = THRESHOLDS;
    for (let row = first; row <= last; row++) earliest = Math.min(earliest, firstOf[row]!);
    found[earliest]! += 1;
  }
  let [weights, buffers, events_, recallBefore, sum] = [0, 0, 0, 0, 0];
  for (let k = 0; k < THRESHOLDS; k++) {
    weights += weight[k]!;
    buffers += widened[k]!;
    events_ += found[k]!;
    const recall = Math.min(1, weights / (labelled + buffers / 2)) * (events_ / ranges.length);
    sum += (recall - recallBefore) * (weights / predicted[k]!);
    recallBefore = recall;
  }
  return sum;
}

/** Weights of the unlabelled rows around the events. */
function buffersOf(events: readonly Run[], width: number, labels: Uint8Array): Map<number, number> {
  const half = Math.floor(width / 2);
  const weights = new Map<number, number>();
  const add = (row: number, distance: number): void => {
    if (row < 0 || row >= labels.length || labels[row] === 1) return;
    weights.set(row, (weights.get(row) ?? 0) + Math.sqrt(1 - distance / width));
  };
  for (const { first, last } of events)
    for (let distance = 1; distance <= half; distance++) {
      add(last + distance, distance);
      add(first - distance, distance);
    }
  return weights;
}

/** The widened events; those that overlap are one. */
function mergedRanges(events: readonly Run[], width: number, rows: number): Run[] {
  const half = Math.floor(width / 2);
  const ranges: Run[] = [];
  for (const { first, last } of events) {
    const range = { first: Math.max(0, first - half), last: Math.min(rows - 1, last + half) };
    const before = ranges.at(-1);
    if (before !== undefined && before.last >= range.first)
      ranges[ranges.length - 1] = { ...range, first: before.first };
    else ranges.push(range);
  }
  return ranges;
}

/** Runs of labelled rows. */
export function runsOf(labels: Uint8Array): Run[] {
  const runs: Run[] = [];
  for (let row = 0; row < labels.length; row++) {
    if (labels[row] === 0) continue;
    if (row > 0 && labels[row - 1] === 1) runs[runs.length - 1] = { first: runs.at(-1)!.first, last: row };
    else runs.push({ first: row, last: row });
  }
  return runs;
}

/** Lags of which the period is one, and what is taken where none stands out. */
const LEAST_LAG = 3;
const MOST_PERIOD = 300;
const MOST_LAG = 400;
const USUAL_PERIOD = 125;
const ROWS_LOOKED_AT = 20_000;

/** Period of the values in rows, for the window: the highest of the peaks of their autocorrelation. */
export function periodOf(values: Float64Array): number {
  const looked = values.subarray(0, ROWS_LOOKED_AT);
  const n = looked.length;
  const mean = looked.reduce((sum, value) => sum + value, 0) / n;
  const correlation = (lag: number): number => {
    let sum = 0;
    for (let row = 0; row + lag < n; row++) sum += (looked[row]! - mean) * (looked[row + lag]! - mean);
    return sum;
  };
  const lags = Array.from({ length: Math.min(MOST_LAG, n - 1) + 1 }, (_, lag) => correlation(lag));
  let best = -1;
  for (let lag = LEAST_LAG + 1; lag + 1 < lags.length; lag++) {
    const isPeak = lags[lag]! > lags[lag - 1]! && lags[lag]! > lags[lag + 1]!;
    if (isPeak && (best < 0 || lags[lag]! >= lags[best]!)) best = lag;
  }
  return best < 0 || best < 2 * LEAST_LAG || best > MOST_PERIOD + LEAST_LAG ? USUAL_PERIOD : best;
}
