/**
 * Covariance of returns observed at different times: the sum of r_i r_j over all pairs of overlapping intervals.
 *
 * Unbiased for diffusions observed without noise, and needs no grid; noise in the prices inflates the variances, so the
 * correlation then comes out low. Source: Hayashi & Yoshida 2005, Bernoulli 11:359.
 */

export class HayashiYoshida {
  readonly n: number;
  /**
   * All of the state: covariances of pairs i<j (upper triangle; diagonal = Σr²), `since[i·n+j]` = Σ returns of i that ended
   * after the last tick of j, and the last ticks (µs).
   */
  readonly fields: {
    readonly covariance: Float64Array;
    readonly since: Float64Array;
    readonly last: Float64Array;
  };

  constructor(n: number) {
    this.n = n;
    this.fields = {
      covariance: new Float64Array(n * n),
      since: new Float64Array(n * n),
      last: new Float64Array(n).fill(Number.NEGATIVE_INFINITY),
    };
  }

  /** Channel i had return r over the time since its last tick, ending at t (integer µs, not before any tick seen). O(n). */
  tick(i: number, t: number, r: number): void {
    const { covariance, since, last } = this.fields;
    const n = this.n;
    for (let j = 0; j < n; j++) {
      if (j === i) continue;
      const at = i < j ? i * n + j : j * n + i;
      covariance[at] = covariance[at]! + r * since[j * n + i]!;
      since[j * n + i] = 0;
      // A return that ends exactly at j's last tick does not overlap what comes after it.
      if (t > last[j]!) since[i * n + j] = since[i * n + j]! + r;
    }
    covariance[i * n + i] = covariance[i * n + i]! + r * r;
    last[i] = t;
  }

  /** Σ over overlapping intervals of r_i r_j (i = j: Σ r²). O(1). */
  covariance(i: number, j: number): number {
    return this.fields.covariance[i < j ? i * this.n + j : j * this.n + i]!;
  }

  /** Covariance over the root of both Σr²; NaN while one is 0. May leave [−1, 1]. O(1). */
  correlation(i: number, j: number): number {
    const product = this.covariance(i, i) * this.covariance(j, j);
    return product > 0 ? this.covariance(i, j) / Math.sqrt(product) : Number.NaN;
  }

  /** Multiplies the sums by `keep` in [0, 1]: call it at a fixed pace for an exponential memory. O(n²). */
  forget(keep: number): void {
    const { covariance } = this.fields;
    for (let k = 0; k < covariance.length; k++) covariance[k] = covariance[k]! * keep;
  }
}

/** The same by its definition for two channels: intervals (t[k−1], t[k]], the first from 0. O(N·M). */
export function hayashiYoshidaSlow(
  t1: ArrayLike<number>,
  r1: ArrayLike<number>,
  t2: ArrayLike<number>,
  r2: ArrayLike<number>,
): number {
  let sum = 0;
  for (let k = 0; k < t1.length; k++) {
    for (let l = 0; l < t2.length; l++) {
      const from = Math.max(k > 0 ? t1[k - 1]! : 0, l > 0 ? t2[l - 1]! : 0);
      if (Math.min(t1[k]!, t2[l]!) > from) sum += r1[k]! * r2[l]!;
    }
  }
  return sum;
}
