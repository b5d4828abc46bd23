/**
 * The correlations of few vectors, drawn towards none, so that their inverse is that of a plausible law.
 *
 *   R' = (1−s) R + s I,   s = min(1, ((1−2/n) tr R² + n²) / ((N+1−2/n) (tr R² − n)))
 *
 * Oracle approximating shrinkage for a matrix whose trace is n, from N independent vectors of a normal law: for many vectors s is near 0, for
 * uncorrelated elements near 1. Source: Chen, Wiesel, Eldar & Hero 2010, "Shrinkage algorithms for MMSE covariance estimation", eq. 23.
 */

/** A smaller share leaves rounding to decide whether the matrix of equal elements is positive definite. */
const LEAST_SHARE = 1e-6;

/** s, in [1e-6, 1]. `correlation`: n×n row-major, ones on its diagonal; `samples`: N ≥ 1. O(n²). */
export function shrinkageShare(n: number, correlation: Float64Array, samples: number): number {
  let square = 0;
  for (let k = 0; k < n * n; k++) square += correlation[k]! * correlation[k]!;
  const excess = square - n;
  if (!(excess > 0)) return 1;
  const share = ((1 - 2 / n) * square + n * n) / ((samples + 1 - 2 / n) * excess);
  return Math.max(LEAST_SHARE, Math.min(1, share));
}

/** Draws the correlations off the diagonal towards 0 by the share s, in place. O(n²). */
export function shrink(n: number, correlation: Float64Array, share: number): void {
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) if (i !== j) correlation[i * n + j] = (1 - share) * correlation[i * n + j]!;
}

/**
 * Writes the correlations R_ij = M_ij / √(M_ii M_jj) of second moments M (n×n row-major, lower triangle read). False, and nothing is known, where
 * an element never moved. O(n²).
 */
export function correlationOf(n: number, moments: Float64Array, out: Float64Array): boolean {
  for (let i = 0; i < n; i++) if (!(moments[i * n + i]! > 0)) return false;
  for (let i = 0; i < n; i++) {
    out[i * n + i] = 1;
    for (let j = 0; j < i; j++) {
      const r = moments[i * n + j]! / Math.sqrt(moments[i * n + i]! * moments[j * n + j]!);
      out[i * n + j] = r;
      out[j * n + i] = r;
    }
  }
  return true;
}
