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

/** A stationary series has |φ| < 1; beyond is noise. */
const AR_MAX = 1;

/** Deviations are clipped at this many standard deviations when they enter the coefficient: one spike must not become the model. */
const AR_CLIP = 6;

/**
 * When differences have errors within this factor of the AR(1)'s own, they are taken: near φ = 1 the estimate is biased low (Kendall
 * 1954), and what it leaves over drifts with the level for thousands of samples, which is just what an innovation must not do.
 */
const WALK_FACTOR = 1.1;

/** Numbers of state a channel. */
export const AR_STATE = 6;
const MEAN = 0;
const S0 = 1;
const S1 = 2;
const COUNT = 3;
const ERROR = 4;
const STEP = 5;

/**
 * Streaming AR(1): x_t − m = φ (x_{t−1} − m) + e_t, or x_t = x_{t−1} + e_t where that predicts as well.
 *
 * m, S₀ = E(x−m)², S₁ = E(x_t−m)(x_{t−1}−m) and the squared errors of both predictions are exponentially weighted (start 1/k, then
 * 1/AR_MEMORY); φ = S₁/S₀ in [−1, 1]. The residual uses the coefficients from before the sample (non-anticipating). AR_STATE numbers a
 * channel in `state`. O(1), allocates nothing.
 */
export function ar1Residual(state: Float64Array, channel: number, value: number, before: number): number {
  const at = channel * AR_STATE;
  const step = value - before;
  const mean = state[at + MEAN]!;
  const variance = state[at + S0]!;
  const count = state[at + COUNT]!;
  const weight = count < AR_MEMORY ? 1 / (count + 1) : 1 / AR_MEMORY;
  if (count === 0) {
    state[at + MEAN] = value;
    state[at + COUNT] = 1;
    return step;
  }
  const phi = variance > 0 ? Math.max(-AR_MAX, Math.min(AR_MAX, state[at + S1]! / variance)) : 0;
  const last = before - mean;
  let deviation = value - mean;
  const residual = deviation - phi * last;
  const walks = state[at + STEP]! <= WALK_FACTOR * state[at + ERROR]!;
  if (count > 16) {
    const limit = AR_CLIP * Math.sqrt(variance);
    if (limit > 0) deviation = Math.max(-limit, Math.min(limit, deviation));
  }
  state[at + MEAN] = mean + weight * deviation;
  state[at + S0] = variance + weight * (deviation * deviation - variance);
  state[at + S1] = state[at + S1]! + weight * (deviation * last - state[at + S1]!);
  state[at + COUNT] = count + 1;
  state[at + ERROR] = state[at + ERROR]! + weight * (residual * residual - state[at + ERROR]!);
  state[at + STEP] = state[at + STEP]! + weight * (step * step - state[at + STEP]!);
  return walks ? step : residual;
}
