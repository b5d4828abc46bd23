/**
 * Clips spikes before a mean, a scale or a correlation is learnt from them. One spike must not become the new normal, but a lasting change
 * does. Scores use the unclipped value.
 */

/** `x` within ±limit; limit ≥ 0. */
export function clipSpike(x: number, limit: number): number {
  return x > limit ? limit : x < -limit ? -limit : x;
}

/** `size` ≥ 0, at most `limit`. */
export function clipSize(size: number, limit: number): number {
  return size > limit ? limit : size;
}
