/** Deviance residuals of a law with a normal centre and the tails of Student's t. */
import ln from "@stdlib/math-base-special-ln";

/** Beyond this many scales a residual is in the tail: one of 370 normal rows. */
export const TAIL_FROM = 3;
/** Degrees of freedom of the tails. */
const FREEDOM = 3;

/**
 * The residual u, in scales, as it enters sums of squares: u itself up to ±TAIL_FROM; beyond, half its square is −ln of the density of Student's
 * t. A residual of 20 scales counts as 4.8, so that one wild row is weak evidence and eight alike are strong evidence.
 */
export function studentResidual(u: number): number {
  if (u <= TAIL_FROM && u >= -TAIL_FROM) return u;
  const size = Math.sqrt(
    TAIL_FROM * TAIL_FROM + (FREEDOM + 1) * ln((FREEDOM + u * u) / (FREEDOM + TAIL_FROM * TAIL_FROM)),
  );
  return u > 0 ? size : -size;
}
