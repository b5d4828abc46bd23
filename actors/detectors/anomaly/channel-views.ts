/**
 * Five statistics of one channel, each ≥ 0 and about 1 for usual values.
 *
 *   level    |x − m| / s                     distance from the running location, in running scales
 *   step     |r| / s_r                       size of this innovation
 *   spread   4 (max(v/V, V/v) − 1)           volatility of the last 16 samples against the long run, up or down
 *   stuck    run / 8                         length of a run of equal values, each time it doubles
 *   season   |x − d| / s_d                   distance from the value at this time of day on earlier days
 *
 * Locations and scales are exponentially weighted absolute moments of the samples before this one (lagged). Spikes are clipped at CLIP_AT
 * scales before they enter, so that a short anomaly does not become the new normal, but a lasting one does.
 */
import type { Fields } from "../../ports/detector.ts";
import { clipSize, clipSpike } from "../clip-spikes.ts";
import { LARGEST_STATISTIC } from "./conformal-views.ts";

export const VIEWS = ["level", "step", "spread", "stuck", "season"] as const;
const LEVEL = 0;
const STEP = 1;
const SPREAD = 2;
const STUCK = 3;
const SEASON = 4;

/** Scales at which a spike is clipped. */
const CLIP_AT = 4;
/** Samples before a scale is used. */
const SCALE_AFTER = 16;
/** Samples before a scale is reliable enough for clipping. */
const CLIP_AFTER = 32;
const SHORT_MEMORY = 16;
/** A smaller deviation, relative to the value, is rounding: 2⁻⁴⁰. */
const RELATIVE_FLOOR = 1 / 1_099_511_627_776;

/** Length of a run of equal values that rounding alone can cause. */
const ORDINARY_RUN = 12;

const DAY_US = 86_400_000_000;
/** Half-hours: short enough for a morning peak. */
const DAY_BINS = 48;
const BIN_US = DAY_US / DAY_BINS;
/** Days with samples in a half-hour before its usual value is used. */
const DAYS_NEEDED = 2;
/** Memory of a half-hour, in days. */
const DAY_MEMORY = 7;

/** Offsets of a channel's numbers in its record. Accessor calls would make a sample a tenth slower. */
const CHANNEL = {
  count: 0,
  mean: 1,
  scale: 2,
  stepScale: 3,
  /** Mean size of the last innovations. */
  short: 4,
  /** Equal values in a row. */
  run: 5,
  last: 6,
  seasonScale: 7,
  steps: 8,
} as const;
const CHANNEL_WIDTH = 9;

/** One half-hour of one channel: the usual value (mean over days), mean and count of the last day with samples, that day, days seen. */
const HALF_HOUR = { usual: 0, todayMean: 1, todayCount: 2, today: 3, days: 4 } as const;
const HALF_HOUR_WIDTH = 5;

export class ChannelViews {
  readonly fields: Fields;
  private readonly state: Float64Array;
  private readonly days: Float64Array;
  private readonly memory: number;
  /** Day and half-hour of the row. Not registered, because `at` sets them before they are used. */
  private date = 0;
  private bin = 0;

  constructor(channels: number, memory: number) {
    this.memory = memory;
    this.state = new Float64Array(channels * CHANNEL_WIDTH);
    this.days = new Float64Array(channels * DAY_BINS * HALF_HOUR_WIDTH);
    this.fields = { views: this.state, day: this.days };
  }

  /** Sets the time of the values that follow, µs. */
  at(t: number): void {
    this.date = Math.floor(t / DAY_US);
    this.bin = Math.floor((t - this.date * DAY_US) / BIN_US);
  }

  /**
   * Writes the statistics of the value x = values[k] with innovation r = innovations[k] (NaN: none) of channel c, at the time set last, to
   * out[0..4]. NaN means that a view has no statistic. O(1), about 30 ns. Numbers are passed in arrays, here and below, because a double
   * among the arguments would be boxed.
   */
  look(c: number, values: Float64Array, innovations: Float64Array, k: number, out: Float64Array): void {
    const { state } = this;
    const x = values[k]!;
    const at = c * CHANNEL_WIDTH;
    const count = state[at + CHANNEL.count]! + 1;
    state[at + CHANNEL.count] = count;
    const weight = count < this.memory ? 1 / count : 1 / this.memory;
    const floor = roundingOf(x);

    const mean = count === 1 ? x : state[at + CHANNEL.mean]!;
    const scale = state[at + CHANNEL.scale]!;
    const deviation = x - mean;
    const size = Math.abs(deviation);
    out[LEVEL] = count > SCALE_AFTER ? ratio(size, scale, floor) : Number.NaN;
    const limit = count > CLIP_AFTER && scale > floor ? CLIP_AT * scale : size;
    state[at + CHANNEL.mean] = mean + weight * clipSpike(deviation, limit);
    state[at + CHANNEL.scale] = scale + weight * (clipSize(size, limit) - scale);

    if (Number.isNaN(innovations[k]!)) {
      out[STEP] = Number.NaN;
      out[SPREAD] = Number.NaN;
    } else this.lookAtStep(at, values, innovations, k, out);

    const run = x === state[at + CHANNEL.last]! && count > 1 ? state[at + CHANNEL.run]! + 1 : 0;
    state[at + CHANNEL.last] = x;
    state[at + CHANNEL.run] = run;
    out[STUCK] = stuck(run);

    this.lookAtDay(c, at, values, k, out);
  }

  /** The usual value of channel c in a view. */
  expected(c: number, view: number): number {
    if (view === SEASON) return this.days[this.halfHour(c) + HALF_HOUR.usual]!;
    return this.state[c * CHANNEL_WIDTH + CHANNEL.mean]!;
  }

  /** Mean absolute innovation of the channel. */
  stepScale(c: number): number {
    return this.state[c * CHANNEL_WIDTH + CHANNEL.stepScale]!;
  }

  private lookAtStep(
    at: number,
    values: Float64Array,
    innovations: Float64Array,
    k: number,
    out: Float64Array,
  ): void {
    const { state } = this;
    const step = Math.abs(innovations[k]!);
    const floor = roundingOf(values[k]!);
    const steps = state[at + CHANNEL.steps]! + 1;
    state[at + CHANNEL.steps] = steps;
    const weight = steps < this.memory ? 1 / steps : 1 / this.memory;
    const scale = state[at + CHANNEL.stepScale]!;
    out[STEP] = steps > SCALE_AFTER ? ratio(step, scale, floor) : Number.NaN;
    const clipped = steps > CLIP_AFTER && scale > floor ? clipSize(step, CLIP_AT * scale) : step;
    const shortWeight = steps < SHORT_MEMORY ? 1 / steps : 1 / SHORT_MEMORY;
    const short = state[at + CHANNEL.short]! + shortWeight * (clipped - state[at + CHANNEL.short]!);
    state[at + CHANNEL.short] = short;
    out[SPREAD] =
      steps <= CLIP_AFTER || !(scale > floor)
        ? Number.NaN
        : Math.min(
            LARGEST_STATISTIC,
            4 * (Math.max(short / scale, scale / Math.max(short, scale / 256)) - 1),
          );
    state[at + CHANNEL.stepScale] = scale + weight * (clipped - scale);
  }

  private lookAtDay(c: number, at: number, values: Float64Array, k: number, out: Float64Array): void {
    const { state, days, date } = this;
    const x = values[k]!;
    const half = this.halfHour(c);
    if (days[half + HALF_HOUR.today] !== date || days[half + HALF_HOUR.todayCount] === 0)
      this.beginDay(half, date);
    const seen = days[half + HALF_HOUR.todayCount]! + 1;
    days[half + HALF_HOUR.todayCount] = seen;
    const today = days[half + HALF_HOUR.todayMean]!;
    days[half + HALF_HOUR.todayMean] = today + (x - today) / seen;
    out[SEASON] = Number.NaN;
    if (days[half + HALF_HOUR.days]! < DAYS_NEEDED) return;
    const floor = roundingOf(x);
    const size = Math.abs(x - days[half + HALF_HOUR.usual]!);
    const scale = state[at + CHANNEL.seasonScale]!;
    const clipped = scale > floor ? clipSize(size, CLIP_AT * scale) : size;
    state[at + CHANNEL.seasonScale] = scale > floor ? scale + (clipped - scale) / this.memory : size;
    if (scale > floor) out[SEASON] = ratio(size, scale, floor);
  }

  /** Adds the last day with samples to the usual value and starts a new day. */
  private beginDay(half: number, date: number): void {
    const { days } = this;
    if (days[half + HALF_HOUR.todayCount]! > 0) {
      const seen = days[half + HALF_HOUR.days]! + 1;
      days[half + HALF_HOUR.days] = seen;
      const usual = days[half + HALF_HOUR.usual]!;
      const last = days[half + HALF_HOUR.todayMean]!;
      days[half + HALF_HOUR.usual] = usual + (last - usual) / Math.min(seen, DAY_MEMORY);
    }
    days[half + HALF_HOUR.today] = date;
    days[half + HALF_HOUR.todayCount] = 0;
    days[half + HALF_HOUR.todayMean] = 0;
  }

  /** Offset of the current half-hour of channel c. */
  private halfHour(c: number): number {
    return (c * DAY_BINS + this.bin) * HALF_HOUR_WIDTH;
  }
}

/**
 * 0 while the value moves, 1.5 · 2^k at a run of ORDINARY_RUN · 2^k, NaN between. Only doublings count: each sample of a run is a new record
 * by one only, so that no single sample would be unusual.
 */
function stuck(run: number): number {
  if (run === 0) return 0;
  const folds = run / ORDINARY_RUN;
  return Number.isInteger(folds) && (folds & (folds - 1)) === 0
    ? Math.min(1.5 * folds, LARGEST_STATISTIC)
    : Number.NaN;
}

/** What of a deviation from x is rounding. */
function roundingOf(x: number): number {
  return Math.abs(x) * RELATIVE_FLOOR;
}

/** size / scale in [0, LARGEST_STATISTIC]; the largest value for a departure from a constant. */
function ratio(size: number, scale: number, floor: number): number {
  if (!(size > floor)) return 0;
  return Math.min(size / scale, LARGEST_STATISTIC);
}
