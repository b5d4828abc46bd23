/** How many rows the collapse detector learns a baseline from. */

/** Calibration rows when the settings do not set them. */
const MIN_CALIBRATION = 500;
const MAX_CALIBRATION = 2000;
const CALIBRATION_PER_CHANNEL = 30;

/**
 * Rows for a new regime, in addition to the known correlation. Few, because the detector sees nothing while it learns and the next collapse
 * may follow soon: bets on energy and shares keep their guarantee with any whitening, and bets on the mean are charged for its error.
 */
const MIN_RELEARNING = 32;
const RELEARNING_PER_CHANNEL = 2;

/** Rows of the first calibration of n channels; `configured` 0 means not set. */
export function calibrationRows(configured: number, n: number): number {
  return configured || Math.min(MAX_CALIBRATION, Math.max(MIN_CALIBRATION, CALIBRATION_PER_CHANNEL * n));
}

/** Rows of a later calibration, at most those of the first. */
export function relearningRows(calibration: number, n: number): number {
  return Math.min(calibration, Math.max(MIN_RELEARNING, RELEARNING_PER_CHANNEL * n));
}
