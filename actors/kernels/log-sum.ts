/** Sums of numbers that are given as logarithms. */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";

/** For larger x, ln(1+e^x) equals x to the last bit. */
const LINEAR_FROM = 37;

/** ln(1 + e^x) without overflow; x = −∞ gives 0. O(1). */
export function logOnePlusExp(x: number): number {
  return x > LINEAR_FROM ? x : log1p(exp(x));
}

/** ln Σ_k w_k e^{x_k} over the first n, with `logWeights` = ln w; −∞ entries add nothing. Fixed order. O(n). */
export function logWeightedSum(n: number, logWeights: Float64Array, x: Float64Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < n; k++) largest = Math.max(largest, logWeights[k]! + x[k]!);
  if (largest === Number.NEGATIVE_INFINITY || largest === Number.POSITIVE_INFINITY) return largest;
  let sum = 0;
  for (let k = 0; k < n; k++) sum += exp(logWeights[k]! + x[k]! - largest);
  return largest + ln(sum);
}
