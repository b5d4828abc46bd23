/**
 * Whether losses exceed a value at risk as often as it says, and independently of each other: likelihood-ratio tests of the exceedances.
 *
 *   Kupiec           LR = 2 [ln L(x/n) − ln L(a)],  L(q) = q^x (1−q)^(n−x)            x of n losses exceeded it, a = 1 − level
 *   Christoffersen   LR = 2 [ln L(q01, q11) − ln L(q)]                                q_ij = share of j after i, q = share after both
 *
 * Both are χ² with one degree of freedom in the limit of many losses. 0 ln 0 = 0.
 * Sources: Kupiec 1995, "Techniques for verifying the accuracy of risk measurement models"; Christoffersen 1998, "Evaluating interval forecasts".
 */
import erfc from "@stdlib/math-base-special-erfc";
import ln from "@stdlib/math-base-special-ln";

/** LR of the share of exceedances: `exceeded` of `count` losses where `tail` in (0, 1) of them is expected. ≥ 0; 0 for no losses. O(1). */
export function kupiecRatio(count: number, exceeded: number, tail: number): number {
  if (count === 0) return 0;
  const within = count - exceeded;
  const observed = logLikelihood(exceeded, within, exceeded / count);
  return Math.max(0, 2 * (observed - logLikelihood(exceeded, within, tail)));
}

/**
 * LR of the dependence of an exceedance on the one before. `calm`, `begins`, `ends`, `goesOn`: how often no exceedance followed none, an
 * exceedance none, none an exceedance, an exceedance an exceedance. ≥ 0. O(1).
 */
export function christoffersenRatio(calm: number, begins: number, ends: number, goesOn: number): number {
  const none = calm + begins;
  const some = ends + goesOn;
  const exceeded = begins + goesOn;
  if (none + some === 0) return 0;
  const together = logLikelihood(exceeded, calm + ends, exceeded / (none + some));
  const afterNone = none === 0 ? 0 : logLikelihood(begins, calm, begins / none);
  const afterSome = some === 0 ? 0 : logLikelihood(goesOn, ends, goesOn / some);
  return Math.max(0, 2 * (afterNone + afterSome - together));
}

/** P(χ² > ratio), one degree of freedom. `ratio` ≥ 0. O(1). */
export function ratioPValue(ratio: number): number {
  return erfc(Math.sqrt(ratio / 2));
}

function logLikelihood(hits: number, misses: number, share: number): number {
  return (hits === 0 ? 0 : hits * ln(share)) + (misses === 0 ? 0 : misses * ln(1 - share));
}
