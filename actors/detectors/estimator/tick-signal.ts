/**
 * z of a tick-driven group: a complex resonator per channel, driven by the channel's ticks. ψ is sampled at a regular logical cadence.
 *
 *   choosing ─rates known─► listening          (at once if the settings contain the period)
 *
 * While choosing, ticks are counted. Then ω₀ = RATE_SHARE · λ_min, so that the synchrony factor of the slowest pair is at least 0.8.
 * Internally, time is measured in radians of ω₀ since the first tick: the resonators are tuned to 1, and their constants are not state.
 * After a silence of 3/γ a channel's z starts anew.
 */
import exp from "@stdlib/math-base-special-exp";
import type { Settings } from "../../../protocol/settings.ts";
import type { DensityEstimate } from "../../kernels/density.ts";
import { Resonators } from "../../kernels/resonator.ts";
import { resonatorKappa } from "../../kernels/sample-size.ts";
import { Synchrony } from "../../kernels/synchrony.ts";
import type { Batch, Fields, Group } from "../../ports/detector.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import type { SignalSource, TakesSignal } from "./signal-source.ts";

const TWO_PI = 2 * Math.PI;
/** ω₀ in units of the slowest channel's tick rate. With Poisson ticks |c| is then 1/(1 + ω²/λ²) = 0.8. */
const RATE_SHARE = 0.5;
/** Ticks of the slowest channel that determine its rate within 25 %. */
const TICKS_TO_CHOOSE = 16;
/** Choosing ends after PATIENCE × the warm-up rows. Channels with fewer than MIN_TICKS ticks are then ignored. */
const PATIENCE = 10;
const MIN_TICKS = 4;
/** Interval between samples of ψ in units of 1/γ. Closer ones would be nearly equal. */
const CADENCE = 0.25;
/** Most updates per tick. A silence of 3/γ contains twelve; more occur only if a step is lost in the rounding of the time. */
const UPDATES_MAX = 16;
/** Up to this size synchrony is measured for each pair (its state is 6 n² numbers), above it is computed from the tick rates. */
const MAX_EXACT_SYNCHRONY = 32;

const Scalars = namedNumbers(
  /** Time of the first tick, µs: the origin of phases. */
  "origin",
  /** ω₀, rad/s; 0 while choosing. */
  "omega",
  /** Time of the next sample of ψ, in radians of ω₀ × 10⁶ since the origin. */
  "next",
  "last",
  "rows",
  "start",
);

export class TickSignal implements SignalSource {
  readonly fields: Fields;
  readonly time = new Float64Array(1);
  private readonly n: number;
  private readonly order: 1 | 2;
  /** γ and ψ-cadence in radians of ω₀. */
  private readonly gamma: number;
  private readonly cadence: number;
  private readonly alpha: number;
  private readonly averagingRate: number;
  private readonly warmupRows: number;
  private readonly scalars = new Scalars();
  private readonly ticks: Float64Array;
  private readonly power: Float64Array;
  private readonly powerAlpha: number;
  private readonly resonators: Resonators;
  private readonly synchrony: Synchrony | null;
  private readonly zRe: Float64Array;
  private readonly zIm: Float64Array;

  constructor(settings: Settings, group: Group) {
    const { n } = group;
    const { order, quality, periodSeconds, memoryRows, scaleRows, warmupRows } = settings.estimator;
    this.n = n;
    this.order = order;
    this.gamma = 1 / quality;
    this.cadence = CADENCE * quality;
    this.averagingRate = 1 / (TWO_PI * memoryRows);
    this.alpha = 1 - exp(-this.cadence * this.averagingRate);
    this.powerAlpha = Math.min(1, (Math.LN2 * this.cadence) / (TWO_PI * scaleRows));
    this.warmupRows = warmupRows;
    this.scalars.origin = Number.NaN;
    this.scalars.omega = periodSeconds > 0 ? TWO_PI / periodSeconds : 0;
    this.ticks = new Float64Array(n);
    this.power = new Float64Array(n);
    this.resonators = new Resonators(n, 1, this.gamma, order);
    this.synchrony = n <= MAX_EXACT_SYNCHRONY ? new Synchrony(n, 1) : null;
    this.zRe = new Float64Array(n);
    this.zIm = new Float64Array(n);
    this.fields = {
      scalars: this.scalars.array,
      ticks: this.ticks,
      power: this.power,
      ...prefixed("resonators", this.resonators.fields),
      ...(this.synchrony ? prefixed("synchrony", this.synchrony.fields) : {}),
    };
  }

  get warm(): boolean {
    return this.scalars.omega > 0;
  }

  /** Delay and 2/γ. */
  get reach(): number {
    return Math.ceil((this.resonators.groupDelay + 2 / this.gamma) / this.cadence);
  }

  /** ω₀ in rad/s, 0 while choosing. */
  get omega0(): number {
    return this.scalars.omega;
  }

  consume(batch: Batch, density: TakesSignal, taken: () => void): void {
    const { scalars, ticks, n } = this;
    const { frame, sampleInnovation } = batch;
    for (let k = 0; k < frame.count; k++) {
      const c = frame.channel[k]!;
      if (c >= n) continue;
      const t = Math.max(frame.time[k]!, scalars.last);
      if (Number.isNaN(scalars.origin)) {
        scalars.origin = t;
        scalars.start = t;
      }
      scalars.last = t;
      ticks[c] = ticks[c]! + 1;
      if (scalars.omega === 0) continue;
      this.listen(c, t, sampleInnovation[k]!, density, taken);
    }
    scalars.rows += batch.rows;
    if (scalars.omega === 0) this.choose();
  }

  kappa(density: Pick<DensityEstimate, "kappa" | "count">): number {
    if (density.count === 0) return 1;
    const stationary = resonatorKappa(this.averagingRate, this.gamma, this.order);
    // Equal weights over a time T are equivalent to an exponential memory of T/2.
    const elapsed = density.count * this.cadence;
    const young = resonatorKappa(2 / elapsed, this.gamma, this.order);
    return Math.min(1, Math.max(stationary, young));
  }

  measures(): Record<string, number> {
    const omega = this.scalars.omega;
    if (omega === 0) return {};
    return {
      omega0: omega,
      gamma: this.gamma * omega,
      order: this.order,
      periodSeconds: TWO_PI / omega,
      groupDelaySeconds: this.resonators.groupDelay / omega,
      syncMin: this.leastSynchrony(),
    };
  }

  private listen(c: number, t: number, innovation: number, density: TakesSignal, taken: () => void): void {
    const { scalars, zRe, zIm } = this;
    const omega = scalars.omega;
    const now = (t - scalars.origin) * omega;
    const step = this.cadence * 1e6;
    if (scalars.next === 0) scalars.next = now + step;
    // After a silence of 3/γ the resonators are empty: the cadence continues from here.
    if (now - scalars.next > (3 / this.gamma) * 1e6) scalars.next = now;
    for (let k = 0; k < UPDATES_MAX && scalars.next <= now; k++, scalars.next += step) {
      this.resonators.read(scalars.next, zRe, zIm);
      this.standardise();
      if (density.update(zRe, zIm, this.alpha)) {
        this.time[0] = Math.floor(scalars.next / omega + scalars.origin);
        taken();
      }
    }
    this.resonators.tick(c, now, innovation);
    this.synchrony?.tick(c, now);
  }

  /** z in units of its lagged root mean square. */
  private standardise(): void {
    const { zRe, zIm, power } = this;
    for (let c = 0; c < this.n; c++) {
      const p = zRe[c]! * zRe[c]! + zIm[c]! * zIm[c]!;
      const before = power[c]!;
      const scale = before > 0 ? 1 / Math.sqrt(before) : 0;
      zRe[c] = zRe[c]! * scale;
      zIm[c] = zIm[c]! * scale;
      power[c] = before > 0 ? before + this.powerAlpha * (p - before) : p;
    }
  }

  private choose(): void {
    const { scalars, ticks } = this;
    const seconds = (scalars.last - scalars.start) / 1e6;
    if (!(seconds > 0) || scalars.rows < this.warmupRows) return;
    const patient = scalars.rows < PATIENCE * this.warmupRows;
    let least = Number.POSITIVE_INFINITY;
    for (let c = 0; c < this.n; c++) {
      if (patient && ticks[c]! < TICKS_TO_CHOOSE) return;
      if (ticks[c]! >= MIN_TICKS && ticks[c]! < least) least = ticks[c]!;
    }
    if (least === Number.POSITIVE_INFINITY) return;
    scalars.omega = (RATE_SHARE * least) / seconds;
    scalars.origin = scalars.last;
  }

  private leastSynchrony(): number {
    const { synchrony, n, scalars, ticks } = this;
    let least = 1;
    if (synchrony) {
      const out = new Float64Array(2);
      for (let i = 1; i < n; i++) {
        for (let j = 0; j < i; j++) {
          synchrony.factor(i, j, out);
          least = Math.min(least, Math.sqrt(out[0]! * out[0]! + out[1]! * out[1]!));
        }
      }
      return least;
    }
    // Poisson ticks: |c_ij| = 1/√((1+ω²/λ_i²)(1+ω²/λ_j²)), smallest for the two slowest channels.
    const seconds = (scalars.last - scalars.start) / 1e6;
    const rates = Array.from(ticks, (count) => count / seconds).sort((a, b) => a - b);
    for (let k = 0; k < Math.min(2, n); k++) {
      const x = scalars.omega / rates[k]!;
      least /= Math.sqrt(1 + x * x);
    }
    return least;
  }
}
