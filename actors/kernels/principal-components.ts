/**
 * The leading principal components of a stream of vectors, with forgetting, and what they leave of a vector.
 *
 *   v_j ← (1−w) λ_j v_j + w (x·v_j) x      the j-th component, v_j of length 1, λ_j = E(x·v_j)²
 *   x   ← x − (x·v_j) v_j                  the next component learns from what is left
 *   residual = x − Σ (1 − σ²/λ_j) (x·v_j) v_j,   σ² = (E‖x‖² − Σ λ_j) / (n − k)
 *
 * Candid covariance-free incremental PCA (Weng, Zhang & Hwang 2003). A component begins as what the earlier ones left of the first vector that
 * they do not explain. The residual is that of the probabilistic model (Tipping & Bishop 1999): a component whose variance is no larger than
 * the noise explains nothing. The mean is not subtracted: vectors are deviations. O(n k) a vector, k < n.
 */

/** What is left of a vector below this square is rounding, and begins no component. */
const NEGLIGIBLE = 1e-12;

export class PrincipalComponents {
  /** `directions`: k rows of n, each of length 1 or 0 (not begun); `variances`: λ. */
  readonly fields: {
    readonly directions: Float64Array;
    readonly variances: Float64Array;
    readonly total: Float64Array;
  };
  private readonly n: number;
  private readonly k: number;
  private readonly directions: Float64Array;
  private readonly variances: Float64Array;
  /** E‖x‖². */
  private readonly total = new Float64Array(1);
  private readonly left: Float64Array;
  /** Of the last vector along each component. */
  private readonly explained: Float64Array;

  constructor(n: number, k: number) {
    this.n = n;
    this.k = k;
    this.directions = new Float64Array(n * k);
    this.variances = new Float64Array(k);
    this.fields = { directions: this.directions, variances: this.variances, total: this.total };
    this.left = new Float64Array(n);
    this.explained = new Float64Array(k);
  }

  /** Writes to `out` what the components leave of x. Both have n elements; they may be the same array. */
  residual(x: Float64Array, out: Float64Array): void {
    const { n, k, directions, variances, explained } = this;
    if (out !== x) out.set(x);
    let noise = this.total[0]!;
    for (let j = 0; j < k; j++) noise -= variances[j]!;
    noise = Math.max(0, noise) / (n - k);
    explained.fill(0);
    for (let j = 0; j < k && variances[j]! > 0; j++) {
      const from = j * n;
      let along = 0;
      for (let c = 0; c < n; c++) along += out[c]! * directions[from + c]!;
      along *= Math.max(0, 1 - noise / variances[j]!);
      explained[j] = along;
      for (let c = 0; c < n; c++) out[c] = out[c]! - along * directions[from + c]!;
    }
  }

  /**
   * Subtracts what the components explain of a vector that was cut off from the last one that `residual` was given: along each component no
   * more than they explained of the rest. So an excess of many channels together is explained, and that of one is not.
   */
  explainExcess(excess: Float64Array): void {
    const { n, k, directions, explained } = this;
    for (let j = 0; j < k; j++) {
      const most = Math.abs(explained[j]!);
      const from = j * n;
      let along = 0;
      for (let c = 0; c < n; c++) along += excess[c]! * directions[from + c]!;
      along = Math.max(-most, Math.min(most, along));
      if (along !== 0) for (let c = 0; c < n; c++) excess[c] = excess[c]! - along * directions[from + c]!;
    }
  }

  /** Learns x with the weight `weights[at]` in (0, 1]. */
  learn(x: Float64Array, weights: Float64Array, at: number): void {
    const { n, k, directions, variances, left } = this;
    const weight = weights[at]!;
    left.set(x);
    let size = 0;
    for (let c = 0; c < n; c++) size += x[c]! * x[c]!;
    this.total[0] = this.total[0]! + weight * (size - this.total[0]!);
    for (let j = 0; j < k; j++) {
      const from = j * n;
      if (variances[j] === 0) {
        this.begin(j);
        return;
      }
      let along = 0;
      for (let c = 0; c < n; c++) along += left[c]! * directions[from + c]!;
      const old = (1 - weight) * variances[j]!;
      const gain = weight * along;
      let squares = 0;
      let inner = 0;
      for (let c = 0; c < n; c++) {
        const x = left[c]!;
        const v = old * directions[from + c]! + gain * x;
        directions[from + c] = v;
        squares += v * v;
        inner += v * x;
      }
      const length = Math.sqrt(squares);
      if (!(length > NEGLIGIBLE)) {
        variances[j] = 0;
        return;
      }
      variances[j] = length;
      const share = inner / squares;
      for (let c = 0; c < n; c++) {
        const v = directions[from + c]!;
        left[c] = left[c]! - share * v;
        directions[from + c] = v / length;
      }
    }
  }

  private begin(j: number): void {
    const { n, directions, variances, left } = this;
    let squares = 0;
    for (let c = 0; c < n; c++) squares += left[c]! * left[c]!;
    if (!(squares > NEGLIGIBLE)) return;
    const length = Math.sqrt(squares);
    for (let c = 0; c < n; c++) directions[j * n + c] = left[c]! / length;
    variances[j] = squares;
  }
}
