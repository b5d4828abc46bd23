/**
 * Rows as pairs are judged by: what each innovation has beyond its AR(1), in units of its lagged σ, within ±1, without its mean.
 *
 *   x ─► AR(1) residual ─► within ±6 σ ─► / σ ─► within ±1 ─► − mean ─► y           0 where nothing is known
 *
 * It also says how far the promise about a pair can be trusted. Where both channels remember their last rows, such as two oscillations, their
 * products do: the variance of a sum is then 1 + 2 Σ_k ρ_i(k) ρ_j(k) times that of independent ones.
 *
 * A channel that did not report is not known, and its silence is skipped: its AR(1) goes from report to report. What a spike exceeds 6 σ by enters
 * neither σ nor the residual of the next row. While a channel stands still, nothing but its mean is learnt: its σ would go to 0 until its rest, beyond
 * that, was as large as any move.
 */
import { EwmaMoments } from "../../kernels/ewma.ts";
import type { Fields } from "../../ports/detector.ts";
import { clipSpike } from "../clip-spikes.ts";
import { prefixed } from "../registered-numbers.ts";
import { ar1ResidualAt, MODEL_WIDTH } from "../rows/innovation.ts";

/** Memories in rows: of σ, and of the mean, the square and the lagged products of y. */
const SCALE_ROWS = 100;
const CENTRE_ROWS = 1024;
/** σ beyond which a residual is a spike, and rows after which σ is known well enough to say so. */
const SPIKE = 6;
const SPIKE_ROWS = 16;
/** Innovations of 0, one after the other, after which a channel stands still. */
const STILL_ROWS = 16;
/** Most that y is moved by its mean. */
const MOST_CENTRE = 0.5;
/** Of a normal y within ±1, E y² is 0.52. */
export const USUAL_SQUARE = 0.52;
/** Lags at which rows are remembered. */
const LAGS = 8;

export class StandardRows {
  readonly fields: Fields;
  /** Of the last row, and of the one before. */
  readonly y: Float64Array;
  readonly before: Float64Array;
  private readonly scale: EwmaMoments;
  private readonly models: Float64Array;
  private readonly last: Float64Array;
  private readonly centre: Float64Array;
  private readonly square: Float64Array;
  /** y of the last rows, newest first; and E y(t) y(t−k), lag by lag. */
  private readonly past: Float64Array;
  private readonly products: Float64Array;
  private readonly rows = new Float64Array(1);
  /** An innovation and the one before. As arguments both would be numbers on the heap. */
  private readonly pair = new Float64Array(2);
  /** Innovations of 0 that came last. */
  private readonly zeros: Float64Array;

  constructor(n: number) {
    this.scale = new EwmaMoments(n, 1 / SCALE_ROWS);
    this.models = new Float64Array(n * MODEL_WIDTH);
    this.last = new Float64Array(n).fill(Number.NaN);
    this.zeros = new Float64Array(n);
    this.centre = new Float64Array(n);
    this.square = new Float64Array(n).fill(USUAL_SQUARE);
    this.past = new Float64Array(n * (LAGS + 1));
    this.products = new Float64Array(n * LAGS);
    this.y = this.past.subarray(0, n);
    this.before = this.past.subarray(n, 2 * n);
    const { models, last, zeros, centre, square, past, products, rows } = this;
    this.fields = {
      models,
      last,
      zeros,
      centre,
      square,
      past,
      products,
      rows,
      ...prefixed("scale", this.scale.fields),
    };
  }

  /** No row follows the one before it. */
  interrupt(): void {
    this.last.fill(Number.NaN);
    this.past.fill(0);
  }

  /** Takes the innovations from `at` on, NaN where there are none; `fresh`: whether the channel reported. O(n × LAGS). */
  take(innovations: Float64Array, fresh: Uint8Array, at: number): void {
    const { y, last, past, pair } = this;
    past.copyWithin(y.length, 0, past.length - y.length);
    for (let c = 0; c < y.length; c++) {
      const x = innovations[at + c]!;
      if (fresh[at + c] === 0 || Number.isNaN(x)) {
        y[c] = 0;
        continue;
      }
      pair[0] = x;
      pair[1] = last[c]!;
      last[c] = x;
      if (Number.isNaN(pair[1])) y[c] = 0;
      else this.standard(c);
    }
    this.remember();
  }

  /** E y² of channel i. */
  squareOf(i: number): number {
    return this.square[i]!;
  }

  /** How many times larger the variance of a mean of products of i and j is than if their rows were independent. */
  inflation(i: number, j: number): number {
    const { products, square } = this;
    const n = square.length;
    let sum = 0;
    for (let k = 0; k < LAGS; k++) sum += products[k * n + i]! * products[k * n + j]!;
    return 1 + (2 * sum) / (square[i]! * square[j]!);
  }

  /** y of channel c, of `pair`: its innovation and the one before. */
  private standard(c: number): void {
    const { y, centre, square, zeros, pair } = this;
    zeros[c] = pair[0] === 0 ? zeros[c]! + 1 : 0;
    if (zeros[c]! > STILL_ROWS) pair[0] = 0;
    else this.move(c);
    const clipped = clipSpike(pair[0]!, 1);
    const middle = clipSpike(centre[c]!, MOST_CENTRE);
    const value = (clipped - middle) / (1 + Math.abs(middle));
    centre[c] = centre[c]! + (clipped - centre[c]!) / CENTRE_ROWS;
    square[c] = square[c]! + (value * value - square[c]!) / CENTRE_ROWS;
    y[c] = value;
  }

  /** pair[0] ← its residual in σ, and learns from it. */
  private move(c: number): void {
    const { scale, last, pair } = this;
    const x = pair[0]!;
    ar1ResidualAt(this.models, c, pair);
    const residual = pair[0]!;
    const limit = scale.samples(c) < SPIKE_ROWS ? 0 : SPIKE * Math.sqrt(scale.variance[c]!);
    const usual = limit > 0 ? clipSpike(residual, limit) : residual;
    last[c] = x - (residual - usual);
    pair[0] = scale.scale(c, usual);
  }

  private remember(): void {
    const { y, past, products, rows } = this;
    const n = y.length;
    rows[0] = rows[0]! + 1;
    const weight = 1 / Math.min(rows[0]!, CENTRE_ROWS);
    // Channel by channel within each lag: both arrays are read in order.
    for (let k = 0, at = 0; k < LAGS; k++)
      for (let c = 0; c < n; c++, at++) {
        const product = y[c]! * past[at + n]!;
        if (product !== 0) products[at] = products[at]! + weight * (product - products[at]!);
      }
  }
}
