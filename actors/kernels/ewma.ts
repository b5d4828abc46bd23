/**
 * Exponentially weighted mean and variance of n channels. A sample is scaled by the moments before it.
 *
 *   m ← m + α(x−m),   v ← (1−α)(v + α(x−m)²),   α_k = max(α, 1/k)
 *
 * Source: Finch 2009, "Incremental calculation of weighted mean and variance"; RiskMetrics 1996 (EWMA volatility).
 */

/** A smaller variance, relative to the square of the mean, is rounding. */
const NEGLIGIBLE = 1e-28;

export class EwmaMoments {
  readonly n: number;
  /** All of the state: per channel mean, variance and number of samples. */
  readonly fields: {
    readonly mean: Float64Array;
    readonly variance: Float64Array;
    readonly count: Float64Array;
  };
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  private readonly count: Float64Array;
  private readonly alpha: number;

  /** `alpha` in (0, 1]. */
  constructor(n: number, alpha: number) {
    if (!(alpha > 0 && alpha <= 1)) {
      throw new RangeError(`Cannot average with alpha ${alpha}: expected a number in (0, 1]`);
    }
    this.n = n;
    this.alpha = alpha;
    this.mean = new Float64Array(n);
    this.variance = new Float64Array(n);
    this.count = new Float64Array(n);
    this.fields = { mean: this.mean, variance: this.variance, count: this.count };
  }

  /** Learns one sample of channel i. Ignores a sample that is not finite. O(1). */
  update(i: number, x: number): void {
    if (!Number.isFinite(x)) return;
    const k = this.count[i]! + 1;
    this.count[i] = k;
    const a = Math.max(this.alpha, 1 / k);
    const d = x - this.mean[i]!;
    this.mean[i] = this.mean[i]! + a * d;
    this.variance[i] = (1 - a) * (this.variance[i]! + a * d * d);
  }

  /** Returns x/σ with the σ before x, without subtracting the mean, then learns x, or `most` σ where it is larger. 0 while σ is unknown. O(1). */
  scale(i: number, x: number, most = Number.POSITIVE_INFINITY): number {
    const v = this.variance[i]!;
    const z = v > NEGLIGIBLE * this.mean[i]! * this.mean[i]! && v > 0 ? x / Math.sqrt(v) : 0;
    this.update(i, z > most ? (most * x) / z : z < -most ? (-most * x) / z : x);
    return z;
  }

  /** Samples learned of channel i. */
  samples(i: number): number {
    return this.count[i]!;
  }
}
