/** The standard normal distribution. */
import normalQuantileOf from "@stdlib/stats-base-dists-normal-quantile";

/** Φ^{−1}(p); ±Infinity at 0 and 1, NaN outside. O(1). */
export function normalQuantile(p: number): number {
  return normalQuantileOf(p, 0, 1);
}
