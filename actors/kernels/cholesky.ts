/** Cholesky factor of a Hermitian positive definite matrix. */

/** The matrix is not positive definite. `row` is the row at which the factorisation stopped. */
export class NotPositiveDefinite extends RangeError {
  override name = "NotPositiveDefinite";
  readonly row: number;
  constructor(row: number, pivot: number) {
    super(`Cannot factor the matrix: pivot ${row} is ${pivot}; expected a positive number`);
    this.row = row;
  }
}

/**
 * Writes the lower triangular L with A = L L†, real positive diagonal, into the lower triangles of `outRe`, `outIm`.
 * `re`, `im`: n×n row-major Hermitian (lower triangle read; im all zero for a real matrix); may be the same arrays as the
 * output. Throws NotPositiveDefinite. n³/3, allocates nothing. Source: Cholesky 1910 (Benoît 1924).
 */
export function cholesky(
  n: number,
  re: Float64Array,
  im: Float64Array,
  outRe: Float64Array,
  outIm: Float64Array,
): void {
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j < i; j++) {
      const other = j * n;
      let x = re[row + j]!;
      let y = im[row + j]!;
      for (let k = 0; k < j; k++) {
        x -= outRe[row + k]! * outRe[other + k]! + outIm[row + k]! * outIm[other + k]!;
        y -= outIm[row + k]! * outRe[other + k]! - outRe[row + k]! * outIm[other + k]!;
      }
      outRe[row + j] = x / outRe[other + j]!;
      outIm[row + j] = y / outRe[other + j]!;
    }
    let pivot = re[row + i]!;
    for (let k = 0; k < i; k++)
      pivot -= outRe[row + k]! * outRe[row + k]! + outIm[row + k]! * outIm[row + k]!;
    if (!(pivot > 0 && pivot < Infinity)) throw new NotPositiveDefinite(i, pivot);
    outRe[row + i] = Math.sqrt(pivot);
    outIm[row + i] = 0;
  }
}
