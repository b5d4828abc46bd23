/**
 * Six views of one channel. Each has a statistic and the range that it has kept in; its novelty is by how much it leaves that range.
 *
 *   x ─► residual of the best prediction                ┐ level       size, against what is usual at this time of the day or week
 *     ─► innovation of the row                          │ step        jump between two rows
 *     ─► mean over 64 rows                              ├ mean        lasting level, also of bursts
 *     ─► mean over 16 − mean over 256 rows              │ shift       level against the recent past
 *     ─► ln mean of |step| over 64 rows                 │ roughness   noise, up or down; a sensor that is stuck
 *     ─► distance of the last 128 rows to their like    ┘ pattern     a beat that is missing, or comes twice
 *
 * Values are clipped to the level's range before they are averaged, so that one of them is not seen by all views.
 *
 * Source of the choice of views: our own, by cross-fitted thresholds on the development files of NAB (docs/decisions/detectors.md).
 */

import { lnAt } from "../../kernels/elementary.ts";
import type { Fields } from "../../ports/detector.ts";
import { clipSize } from "../clip-spikes.ts";
import { prefixed } from "../registered-numbers.ts";
import { BlockMeans, MEANS } from "./block-means.ts";
import { Patterns } from "./patterns.ts";
import { UsualRange } from "./usual-range.ts";
import { UsualValue } from "./usual-value.ts";

export const VIEWS = ["level", "step", "mean", "shift", "roughness", "pattern"] as const;
export type View = (typeof VIEWS)[number];
/** What a module keeps to itself is a constant to the compiler, what it exports is not: these are for the work of every sample. */
const COUNT = VIEWS.length;
const VIEW = { level: 0, step: 1, mean: 2, shift: 3, roughness: 4, pattern: 5 } as const;
export const LEVEL = VIEW.level;
export const STEP = VIEW.step;
export const MEAN = VIEW.mean;
export const ROUGHNESS = VIEW.roughness;
export const PATTERN = VIEW.pattern;

/** Ranges of this many mean errors are those of bursts on nothing: a normal law has 10, an exponential law 15. */
const BURSTS = 100;
/**
 * What the novelty of each view counts, chosen on development data. Steps are a quarter: a difference has the outliers of two values, and no
 * memory of what is usual at this time. Patterns are half: their range is learnt from a sixteenth of the rows.
 */
export const WEIGHTS: readonly number[] = [1, 0.25, 1, 1, 1, 0.5];
/** Rows in the memory of the mean step, a power of two. */
const STEP_MEMORY = 512;
/** Mean steps at which a step is clipped before it is averaged, and steps before. */
const CLIP_AT = 4;
const CLIP_AFTER = 32;
/** Steps of this share of the mean step are none. Without it the logarithm of a channel that rests would have no bound. */
const NO_STEP = 1 / 1024;

const CHANNEL = { steps: 0, stepScale: 1 } as const;
const CHANNEL_WIDTH = 2;

export class ChannelViews {
  readonly fields: Fields;
  private readonly usual: UsualValue;
  private readonly ranges: UsualRange;
  private readonly means: BlockMeans;
  private readonly patterns: Patterns;
  private readonly state: Float64Array;
  /** The statistics of the last row, by channel and view. */
  private readonly statistics: Float64Array;
  private readonly mean = new Float64Array(4);
  private readonly clipped = new Float64Array(1);

  constructor(channels: number) {
    this.usual = new UsualValue(channels);
    this.ranges = new UsualRange(channels * VIEWS.length);
    this.means = new BlockMeans(channels);
    this.patterns = new Patterns(channels);
    this.state = new Float64Array(channels * CHANNEL_WIDTH);
    this.statistics = new Float64Array(channels * VIEWS.length).fill(Number.NaN);
    this.fields = {
      views: this.state,
      statistics: this.statistics,
      ...this.usual.fields,
      ...this.ranges.fields,
      ...prefixed("means", this.means.fields),
      ...this.patterns.fields,
    };
  }

  /** Sets the time of the values that follow, µs, and the usual number of rows a day. */
  at(timeUs: number, rowsADay: number): void {
    this.usual.at(timeUs);
    this.ranges.remember(rowsADay);
  }

  /**
   * Writes the novelties of the value x = values[k] with innovation innovations[k] (NaN: none) of channel c to out[0..5], and returns whether
   * any is above 0. Numbers are passed in arrays, here and below, because a double among the arguments would be boxed.
   */
  look(c: number, values: Float64Array, innovations: Float64Array, k: number, out: Float64Array): boolean {
    const { ranges, mean, clipped, statistics } = this;
    const s = c * COUNT;
    this.usual.see(c, values, k, statistics, s + VIEW.level);
    const residual = statistics[s + VIEW.level]!;
    out[VIEW.level] = residual;
    ranges.noveltyAt(s + VIEW.level, out, VIEW.level);
    let isNew = out[VIEW.level]! > 0;
    const low = ranges.low(s + VIEW.level);
    const high = ranges.high(s + VIEW.level);
    clipped[0] = values[k]! - (residual > high ? residual - high : residual < low ? residual - low : 0);
    this.means.see(c, clipped, 0, mean);
    const ended = this.patterns.see(c, clipped, 0, statistics, s + VIEW.pattern);
    statistics[s + VIEW.step] = innovations[k]!;
    statistics[s + VIEW.mean] = mean[MEANS.middle]!;
    statistics[s + VIEW.shift] = mean[MEANS.short]! - mean[MEANS.long]!;
    this.learnStep(c, innovations, k);
    statistics[s + VIEW.roughness] = mean[MEANS.step]! + NO_STEP * this.stepScale(c);
    lnAt(statistics, s + VIEW.roughness);
    const seen = ended ? COUNT : VIEW.pattern;
    out[VIEW.pattern] = 0;
    for (let v: number = VIEW.step; v < seen; v++) {
      const statistic = statistics[s + v]!;
      out[v] = statistic;
      // A channel that never moved has no roughness: ln 0.
      if (statistic - statistic === 0) {
        ranges.noveltyAt(s + v, out, v);
        if (out[v]! > 0) isNew = true;
      } else out[v] = 0;
    }
    return isNew;
  }

  /** Whether channel c is bursts on nothing: its range is many times its mean error. */
  isBursts(c: number): boolean {
    const { ranges } = this;
    const s = c * VIEWS.length + LEVEL;
    return ranges.high(s) - ranges.low(s) > BURSTS * this.usual.meanError(c);
  }

  /** The statistic of view v of channel c, and its usual range: without what a record under way has taught it. */
  statistic(c: number, v: number): number {
    return this.statistics[c * VIEWS.length + v]!;
  }

  low(c: number, v: number): number {
    return this.ranges.usualLow(c * VIEWS.length + v);
  }

  high(c: number, v: number): number {
    return this.ranges.usualHigh(c * VIEWS.length + v);
  }

  /** The usual value of channel c at the last row. */
  expected(c: number): number {
    return this.usual.predicted(c);
  }

  /** The usual value now for one that expected `before`: a season goes on, but a mean that follows an anomaly is not what was usual. */
  expectedSince(c: number, before: number): number {
    return this.usual.isSeasonal(c) ? this.usual.predicted(c) : before;
  }

  /** Whether channel c has not moved in the last rows that roughness looks at. */
  isStill(c: number): boolean {
    return this.means.meanStep(c) === 0;
  }

  /** Evidence of a novelty of channel c in view v, nats. */
  evidence(c: number, v: number, novelty: number): number {
    return this.ranges.evidence(c * VIEWS.length + v, novelty);
  }

  /** Mean absolute innovation of the channel. */
  stepScale(c: number): number {
    return this.state[c * CHANNEL_WIDTH + CHANNEL.stepScale]!;
  }

  private learnStep(c: number, innovations: Float64Array, k: number): void {
    const { state } = this;
    const at = c * CHANNEL_WIDTH;
    const size = Math.abs(innovations[k]!);
    if (Number.isNaN(size)) return;
    const steps = state[at + CHANNEL.steps]! + 1;
    const scale = state[at + CHANNEL.stepScale]!;
    const clipped = steps > CLIP_AFTER && scale > 0 ? clipSize(size, CLIP_AT * scale) : size;
    state[at + CHANNEL.steps] = steps;
    state[at + CHANNEL.stepScale] =
      scale + (steps < STEP_MEMORY ? (clipped - scale) / steps : (clipped - scale) * (1 / STEP_MEMORY));
  }
}
