/**
 * The score of the Numenta Anomaly Benchmark (Lavin & Ahmad 2015, arXiv:1510.03336): early detections in a window are worth more, late ones after
 * it cost less than those out of the blue.
 *
 *   row in a window of w rows, k rows before its end      value s(−k/w) / s(−1)      only the best detection of a window counts
 *   row d rows after the last window of w rows            value s(d/(w−1)), −1 from 3 widths on
 *   row before any window                                 value −1                      s(y) = 2/(1 + e^{5y}) − 1
 *
 * A row is a detection when its score reaches the threshold, one for all files. The first 15 % of a file, at most 750 rows, are not scored. A window
 * without a detection costs `fn`. The result is 0 for no detections and 100 for perfect ones.
 */

export const PROFILES = {
  standard: { tp: 1, fn: 1, fp: 0.11 },
  "few false positives": { tp: 1, fn: 1, fp: 0.22 },
  "few false negatives": { tp: 1, fn: 2, fp: 0.11 },
} as const;
export type ProfileName = keyof typeof PROFILES;
type Profile = (typeof PROFILES)[ProfileName];

const PROBATION_SHARE = 0.15;
const MAX_PROBATION_ROWS = 750;
/** Beyond so many widths after a window a detection costs as much as one out of the blue. */
const MAX_WIDTHS = 3;

/** First and last row. */
export type Window = readonly [first: number, last: number];

/** A file as the score sees it: the rows after probation. */
export interface WeighedFile {
  readonly scores: readonly number[];
  /** Index of the window of the row; −1 outside. */
  readonly window: readonly number[];
  readonly value: readonly number[];
  readonly windows: number;
  /** Windows that end before the first scored row can be neither found nor missed. */
  readonly missable: number;
}

/** `windows` in order of time, without overlap. */
export function weigh(scores: ArrayLike<number>, windows: readonly Window[]): WeighedFile {
  const n = scores.length;
  const probation = Math.min(Math.floor(PROBATION_SHARE * n), MAX_PROBATION_ROWS);
  const file = { scores: [] as number[], window: [] as number[], value: [] as number[] };
  for (let row = probation; row < n; row++) {
    const inside = windows.findIndex(([first, last]) => row >= first && row <= last);
    file.scores.push(scores[row]!);
    file.window.push(inside);
    file.value.push(inside >= 0 ? valueInside(row, windows[inside]!) : valueOutside(row, windows));
  }
  const missable = windows.filter(([, last]) => last >= probation).length;
  return { ...file, windows: windows.length, missable };
}

function valueInside(row: number, [first, last]: Window): number {
  return squashed(-(last + 1 - row) / (last - first + 1)) / squashed(-1);
}

function valueOutside(row: number, windows: readonly Window[]): number {
  const before = windows.findLast(([, last]) => last < row);
  if (before === undefined) return -1;
  const [first, last] = before;
  // A window of one row has no width to measure by.
  const widths = (row - last) / Math.max(last - first, 1e-9);
  return widths > MAX_WIDTHS ? -1 : squashed(widths);
}

function squashed(y: number): number {
  return 2 / (1 + Math.exp(5 * y)) - 1;
}

/** Points of a file at a threshold. */
export function pointsAt(file: WeighedFile, { tp, fn, fp }: Profile, threshold: number): number {
  const best = new Float64Array(file.windows).fill(-fn);
  let points = -fn * file.missable;
  for (let k = 0; k < file.scores.length; k++) {
    if (file.scores[k]! < threshold) continue;
    const window = file.window[k]!;
    if (window < 0) points += fp * file.value[k]!;
    else if (tp * file.value[k]! > best[window]!) {
      points += tp * file.value[k]! - best[window]!;
      best[window] = tp * file.value[k]!;
    }
  }
  return points;
}

/** The threshold with the most points on all files together; above all scores if none is better than no detection. */
export function bestThreshold(files: readonly WeighedFile[], { tp, fn, fp }: Profile): number {
  const best = files.map(({ windows }) => new Float64Array(windows).fill(-fn));
  const rows = files.flatMap(({ scores }, f) => scores.map((score, k) => ({ score, f, k })));
  rows.sort((a, b) => b.score - a.score);
  let [points, most, threshold] = [0, 0, Number.POSITIVE_INFINITY];
  for (const [at, { score, f, k }] of rows.entries()) {
    const { window, value } = files[f]!;
    const worth = value[k]!;
    const own = best[f]!;
    if (window[k]! < 0) points += fp * worth;
    else if (tp * worth > own[window[k]!]!) {
      points += tp * worth - own[window[k]!]!;
      own[window[k]!] = tp * worth;
    }
    // Equal scores are detected together.
    if (rows[at + 1]?.score !== score && points > most) [most, threshold] = [points, score];
  }
  return threshold;
}

/** 0 for no detection at all, 100 for perfect ones. Null without windows. */
export function normalised(
  files: readonly WeighedFile[],
  points: readonly number[],
  { tp, fn }: Profile,
): number | null {
  const windows = files.reduce((sum, file) => sum + file.windows, 0);
  const none = -fn * files.reduce((sum, file) => sum + file.missable, 0);
  const reached = points.reduce((sum, value) => sum + value, 0);
  return windows === 0 ? null : (100 * (reached - none)) / (tp * windows - none);
}
