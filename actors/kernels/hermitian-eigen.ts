/**
 * Eigenvalues and eigenvectors of a complex Hermitian matrix, with a workspace allocated once.
 *
 * A = Σ_k λ_k x_k x_k†, λ descending; † is the conjugate transpose. Householder tridiagonalisation, then implicit QL. Results are
 * bit-identical on Node, Deno and browsers. ‖A x − λ x‖ ≤ a few n·ε·‖A‖ and |x_k†x_l − δ_kl| ≤ a few n·ε, ε being the rounding of a
 * double; the test has the bounds.
 * The slow, obvious version: tests/kernels/hermitian-jacobi.ts.
 */
import { tridiagonalise, undoTridiagonalisation } from "./hermitian-tridiagonal.ts";
import { RowRotations } from "./row-rotations.ts";
import { tridiagonalQl } from "./tridiagonal-ql.ts";

/** Largest n: up to 6·n² doubles of workspace and 17 ms a call. A group has at most 128 channels. */
export const MAX_ORDER = 128;

/**
 * Up to this order `leading` makes all eigenvectors of the tridiagonal matrix and takes one, which costs less than 0.1 ms: its bits are those of
 * `eigensystem`, which published states of such groups have always had.
 */
const WHOLE_UP_TO = 32;

/** Eigen-solver for one order n, 1 ≤ n ≤ 128. Holds scratch only, no state between calls. */
export class HermitianEigen {
  readonly n: number;
  private readonly re: Float64Array;
  private readonly im: Float64Array;
  /** Off-diagonal of the tridiagonal matrix, heights of the reflections and phases: see hermitian-tridiagonal.ts. */
  private readonly off: Float64Array;
  private readonly heights: Float64Array;
  private readonly phaseRe: Float64Array;
  private readonly phaseIm: Float64Array;
  private readonly workRe: Float64Array;
  private readonly workIm: Float64Array;
  /** Made when vectors are first asked for; `rows`, n×n, by `leading` up to WHOLE_UP_TO. */
  private rotations: RowRotations | null = null;
  private rows: Float64Array | null = null;

  constructor(n: number) {
    if (!Number.isInteger(n) || n < 1 || n > MAX_ORDER) {
      throw new RangeError(
        `Cannot make an eigen-solver of order ${n}: expected an integer from 1 to ${MAX_ORDER}`,
      );
    }
    this.n = n;
    this.re = new Float64Array(n * n);
    this.im = new Float64Array(n * n);
    this.off = new Float64Array(n);
    this.heights = new Float64Array(n);
    this.phaseRe = new Float64Array(n);
    this.phaseIm = new Float64Array(n);
    this.workRe = new Float64Array(n);
    this.workIm = new Float64Array(n);
  }

  /**
   * Writes the n eigenvalues, descending, to `values`. Reads the lower triangle of `re`, `im` (n×n, row-major) and
   * does not change them. Throws RangeError for entries that are not finite. O(n³): 15 µs at n = 16, 0.6 ms at n = 64.
   */
  eigenvalues(re: Float64Array, im: Float64Array, values: Float64Array): void {
    const scale = this.load(re, im);
    this.toTridiagonal(values);
    tridiagonalQl(this.n, values, this.off, null);
    rescale(this.n, values, scale);
    sortDescending(this.n, values);
  }

  /**
   * Like `eigenvalues`, but also writes eigenvector k as ROW k: component j of x_k has the real part
   * `vecRe[k·n+j]` and the imaginary part `vecIm[k·n+j]`.
   * Its phase is arbitrary but the same on every runtime. About 4 times the cost of the values alone.
   */
  eigensystem(
    re: Float64Array,
    im: Float64Array,
    values: Float64Array,
    vecRe: Float64Array,
    vecIm: Float64Array,
  ): void {
    const n = this.n;
    const scale = this.load(re, im);
    this.toTridiagonal(values);
    const rotations = this.diagonalise(values);
    setIdentity(n, vecRe);
    rotations.rotateRows(vecRe);
    this.undo(n, vecRe, vecIm);
    rescale(n, values, scale);
    sortRowsDescending(n, values, vecRe, vecIm);
  }

  /**
   * Like `eigensystem`, but writes the eigenvector of the largest eigenvalue only, of the lowest index among equal ones: component j to
   * `vecRe[j]`, `vecIm[j]`. Eigenvalues have the same bits as there; the vector has them up to n = 32, above it may differ by a few n·ε.
   * A quarter of the time of `eigensystem` at n = 64.
   */
  leading(
    re: Float64Array,
    im: Float64Array,
    values: Float64Array,
    vecRe: Float64Array,
    vecIm: Float64Array,
  ): void {
    const n = this.n;
    const scale = this.load(re, im);
    this.toTridiagonal(values);
    const rotations = this.diagonalise(values);
    rescale(n, values, scale);
    this.tridiagonalVector(largestFrom(n, values, 0), rotations, vecRe);
    this.undo(1, vecRe, vecIm);
    sortRowsDescending(n, values, null, null);
  }

  /** Eigenvalues of the tridiagonal matrix, unsorted, and the rotations whose product has its eigenvectors. */
  private diagonalise(values: Float64Array): RowRotations {
    this.rotations ??= new RowRotations(this.n);
    tridiagonalQl(this.n, values, this.off, this.rotations);
    return this.rotations;
  }

  /** Eigenvector k of the tridiagonal matrix. */
  private tridiagonalVector(k: number, rotations: RowRotations, vector: Float64Array): void {
    const { n } = this;
    if (n > WHOLE_UP_TO) {
      vector.fill(0, 0, n);
      vector[k] = 1;
      rotations.rotateFromLeft(vector);
      return;
    }
    this.rows ??= new Float64Array(n * n);
    setIdentity(n, this.rows);
    rotations.rotateRows(this.rows);
    for (let j = 0; j < n; j++) vector[j] = this.rows[k * n + j]!;
  }

  /** Makes eigenvectors of the matrix of the first `count` rows, eigenvectors of the tridiagonal one. */
  private undo(count: number, vecRe: Float64Array, vecIm: Float64Array): void {
    undoTridiagonalisation(
      this.n,
      count,
      this.re,
      this.im,
      this.heights,
      this.phaseRe,
      this.phaseIm,
      vecRe,
      vecIm,
    );
  }

  private toTridiagonal(values: Float64Array): void {
    tridiagonalise(
      this.n,
      this.re,
      this.im,
      values,
      this.off,
      this.heights,
      this.phaseRe,
      this.phaseIm,
      this.workRe,
      this.workIm,
    );
  }

  /**
   * Copies the lower triangle, ignoring imaginary parts of the diagonal. Returns the divisor used: 1, or the largest entry where squares could
   * over- or underflow.
   */
  private load(re: Float64Array, im: Float64Array): number {
    const n = this.n;
    let largest = 0;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const row = i * n;
      for (let j = 0; j <= i; j++) {
        const x = re[row + j]!;
        const y = i === j ? 0 : im[row + j]!;
        this.re[row + j] = x;
        this.im[row + j] = y;
        const a = Math.abs(x);
        const b = Math.abs(y);
        if (a > largest) largest = a;
        if (b > largest) largest = b;
        sum += a + b;
      }
    }
    // NaN fails every comparison above, but makes the sum NaN.
    if (!(sum < Infinity)) {
      throw new RangeError(
        `Cannot diagonalise a ${n}×${n} matrix: it has entries that are not finite (or their sum overflows)`,
      );
    }
    if (largest === 0 || (largest > SAFE_LOW && largest < SAFE_HIGH)) return 1;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j <= i; j++) {
        this.re[i * n + j] = this.re[i * n + j]! / largest;
        this.im[i * n + j] = this.im[i * n + j]! / largest;
      }
    }
    return largest;
  }
}

/** Within these bounds squares and their sums do not overflow, and what underflows is below rounding. */
const SAFE_LOW = 1e-100;
const SAFE_HIGH = 1e100;

function rescale(n: number, values: Float64Array, scale: number): void {
  if (scale === 1) return;
  for (let k = 0; k < n; k++) values[k] = values[k]! * scale;
}

function sortDescending(n: number, values: Float64Array): void {
  for (let k = 1; k < n; k++) {
    const x = values[k]!;
    let j = k - 1;
    while (j >= 0 && values[j]! < x) {
      values[j + 1] = values[j]!;
      j--;
    }
    values[j + 1] = x;
  }
}

function setIdentity(n: number, matrix: Float64Array): void {
  matrix.fill(0, 0, n * n);
  for (let k = 0; k < n; k++) matrix[k * n + k] = 1;
}

/** Index of the largest of `values[from..n−1]`, the lowest among equal ones. */
function largestFrom(n: number, values: Float64Array, from: number): number {
  let best = from;
  for (let j = from + 1; j < n; j++) if (values[j]! > values[best]!) best = j;
  return best;
}

/**
 * Selection sort of the values, and of the rows if there are any: at most n−1 swaps. Equal values may change their order, the same way on
 * every runtime.
 */
function sortRowsDescending(
  n: number,
  values: Float64Array,
  re: Float64Array | null,
  im: Float64Array | null,
): void {
  for (let k = 0; k < n - 1; k++) {
    const best = largestFrom(n, values, k);
    if (best === k) continue;
    const x = values[k]!;
    values[k] = values[best]!;
    values[best] = x;
    if (re === null || im === null) continue;
    for (let i = 0; i < n; i++) {
      const r = re[k * n + i]!;
      re[k * n + i] = re[best * n + i]!;
      re[best * n + i] = r;
      const s = im[k * n + i]!;
      im[k * n + i] = im[best * n + i]!;
      im[best * n + i] = s;
    }
  }
}
