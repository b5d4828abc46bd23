/**
 * Singular values of a square complex matrix by one-sided Jacobi rotations of its rows.
 *
 * Small singular values have a small error relative to their row norms. An eigen-decomposition of A A† would lose half the digits of a
 * fidelity. Source: Hestenes 1958; Demmel & Veselić 1992.
 */

/** Quadratic convergence: 6 to 10 sweeps are usual up to order 128. */
const MAX_SWEEPS = 40;

/** Rows count as orthogonal below this cosine: n·ε for the largest n. */
const ORTHOGONAL = 1e-15;

/** A smaller product of rows counts as 0: its square would lose digits to underflow, and the rotation would not be unitary. */
const NEGLIGIBLE = 1e-140;

/**
 * Writes the singular values of the n×n row-major matrix `re`, `im` (overwritten), descending, to `values`.
 * O(n³) a sweep; allocates nothing.
 */
export function singularValues(n: number, re: Float64Array, im: Float64Array, values: Float64Array): void {
  orthogonaliseRows(n, re, im);
  normsOfRows(n, re, im, values);
}

/** Writes the norms of the rows, descending: where rows are orthogonal, the singular values. */
export function normsOfRows(n: number, re: Float64Array, im: Float64Array, values: Float64Array): void {
  for (let k = 0; k < n; k++) {
    let sum = 0;
    for (let j = k * n; j < k * n + n; j++) sum += re[j]! * re[j]! + im[j]! * im[j]!;
    values[k] = Math.sqrt(sum);
  }
  for (let k = 1; k < n; k++) {
    const x = values[k]!;
    let j = k - 1;
    for (; j >= 0 && values[j]! < x; j--) values[j + 1] = values[j]!;
    values[j + 1] = x;
  }
}

/**
 * Multiplies the n×n row-major matrix by a unitary J from the left so that its rows are orthogonal: J M = D Q, with D their norms and Q
 * unitary. With `alongRe`, `alongIm` the rows of a second matrix A go along: J* A. O(n³) a sweep; allocates nothing.
 *
 * Real matrices, as states made of correlations are, take half the time, for products with zeros are left out, and get the same bits.
 */
export function orthogonaliseRows(
  n: number,
  re: Float64Array,
  im: Float64Array,
  alongRe?: Float64Array,
  alongIm?: Float64Array,
): void {
  const isReal = isZero(n, im) && (alongIm === undefined || isZero(n, alongIm));
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let rotated = false;
    for (let p = 0; p < n - 1; p++)
      for (let q = p + 1; q < n; q++) {
        const turned = isReal
          ? orthogonaliseReal(n, p * n, q * n, re, alongRe)
          : orthogonalise(n, p * n, q * n, re, im, alongRe, alongIm);
        if (turned) rotated = true;
      }
    if (!rotated) break;
  }
}

function isZero(n: number, matrix: Float64Array): boolean {
  for (let j = 0; j < n * n; j++) if (matrix[j] !== 0) return false;
  return true;
}

/** As `orthogonalise`, of rows without imaginary part. */
function orthogonaliseReal(
  n: number,
  p: number,
  q: number,
  rows: Float64Array,
  along: Float64Array | undefined,
): boolean {
  let pp = 0;
  let qq = 0;
  let g = 0;
  for (let j = 0; j < n; j++) {
    const a = rows[p + j]!;
    const b = rows[q + j]!;
    pp += a * a;
    qq += b * b;
    g += a * b;
  }
  const size = Math.sqrt(g * g);
  if (!(size > ORTHOGONAL * Math.sqrt(pp) * Math.sqrt(qq)) || size < NEGLIGIBLE) return false;
  const t = tangent(pp, qq, size);
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  const u = g / size;
  rotateReal(n, p, q, c, s, u, rows);
  if (along !== undefined) rotateReal(n, p, q, c, s, u, along);
  return true;
}

function rotateReal(
  n: number,
  p: number,
  q: number,
  c: number,
  s: number,
  u: number,
  rows: Float64Array,
): void {
  for (let j = 0; j < n; j++) {
    const a = rows[p + j]!;
    const b = rows[q + j]!;
    rows[p + j] = c * a - s * (u * b);
    rows[q + j] = s * (u * a) + c * b;
  }
}

/** Rotates the rows at offsets p and q so that x_p†x_q = 0. Returns false when they are already orthogonal. */
function orthogonalise(
  n: number,
  p: number,
  q: number,
  re: Float64Array,
  im: Float64Array,
  alongRe: Float64Array | undefined,
  alongIm: Float64Array | undefined,
): boolean {
  let pp = 0;
  let qq = 0;
  let gRe = 0;
  let gIm = 0;
  for (let j = 0; j < n; j++) {
    const pr = re[p + j]!;
    const pi = im[p + j]!;
    const qr = re[q + j]!;
    const qi = im[q + j]!;
    pp += pr * pr + pi * pi;
    qq += qr * qr + qi * qi;
    gRe += pr * qr + pi * qi;
    gIm += pr * qi - pi * qr;
  }
  const size = Math.sqrt(gRe * gRe + gIm * gIm);
  if (!(size > ORTHOGONAL * Math.sqrt(pp) * Math.sqrt(qq)) || size < NEGLIGIBLE) return false;
  const uRe = gRe / size;
  const uIm = gIm / size;
  const t = tangent(pp, qq, size);
  const c = 1 / Math.sqrt(1 + t * t);
  const s = t * c;
  rotate(n, p, q, c, s, uRe, uIm, re, im);
  if (alongRe !== undefined && alongIm !== undefined) rotate(n, p, q, c, s, uRe, -uIm, alongRe, alongIm);
  return true;
}

/** Of the angle that makes two rows of the squares pp and qq orthogonal, whose product has this size. */
function tangent(pp: number, qq: number, size: number): number {
  const tau = (qq - pp) / (2 * size);
  return (tau < 0 ? -1 : 1) / (Math.abs(tau) + Math.sqrt(1 + tau * tau));
}

/** x_p' = c x_p − s ū x_q and x_q' = s u x_p + c x_q, where x_p†x_q = u·size. */
function rotate(
  n: number,
  p: number,
  q: number,
  c: number,
  s: number,
  uRe: number,
  uIm: number,
  re: Float64Array,
  im: Float64Array,
): void {
  for (let j = 0; j < n; j++) {
    const pr = re[p + j]!;
    const pi = im[p + j]!;
    const qr = re[q + j]!;
    const qi = im[q + j]!;
    re[p + j] = c * pr - s * (uRe * qr + uIm * qi);
    im[p + j] = c * pi - s * (uRe * qi - uIm * qr);
    re[q + j] = s * (uRe * pr - uIm * pi) + c * qr;
    im[q + j] = s * (uRe * pi + uIm * pr) + c * qi;
  }
}
