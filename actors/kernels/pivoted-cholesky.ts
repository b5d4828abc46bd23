/**
 * A factor L with ρ = L L†, with full relative precision even in very small columns.
 *
 * Columns of a nearly singular state differ by many orders of magnitude; eigenvectors give √λ only to 1e-16/√λ. Here the
 * Schur complements are stored in double-double, so that a column of size 1e-7 still has 15 digits.
 * Source: Higham 1990, "Analysis of the Cholesky decomposition of a semi-definite matrix" (complete pivoting).
 */
import { DoubleDouble } from "./double-double.ts";

/** A smaller pivot is a rounding error of the stored matrix. */
const NEGLIGIBLE_PIVOT = 1e-18;

/**
 * Writes L as rows: `outRe[k·n+i] + i·outIm[k·n+i]` is component i of column k of L; rows past the rank are 0. Returns the
 * rank. `re`, `im`: n×n row-major Hermitian, lower triangle read. An entry is limited to what positivity allows, |l_i|² ≤ remaining ρ_ii,
 * because rounding can make the matrix negative. n³/3 in double-double, allocates 4n².
 */
export function pivotedCholesky(
  n: number,
  re: Float64Array,
  im: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
): number {
  const size = n * n;
  const x = Float64Array.from(re.subarray(0, size));
  const y = Float64Array.from(im.subarray(0, size));
  const xLo = new Float64Array(size);
  const yLo = new Float64Array(size);
  for (let i = 0; i < n; i++) y[i * n + i] = 0;
  const left = new Uint8Array(n).fill(1);
  const xColumn = new Float64Array(2 * n);
  const yColumn = new Float64Array(2 * n);
  const work = new DoubleDouble();
  outRe.fill(0, 0, size);
  outIm.fill(0, 0, size);
  for (let rank = 0; rank < n; rank++) {
    const pivot = largestLeft(n, x, left);
    const at = pivot * n + pivot;
    const d = x[at]!;
    const dLo = xLo[at]!;
    if (!(d > NEGLIGIBLE_PIVOT)) return rank;
    const root = Math.sqrt(d);
    left[pivot] = 0;
    outRe[rank * n + pivot] = root;
    for (let i = 0; i < n; i++) {
      if (left[i] === 0) continue;
      // Entry (i, pivot): stored below the diagonal, conjugated above it.
      const below = i > pivot;
      const from = below ? i * n + pivot : pivot * n + i;
      const sign = below ? 1 : -1;
      xColumn[i] = x[from]!;
      xColumn[n + i] = xLo[from]!;
      yColumn[i] = sign * y[from]!;
      yColumn[n + i] = sign * yLo[from]!;
      const a = xColumn[i]! / root;
      const b = yColumn[i]! / root;
      const allowed = Math.max(0, x[i * n + i]!);
      const expected = a * a + b * b;
      const cut = expected > allowed ? Math.sqrt(allowed / expected) : 1;
      outRe[rank * n + i] = a * cut;
      outIm[rank * n + i] = b * cut;
    }
    for (let i = 0; i < n; i++) {
      if (left[i] === 0) continue;
      work.set(xColumn[i]!, xColumn[n + i]!).divide(d, dLo);
      const gx = work.hi;
      const gxLo = work.lo;
      work.set(yColumn[i]!, yColumn[n + i]!).divide(d, dLo);
      const gy = work.hi;
      const gyLo = work.lo;
      for (let j = 0; j <= i; j++) {
        if (left[j] === 0) continue;
        const ij = i * n + j;
        const cx = xColumn[j]!;
        const cxLo = xColumn[n + j]!;
        const cy = yColumn[j]!;
        const cyLo = yColumn[n + j]!;
        work.set(x[ij]!, xLo[ij]!).addProduct(-gx, cx, -gxLo, cxLo).addProduct(-gy, cy, -gyLo, cyLo);
        x[ij] = work.hi;
        xLo[ij] = work.lo;
        if (i === j) continue;
        work.set(y[ij]!, yLo[ij]!).addProduct(-gy, cx, -gyLo, cxLo).addProduct(gx, cy, gxLo, cyLo);
        y[ij] = work.hi;
        yLo[ij] = work.lo;
      }
    }
  }
  return n;
}

function largestLeft(n: number, x: Float64Array, left: Uint8Array): number {
  let best = -1;
  for (let i = 0; i < n; i++)
    if (left[i] === 1 && (best < 0 || x[i * n + i]! > x[best * n + best]!)) best = i;
  return best;
}
