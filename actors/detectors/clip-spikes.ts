/**
 * Spikes are clipped before they enter what is learnt: a mean, a scale, a correlation. One spike must not become the new normal; a lasting
 * change does, in the end. What is scored is the value as it came.
 */

/** `x` within ±limit; limit ≥ 0. */
export function clipSpike(x: number, limit: number): number {
  return x > limit ? limit : x < -limit ? -limit : x;
}

/** `size` ≥ 0, at most `limit`. */
export function clipSize(size: number, limit: number): number {
  return Math.min(size, limit);
}
