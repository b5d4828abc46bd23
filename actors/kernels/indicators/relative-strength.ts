/** Relative strength index (Wilder 1978, "New Concepts in Technical Trading Systems"). */
import { exponentialMovingAverage } from "./moving-averages.ts";

/**
 * RSI = 100 · G/(G+L), in [0, 100]: G and L are Wilder's averages of gains and losses over n changes. 50 where nothing changes, for neither side
 * is stronger. NaN for the first n values. `x` has no NaN but at its beginning. O(rows).
 */
export function relativeStrengthIndex(x: Float64Array, n: number, out: Float64Array): Float64Array {
  const gain = new Float64Array(x.length);
  const loss = new Float64Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const change = i === 0 ? Number.NaN : x[i]! - x[i - 1]!;
    gain[i] = change > 0 ? change : 0 * change;
    loss[i] = change < 0 ? -change : 0 * change;
  }
  exponentialMovingAverage(gain, n, gain, 1 / n);
  exponentialMovingAverage(loss, n, loss, 1 / n);
  for (let i = 0; i < x.length; i++) {
    const sum = gain[i]! + loss[i]!;
    out[i] = sum === 0 ? 50 : (100 * gain[i]!) / sum;
  }
  return out;
}
