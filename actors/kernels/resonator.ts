/**
 * Complex resonators driven by the ticks of each channel: a frequency band without resampling.
 *
 *   order 1   z = Σ_k r_k e^{(−γ+iω₀)(t−t_k)}              order 2   z = Σ_k r_k (t−t_k) e^{(−γ+iω₀)(t−t_k)}
 *
 * Returns r_k are impulses; the decay between ticks is exact. For order m the image rejection is 10m·log₁₀(1+4Q²) dB, Q = ω₀/γ, and the
 * group delay m/γ seconds. With m = 2, Q = 4: 36 dB, 1.27 periods. z is an exponentially windowed Fourier coefficient of the price.
 * Source: Malliavin & Mancino 2009, Ann. Statist. 37:1983.
 */
import exp from "@stdlib/math-base-special-exp";
import sincos from "@stdlib/math-base-special-sincos";

/** Time constants without a tick after which a channel starts anew: only 5 % of its amplitude is left. */
const GAP_TIME_CONSTANTS = 3;

const MICROSECOND = 1e-6;

export class Resonators {
  readonly n: number;
  readonly omega0: number;
  readonly gamma: number;
  readonly order: 1 | 2;
  /** All of the state. `last` = µs of the last tick of each channel (NaN = none), `gaps` = resets after silence. */
  readonly fields: {
    readonly z: Float64Array;
    readonly last: Float64Array;
    readonly gaps: Float64Array;
  };
  private readonly z: Float64Array;
  private readonly last: Float64Array;
  private readonly gaps: Float64Array;
  private readonly gapUs: number;
  private readonly trig: Float64Array;
  /** E of the last decay, and its seconds: channels that tick together decay alike. Not state, for it follows from the seconds. */
  private readonly factor = Float64Array.of(Number.NaN, 0, 0);
  private readonly scratch: Float64Array;

  /** `omega0` and `gamma` in rad/s and 1/s, both positive. */
  constructor(n: number, omega0: number, gamma: number, order: 1 | 2 = 2) {
    if (!(omega0 > 0 && gamma > 0)) {
      throw new RangeError(`Cannot tune a resonator to ω₀=${omega0}, γ=${gamma}: expected both positive`);
    }
    this.n = n;
    this.omega0 = omega0;
    this.gamma = gamma;
    this.order = order;
    this.z = new Float64Array(4 * n);
    this.last = new Float64Array(n).fill(Number.NaN);
    this.gaps = new Float64Array(n);
    this.fields = { z: this.z, last: this.last, gaps: this.gaps };
    this.gapUs = GAP_TIME_CONSTANTS / gamma / MICROSECOND;
    this.trig = new Float64Array(2);
    this.scratch = new Float64Array(4);
  }

  /** Group delay m/γ in seconds. */
  get groupDelay(): number {
    return this.order / this.gamma;
  }

  /**
   * Adds return r of channel i at time t (integer µs, not before its last tick). Returns false when the channel started anew after a gap of
   * more than 3/γ. Ignores a return that is not finite. O(1): one exponential, one sine and cosine.
   */
  tick(i: number, t: number, r: number): boolean {
    if (!Number.isFinite(r)) return true;
    const z = this.z;
    const at = 4 * i;
    const last = this.last[i]!;
    const gap = t - last > this.gapUs;
    if (gap) {
      z.fill(0, at, at + 4);
      this.gaps[i] = this.gaps[i]! + 1;
    } else if (t > last) {
      this.decay(at, (t - last) * MICROSECOND, z, at);
    }
    z[at] = z[at]! + r;
    this.last[i] = t;
    return !gap;
  }

  /** Writes the complex amplitude of every channel at time t (not before the last tick) without changing state. O(n). */
  read(t: number, outRe: Float64Array, outIm: Float64Array): void {
    for (let i = 0; i < this.n; i++) {
      const last = this.last[i]!;
      if (!(t - last <= this.gapUs)) {
        outRe[i] = 0;
        outIm[i] = 0;
        continue;
      }
      this.decay(4 * i, (t - last) * MICROSECOND, this.scratch, 0);
      const from = this.order === 1 ? 0 : 2;
      outRe[i] = this.scratch[from]!;
      outIm[i] = this.scratch[from + 1]!;
    }
  }

  reset(): void {
    this.z.fill(0);
    this.last.fill(Number.NaN);
    this.gaps.fill(0);
  }

  /** out ← E(z₁), E(z₂ + s z₁) after s seconds, E = e^{(−γ+iω₀)s}. */
  private decay(at: number, s: number, out: Float64Array, to: number): void {
    const { z, factor, trig } = this;
    if (s !== factor[0]!) {
      const size = exp(-this.gamma * s);
      sincos.assign(this.omega0 * s, trig, 1, 0);
      factor[0] = s;
      factor[1] = size * trig[1]!;
      factor[2] = size * trig[0]!;
    }
    const eRe = factor[1]!;
    const eIm = factor[2]!;
    const aRe = z[at]!;
    const aIm = z[at + 1]!;
    const bRe = z[at + 2]! + s * aRe;
    const bIm = z[at + 3]! + s * aIm;
    out[to] = aRe * eRe - aIm * eIm;
    out[to + 1] = aRe * eIm + aIm * eRe;
    out[to + 2] = bRe * eRe - bIm * eIm;
    out[to + 3] = bRe * eIm + bIm * eRe;
  }
}
