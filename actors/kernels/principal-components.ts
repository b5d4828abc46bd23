/**
 * The leading principal components of a stream of vectors, with forgetting, and what they leave of a vector.
 *
 *   v_j ← (1−w) λ_j v_j + w (x·v_j) x      the j-th component, v_j of length 1, λ_j = E(x·v_j)²
 *   x   ← x − (x·v_j) v_j                   the next component learns from what is left
 *   residual = x − Σ (1 − σ²/λ_j) (x·v_j) v_j,   σ² = (E‖x‖² − Σ λ_j) / (n − k)
 *
 * Candid covariance-free incremental PCA (Weng, Zhang & Hwang 2003). A component begins as what the earlier ones left of the first vector that
 * they do not explain. The residual is that of the probabilistic model (Tipping & Bishop 1999): a component whose variance is no larger than
 * the noise explains nothing. The mean is not subtracted: vectors are deviations. O(n) a vector: four components lie side by side, so that one
 * pass serves all, and those beyond k stay zero.
 */

/** What is left of a vector below this square is rounding, and begins no component. */
const NEGLIGIBLE = 1e-12;
/** Components side by side. */
const WIDTH = 4;
/** Place of ‖x‖² behind what x has along the components. */
const SQUARE = WIDTH;

export class PrincipalComponents {
  /** `directions`: for each of n elements that of the four components, each of length 1 or 0 (not begun); `variances`: λ; `total`: E‖x‖². */
  readonly fields: {
    readonly directions: Float64Array;
    readonly variances: Float64Array;
    readonly total: Float64Array;
  };
  private readonly n: number;
  private readonly k: number;
  private readonly directions: Float64Array;
  private readonly variances = new Float64Array(WIDTH);
  private readonly total = new Float64Array(1);
  /** Of a vector: how far it goes along each component, then its square. */
  private readonly along = new Float64Array(WIDTH + 1);
  /** The same of the vector that `residual` was given last, and what is explained of it along each component. */
  private readonly last = new Float64Array(WIDTH + 1);
  private readonly explained = new Float64Array(WIDTH);
  private readonly scratch = new Float64Array(WIDTH);

  /** 1 ≤ k ≤ 4, k < n. */
  constructor(n: number, k: number) {
    if (!(k >= 1 && k <= WIDTH && k < n))
      throw new RangeError(
        `Cannot learn ${k} components of ${n} elements: expected 1 to ${WIDTH}, below ${n}`,
      );
    this.n = n;
    this.k = k;
    this.directions = new Float64Array(n * WIDTH);
    this.fields = { directions: this.directions, variances: this.variances, total: this.total };
  }

  /** Writes to `out` what the components leave of x. Both have n elements; they may be the same array. */
  residual(x: Float64Array, out: Float64Array): void {
    const { n, k, variances, last, explained } = this;
    this.project(x, last);
    let noise = this.total[0]!;
    for (let j = 0; j < WIDTH; j++) noise -= variances[j]!;
    noise = Math.max(0, noise) / (n - k);
    for (let j = 0; j < WIDTH; j++) {
      const variance = variances[j]!;
      explained[j] = variance > noise ? last[j]! * (1 - noise / variance) : 0;
    }
    this.subtract(x, explained, out);
  }

  /**
   * Subtracts what the components explain of a vector that was cut off from the last one that `residual` was given: along each component no
   * more than they explained of the rest. So an excess of many channels together is explained, and that of one is not.
   */
  explainExcess(excess: Float64Array): void {
    const { along, explained } = this;
    this.project(excess, along);
    for (let j = 0; j < WIDTH; j++) {
      const most = Math.abs(explained[j]!);
      along[j] = Math.max(-most, Math.min(most, along[j]!));
    }
    this.subtract(excess, along, excess);
  }

  /** Learns x with the weight `weights[at]` in (0, 1]. */
  learn(x: Float64Array, weights: Float64Array, at: number): void {
    this.project(x, this.last);
    this.learnLast(x, weights, at);
  }

  /** Learns the vector x that `residual` was given last, and that has not changed since. */
  learnLast(x: Float64Array, weights: Float64Array, at: number): void {
    const { k, variances, last, total } = this;
    const weight = weights[at]!;
    total[0] = total[0]! + weight * (last[SQUARE]! - total[0]!);
    let begun = 0;
    while (begun < k && variances[begun]! > 0) begun++;
    this.turn(x, weights, at);
    this.normalise();
    if (begun < k) this.begin(begun, x);
  }

  /** Turns the directions to x, and writes their squares to `scratch`. A component that is not begun stays zero. */
  private turn(x: Float64Array, weights: Float64Array, at: number): void {
    const { n, directions, variances, last: along, scratch } = this;
    const weight = weights[at]!;
    const old = 1 - weight;
    const y0 = along[0]!;
    const y1 = along[1]!;
    const y2 = along[2]!;
    const y3 = along[3]!;
    const old0 = old * variances[0]!;
    const old1 = old * variances[1]!;
    const old2 = old * variances[2]!;
    const old3 = old * variances[3]!;
    const new0 = weight * y0;
    const new1 = weight * y1;
    const new2 = weight * y2;
    const new3 = weight * y3;
    let s0 = 0;
    let s1 = 0;
    let s2 = 0;
    let s3 = 0;
    for (let c = 0, d = 0; c < n; c++, d += WIDTH) {
      const v0 = directions[d]!;
      const v1 = directions[d + 1]!;
      const v2 = directions[d + 2]!;
      const v3 = directions[d + 3]!;
      const left1 = x[c]! - y0 * v0;
      const left2 = left1 - y1 * v1;
      const left3 = left2 - y2 * v2;
      const next0 = old0 * v0 + new0 * x[c]!;
      const next1 = old1 * v1 + new1 * left1;
      const next2 = old2 * v2 + new2 * left2;
      const next3 = old3 * v3 + new3 * left3;
      s0 += next0 * next0;
      s1 += next1 * next1;
      s2 += next2 * next2;
      s3 += next3 * next3;
      directions[d] = next0;
      directions[d + 1] = next1;
      directions[d + 2] = next2;
      directions[d + 3] = next3;
    }
    scratch[0] = s0;
    scratch[1] = s1;
    scratch[2] = s2;
    scratch[3] = s3;
  }

  /** Directions become of length 1 again, from their squares in `scratch`. */
  private normalise(): void {
    const { n, directions, variances, scratch } = this;
    for (let j = 0; j < WIDTH; j++) {
      const length = Math.sqrt(scratch[j]!);
      variances[j] = length > NEGLIGIBLE ? length : 0;
      scratch[j] = length > NEGLIGIBLE ? 1 / length : 0;
    }
    const f0 = scratch[0]!;
    const f1 = scratch[1]!;
    const f2 = scratch[2]!;
    const f3 = scratch[3]!;
    for (let c = 0, d = 0; c < n; c++, d += WIDTH) {
      directions[d] = directions[d]! * f0;
      directions[d + 1] = directions[d + 1]! * f1;
      directions[d + 2] = directions[d + 2]! * f2;
      directions[d + 3] = directions[d + 3]! * f3;
    }
  }

  /** Component j begins as what the earlier ones leave of x. */
  private begin(j: number, x: Float64Array): void {
    const { n, directions, variances, last: along } = this;
    let squares = 0;
    for (let c = 0; c < n; c++) {
      let left = x[c]!;
      for (let i = 0; i < j; i++) left -= along[i]! * directions[c * WIDTH + i]!;
      directions[c * WIDTH + j] = left;
      squares += left * left;
    }
    const isNew = squares > NEGLIGIBLE;
    const toLengthOne = isNew ? 1 / Math.sqrt(squares) : 0;
    for (let c = 0; c < n; c++) directions[c * WIDTH + j] = directions[c * WIDTH + j]! * toLengthOne;
    if (isNew) variances[j] = squares;
  }

  /** Writes x·v of the four components, then ‖x‖². */
  private project(x: Float64Array, to: Float64Array): void {
    const { n, directions } = this;
    let first = 0;
    let second = 0;
    let third = 0;
    let fourth = 0;
    let square = 0;
    for (let c = 0, at = 0; c < n; c++, at += WIDTH) {
      const value = x[c]!;
      square += value * value;
      first += value * directions[at]!;
      second += value * directions[at + 1]!;
      third += value * directions[at + 2]!;
      fourth += value * directions[at + 3]!;
    }
    to[0] = first;
    to[1] = second;
    to[2] = third;
    to[3] = fourth;
    to[SQUARE] = square;
  }

  /** Writes x − Σ along_j v_j. */
  private subtract(x: Float64Array, along: Float64Array, out: Float64Array): void {
    const { n, directions } = this;
    const first = along[0]!;
    const second = along[1]!;
    const third = along[2]!;
    const fourth = along[3]!;
    for (let c = 0, at = 0; c < n; c++, at += WIDTH) {
      out[c] =
        x[c]! -
        (first * directions[at]! +
          second * directions[at + 1]! +
          third * directions[at + 2]! +
          fourth * directions[at + 3]!);
    }
  }
}
