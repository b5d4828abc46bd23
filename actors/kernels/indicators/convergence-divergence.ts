/** Moving average convergence/divergence (Appel 1979). */
import { exponentialMovingAverage } from "./moving-averages.ts";

/** MACD = EMA(fast) − EMA(slow). NaN for the first slow − 1 values. `scratch`: as long as `x`. O(rows). */
export function movingAverageDivergence(
  x: Float64Array,
  fast: number,
  slow: number,
  out: Float64Array,
  scratch: Float64Array = new Float64Array(x.length),
): Float64Array {
  exponentialMovingAverage(x, fast, out);
  const slower = exponentialMovingAverage(x, slow, scratch);
  for (let i = 0; i < x.length; i++) out[i] = out[i]! - slower[i]!;
  return out;
}

/** The signal line: EMA(n) of a MACD. O(rows). */
export function divergenceSignal(macd: Float64Array, n: number, out: Float64Array): Float64Array {
  return exponentialMovingAverage(macd, n, out);
}
