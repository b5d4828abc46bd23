/**
 * Eigenvalues (and eigenvectors) of a real symmetric tridiagonal matrix by the implicit QL method.
 *
 * Source: Dubrulle, Martin & Wilkinson 1968, "The implicit QL algorithm", Numer. Math. 12:377 (Handbook II/4).
 */
import type { RowRotations } from "./row-rotations.ts";

/** Two to three sweeps per eigenvalue are usual. No convergence after 64 means that the input is not finite. */
const MAX_SWEEPS = 64;

/** Distance from 1 to the next double. */
const EPSILON = 2.220446049250313e-16;

/**
 * Replaces `diagonal[0..n−1]` by the eigenvalues, in no particular order; destroys `offDiagonal`, where entry i couples
 * i and i+1. `rotations`, if given, are replaced by those of the iteration: row k of their product is the eigenvector of
 * `diagonal[k]`. An off-diagonal entry is dropped when it is below ε times its two neighbours.
 *
 * Throws RangeError when it does not converge, which happens only for input that is not finite.
 * About 15 n² operations; allocates nothing.
 */
export function tridiagonalQl(
  n: number,
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  rotations: RowRotations | null,
): void {
  rotations?.clear();
  for (let l = 0; l < n; l++) {
    for (let sweep = 0; ; sweep++) {
      const m = firstDecoupled(n, l, diagonal, offDiagonal);
      if (m === l) break;
      if (sweep === MAX_SWEEPS) {
        throw new RangeError(
          `Cannot find eigenvalue ${l} of a ${n}×${n} matrix: no convergence in ${MAX_SWEEPS} sweeps; expected finite entries`,
        );
      }
      rotations?.beginSweep(m - 1);
      sweepUp(l, m, diagonal, offDiagonal, rotations);
    }
  }
}

/** Smallest m ≥ l with a negligible coupling to m+1. */
function firstDecoupled(n: number, l: number, diagonal: Float64Array, offDiagonal: Float64Array): number {
  let m = l;
  for (; m < n - 1; m++) {
    const size = Math.abs(diagonal[m]!) + Math.abs(diagonal[m + 1]!);
    if (Math.abs(offDiagonal[m]!) <= EPSILON * size) break;
  }
  return m;
}

/** One implicit QL sweep with Wilkinson's shift on rows l..m. */
function sweepUp(
  l: number,
  m: number,
  diagonal: Float64Array,
  offDiagonal: Float64Array,
  rotations: RowRotations | null,
): void {
  const couple = offDiagonal[l]!;
  const ratio = (diagonal[l + 1]! - diagonal[l]!) / (2 * couple);
  const root = Math.sqrt(ratio * ratio + 1);
  let g = diagonal[m]! - diagonal[l]! + couple / (ratio + (ratio < 0 ? -root : root));
  let s = 1;
  let c = 1;
  let p = 0;
  for (let i = m - 1; i >= l; i--) {
    const f = s * offDiagonal[i]!;
    const b = c * offDiagonal[i]!;
    const r = Math.sqrt(f * f + g * g);
    offDiagonal[i + 1] = r;
    if (r === 0) {
      // Underflow: the matrix has split, start again on the smaller block.
      diagonal[i + 1] = diagonal[i + 1]! - p;
      offDiagonal[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = diagonal[i + 1]! - p;
    const t = (diagonal[i]! - g) * s + 2 * c * b;
    p = s * t;
    diagonal[i + 1] = g + p;
    g = c * t - b;
    if (rotations !== null) rotations.add(c, s);
  }
  diagonal[l] = diagonal[l]! - p;
  offDiagonal[l] = g;
  offDiagonal[m] = 0;
}
