/**
 * How a sample becomes an innovation: what was new in it, given the samples of its channel before.
 */

/** Largest |s| for which the series of `logRatio` is exact to the last bits: s⁹/9 < 2⁻⁵³ s. */
const SERIES_LIMIT = 0.01;

/**
 * ln(value / before), for positive numbers.
 *
 * ln(1 + r) = 2 artanh(s), s = r / (2 + r), r = value/before − 1. Returns are small, and there four terms of the series are exact to
 * one unit in the last place without a call of ln: 4 ns instead of 25. `slow` is called outside ±2 %.
 */
export function logRatio(value: number, before: number, slow: (x: number) => number): number {
  const s = (value - before) / (value + before);
  if (s > SERIES_LIMIT || s < -SERIES_LIMIT) return slow(value / before);
  const q = s * s;
  return 2 * s * (1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7))));
}

/** Memory of the streaming AR(1) coefficient, samples: long enough that its error stays below 0.05, short enough to follow a drift. */
export const AR_MEMORY = 512;

/** Below this the residual of an AR(1) is the difference: a coefficient estimated at 1 − 1/AR_MEMORY cannot be told from 1. */
const AR_MAX = 1;

/** Deviations are clipped at this many standard deviations when they enter the coefficient: one spike must not become the model. */
const AR_CLIP = 6;

/**
 * Streaming AR(1): x_t − m = φ (x_{t−1} − m) + e_t.
 *
 * m, S₀ = E(x−m)², S₁ = E(x_t−m)(x_{t−1}−m) are exponentially weighted (start 1/k, then 1/AR_MEMORY); φ = S₁/S₀ in [−1, 1].
 * The residual uses the coefficients from before the sample (non-anticipating). Four numbers a channel in `state`, from 4·channel:
 * m, S₀, S₁, count. O(1), allocates nothing.
 */
export function ar1Residual(state: Float64Array, channel: number, value: number, before: number): number {
  const at = channel * 4;
  const mean = state[at]!;
  const variance = state[at + 1]!;
  const count = state[at + 3]!;
  const weight = count < AR_MEMORY ? 1 / (count + 1) : 1 / AR_MEMORY;
  if (count === 0) {
    state[at] = value;
    state[at + 3] = 1;
    return value - before;
  }
  let phi = variance > 0 ? state[at + 2]! / variance : 0;
  phi = Math.max(-AR_MAX, Math.min(AR_MAX, phi));
  const last = before - mean;
  let deviation = value - mean;
  const residual = deviation - phi * last;
  if (count > 16) {
    const limit = AR_CLIP * Math.sqrt(variance);
    if (limit > 0) deviation = Math.max(-limit, Math.min(limit, deviation));
  }
  state[at] = mean + weight * deviation;
  state[at + 1] = variance + weight * (deviation * deviation - variance);
  state[at + 2] = state[at + 2]! + weight * (deviation * last - state[at + 2]!);
  state[at + 3] = count + 1;
  return residual;
}
