/**
 * Clips spikes before a mean, a scale or a correlation is learnt from them. One spike must not become the new normal, but a lasting change
 * does. Scores use the unclipped value.
 */

// No choice between a parameter and a number: the compiler would box the number, for it does not know that the parameter is one.

/** `x` within ±limit; limit ≥ 0. */
export function clipSpike(x: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, x));
}

/** `size` ≥ 0, at most `limit`. */
export function clipSize(size: number, limit: number): number {
  return Math.min(size, limit);
}
