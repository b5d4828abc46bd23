/** How many rows the collapse detector learns a baseline from. */

/** Calibration rows when the settings do not set them. */
const MIN_CALIBRATION = 500;
const MAX_CALIBRATION = 2000;
const CALIBRATION_PER_CHANNEL = 30;

/** A baseline that fails again and again is learnt from up to this many times the rows of the first. */
const MOST_TIMES = 16;

/** Rows of the first calibration of n channels; `configured` 0 means not set. */
export function calibrationRows(configured: number, n: number): number {
  return configured || Math.min(MAX_CALIBRATION, Math.max(MIN_CALIBRATION, CALIBRATION_PER_CHANNEL * n));
}

/** Rows of a later calibration: as many as the first, twice as many after each baseline in a row that failed. */
export function relearningRows(first: number, failures: number): number {
  let times = 1;
  for (let k = 0; k < failures && times < MOST_TIMES; k++) times *= 2;
  return times * first;
}

/** A baseline failed if it was valid for less than half as many rows as it was learnt from: more are needed to know what is usual. */
export function failed(rowsWatched: number, learningRows: number): boolean {
  return rowsWatched < learningRows / 2;
}
