/** How often a value is the mean of the n before it: xᵢ / mean(xᵢ₋ₙ … xᵢ₋₁). A volume of 3 is a spike. NaN for the first n values. O(rows). */
import { simpleMovingAverage } from "./moving-averages.ts";

export function multipleOfMean(x: Float64Array, n: number, out: Float64Array): Float64Array {
  simpleMovingAverage(x, n, out);
  for (let i = x.length - 1; i > 0; i--) out[i] = out[i - 1]! > 0 ? x[i]! / out[i - 1]! : Number.NaN;
  out[0] = Number.NaN;
  return out;
}
