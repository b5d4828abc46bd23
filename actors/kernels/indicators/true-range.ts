/** Average true range (Wilder 1978). */
import { exponentialMovingAverage } from "./moving-averages.ts";

/**
 * True range TRᵢ = max(highᵢ, closeᵢ₋₁) − min(lowᵢ, closeᵢ₋₁), smoothed by Wilder's average of n. The first row has no close before it, so the
 * first n values are NaN. O(rows).
 */
export function averageTrueRange(
  high: Float64Array,
  low: Float64Array,
  close: Float64Array,
  n: number,
  out: Float64Array,
): Float64Array {
  for (let i = close.length - 1; i > 0; i--) {
    const before = close[i - 1]!;
    out[i] = Math.max(high[i]!, before) - Math.min(low[i]!, before);
  }
  out[0] = Number.NaN;
  return exponentialMovingAverage(out, n, out, 1 / n);
}
