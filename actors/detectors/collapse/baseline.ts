/**
 * The normal law of a group's innovations: mean μ₀, scales σ₀, correlation and its whitening W, learnt from N₀ rows.
 *
 *   y = W (x − μ₀)/σ₀,   W = ((1−s) R₀ + s I)^{−1/2},   s = max(MIN_SHRINKAGE, m/(m + N₀))
 *
 * Channels that did not vary during calibration are left out (their y is 0); m is the number of the others. Without the shrinkage, collinear
 * channels would turn rounding into evidence: a direction without variance must have y near 0, not near 1.
 *
 * It does not change until the next calibration: if it did, equal rows would get different scores, and the ranks of scores would no longer be
 * uniform.
 */
import { inverseSquareRoot } from "../../kernels/whitening.ts";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

const MIN_SHRINKAGE = 0.01;
/** A smaller variance, relative to the largest |x|² seen, is rounding. */
const NEGLIGIBLE_VARIANCE = 1e-24;

/**
 * Largest bias of a score that still leaves its ranks uniform enough: no bet gains from 10 % more energy or from a share of 10 % less.
 */
const MOST_BIAS = 0.1;

/** Largest leverage that is corrected: a row that alone made the covariance would get an infinite energy. */
const MOST_LEVERAGE = 0.9;

const BaselineScalars = namedNumbers("channels", "rows", "overfit", "modeOverfit1", "modeOverfit2");

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
  private readonly standardised: Float64Array;
  /** ‖y‖² of the last row that was whitened. An element of an array is not boxed. */
  readonly energy = new Float64Array(1);

  constructor(n: number) {
    this.n = n;
    this.kept = new Uint8Array(n);
    this.modes = new Float64Array(2 * n);
    this.correlation = new Float64Array(n * n);
    this.mean = new Float64Array(n);
    this.scale = new Float64Array(n);
    this.w = new Float64Array(n * n);
    this.standardised = new Float64Array(n);
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

  /** True when the rows that the baseline was learnt from have nearly the energies that new rows have. */
  get fitsNewRows(): boolean {
    return this.scalars.overfit <= MOST_BIAS;
  }

  /** The same for the shares of mode k: a mode that is hardly larger than the others is partly chosen by chance. */
  modeFitsNewRows(k: number): boolean {
    return (k === 0 ? this.scalars.modeOverfit1 : this.scalars.modeOverfit2) <= MOST_BIAS;
  }

  /** Adopts a calibration. O(n³). */
  learn(from: Calibration): void {
    const { n, kept, scale, correlation } = this;
    let m = 0;
    for (let c = 0; c < n; c++) {
      const variance = from.covariance(c, c);
      const largest = from.largest(c);
      const varies = variance > NEGLIGIBLE_VARIANCE * largest * largest;
      if (varies) scale[c] = Math.sqrt(variance);
      kept[c] = varies ? 1 : 0;
      m += kept[c]!;
      this.mean[c] = from.mean(c);
    }
    const shrinkage = Math.max(MIN_SHRINKAGE, m / (m + from.rows));
    const shrunk = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        if (kept[i] === 0 || kept[j] === 0) {
          correlation[at] = 0;
          continue;
        }
        const r = i === j ? 1 : from.covariance(i, j) / (scale[i]! * scale[j]!);
        correlation[at] = r;
        shrunk[at] = i === j ? 1 : (1 - shrinkage) * r;
      }
    }
    this.scalars.channels = m;
    this.scalars.rows = from.rows;
    this.scalars.overfit = (2 * (m + 2)) / from.rows;
    if (m > 0) this.whiten(shrunk, from.rows);
  }

  /**
   * Whitens one row of innovations x: writes y and `energy`. Returns false for a row that has no energy, because the innovation of a kept channel is
   * NaN. O(n²).
   */
  apply(x: Float64Array, y: Float64Array): boolean {
    const { n, kept, mean, scale, w, standardised } = this;
    for (let c = 0; c < n; c++) {
      const v = x[c]!;
      if (kept[c] === 0) standardised[c] = 0;
      else if (Number.isNaN(v)) return false;
      else standardised[c] = (v - mean[c]!) / scale[c]!;
    }
    multiply(w, standardised, y);
    let energy = 0;
    for (let i = 0; i < n; i++) energy += y[i]! * y[i]!;
    this.energy[0] = energy;
    return !Number.isNaN(energy);
  }

  /**
   * As `apply`, for a row that the baseline was learnt from: y and energy as if it had been left out, as a new row is. Only their size differs:
   * the covariance without a row has an inverse along it that is larger by 1/(1 − h), h its leverage (Sherman & Morrison 1950).
   */
  applyAsLeftOut(x: Float64Array, y: Float64Array): boolean {
    const { rows } = this.scalars;
    if (!this.apply(x, y)) return false;
    const energy = this.energy[0]!;
    const leverage = Math.min(MOST_LEVERAGE, (rows * energy) / ((rows - 1) * (rows - 1)));
    const factor = ((rows / (rows - 1)) * (rows / (rows - 1)) * ((rows - 2) / (rows - 1))) / (1 - leverage);
    const scale = Math.sqrt(factor);
    for (let c = 0; c < this.n; c++) y[c] = scale * y[c]!;
    this.energy[0] = factor * energy;
    return !Number.isNaN(this.energy[0]);
  }

  /** True when two of these rows have the same energy: values are discrete, and rows must be equal to be ranked as equal. */
  hasTies(rows: Float64Array): boolean {
    const { n } = this;
    const y = new Float64Array(n);
    const energies = Float64Array.from({ length: rows.length / n }, (_, r) =>
      this.apply(rows.subarray(r * n, (r + 1) * n), y) ? this.energy[0]! : Number.NaN,
    ).sort();
    return energies.some((energy, k) => k > 0 && energy === energies[k - 1]);
  }

  /** The innovation of channel c that is so many standard deviations from its mean. */
  innovation(c: number, deviations: number): number {
    return this.mean[c]! + deviations * this.scale[c]!;
  }

  /** Successive rows of innovations in units of σ₀; 0 for channels that are left out. */
  standardise(rows: Float64Array): Float64Array {
    return rows.map((x, i) => {
      const c = i % this.n;
      return this.kept[c] === 0 ? 0 : (x - this.mean[c]!) / this.scale[c]!;
    });
  }

  /** out[at] ← share of mode k in the last row, (u_k·y)²/‖y‖²; 0 for y = 0. */
  shareAt(out: Float64Array, at: number, k: number, y: Float64Array): void {
    const energy = this.energy[0]!;
    let dot = 0;
    for (let c = 0; c < this.n; c++) dot += this.modes[k * this.n + c]! * y[c]!;
    out[at] = energy > 0 ? (dot * dot) / energy : 0;
  }

  private whiten(shrunk: Float64Array, rows: number): void {
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
    this.scalars.modeOverfit1 = modeOverfit(values, 0, rows);
    this.scalars.modeOverfit2 = modeOverfit(values, 1, rows);
  }
}

/**
 * How much less variance new rows have along the k-th eigenvector than the rows it was computed from, as a share: 2/N Σ_j λ_j/(λ_k − λ_j).
 * Half of it is the eigenvalue's bias, half the eigenvector's error (Anderson 1963, Ann. Math. Statist. 34:122). `values` descend.
 */
function modeOverfit(values: Float64Array, k: number, rows: number): number {
  let sum = 0;
  for (let j = 0; j < values.length; j++)
    if (j !== k) sum += Math.abs(values[j]! / Math.max(Number.MIN_VALUE, Math.abs(values[k]! - values[j]!)));
  return (2 * sum) / rows;
}

/** out ← A x for an n×n matrix A, row by row. Four rows at once, because each addition to a sum must wait for the one before. */
function multiply(a: Float64Array, x: Float64Array, out: Float64Array): void {
  const n = x.length;
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let j = 0, at = i * n; j < n; j++, at++) {
      const v = x[j]!;
      s0 += a[at]! * v;
      s1 += a[at + n]! * v;
      s2 += a[at + 2 * n]! * v;
      s3 += a[at + 3 * n]! * v;
    }
    out[i] = s0;
    out[i + 1] = s1;
    out[i + 2] = s2;
    out[i + 3] = s3;
  }
  for (; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += a[i * n + j]! * x[j]!;
    out[i] = sum;
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

  /** Adds a row and returns true, unless it contains NaN. */
  take(x: Float64Array): boolean {
    const { n, means, products, delta, size } = this;
    for (let c = 0; c < n; c++) if (Number.isNaN(x[c]!)) return false;
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
    return true;
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
