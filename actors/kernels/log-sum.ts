/** Sums of numbers that are given as logarithms. */
import { expAt, lnAt, log1pAt } from "./elementary.ts";

/** For larger x, ln(1+e^x) equals x to the last bit. */
const LINEAR_FROM = 37;

/** Sum and summand: an element of an array is not boxed. */
const scratch = new Float64Array(2);
const SUM = 0;
const TERM = 1;

/** x[i] ← ln(1 + e^x[i]) without overflow; −∞ gives 0. O(1). */
export function logOnePlusExpAt(x: Float64Array, i: number): void {
  if (x[i]! > LINEAR_FROM) return;
  expAt(x, i);
  log1pAt(x, i);
}

/** out[at] ← ln Σ_k w_k e^{x_k}, with `logWeights` = ln w; −∞ entries add nothing. Fixed order. O(n). */
export function logWeightedSumAt(
  out: Float64Array,
  at: number,
  logWeights: Float64Array,
  x: Float64Array,
): void {
  const n = logWeights.length;
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < n; k++) largest = Math.max(largest, logWeights[k]! + x[k]!);
  out[at] = largest;
  if (largest === Number.NEGATIVE_INFINITY || largest === Number.POSITIVE_INFINITY) return;
  scratch[SUM] = 0;
  for (let k = 0; k < n; k++) {
    scratch[TERM] = logWeights[k]! + x[k]! - largest;
    expAt(scratch, TERM);
    scratch[SUM] = scratch[SUM]! + scratch[TERM]!;
  }
  lnAt(scratch, SUM);
  out[at] = largest + scratch[SUM]!;
}
