/**
 * The normal law of a group's innovations: mean μ₀, scales σ₀, correlation and its whitening W, learnt from N₀ rows.
 *
 *   y = W (x − μ₀)/σ₀,   W = ((1−s) R₀ + s I)^{−1/2},   s = max(MIN_SHRINKAGE, m/(m + N₀))
 *
 * Channels that did not vary during calibration are left out (their y is 0); m is the number of the others. Without the shrinkage, collinear
 * channels would turn rounding into evidence: a direction without variance must have y near 0, not near 1.
 *
 * μ₀ is refined on quiet rows. Otherwise a bet on the mean would slowly win from the error of μ₀ after N₀ rows.
 */
import { inverseSquareRoot } from "../../kernels/whitening.ts";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

const MIN_SHRINKAGE = 0.01;
/** A smaller variance, relative to the largest |x|² seen, is rounding. */
const NEGLIGIBLE_VARIANCE = 1e-24;
/** Rows the refined mean remembers. */
const MEAN_MEMORY_ROWS = 8192;

const BaselineScalars = namedNumbers("channels", "rows", "memory");

export class Baseline {
  readonly fields: Fields;
  /** 1 for channels that vary, 0 for those left out. */
  readonly kept: Uint8Array;
  /** First two eigenvectors of the correlation matrix, as rows of length n. */
  readonly modes: Float64Array;
  /** Correlation matrix of the kept channels, 0 elsewhere. */
  readonly correlation: Float64Array;
  private readonly n: number;
  private readonly mean: Float64Array;
  private readonly scale: Float64Array;
  private readonly w: Float64Array;
  private readonly scalars = new BaselineScalars();

  constructor(n: number) {
    this.n = n;
    this.kept = new Uint8Array(n);
    this.modes = new Float64Array(2 * n);
    this.correlation = new Float64Array(n * n);
    this.mean = new Float64Array(n);
    this.scale = new Float64Array(n);
    this.w = new Float64Array(n * n);
    this.fields = {
      kept: this.kept,
      modes: this.modes,
      correlation: this.correlation,
      mean: this.mean,
      scale: this.scale,
      w: this.w,
      baseScalars: this.scalars.array,
    };
  }

  /** Number of kept channels; 0 before the first calibration or when no channel varied. */
  get channels(): number {
    return this.scalars.channels;
  }

  /** Rows that μ₀ was learnt from, including refinements. */
  get rows(): number {
    return this.scalars.rows;
  }

  /**
   * Adopts a calibration. The earlier correlation counts as `priorRows` further rows (0: forgotten). A channel that varied earlier but not in
   * this calibration keeps its scale. `shrinkRows` is the number of rows that determines the shrinkage. O(n³).
   */
  learn(from: Calibration, priorRows: number, shrinkRows = from.rows + priorRows): void {
    const { n, kept, scale, correlation } = this;
    const { rows } = from;
    let m = 0;
    for (let c = 0; c < n; c++) {
      const variance = from.covariance(c, c);
      const largest = from.largest(c);
      const varies = variance > NEGLIGIBLE_VARIANCE * largest * largest;
      if (varies) scale[c] = Math.sqrt(variance);
      kept[c] = varies || (priorRows > 0 && kept[c] === 1) ? 1 : 0;
      m += kept[c]!;
      this.mean[c] = from.mean(c);
    }
    const shrinkage = Math.max(MIN_SHRINKAGE, m / (m + shrinkRows));
    const shrunk = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        if (kept[i] === 0 || kept[j] === 0) {
          correlation[at] = 0;
          continue;
        }
        const fresh = i === j ? 1 : from.covariance(i, j) / (scale[i]! * scale[j]!);
        const r = i === j ? 1 : (rows * fresh + priorRows * correlation[at]!) / (rows + priorRows);
        correlation[at] = r;
        shrunk[at] = i === j ? 1 : (1 - shrinkage) * r;
      }
    }
    this.scalars.channels = m;
    this.scalars.rows = rows;
    this.scalars.memory = MEAN_MEMORY_ROWS;
    if (m > 0) this.whiten(shrunk);
  }

  /**
   * Whitens one row of innovations x: writes y, and x in units of σ₀ to `standardised`. Returns the energy ‖y‖², or NaN when the innovation
   * of a kept channel is NaN. O(n²).
   */
  apply(x: Float64Array, standardised: Float64Array, y: Float64Array): number {
    const { n, kept, w } = this;
    for (let c = 0; c < n; c++) {
      const v = x[c]!;
      if (kept[c] === 0) standardised[c] = 0;
      else if (Number.isNaN(v)) return Number.NaN;
      else standardised[c] = (v - this.mean[c]!) / this.scale[c]!;
    }
    let energy = 0;
    for (let i = 0; i < n; i++) {
      const row = i * n;
      let sum = 0;
      for (let j = 0; j < n; j++) sum += w[row + j]! * standardised[j]!;
      y[i] = sum;
      energy += sum * sum;
    }
    return energy;
  }

  /** The innovations x of successive rows that are given in units of σ₀. */
  unstandardise(rows: Float64Array): Float64Array {
    return rows.map((v, i) => v * this.scale[i % this.n]! + this.mean[i % this.n]!);
  }

  copy(): Baseline {
    const copy = new Baseline(this.n);
    for (const [name, array] of Object.entries(this.fields)) copy.fields[name]!.set(array as never);
    return copy;
  }

  /** Share of mode k in y, (u_k·y)²/‖y‖². */
  share(k: number, y: Float64Array, energy: number): number {
    let dot = 0;
    for (let c = 0; c < this.n; c++) dot += this.modes[k * this.n + c]! * y[c]!;
    return (dot * dot) / energy;
  }

  /** Refines μ₀ by one quiet row. */
  refine(standardised: Float64Array): void {
    const rows = Math.min(this.scalars.rows + 1, this.scalars.memory);
    this.scalars.rows = rows;
    for (let c = 0; c < this.n; c++) {
      if (this.kept[c] === 1) this.mean[c] = this.mean[c]! + (standardised[c]! * this.scale[c]!) / rows;
    }
  }

  private whiten(shrunk: Float64Array): void {
    const { n } = this;
    const zeros = new Float64Array(n * n);
    const values = new Float64Array(n);
    const vectors = new Float64Array(n * n);
    // Channels that are left out have an empty row. A diagonal entry far below the others keeps them out of the first modes.
    for (let c = 0; c < n; c++) if (this.kept[c] === 0) shrunk[c * n + c] = 1e-9;
    inverseSquareRoot(
      n,
      shrunk,
      zeros,
      this.w,
      new Float64Array(n * n),
      values,
      vectors,
      new Float64Array(n * n),
    );
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) if (this.kept[i] === 0 || this.kept[j] === 0) this.w[i * n + j] = 0;
    }
    this.modes.set(vectors.subarray(0, Math.min(2, n) * n));
  }
}

const CalibrationScalars = namedNumbers("rows");

/** Running mean and covariance of rows (Welford 1962). O(n²) a row. */
export class Calibration {
  readonly fields: Fields;
  private readonly n: number;
  private readonly scalars = new CalibrationScalars();
  private readonly means: Float64Array;
  private readonly products: Float64Array;
  private readonly size: Float64Array;
  private readonly delta: Float64Array;

  constructor(n: number) {
    this.n = n;
    this.means = new Float64Array(n);
    this.products = new Float64Array(n * n);
    this.size = new Float64Array(n);
    this.delta = new Float64Array(n);
    this.fields = { rows: this.scalars.array, means: this.means, products: this.products, size: this.size };
  }

  get rows(): number {
    return this.scalars.rows;
  }

  reset(): void {
    this.scalars.rows = 0;
    this.means.fill(0);
    this.products.fill(0);
    this.size.fill(0);
  }

  /** Adds a row, unless it contains NaN. */
  take(x: Float64Array): void {
    const { n, means, products, delta, size } = this;
    for (let c = 0; c < n; c++) if (Number.isNaN(x[c]!)) return;
    const rows = this.scalars.rows + 1;
    this.scalars.rows = rows;
    const weight = (rows - 1) / rows;
    for (let c = 0; c < n; c++) {
      const v = x[c]!;
      const d = v - means[c]!;
      delta[c] = d;
      means[c] = means[c]! + d / rows;
      if (Math.abs(v) > size[c]!) size[c] = Math.abs(v);
    }
    for (let i = 0; i < n; i++) {
      const row = i * n;
      const di = delta[i]! * weight;
      for (let j = 0; j <= i; j++) products[row + j] = products[row + j]! + di * delta[j]!;
    }
  }

  mean(c: number): number {
    return this.means[c]!;
  }

  covariance(i: number, j: number): number {
    const at = i >= j ? i * this.n + j : j * this.n + i;
    return this.products[at]! / Math.max(1, this.scalars.rows - 1);
  }

  /** Largest |x| of channel c. */
  largest(c: number): number {
    return this.size[c]!;
  }
}
