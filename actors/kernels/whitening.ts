/**
 * Whitening: y = W(x − μ₀) with W = Σ₀^{−1/2}, so that y has unit covariance while the calibration is valid.
 *
 * The symmetric root changes the channels least: y_i still belongs to channel i.
 * Source: Kessy, Lewin & Strimmer 2018, "Optimal whitening and decorrelation" (ZCA).
 */
import { HermitianEigen } from "./hermitian-eigen.ts";

/** Smaller eigenvalues, relative to the largest one, are raised to this: W would otherwise amplify rounding. */
const EIGENVALUE_FLOOR = 1e-12;

/**
 * Writes W = A^{−1/2} of a Hermitian positive semi-definite A (n×n row-major), its eigenvalues (descending) to `values` and its
 * eigenvectors (rows) to `vecRe`, `vecIm`. Throws RangeError when A has no positive eigenvalue. O(n³); allocates an eigen-solver,
 * so it is meant for calibration, not for every sample.
 */
export function inverseSquareRoot(
  n: number,
  re: Float64Array,
  im: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
  values: Float64Array,
  vecRe: Float64Array,
  vecIm: Float64Array,
): void {
  new HermitianEigen(n).eigensystem(re, im, values, vecRe, vecIm);
  const largest = values[0]!;
  if (!(largest > 0)) {
    throw new RangeError(
      `Cannot whiten: the largest eigenvalue of the covariance is ${largest}; expected a positive one`,
    );
  }
  outRe.fill(0, 0, n * n);
  outIm.fill(0, 0, n * n);
  for (let k = 0; k < n; k++) {
    const weight = 1 / Math.sqrt(Math.max(values[k]!, EIGENVALUE_FLOOR * largest));
    const row = k * n;
    for (let i = 0; i < n; i++) {
      const a = weight * vecRe[row + i]!;
      const b = weight * vecIm[row + i]!;
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        outRe[at] = outRe[at]! + (a * vecRe[row + j]! + b * vecIm[row + j]!);
        outIm[at] = outIm[at]! + (b * vecRe[row + j]! - a * vecIm[row + j]!);
      }
    }
  }
}
