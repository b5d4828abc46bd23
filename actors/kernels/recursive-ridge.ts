/**
 * Ridge regression y ≈ β·x, solved recursively with exponential forgetting (recursive least squares).
 *
 *   β ← β + P x r / (f + xᵀP x),   P ← (P − P x xᵀ P / (f + xᵀP x)) / f,   r = y − β·x
 *
 * Source: Ljung & Söderström 1983. O(K²) a sample, allocates nothing.
 */

type RidgeFields = { readonly coefficients: Float64Array; readonly inverse: Float64Array };

export class RecursiveRidge {
  /** All of the state: β, and P, the inverse of the Gram matrix of x with ridge (K×K). */
  readonly fields: RidgeFields;
  readonly coefficients: Float64Array;
  private readonly inverse: Float64Array;
  private readonly ridge: number;
  /** Share of the past that a sample leaves, in an array: sums that begin with a number of an object are boxed in each turn of a loop. */
  private readonly keep: Float64Array;
  /** P·x. */
  private readonly step: Float64Array;

  /**
   * `size`: K. `ridge` > 0: weight of "β is 0", in samples with x of variance 1. `memory`: samples that count. `fields`: where the state lies.
   */
  constructor(size: number, ridge: number, memory: number, fields: RidgeFields = ridgeFields(size, 1)) {
    this.fields = fields;
    this.coefficients = fields.coefficients;
    this.inverse = fields.inverse;
    this.ridge = ridge;
    this.keep = Float64Array.of(1 - 1 / memory);
    this.step = new Float64Array(size);
    this.reset();
  }

  /** Regressions of `count` streams whose states lie one after the other in common arrays. */
  static several(count: number, size: number, ridge: number, memory: number) {
    const fields = ridgeFields(size, count);
    const part = (of: Float64Array, k: number, width: number) => of.subarray(k * width, (k + 1) * width);
    const ridges = Array.from(
      { length: count },
      (_, k) =>
        new RecursiveRidge(size, ridge, memory, {
          coefficients: part(fields.coefficients, k, size),
          inverse: part(fields.inverse, k, size * size),
        }),
    );
    return { ridges, fields };
  }

  /** Learns a sample with these x and the residual r = a[i]. */
  learn(x: Float64Array, a: Float64Array, i: number): void {
    const { coefficients, inverse, step } = this;
    const f = this.keep[0]!;
    const size = step.length;
    const residual = a[i]!;
    let q = f;
    for (let k = 0; k < size; k++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += inverse[k * size + j]! * x[j]!;
      step[k] = sum;
      q += sum * x[k]!;
    }
    for (let k = 0; k < size; k++) {
      coefficients[k] = coefficients[k]! + (step[k]! / q) * residual;
      // It is symmetric, to the last bit.
      for (let j = 0; j <= k; j++) {
        const entry = (inverse[k * size + j]! - (step[k]! * step[j]!) / q) / f;
        inverse[k * size + j] = entry;
        inverse[j * size + k] = entry;
      }
    }
  }

  /** Forgets everything. */
  reset(): void {
    this.coefficients.fill(0);
    this.inverse.fill(0);
    const size = this.step.length;
    for (let k = 0; k < size; k++) this.inverse[k * (size + 1)] = 1 / this.ridge;
  }
}

function ridgeFields(size: number, count: number): RidgeFields {
  return { coefficients: new Float64Array(size * count), inverse: new Float64Array(size * size * count) };
}
