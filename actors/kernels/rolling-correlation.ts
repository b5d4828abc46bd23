/**
 * How much the channels move together in the last L samples: mean pair correlation and the share of the largest eigenvalue.
 *
 * Plain sample moments with the mean of the window taken out, every sample of equal weight. Reads as a market: "everything
 * falls together" is a mean correlation near 1 and one eigenvalue of the correlation matrix near n.
 */
import ln from "@stdlib/math-base-special-ln";
import { HermitianEigen } from "./hermitian-eigen.ts";

const COUNT = 0;
const HEAD = 1;
const PRICED = 2;

export class RollingCorrelation {
  readonly n: number;
  readonly length: number;
  /** All of the state: the window (row = sample), the last price of each channel, [samples held, next row, priced]. */
  readonly fields: {
    readonly returns: Float64Array;
    readonly prices: Float64Array;
    readonly scalars: Float64Array;
  };
  /** n×n correlations after `measure`; the row of a channel that did not move is 0 but for its diagonal. */
  readonly correlations: Float64Array;
  /** Eigenvalues of the correlation matrix after `measure`, descending, summing to n. */
  readonly eigenvalues: Float64Array;
  private readonly returns: Float64Array;
  private readonly prices: Float64Array;
  private readonly scalars: Float64Array;
  private readonly deviations: Float64Array;
  private readonly zeros: Float64Array;
  private readonly solver: HermitianEigen;
  private readonly pending: Float64Array;

  /** `n` channels, the last `length` returns; length ≥ 2. */
  constructor(n: number, length: number) {
    if (!Number.isInteger(length) || length < 2) {
      throw new RangeError(`Cannot correlate over ${length} samples: expected an integer of at least 2`);
    }
    this.n = n;
    this.length = length;
    this.returns = new Float64Array(n * length);
    this.prices = new Float64Array(n);
    this.scalars = new Float64Array(3);
    this.fields = { returns: this.returns, prices: this.prices, scalars: this.scalars };
    this.correlations = new Float64Array(n * n);
    this.eigenvalues = new Float64Array(n);
    this.deviations = new Float64Array(n * length);
    this.zeros = new Float64Array(n * n);
    this.solver = new HermitianEigen(n);
    this.pending = new Float64Array(n);
  }

  /** Takes one return of every channel; one that is not finite counts as 0. O(n). */
  push(returns: Float64Array): void {
    const row = this.scalars[HEAD]! * this.n;
    for (let i = 0; i < this.n; i++) this.returns[row + i] = Number.isFinite(returns[i]!) ? returns[i]! : 0;
    this.scalars[HEAD] = (this.scalars[HEAD]! + 1) % this.length;
    this.scalars[COUNT] = Math.min(this.length, this.scalars[COUNT]! + 1);
  }

  /**
   * Takes one price of every channel and pushes the log returns; the first call only sets the prices. A price that is not
   * positive keeps the price before it (return 0, and the whole move when it comes back). O(n).
   */
  pushPrices(prices: Float64Array): void {
    for (let i = 0; i < this.n; i++) {
      const last = this.prices[i]!;
      const price = prices[i]!;
      const valid = price > 0 && price < Infinity;
      this.pending[i] = valid && last > 0 ? ln(price / last) : 0;
      if (valid) this.prices[i] = price;
    }
    if (this.scalars[PRICED] === 1) this.push(this.pending);
    this.scalars[PRICED] = 1;
  }

  /** Samples in the window. */
  get count(): number {
    return this.scalars[COUNT]!;
  }

  /**
   * Writes to `out`: [0] mean correlation over pairs in [−1/(n−1), 1], [1] λ₁/n of the correlation matrix in [1/n, 1],
   * [2] root mean square return over all samples and channels. NaN below two samples. O(n² L + n³), allocates nothing.
   */
  measure(out: Float64Array): void {
    const count = this.count;
    if (count < 2) {
      out.fill(Number.NaN, 0, 3);
      return;
    }
    out[2] = this.standardise(count);
    out[0] = this.correlate(count);
    this.solver.eigenvalues(this.correlations, this.zeros, this.eigenvalues);
    out[1] = this.eigenvalues[0]! / this.n;
  }

  /** Deviations from the mean divided by their norm, channel by channel in rows; returns the rms. */
  private standardise(count: number): number {
    let square = 0;
    for (let i = 0; i < this.n; i++) {
      const row = i * this.length;
      let sum = 0;
      for (let t = 0; t < count; t++) {
        const x = this.returns[t * this.n + i]!;
        sum += x;
        square += x * x;
      }
      const mean = sum / count;
      let norm2 = 0;
      for (let t = 0; t < count; t++) {
        const d = this.returns[t * this.n + i]! - mean;
        this.deviations[row + t] = d;
        norm2 += d * d;
      }
      const scale = norm2 > 0 ? 1 / Math.sqrt(norm2) : 0;
      for (let t = 0; t < count; t++) this.deviations[row + t] = this.deviations[row + t]! * scale;
    }
    return Math.sqrt(square / (count * this.n));
  }

  private correlate(count: number): number {
    const n = this.n;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const a = i * this.length;
      for (let j = 0; j < i; j++) {
        const b = j * this.length;
        let r = 0;
        for (let t = 0; t < count; t++) r += this.deviations[a + t]! * this.deviations[b + t]!;
        this.correlations[i * n + j] = r;
        this.correlations[j * n + i] = r;
        sum += r;
      }
      this.correlations[i * n + i] = 1;
    }
    return n > 1 ? (2 * sum) / (n * (n - 1)) : 1;
  }
}
