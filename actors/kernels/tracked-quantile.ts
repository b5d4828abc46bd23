/**
 * Bounds that a stream of scores exceeds as often as they should, whatever its law and however it changes: adaptive conformal prediction.
 *
 *   q ← q + η (1{score > q} − α),   η = max(first / √t, last) · max(1, q)
 *
 * If scores lie in [0, b], the share above q differs from α by at most (b + η) / (η T) after T scores of equal η. Where the ends lie far out, η is a
 * share of them: so they are reached in time.
 * Sources: Gibbs & Candès 2021; Angelopoulos, Candès & Tibshirani 2023 (quantile tracking); Angelopoulos, Barber & Bates 2024 (decaying steps).
 * O(1), allocates nothing.
 */

/** Steps of the first score and in the long run, in units of the scores. */
const FIRST = 1;
const LAST = 0.05;

/** q[i] after scores[j]; `seen`: scores before it; `alpha` in (0, 1): share that may exceed it. */
export function trackQuantile(
  q: Float64Array,
  i: number,
  scores: Float64Array,
  j: number,
  seen: number,
  alpha: number,
): void {
  const rate = Math.max(FIRST / Math.sqrt(seen + 1), LAST) * Math.max(1, q[i]!);
  q[i] = q[i]! + rate * ((scores[j]! > q[i]! ? 1 : 0) - alpha);
}
