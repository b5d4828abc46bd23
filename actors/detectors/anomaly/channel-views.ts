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

import ln from "@stdlib/math-base-special-ln";
import { lnAt } from "../../kernels/elementary.ts";
import type { Batch, Fields } from "../../ports/detector.ts";
import { clipSize } from "../clip-spikes.ts";
import { prefixed } from "../registered-numbers.ts";
import { BlockMeans, MEANS, MEANS_WIDTH, MIDDLE_ROWS } from "./block-means.ts";
import { Patterns } from "./patterns.ts";
import { UsualRange } from "./usual-range.ts";
import { UsualValue } from "./usual-value.ts";

export const VIEWS = ["level", "step", "mean", "shift", "roughness", "pattern"] as const;
export type View = (typeof VIEWS)[number];
/** What a module keeps to itself is a constant to the compiler, what it exports or imports is not: these are for the work of every sample. */
const VIEW = { level: 0, step: 1, mean: 2, shift: 3, roughness: 4, pattern: 5 } as const;
const MEAN_OF = MEANS;
const MEAN_WIDTH = MEANS_WIDTH;
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
/**
 * Block means are looked at in every so many rows where rows are close together, a power of two: a mean of 16 rows or more is hardly another one
 * after one row. Elsewhere in every row, for the score of a row is that of its time.
 */
const CLOSE_ROWS = 4;
/** Rows in the memory of the mean step, a power of two. */
const STEP_MEMORY = 512;
/** Mean steps at which a step is clipped before it is averaged, and steps before. */
const CLIP_AT = 4;
const CLIP_AFTER = 32;
/** Steps of this share of the mean step are none. Without it the logarithm of a channel that rests would have no bound. */
const NO_STEP = 1 / 1024;

/** Rows in the memory of how often a channel rests. */
const REST_MEMORY = 32_768;

/** `last`: the value before; `rests`: share of the rows seen that have the value of the one before; `rest`: how many of the last ones have. */
const CHANNEL = { steps: 0, stepScale: 1, last: 2, seen: 3, rests: 4, rest: 5 } as const;
const CHANNEL_WIDTH = 6;

export class ChannelViews {
  readonly fields: Fields;
  private readonly usual: UsualValue;
  private readonly ranges: UsualRange;
  private readonly blocks: BlockMeans;
  private readonly patterns: Patterns;
  private readonly state: Float64Array;
  /** The statistics of the last row, by view and channel. */
  private readonly statistics: Float64Array;
  private readonly channels: number;
  /** Of the last row, and so not registered: novelties by view and channel, and whether a channel has any. */
  private readonly novelties: Float64Array;
  private readonly news: Uint8Array;
  /** Values within the usual range, and block means by channel. */
  private readonly clipped: Float64Array;
  private readonly means: Float64Array;
  /** Rows from one look at block means to the next; set by `at`. */
  private eachRow = 1;

  constructor(channels: number) {
    this.channels = channels;
    this.novelties = new Float64Array(channels * VIEWS.length);
    this.news = new Uint8Array(channels);
    this.clipped = new Float64Array(channels);
    this.means = new Float64Array(channels * MEAN_WIDTH);
    this.usual = new UsualValue(channels);
    this.ranges = new UsualRange(channels * VIEWS.length, channels * VIEW.mean);
    this.blocks = new BlockMeans(channels);
    this.patterns = new Patterns(channels);
    this.state = new Float64Array(channels * CHANNEL_WIDTH);
    this.statistics = new Float64Array(channels * VIEWS.length).fill(Number.NaN);
    this.fields = {
      views: this.state,
      statistics: this.statistics,
      ...this.usual.fields,
      ...this.ranges.fields,
      ...prefixed("means", this.blocks.fields),
      ...this.patterns.fields,
    };
  }

  /** Sets the time of the values that follow, µs, the usual number of rows a day, and that of rows so close together that they may count as one. */
  at(timeUs: number, rowsADay: number, rowsALook: number): void {
    this.eachRow = rowsALook >= CLOSE_ROWS ? CLOSE_ROWS : 1;
    this.usual.at(timeUs);
    this.ranges.remember(rowsADay);
  }

  /**
   * Looks at row r, whose values are `values` from r · n on: one view after the other, each at all channels that reported. The work on one channel then need not wait for that on another.
   * Numbers lie in arrays, here and below, because a double among the arguments would be boxed.
   */
  look(batch: Batch, values: Float64Array, r: number): void {
    const { statistics, clipped, means, news, ranges, novelties, channels } = this;
    const { rowFresh, rowInnovation } = batch;
    const at = r * channels;
    news.fill(0);
    if (this.blocks.hasMade) novelties.fill(0, VIEW.mean * channels, VIEW.pattern * channels);
    if (this.patterns.hasEnded) novelties.fill(0, VIEW.pattern * channels);
    this.usual.see(rowFresh, values, at, statistics);
    this.learnSteps(rowFresh, values, rowInnovation, at);
    ranges.see(VIEW.level * channels, VIEW.mean * channels, rowFresh, at, statistics, novelties, news, 1);
    this.clip(rowFresh, values, at);
    this.blocks.see(rowFresh, at, clipped, means, this.eachRow);
    this.patterns.see(rowFresh, at, clipped, statistics, VIEW.pattern * channels);
    if (this.blocks.hasMade) this.lookAtMeans();
    if (this.patterns.hasEnded) this.lookAtPatterns();
  }

  /** Whether any view of channel c has a novelty in the last row. */
  isNew(c: number): boolean {
    return this.news[c] === 1;
  }

  /** Novelty of view v of channel c in the last row, if the channel has any. */
  novelty(c: number, v: number): number {
    return this.novelties[v * this.channels + c]!;
  }

  /** Whether channel c is bursts on nothing: its range is many times its mean error. */
  isBursts(c: number): boolean {
    const { ranges } = this;
    const s = VIEW.level * this.channels + c;
    return ranges.high(s) - ranges.low(s) > BURSTS * this.usual.meanError(c);
  }

  /** The statistic of view v of channel c, and its usual range: without what a record under way has taught it. */
  statistic(c: number, v: number): number {
    return this.statistics[v * this.channels + c]!;
  }

  low(c: number, v: number): number {
    return this.ranges.usualLow(v * this.channels + c);
  }

  high(c: number, v: number): number {
    return this.ranges.usualHigh(v * this.channels + c);
  }

  /** The usual value of channel c at the last row. */
  expected(c: number): number {
    return this.usual.predicted(c);
  }

  /** Whether what is expected of channel c depends on the time. */
  isSeasonal(c: number): boolean {
    return this.usual.isSeasonal(c);
  }

  /** Whether channel c has not moved in the last rows that roughness looks at. */
  isStill(c: number): boolean {
    return this.state[c * CHANNEL_WIDTH + CHANNEL.rest]! >= MIDDLE_ROWS;
  }

  /** Evidence of the last novelty of channel c in view v, nats, counted as at most `most`. */
  evidence(c: number, v: number, most: number): number {
    const evidence = this.ranges.evidence(v * this.channels + c, most);
    return v === VIEW.roughness && this.isStill(c) ? Math.min(evidence, this.evidenceOfRest(c)) : evidence;
  }

  /** −ln of the chance that so many rows rest. No step at all has no size by which it could be less than usual. */
  private evidenceOfRest(c: number): number {
    const at = c * CHANNEL_WIDTH;
    const seen = Math.min(this.state[at + CHANNEL.seen]!, REST_MEMORY);
    return -MIDDLE_ROWS * ln((this.state[at + CHANNEL.rests]! * seen + 1) / (seen + 2));
  }

  /** Values within the usual range. */
  private clip(fresh: Uint8Array, values: Float64Array, at: number): void {
    const { ranges, statistics, clipped } = this;
    for (let c = 0, s = VIEW.level * clipped.length; c < clipped.length; c++, s++) {
      if (fresh[at + c] === 0) continue;
      const residual = statistics[s]!;
      const low = ranges.low(s);
      const high = ranges.high(s);
      clipped[c] =
        values[at + c]! - (residual > high ? residual - high : residual < low ? residual - low : 0);
    }
  }

  /** The statistic of steps. Learns their mean size, and how often there is none. */
  private learnSteps(fresh: Uint8Array, values: Float64Array, innovations: Float64Array, at: number): void {
    const { state, statistics, channels } = this;
    for (let c = 0, of = 0, s = VIEW.step * channels; c < channels; c++, of += CHANNEL_WIDTH, s++) {
      if (fresh[at + c] === 0) continue;
      const innovation = innovations[at + c]!;
      const rests = values[at + c]! === state[of + CHANNEL.last]! ? 1 : 0;
      const seen = state[of + CHANNEL.seen]! + 1;
      state[of + CHANNEL.last] = values[at + c]!;
      state[of + CHANNEL.seen] = seen;
      state[of + CHANNEL.rests] =
        state[of + CHANNEL.rests]! + (rests - state[of + CHANNEL.rests]!) / Math.min(seen, REST_MEMORY);
      state[of + CHANNEL.rest] = rests === 1 ? state[of + CHANNEL.rest]! + 1 : 0;
      statistics[s] = innovation;
      const size = Math.abs(innovation);
      if (Number.isNaN(size)) continue;
      const scale = state[of + CHANNEL.stepScale]!;
      const steps = state[of + CHANNEL.steps]! + 1;
      const clipped = steps > CLIP_AFTER && scale > 0 ? clipSize(size, CLIP_AT * scale) : size;
      state[of + CHANNEL.steps] = steps;
      state[of + CHANNEL.stepScale] =
        scale + (steps < STEP_MEMORY ? (clipped - scale) / steps : (clipped - scale) * (1 / STEP_MEMORY));
    }
  }

  /** Statistics and novelties of the block means that were made. Roughness is the logarithm of a mean of |step| that is never 0. */
  private lookAtMeans(): void {
    const { ranges, state, statistics, novelties, news, means, channels } = this;
    const { made } = this.blocks;
    const mean = VIEW.mean * channels;
    const shift = VIEW.shift * channels;
    const roughness = VIEW.roughness * channels;
    for (let c = 0, of = 0, m = 0; c < channels; c++, of += CHANNEL_WIDTH, m += MEAN_WIDTH) {
      if (made[c] === 0) continue;
      statistics[mean + c] = means[m + MEAN_OF.middle]!;
      statistics[shift + c] = means[m + MEAN_OF.short]! - means[m + MEAN_OF.long]!;
      statistics[roughness + c] = means[m + MEAN_OF.step]! + NO_STEP * state[of + CHANNEL.stepScale]!;
      lnAt(statistics, roughness + c);
    }
    ranges.see(mean, roughness + channels, made, 0, statistics, novelties, news, this.eachRow);
  }

  /** The novelties of the patterns whose block ended with this row. */
  private lookAtPatterns(): void {
    const { ranges, statistics, novelties, news, patterns, channels } = this;
    const from = VIEW.pattern * channels;
    ranges.see(from, from + channels, patterns.ended, 0, statistics, novelties, news, 1);
  }
}
