/**
 * Bet on the direction of a sample (B4): the likelihood ratio of two angular central Gaussian laws.
 *
 *   ln e = ln|Σ₀| − ln|Σ₁| + n ln(z†Σ₀^{−1}z / z†Σ₁^{−1}z)          (real z: half of it)
 *
 * The scale of z cancels, so it is an e-value for every elliptical law with shape Σ₀, however heavy its tails; not when Σ₀
 * is estimated from few samples. Source: Tyler 1987; Kent 1997 (complex).
 */
import ln from "@stdlib/math-base-special-ln";
import { cholesky, inverseQuadraticForm, logDeterminant } from "./cholesky.ts";

export class AngularGaussianBet {
  readonly n: number;
  private readonly degrees: number;
  private readonly logRatio: number;
  private readonly nullRe: Float64Array;
  private readonly nullIm: Float64Array;
  private readonly otherRe: Float64Array;
  private readonly otherIm: Float64Array;
  private readonly workRe: Float64Array;
  private readonly workIm: Float64Array;

  /** Shapes Σ₀ (null) and Σ₁ as n×n row-major Hermitian matrices; for field "real" im is all zero. Constants, no state. */
  constructor(
    n: number,
    field: "real" | "complex",
    shape0: { re: Float64Array; im: Float64Array },
    shape1: { re: Float64Array; im: Float64Array },
  ) {
    this.n = n;
    this.degrees = field === "complex" ? 1 : 0.5;
    this.nullRe = new Float64Array(n * n);
    this.nullIm = new Float64Array(n * n);
    this.otherRe = new Float64Array(n * n);
    this.otherIm = new Float64Array(n * n);
    this.workRe = new Float64Array(n);
    this.workIm = new Float64Array(n);
    cholesky(n, shape0.re, shape0.im, this.nullRe, this.nullIm);
    cholesky(n, shape1.re, shape1.im, this.otherRe, this.otherIm);
    this.logRatio = logDeterminant(n, this.nullRe) - logDeterminant(n, this.otherRe);
  }

  /** ln e of one sample; 0 (no bet) for a sample without direction. O(n²), allocates nothing. */
  logE(zRe: Float64Array, zIm: Float64Array): number {
    const a = inverseQuadraticForm(this.n, this.nullRe, this.nullIm, zRe, zIm, this.workRe, this.workIm);
    const b = inverseQuadraticForm(this.n, this.otherRe, this.otherIm, zRe, zIm, this.workRe, this.workIm);
    if (!(a > 0 && b > 0)) return 0;
    return this.degrees * (this.logRatio + this.n * ln(a / b));
  }
}
