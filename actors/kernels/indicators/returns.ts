/** Returns of a series of positive values. */
import { lnAt } from "../elementary.ts";

/** Simple return over n rows: xᵢ/xᵢ₋ₙ − 1. NaN for the first n values, and from a value that is not positive. O(rows). */
export function simpleReturn(x: Float64Array, n: number, out: Float64Array): Float64Array {
  for (let i = 0; i < x.length; i++) out[i] = i >= n && x[i - n]! > 0 ? x[i]! / x[i - n]! - 1 : Number.NaN;
  return out;
}

/** Log return of one row: ln(xᵢ/xᵢ₋₁). NaN for the first value, and beside a value that is not positive. O(rows). */
export function logReturn(x: Float64Array, out: Float64Array): Float64Array {
  for (let i = 0; i < x.length; i++) {
    out[i] = i > 0 && x[i]! > 0 && x[i - 1]! > 0 ? x[i]! / x[i - 1]! : Number.NaN;
    lnAt(out, i);
  }
  return out;
}
