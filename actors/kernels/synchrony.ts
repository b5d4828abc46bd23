/**
 * The synchrony factor: how much unequal tick times reduce the coherence at ω (the Epps effect, exactly).
 *
 *   c_ij(ω) = time average of e^{−iω(d_i(s)−d_j(s))},  d_i(s) = time from s to the next tick of i
 *
 * For correlated Brownian prices E[g_observed] = g_true · c_ij; Poisson ticks give 1/((1+iω/λ_i)(1−iω/λ_j)). Its phase is an apparent lag
 * that the prices do not have: report g, |c| and g/c separately, and no g/c for |c| < 0.5.
 *
 * Streaming: next-tick times factorise, e^{−iωn_i}·e^{+iωn_j}. While i ticks and j is silent, intervals times e^{−iωn_i}
 * are summed as "pending". The next tick of j multiplies the sum by its e^{+iωn_j}.
 */
import sincos from "@stdlib/math-base-special-sincos";

const MICROSECOND = 1e-6;

export class Synchrony {
  readonly n: number;
  readonly omega: number;
  /**
   * All of the state, n×n of each pair i<j in the upper triangle: resolved sum, its duration (µs), pending sum, first event.
   * `last` = last tick of each channel, `origin` = first tick of all (phases relative to it stay precise).
   */
  readonly fields: {
    readonly sumRe: Float64Array;
    readonly sumIm: Float64Array;
    readonly duration: Float64Array;
    readonly pendingRe: Float64Array;
    readonly pendingIm: Float64Array;
    readonly start: Float64Array;
    readonly last: Float64Array;
    readonly origin: Float64Array;
  };
  private readonly trig = new Float64Array(2);

  /** `omega` in rad/s. */
  constructor(n: number, omega: number) {
    this.n = n;
    this.omega = omega;
    const pairs = () => new Float64Array(n * n);
    this.fields = {
      sumRe: pairs(),
      sumIm: pairs(),
      duration: pairs(),
      pendingRe: pairs(),
      pendingIm: pairs(),
      start: pairs().fill(Number.NaN),
      last: new Float64Array(n).fill(Number.NaN),
      origin: Float64Array.of(Number.NaN),
    };
  }

  /** Adds a tick of channel i at t (integer µs, not before any earlier tick). O(n), one sine and cosine. */
  tick(i: number, t: number): void {
    const f = this.fields;
    if (Number.isNaN(f.origin[0]!)) f.origin[0] = t;
    sincos.assign(this.omega * (t - f.origin[0]!) * MICROSECOND, this.trig, 1, 0);
    for (let j = 0; j < this.n; j++) if (j !== i) this.tickPair(i, j, t, this.trig[1]!, this.trig[0]!);
    f.last[i] = t;
  }

  private tickPair(i: number, j: number, t: number, cos: number, sin: number): void {
    const f = this.fields;
    const at = i < j ? i * this.n + j : j * this.n + i;
    // A pair (lower, upper) uses e^{−iωn} for the lower index and e^{+iωn} for the upper one.
    const eIm = i < j ? -sin : sin;
    if (Number.isNaN(f.start[at]!)) {
      f.start[at] = t;
      return;
    }
    const mine = Number.isNaN(f.last[i]!) ? f.start[at]! : f.last[i]!;
    const other = Number.isNaN(f.last[j]!) ? f.start[at]! : f.last[j]!;
    if (mine >= other) {
      // i is ahead: one more interval waits for j.
      f.pendingRe[at] = f.pendingRe[at]! + (t - mine) * cos;
      f.pendingIm[at] = f.pendingIm[at]! + (t - mine) * eIm;
      return;
    }
    const pRe = f.pendingRe[at]!;
    const pIm = f.pendingIm[at]!;
    f.sumRe[at] = f.sumRe[at]! + (pRe * cos - pIm * eIm);
    f.sumIm[at] = f.sumIm[at]! + (pRe * eIm + pIm * cos);
    f.duration[at] = f.duration[at]! + (other - mine);
    f.pendingRe[at] = (t - other) * cos;
    f.pendingIm[at] = (t - other) * eIm;
  }

  /** c_ij into out[0] + i·out[1]; (1, 0) while the pair has no common time. c_ji is its conjugate. O(1). */
  factor(i: number, j: number, out: Float64Array): void {
    const f = this.fields;
    const at = i < j ? i * this.n + j : j * this.n + i;
    const duration = f.duration[at]!;
    if (i === j || !(duration > 0)) {
      out[0] = 1;
      out[1] = 0;
      return;
    }
    out[0] = f.sumRe[at]! / duration;
    out[1] = (i < j ? f.sumIm[at]! : -f.sumIm[at]!) / duration;
  }
}
