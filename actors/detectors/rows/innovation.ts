/**
 * Computes the innovation of a sample: what the earlier samples of its channel do not predict.
 */
import { clipSpike } from "../clip-spikes.ts";

/** Largest |s| for which the series of `logRatio` is exact to the last bits: s⁹/9 < 2⁻⁵³ s. */
const SERIES_LIMIT = 0.01;

/**
 * ln(value / before), for positive numbers.
 *
 * ln(1 + r) = 2 artanh(s), s = r / (2 + r), r = value/before − 1. For small returns four terms of the series are exact to one unit in the
 * last place and take 4 ns; a call of ln takes 25 ns. Outside ±2 % the function calls `slow`.
 */
export function logRatio(value: number, before: number, slow: (x: number) => number): number {
  const s = (value - before) / (value + before);
  if (s > SERIES_LIMIT || s < -SERIES_LIMIT) return slow(value / before);
  const q = s * s;
  return 2 * s * (1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7))));
}

/** Memory of the streaming AR(1) coefficient in samples: long enough for an error below 0.05, short enough to follow a drift. */
const AR_MEMORY = 512;

/** A stationary series has |φ| < 1. A larger estimate is noise. */
const AR_MAX = 1;

/** Standard deviations at which a deviation is clipped before it enters the coefficient: one spike must not change the model. */
const AR_CLIP_AT = 6;

/**
 * Differences are used when their squared error is within this factor of the AR(1)'s. Near φ = 1 the estimate is biased low (Kendall 1954):
 * its residual then drifts with the level for thousands of samples, but an innovation must not drift.
 */
const WALK_FACTOR = 1.1;

/** Offsets of a channel's numbers in its model. `error` and `step` are the mean squared errors of the two predictions. */
const MODEL = { mean: 0, s0: 1, s1: 2, count: 3, error: 4, step: 5 } as const;
export const MODEL_WIDTH = 6;

/**
 * pair[0] ← residual e_t of a streaming AR(1) for the value pair[0] after the value pair[1], x_t − m = φ (x_{t−1} − m) + e_t, or of x_t = x_{t−1} + e_t where that predicts as well.
 *
 * m, S₀ = E(x−m)², S₁ = E(x_t−m)(x_{t−1}−m) and the squared errors of both predictions are exponentially weighted (start 1/k, then
 * 1/AR_MEMORY); φ = S₁/S₀ in [−1, 1]. The residual uses only coefficients from before the sample. O(1), allocates nothing.
 *
 * `models` has MODEL_WIDTH numbers per channel. They are read by offset, because this function runs for every sample.
 */
export function ar1ResidualAt(models: Float64Array, channel: number, pair: Float64Array): void {
  const value = pair[0]!;
  const before = pair[1]!;
  const at = channel * MODEL_WIDTH;
  const mean = models[at + MODEL.mean]!;
  const s0 = models[at + MODEL.s0]!;
  const s1 = models[at + MODEL.s1]!;
  const count = models[at + MODEL.count]!;
  const error = models[at + MODEL.error]!;
  const step = models[at + MODEL.step]!;
  const walk = value - before;
  const weight = count < AR_MEMORY ? 1 / (count + 1) : 1 / AR_MEMORY;
  if (count === 0) {
    models[at + MODEL.mean] = value;
    models[at + MODEL.count] = 1;
    pair[0] = walk;
    return;
  }
  const phi = s0 > 0 ? Math.max(-AR_MAX, Math.min(AR_MAX, s1 / s0)) : 0;
  const last = before - mean;
  let deviation = value - mean;
  const residual = deviation - phi * last;
  if (count > 16) {
    const limit = AR_CLIP_AT * Math.sqrt(s0);
    if (limit > 0) deviation = clipSpike(deviation, limit);
  }
  models[at + MODEL.mean] = mean + weight * deviation;
  models[at + MODEL.s0] = s0 + weight * (deviation * deviation - s0);
  models[at + MODEL.s1] = s1 + weight * (deviation * last - s1);
  models[at + MODEL.count] = count + 1;
  models[at + MODEL.error] = error + weight * (residual * residual - error);
  models[at + MODEL.step] = step + weight * (walk * walk - step);
  pair[0] = step <= WALK_FACTOR * error ? walk : residual;
}
