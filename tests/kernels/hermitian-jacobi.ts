/**
 * Eigenvalues of a complex Hermitian matrix by cyclic Jacobi rotations: the slow version for tests of
 * hermitian-eigen.ts. Source: Forsythe & Henrici 1960, "The cyclic Jacobi method", Trans. AMS 94:1.
 */

/** Convergence is quadratic after a few sweeps; a finite matrix never needs 60. */
const MAX_SWEEPS = 60;

/**
 * Eigenvalues, descending, of the n×n row-major Hermitian matrix `re`, `im` (not changed). O(n³) a sweep; allocates.
 * Each rotation makes one off-diagonal pair zero; the sum of squares off the diagonal falls to rounding level.
 */
export function hermitianJacobi(n: number, re: Float64Array, im: Float64Array): Float64Array {
  const a = Float64Array.from(re);
  const b = Float64Array.from(im);
  for (let sweep = 0; sweep < MAX_SWEEPS && offDiagonalNorm2(n, a, b) > 0; sweep++) {
    for (let p = 0; p < n - 1; p++) for (let q = p + 1; q < n; q++) annihilate(n, p, q, a, b);
  }
  return Float64Array.from({ length: n }, (_, k) => a[k * n + k]!)
    .sort()
    .reverse();
}

function offDiagonalNorm2(n: number, a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++) sum += a[i * n + j]! * a[i * n + j]! + b[i * n + j]! * b[i * n + j]!;
  return sum < 1e-300 ? 0 : sum;
}

/** A ← J†AJ with J mixing columns p, q by angle and phase such that A_pq becomes 0. */
function annihilate(n: number, p: number, q: number, a: Float64Array, b: Float64Array): void {
  const size = Math.hypot(a[p * n + q]!, b[p * n + q]!);
  if (size < 1e-160) return;
  const uRe = a[p * n + q]! / size;
  const uIm = b[p * n + q]! / size;
  const tau = (a[q * n + q]! - a[p * n + p]!) / (2 * size);
  const t = (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  // Columns: x_p' = c x_p − s ū x_q,  x_q' = s u x_p + c x_q.
  for (let k = 0; k < n; k++) {
    const pr = a[k * n + p]!;
    const pi = b[k * n + p]!;
    const qr = a[k * n + q]!;
    const qi = b[k * n + q]!;
    a[k * n + p] = c * pr - s * (uRe * qr + uIm * qi);
    b[k * n + p] = c * pi - s * (uRe * qi - uIm * qr);
    a[k * n + q] = s * (uRe * pr - uIm * pi) + c * qr;
    b[k * n + q] = s * (uRe * pi + uIm * pr) + c * qi;
  }
  // Rows: the conjugate transpose of the same.
  for (let k = 0; k < n; k++) {
    const pr = a[p * n + k]!;
    const pi = b[p * n + k]!;
    const qr = a[q * n + k]!;
    const qi = b[q * n + k]!;
    a[p * n + k] = c * pr - s * (uRe * qr - uIm * qi);
    b[p * n + k] = c * pi - s * (uRe * qi + uIm * qr);
    a[q * n + k] = s * (uRe * pr + uIm * pi) + c * qr;
    b[q * n + k] = s * (uRe * pi - uIm * pr) + c * qi;
  }
  a[p * n + q] = 0;
  b[p * n + q] = 0;
  a[q * n + p] = 0;
  b[q * n + p] = 0;
}
