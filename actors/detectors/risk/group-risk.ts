/**
 * What the channels of a group risk together: turbulence, and how much of their moves few patterns absorb.
 *
 *   returns / volatility of now   z ─► second moments ─► correlations R ─┬─► largest eigenvalues ─► absorption ─► its shift
 *                                 │                                      └─► shrunk, factor L ─┐
 *                                 └─► |L⁻¹z|² / n ─► runs of extremes (extremes.ts) ◄──────────┤
 *   returns / usual volatility    u ─► |L⁻¹u|² / n ─► turbulence as it is shown ◄──────────────┘
 *
 * L is that of the rows before. Turbulence is shown in units of the usual volatility, as in the literature: it is large while volatility is. Runs are
 * found in units of the volatility of now, and without what the scores before foretell (ranked-score.ts), because volatility in clusters would be a
 * run of its own: they are moves that are large for these times, or against the usual correlations.
 *
 * The shift of absorption is (mean of the last SHIFT_FAST − mean of the last SHIFT_SLOW) / spread of those, by running means.
 *
 * Cost: O(n³) a return, 40 µs for 16 channels, most of it the eigenvalues.
 */
import { cholesky } from "../../kernels/cholesky.ts";
import { EwmaMoments } from "../../kernels/ewma.ts";
import { HermitianEigen } from "../../kernels/hermitian-eigen.ts";
import { correlationOf, shrink, shrinkageShare } from "../../kernels/shrunk-correlation.ts";
import { absorptionRatio, turbulence } from "../../kernels/turbulence.ts";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";

/** A fifth of the channels, as patterns, absorbs (Kritzman, Li, Page & Rigobon 2011). */
const PATTERNS_SHARE = 5;
/** Returns of the running means: of days three weeks and a year, as there. */
const SHIFT_FAST = 15;
const SHIFT_SLOW = 250;
/** Returns before correlations are known: at least so many, and this many for each channel. */
const LEAST_RETURNS = 30;
const RETURNS_A_CHANNEL = 2;

const Scalars = namedNumbers(
  /** Returns learnt; whether there is a factor, 0 or 1. */
  "returns",
  "isKnown",
  /** Of the last return; NaN: not known. */
  "turbulence",
  "filtered",
  "absorption",
);

export class GroupRisk {
  readonly fields: Fields;
  private readonly n: number;
  private readonly window: number;
  private readonly scalars = new Scalars();
  private readonly moments: Float64Array;
  private readonly factor: Float64Array;
  private readonly fast = new EwmaMoments(1, 2 / (SHIFT_FAST + 1));
  private readonly slow = new EwmaMoments(1, 2 / (SHIFT_SLOW + 1));
  private readonly solver: HermitianEigen;
  private readonly correlation: Float64Array;
  private readonly zeros: Float64Array;
  private readonly factorIm: Float64Array;
  private readonly values: Float64Array;
  private readonly scratch: Float64Array;

  /** n ≥ 2. `window`: memory of the correlations, in returns. */
  constructor(n: number, window: number) {
    this.n = n;
    this.window = window;
    this.moments = new Float64Array(n * n);
    this.factor = new Float64Array(n * n);
    this.solver = new HermitianEigen(n);
    this.correlation = new Float64Array(n * n);
    this.zeros = new Float64Array(n * n);
    this.factorIm = new Float64Array(n * n);
    this.values = new Float64Array(n);
    this.scratch = new Float64Array(n);
    this.scalars.turbulence = Number.NaN;
    this.scalars.filtered = Number.NaN;
    this.scalars.absorption = Number.NaN;
    this.fields = {
      scalars: this.scalars.array,
      moments: this.moments,
      factor: this.factor,
      ...prefixed("fast", this.fast.fields),
      ...prefixed("slow", this.slow.fields),
    };
  }

  /** Takes the returns of one period, divided by the volatilities of now and by the usual ones. */
  take(now: Float64Array, usual: Float64Array): void {
    const { n, scalars, factor, scratch } = this;
    const known = scalars.isKnown === 1;
    scalars.filtered = known ? turbulence(n, factor, now, scratch) : Number.NaN;
    scalars.turbulence = known ? turbulence(n, factor, usual, scratch) : Number.NaN;
    this.learn(now);
    if (scalars.returns >= Math.max(LEAST_RETURNS, RETURNS_A_CHANNEL * n)) this.judge();
  }

  /** Of the last return, in times of what is usual; NaN: not known yet. */
  get turbulence(): number {
    return this.scalars.turbulence;
  }

  /** The same in units of the volatility of then. */
  get filtered(): number {
    return this.scalars.filtered;
  }

  /** In (0, 1]; NaN: not known yet. */
  get absorption(): number {
    return this.scalars.absorption;
  }

  /** In standard deviations; NaN: not known yet. */
  get absorptionShift(): number {
    const spread = Math.sqrt(this.slow.variance[0]!);
    if (this.slow.samples(0) < SHIFT_SLOW || !(spread > 0)) return Number.NaN;
    return (this.fast.mean[0]! - this.slow.mean[0]!) / spread;
  }

  private learn(z: Float64Array): void {
    const { n, moments, scalars, window } = this;
    scalars.returns = scalars.returns + 1;
    const weight = Math.max(1 / window, 1 / scalars.returns);
    for (let i = 0; i < n; i++)
      for (let j = 0; j <= i; j++) {
        const at = i * n + j;
        moments[at] = moments[at]! + weight * (z[i]! * z[j]! - moments[at]!);
      }
  }

  private judge(): void {
    const { n, moments, correlation, zeros, values, factor, scalars, window } = this;
    if (!correlationOf(n, moments, correlation)) return;
    this.solver.eigenvalues(correlation, zeros, values);
    scalars.absorption = absorptionRatio(values, Math.max(1, Math.round(n / PATTERNS_SHARE)));
    this.fast.update(0, scalars.absorption);
    this.slow.update(0, scalars.absorption);
    // With weights 1/window as many returns count as in a mean of 2 window − 1.
    const samples = Math.min(scalars.returns, 2 * window - 1);
    shrink(n, correlation, shrinkageShare(n, correlation, samples));
    cholesky(n, correlation, zeros, factor, this.factorIm);
    scalars.isKnown = 1;
  }
}
