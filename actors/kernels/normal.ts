/** The standard normal distribution. */
import exp from "@stdlib/math-base-special-exp";
import normalQuantileOf from "@stdlib/stats-base-dists-normal-quantile";
import { lnAt } from "./elementary.ts";

/** Φ^{−1}(p); ±Infinity at 0 and 1, NaN outside. O(1). */
export function normalQuantile(p: number): number {
  return normalQuantileOf(p, 0, 1);
}

/** The scores are tabulated at steps of 1/STEPS in ln(p/(1−p)) from −RANGE to RANGE; between them they are linear, with an error below 1e-4. */
const RANGE = 20;
const STEPS = 16;
const SCORES = Float64Array.from({ length: 2 * RANGE * STEPS + 1 }, (_, k) => {
  const logit = k / STEPS - RANGE;
  // 1 − p rounds to 1 for small p: the smaller tail is computed.
  return logit > 0 ? normalQuantile(1 / (1 + exp(logit))) : -normalQuantile(1 / (1 + exp(-logit)));
});

/** a[i] ← Φ^{−1}(1 − a[i]), the normal score of an upper p-value, within 1e-4 and ±6. One logarithm; allocates nothing. */
export function normalScoreAt(a: Float64Array, i: number): void {
  a[i] = a[i]! / (1 - a[i]!);
  lnAt(a, i);
  const place = (Math.max(-RANGE, Math.min(RANGE, a[i]!)) + RANGE) * STEPS;
  const k = Math.min(SCORES.length - 2, Math.floor(place));
  const low = SCORES[k]!;
  a[i] = low + (place - k) * (SCORES[k + 1]! - low);
}
