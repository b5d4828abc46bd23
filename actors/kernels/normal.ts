/** The standard normal law. */
import erfc from "@stdlib/math-base-special-erfc";
import normalQuantileOf from "@stdlib/stats-base-dists-normal-quantile";

/** Φ(x), in [0, 1], to rounding in both tails. O(1). */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x / Math.SQRT2);
}

/** Φ^{−1}(p); ±Infinity at 0 and 1, NaN outside. O(1). */
export function normalQuantile(p: number): number {
  return normalQuantileOf(p, 0, 1);
}
