/**
 * Hermitian matrices as real vectors of the same length: ⟨a, b⟩ of the vectors is tr AB of the matrices.
 *
 *   v[i·n+i] = ρ_ii,   v[i·n+j] = √2 Re ρ_ij,   v[j·n+i] = √2 Im ρ_ij   for i > j
 */

/** The vector of ψψ† / ‖ψ‖². False: ψ has no direction. O(n²), allocates nothing. */
export function pureStateVector(
  n: number,
  psiRe: Float64Array,
  psiIm: Float64Array,
  out: Float64Array,
): boolean {
  let norm2 = 0;
  for (let i = 0; i < n; i++) norm2 += psiRe[i]! * psiRe[i]! + psiIm[i]! * psiIm[i]!;
  if (!(norm2 > 1e-290 && norm2 < Infinity)) return false;
  const scale = 1 / norm2;
  const off = Math.SQRT2 * scale;
  for (let i = 0; i < n; i++) {
    const re = psiRe[i]!;
    const im = psiIm[i]!;
    for (let j = 0; j < i; j++) {
      out[i * n + j] = off * (re * psiRe[j]! + im * psiIm[j]!);
      out[j * n + i] = off * (im * psiRe[j]! - re * psiIm[j]!);
    }
    out[i * n + i] = scale * (re * re + im * im);
  }
  return true;
}

/** Σ a_k b_k of `length` elements from a[at] and b[from] on. */
export function dot(a: Float64Array, at: number, b: Float64Array, from: number, length: number): number {
  let sum = 0;
  for (let k = 0; k < length; k++) sum += a[at + k]! * b[from + k]!;
  return sum;
}
