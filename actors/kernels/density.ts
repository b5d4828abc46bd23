/**
 * A density matrix estimated from a stream of complex samples: ρ ← (1−α)ρ + αψψ† with ψ = z/‖z‖.
 *
 * ρ is n×n row-major, rho[i·n+j] = ⟨i|ρ|j⟩, with an imaginary diagonal of exactly 0.
 */
import { rankOneUpdate } from "./rank-one.ts";
import { kappaAfterUpdate } from "./sample-size.ts";

/** "unit": every sample weighs the same. "power": a sample weighs as much as its power ‖z‖². */
export type Norm = "unit" | "power";

/** Rounding changes the trace by about 1e-16 per update: after 1,024 updates the error is still far below every tolerance. */
const RENORMALISE_EVERY = 1024;

const COUNT = 0;
const OVERLAP = 1;
const PURITY = 2;
const TRACE = 3;
const KAPPA = 4;
const POWER = 5;
/** Not read, but part of the registered state. */
const WEIGHT = 6;
const SKIPPED = 7;
const SCALARS = 8;

export class DensityEstimate {
  readonly n: number;
  readonly norm: Norm;
  readonly re: Float64Array;
  readonly im: Float64Array;
  /** All of the state; copying these arrays back restores the estimate. */
  readonly fields: { readonly re: Float64Array; readonly im: Float64Array; readonly scalars: Float64Array };
  private readonly alpha: number;
  private readonly scalars: Float64Array;
  private readonly psiRe: Float64Array;
  private readonly psiIm: Float64Array;
  private readonly out: Float64Array;

  /** `alpha` in (0, 1] is the weight of a sample in the long run: the memory is about 1/alpha samples. */
  constructor(n: number, alpha: number, norm: Norm = "unit") {
    if (!Number.isInteger(n) || n < 1 || n > 128) {
      throw new RangeError(
        `Cannot make a density estimate of ${n} channels: expected an integer from 1 to 128`,
      );
    }
    if (!(alpha > 0 && alpha <= 1)) {
      throw new RangeError(`Cannot make a density estimate with alpha ${alpha}: expected a number in (0, 1]`);
    }
    this.n = n;
    this.norm = norm;
    this.alpha = alpha;
    this.re = new Float64Array(n * n);
    this.im = new Float64Array(n * n);
    this.scalars = new Float64Array(SCALARS);
    this.fields = { re: this.re, im: this.im, scalars: this.scalars };
    this.psiRe = new Float64Array(n);
    this.psiIm = new Float64Array(n);
    this.out = new Float64Array(3);
  }

  /**
   * Takes one complex sample z of length n, of any scale. `alpha` overrides the weight (irregular time: 1−e^{−Δt/τ}).
   * A sample whose ‖z‖ is 0 or not finite has no direction: it is counted, changes nothing, and `update` returns false.
   * O(n²), allocates nothing.
   */
  update(zRe: Float64Array, zIm: Float64Array, alpha: number = this.alpha): boolean {
    const n = this.n;
    const s = this.scalars;
    let norm2 = 0;
    for (let i = 0; i < n; i++) norm2 += zRe[i]! * zRe[i]! + zIm[i]! * zIm[i]!;
    if (!(norm2 > SMALLEST_NORM2 && norm2 < Infinity)) {
      s[SKIPPED] = s[SKIPPED]! + 1;
      return false;
    }
    const scale = 1 / Math.sqrt(norm2);
    for (let i = 0; i < n; i++) {
      this.psiRe[i] = zRe[i]! * scale;
      this.psiIm[i] = zIm[i]! * scale;
    }
    const count = s[COUNT]! + 1;
    const start = 1 / count;
    const a = Math.max(start, alpha);
    let weight = a;
    if (this.norm === "power") {
      const power = (1 - a) * s[POWER]! + a * norm2;
      s[POWER] = power;
      weight = (a * norm2) / power;
    }
    rankOneUpdate(n, this.re, this.im, this.psiRe, this.psiIm, weight, this.out);
    s[COUNT] = count;
    s[OVERLAP] = this.out[0]!;
    s[PURITY] = this.out[1]!;
    s[TRACE] = this.out[2]!;
    s[KAPPA] = kappaAfterUpdate(s[KAPPA]!, a);
    s[WEIGHT] = a;
    if (count % RENORMALISE_EVERY === 0) this.renormalise();
    return true;
  }

  /** Samples taken. */
  get count(): number {
    return this.scalars[COUNT]!;
  }

  /** Samples ignored because they had no direction. */
  get skipped(): number {
    return this.scalars[SKIPPED]!;
  }

  /** q = ψ†ρψ of the last sample and the ρ before it, in [0, 1]; 1−q is the surprise of the sample. 0 for the first sample. */
  get overlap(): number {
    return this.scalars[OVERLAP]!;
  }

  /** tr ρ², exact to rounding: `update` sums it anew. */
  get purity(): number {
    return this.scalars[PURITY]!;
  }

  get trace(): number {
    return this.scalars[TRACE]!;
  }

  /** Σ of squared weights for independent samples. */
  get kappa(): number {
    return this.scalars[KAPPA]!;
  }

  /** EWMA of z†z, `power` only. */
  get power(): number {
    return this.scalars[POWER]!;
  }

  reset(): void {
    this.re.fill(0);
    this.im.fill(0);
    this.scalars.fill(0);
  }

  private renormalise(): void {
    const inverse = 1 / this.scalars[TRACE]!;
    for (let k = 0; k < this.n * this.n; k++) {
      this.re[k] = this.re[k]! * inverse;
      this.im[k] = this.im[k]! * inverse;
    }
    this.scalars[TRACE] = 1;
    this.scalars[PURITY] = this.scalars[PURITY]! * inverse * inverse;
  }
}

/** For a smaller ‖z‖² the reciprocal of the norm loses digits by underflow. No physical sample is this small. */
const SMALLEST_NORM2 = 1e-290;
