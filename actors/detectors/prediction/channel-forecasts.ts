/**
 * Forecasts of the next value of each channel, with a band that holds as often as it says.
 *
 *   x ─► experts (experts.ts) ─► forecast f = Σ w_k f_k, w by exponentiated gradient
 *     └► sizes of errors over 8, 32, 128, 512 steps ─► usual size of the next error v, mixed in the same way: volatility
 *   band: f − q₁v … f + q₂v, q₁ and q₂ such that each end is crossed as often as it should (kernels/tracked-quantile.ts)
 *
 * Losses are squares of errors in units of s, the usual size of a step, clipped at CLIP: one value counts no more than that.
 */
import { ExponentiatedGradient } from "../../kernels/exponentiated-gradient.ts";
import { LossComparison } from "../../kernels/loss-comparison.ts";
import { trackQuantile } from "../../kernels/tracked-quantile.ts";
import type { Fields } from "../../ports/detector.ts";
import { clipSize, clipSpike } from "../clip-spikes.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { BASELINES, EXPERTS, Experts } from "./experts.ts";

const K = EXPERTS.length;
/** Steps in the memories of the sizes. */
const SIZES = [8, 32, 128, 512] as const;
const V = SIZES.length;
/** Clip of errors, in s; and of a size that is learnt, in those expected. */
const CLIP = 4;
/** The largest loss. */
export const LOSS_MOST = CLIP * CLIP;
const SIZE_CLIP = 8;
/** Steps in the memory of s²; s² is at least this share of its long mean: after a standstill any step would look infinite. */
const SCALE_MEMORY = 256;
const LONG_MEMORY = 4096;
const LEAST_VARIANCE = 1e-4;
const VARIANCE_CLIP = 16;
/** Errors before a band is given. */
const LEAST_ERRORS = 20;
/** Ends of a band before any score is known, in v: those of a normal law at 90 %, 1.64 σ, where v is 0.8 σ. */
const FIRST_END = 2;
/** Steps in the memory of the coverage that is shown. */
const COVERAGE_MEMORY = 1000;
/** Least weight of all experts together. */
const SHARE = 0.001;

/** What is being taken: the value, the usual size of a step, and how far off the forecast was. As arguments each would be a number on the heap. */
const Now = namedNumbers("x", "s", "off");
const Channels = namedNumbers(
  /** Values; forecasts judged; whether the forecast is of the next value, 0 or 1. */
  "values",
  "judged",
  "isPredicted",
  "last",
  /** s², and its long mean; both 0 before the first step. */
  "variance",
  "longVariance",
  /** Of the next value. */
  "value",
  "size",
  /** Bands judged, how many held, and the share of the last ones that did. */
  "bands",
  "held",
  "coverage",
);

export class ChannelForecasts {
  readonly fields: Fields;
  readonly experts: Experts;
  readonly comparisons: readonly LossComparison[];
  private readonly mixtures: readonly ExponentiatedGradient[];
  private readonly sizeMixtures: readonly ExponentiatedGradient[];
  private readonly channels: InstanceType<typeof Channels>;
  private readonly sizes: Float64Array;
  /** Ends of the band of each channel, below and above the forecast, in v. */
  private readonly ends: Float64Array;
  /** Share of values that may cross an end. */
  private readonly tail: number;
  private readonly now = new Now();
  /** Losses of the last value: of each expert, then of the forecast. */
  readonly losses = new Float64Array(K + 1);
  private readonly gradient = new Float64Array(K);
  /** Of the ends of a band. */
  private readonly scores = new Float64Array(2);
  private readonly sizeGradient = new Float64Array(V);

  constructor(count: number, coveragePercent: number, memory: number, seasonSeconds: number) {
    this.tail = (1 - coveragePercent / 100) / 2;
    this.experts = new Experts(count, seasonSeconds);
    const mixtures = ExponentiatedGradient.several(count, K, memory, SHARE);
    const sizeMixtures = ExponentiatedGradient.several(count, V, memory, SHARE);
    const comparisons = LossComparison.several(count, K, memory);
    this.mixtures = mixtures.mixtures;
    this.sizeMixtures = sizeMixtures.mixtures;
    this.comparisons = comparisons.comparisons;
    this.channels = new Channels(count);
    this.sizes = new Float64Array(count * V);
    this.ends = new Float64Array(2 * count).fill(FIRST_END);
    this.fields = {
      channels: this.channels.array,
      sizes: this.sizes,
      ends: this.ends,
      ...prefixed("experts", this.experts.fields),
      ...prefixed("mixture", mixtures.fields),
      ...prefixed("sizeMixture", sizeMixtures.fields),
      ...prefixed("losses", comparisons.fields),
    };
  }

  /** The values that follow are of times[0], µs; the next are expected times[1] later. */
  at(times: Float64Array): void {
    this.experts.at(times);
  }

  /** Takes x = values[at], the value of channel i. True: its forecast was judged, see `losses`. */
  take(i: number, values: Float64Array, at: number): boolean {
    const { now } = this;
    const of = this.channels.at(i);
    const isStep = of.isPredicted === 1;
    now.x = values[at]!;
    this.writeScale(i);
    const isJudged = isStep && now.s > 0;
    if (isJudged) this.judge(i);
    if (isStep) this.learnScale(i);
    this.writeScale(i);
    this.experts.take(i, now, of.values, isStep);
    of.values = of.values + 1;
    of.last = now.x;
    of.isPredicted = 1;
    this.foretell(i);
    return isJudged;
  }

  /** The next value of channel i is not the one after the last. */
  breakOff(i: number): void {
    this.channels.at(i).isPredicted = 0;
  }

  /** The forecast of the next value; NaN: none. */
  value(i: number): number {
    const { isPredicted, judged, value } = this.channels.at(i);
    return isPredicted === 1 && judged > 0 ? value : Number.NaN;
  }

  /** The ends of its band; NaN: not known. */
  low(i: number): number {
    return this.hasBand(i) ? this.value(i) - this.ends[2 * i]! * this.channels.at(i).size : Number.NaN;
  }

  high(i: number): number {
    return this.hasBand(i) ? this.value(i) + this.ends[2 * i + 1]! * this.channels.at(i).size : Number.NaN;
  }

  /** Share of the last values that were in their bands; NaN: not known. */
  coverage(i: number): number {
    const { bands, coverage } = this.channels.at(i);
    return bands >= LEAST_ERRORS ? coverage : Number.NaN;
  }

  /** Bands judged so far, and how many of them held. */
  bands(i: number): { readonly judged: number; readonly held: number } {
    const { bands, held } = this.channels.at(i);
    return { judged: bands, held };
  }

  /** The usual size of the next error; NaN: not known. */
  volatility(i: number): number {
    return this.hasBand(i) ? this.channels.at(i).size : Number.NaN;
  }

  weight(i: number, expert: number): number {
    return this.mixtures[i]!.weights[expert]!;
  }

  /** The better of "last" and "mean" so far. */
  bestBaseline(i: number): number {
    return this.comparisons[i]!.best(0, BASELINES);
  }

  /** Mean loss beyond that of the expert that was best, in s². */
  regret(i: number): number {
    const comparison = this.comparisons[i]!;
    return comparison.loss - comparison.lossOf(comparison.best(0, K));
  }

  private hasBand(i: number): boolean {
    const { judged, isPredicted } = this.channels.at(i);
    return judged >= LEAST_ERRORS && isPredicted === 1;
  }

  /** now.s ← s; 0: no step was seen. */
  private writeScale(i: number): void {
    const { variance, longVariance } = this.channels.at(i);
    this.now.s = Math.sqrt(Math.max(variance, LEAST_VARIANCE * longVariance));
  }

  private learnScale(i: number): void {
    const of = this.channels.at(i);
    const step = this.now.x - of.last;
    const square = step * step;
    const weight = Math.max(1 / of.values, 1 / SCALE_MEMORY);
    const least = Math.max(of.variance, LEAST_VARIANCE * of.longVariance);
    const seen = least > 0 ? clipSize(square, VARIANCE_CLIP * least) : square;
    of.variance = of.variance + weight * (seen - of.variance);
    of.longVariance = of.longVariance + Math.max(1 / of.values, 1 / LONG_MEMORY) * (seen - of.longVariance);
  }

  private judge(i: number): void {
    const { losses, gradient, now } = this;
    this.judgeExperts(i);
    const of = this.channels.at(i);
    now.off = now.x - of.value;
    const error = clipSpike(now.off / now.s, CLIP);
    losses[K] = error * error;
    this.comparisons[i]!.take(losses);
    this.mixtures[i]!.learn(gradient);
    if (of.judged >= LEAST_ERRORS) this.judgeBand(i);
    this.learnSize(i);
    of.judged = of.judged + 1;
  }

  /** Losses of the experts, and the gradient of the loss in their weights. */
  private judgeExperts(i: number): void {
    const { losses, gradient } = this;
    const { x, s } = this.now;
    const { said } = this.experts;
    const { weights } = this.mixtures[i]!;
    let own = 0;
    for (let k = 0; k < K; k++) {
      const error = clipSpike((said[i * K + k]! - x) / s, CLIP);
      gradient[k] = error;
      losses[k] = error * error;
      own += weights[k]! * error;
    }
    for (let k = 0; k < K; k++) gradient[k] = 2 * own * gradient[k]!;
  }

  private judgeBand(i: number): void {
    const { ends, tail, scores } = this;
    const of = this.channels.at(i);
    const score = this.now.off / of.size;
    const held = score >= -ends[2 * i]! && score <= ends[2 * i + 1]! ? 1 : 0;
    scores[0] = -score;
    scores[1] = score;
    trackQuantile(ends, 2 * i, scores, 0, of.bands, tail);
    trackQuantile(ends, 2 * i + 1, scores, 1, of.bands, tail);
    of.bands = of.bands + 1;
    of.held = of.held + held;
    of.coverage = of.coverage + Math.max(1 / of.bands, 1 / COVERAGE_MEMORY) * (held - of.coverage);
  }

  private learnSize(i: number): void {
    const { sizes, sizeGradient, now } = this;
    const { s } = now;
    const of = this.channels.at(i);
    const mixture = this.sizeMixtures[i]!;
    const expected = of.judged > 0 ? of.size : s;
    const seen = clipSize(Math.abs(now.off), SIZE_CLIP * expected);
    const excess = (expected - seen) / s;
    for (let k = 0; k < V; k++) {
      const at = i * V + k;
      sizeGradient[k] = (2 * excess * sizes[at]!) / s;
      sizes[at] = sizes[at]! + Math.max(1 / (of.judged + 1), 1 / SIZES[k]!) * (seen - sizes[at]!);
    }
    if (of.judged > 0) mixture.learn(sizeGradient);
  }

  private foretell(i: number): void {
    const of = this.channels.at(i);
    const { said } = this.experts;
    const { weights } = this.mixtures[i]!;
    const { weights: sizeWeights } = this.sizeMixtures[i]!;
    let value = 0;
    for (let k = 0; k < K; k++) value += weights[k]! * said[i * K + k]!;
    let size = 0;
    for (let k = 0; k < V; k++) size += sizeWeights[k]! * this.sizes[i * V + k]!;
    of.value = value;
    // Never quite nothing: a forecast that was exact for long still has a band.
    of.size = Math.max(size, LEAST_VARIANCE * this.now.s);
  }
}
