/**
 * Online control of the false discovery rate: each hypothesis of an endless stream is decided when it arrives.
 *
 * e-LOND takes e-values under any dependence (Xu & Ramdas 2024); LORD++ takes independent p-values (Ramdas, Yang,
 * Wainwright & Jordan 2017).
 */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";

/** α_t of e-LOND for hypothesis t = 1, 2, …, when so many before it were rejected. It also holds for e-processes, at any time one looks. */
export function eLondLevel(alpha: number, t: number, rejections: number): number {
  return ((alpha * 6) / (Math.PI * Math.PI * t * t)) * (rejections + 1);
}

/** e-LOND: α_t = α · 6/(π²t²) · (R_{t−1}+1), reject when e_t ≥ 1/α_t. FDR ≤ α at every time. */
export class ELond {
  /** All of the state: [hypotheses seen, rejections]. */
  readonly fields: { readonly scalars: Float64Array };
  private readonly scalars: Float64Array;
  private readonly alpha: number;

  constructor(alpha: number) {
    checkLevel(alpha);
    this.alpha = alpha;
    this.scalars = new Float64Array(2);
    this.fields = { scalars: this.scalars };
  }

  /** The level α_t of the next hypothesis. */
  get level(): number {
    return eLondLevel(this.alpha, this.scalars[0]! + 1, this.scalars[1]!);
  }

  /** Decides one e-value. True means a discovery. O(1). */
  test(e: number): boolean {
    const rejected = e >= 1 / this.level;
    this.scalars[0] = this.scalars[0]! + 1;
    if (rejected) this.scalars[1] = this.scalars[1]! + 1;
    return rejected;
  }

  get tested(): number {
    return this.scalars[0]!;
  }

  get discoveries(): number {
    return this.scalars[1]!;
  }
}

/** γ_t is spread over this many hypotheses. The wealth gained by a rejection is then used up. */
const LORD_HORIZON = 10_000;

/**
 * LORD++: α_t = w₀γ_t + (α−w₀)γ_{t−τ₁} + α Σ_{j≥2} γ_{t−τ_j}, τ_j the times of rejections,
 * γ_t ∝ ln max(t,2) / (t e^{√ln t}) normalised over t = 1..10⁴. Reject when p_t ≤ α_t.
 */
export class LordPlusPlus {
  /** All of the state: times of the last rejections (a ring) and [seen, rejections, τ₁]. */
  readonly fields: { readonly times: Float64Array; readonly scalars: Float64Array };
  private readonly times: Float64Array;
  private readonly scalars: Float64Array;
  private readonly alpha: number;
  private readonly start: number;
  private readonly gamma: Float64Array;

  /** `alpha` in (0, 1), 0 < w₀ ≤ α (half of it by default). */
  constructor(alpha: number, w0: number = alpha / 2) {
    checkLevel(alpha);
    if (!(w0 > 0 && w0 <= alpha)) {
      throw new RangeError(`Cannot start LORD++ with wealth ${w0}: expected a number in (0, ${alpha}]`);
    }
    this.alpha = alpha;
    this.start = w0;
    this.times = new Float64Array(LORD_HORIZON);
    this.scalars = new Float64Array(3);
    this.fields = { times: this.times, scalars: this.scalars };
    this.gamma = lordGamma();
  }

  /** The level α_t of the next hypothesis. O(rejections among the last 10⁴). */
  get level(): number {
    const t = this.scalars[0]! + 1;
    const rejections = this.scalars[1]!;
    let level = this.start * this.spent(t);
    if (rejections > 0) level += (this.alpha - this.start) * this.spent(t - this.scalars[2]!);
    let later = 0;
    for (let j = Math.max(1, rejections - LORD_HORIZON); j < rejections; j++) {
      later += this.spent(t - this.times[j % LORD_HORIZON]!);
    }
    return level + this.alpha * later;
  }

  /** Decides one p-value. True means a discovery. */
  test(p: number): boolean {
    const rejected = p <= this.level;
    const t = this.scalars[0]! + 1;
    this.scalars[0] = t;
    if (rejected) {
      const rejections = this.scalars[1]!;
      if (rejections === 0) this.scalars[2] = t;
      this.times[rejections % LORD_HORIZON] = t;
      this.scalars[1] = rejections + 1;
    }
    return rejected;
  }

  get tested(): number {
    return this.scalars[0]!;
  }

  get discoveries(): number {
    return this.scalars[1]!;
  }

  private spent(age: number): number {
    return age >= 1 && age <= LORD_HORIZON ? this.gamma[age - 1]! : 0;
  }
}

function lordGamma(): Float64Array {
  const gamma = new Float64Array(LORD_HORIZON);
  let sum = 0;
  for (let t = 1; t <= LORD_HORIZON; t++) {
    gamma[t - 1] = ln(Math.max(t, 2)) / (t * exp(Math.sqrt(ln(t))));
    sum += gamma[t - 1]!;
  }
  for (let t = 0; t < LORD_HORIZON; t++) gamma[t] = gamma[t]! / sum;
  return gamma;
}

function checkLevel(alpha: number): void {
  if (!(alpha > 0 && alpha < 1)) {
    throw new RangeError(`Cannot control a false discovery rate of ${alpha}: expected a number in (0, 1)`);
  }
}
