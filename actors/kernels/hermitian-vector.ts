/**
 * Hermitian matrices as real vectors: ⟨a, b⟩ of the vectors is tr AB of the matrices.
 *
 *   real parts of the lower triangle, row by row, those off the diagonal times √2; then √2 × the imaginary parts below the diagonal
 *
 * A real symmetric matrix needs the first part alone.
 */

/** Length of the vector of an n×n matrix. */
export function hermitianVectorLength(n: number, isReal: boolean): number {
  return isReal ? (n * (n + 1)) / 2 : n * n;
}

/** Place of ρ_ii. */
export function diagonalPlace(i: number): number {
  return (i * (i + 3)) / 2;
}

/** The vector of ψψ† / ‖ψ‖²; `psiIm` null: ψ is real. False: ψ has no direction. O(n²), allocates nothing. */
export function pureStateVector(
  n: number,
  psiRe: Float64Array,
  psiIm: Float64Array | null,
  out: Float64Array,
): boolean {
  let norm2 = 0;
  for (let i = 0; i < n; i++) norm2 += psiRe[i]! * psiRe[i]!;
  if (psiIm !== null) for (let i = 0; i < n; i++) norm2 += psiIm[i]! * psiIm[i]!;
  if (!(norm2 > 1e-290 && norm2 < Infinity)) return false;
  const off = Math.SQRT2 / norm2;
  let at = 0;
  for (let i = 0; i < n; i++) {
    const re = off * psiRe[i]!;
    for (let j = 0; j < i; j++) out[at++] = re * psiRe[j]!;
    out[at++] = (psiRe[i]! * psiRe[i]!) / norm2;
  }
  if (psiIm === null) return true;
  for (let i = 0, k = 0; i < n; i++) {
    const re = off * psiRe[i]!;
    const im = off * psiIm[i]!;
    for (let j = 0; j < i; j++) {
      out[k] = out[k]! + im * psiIm[j]!;
      out[at++] = im * psiRe[j]! - re * psiIm[j]!;
      k++;
    }
    out[k] = out[k]! + (psiIm[i]! * psiIm[i]!) / norm2;
    k++;
  }
  return true;
}

/** Σ a_k b_k of `length` elements from a[at] and b[from] on. */
export function dot(a: Float64Array, at: number, b: Float64Array, from: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += a[at + k]! * b[from + k]!;
  return sum;
}
