/**
 * Five statistics of one channel, each ≥ 0 and about 1 when all is as usual.
 *
 *   level    |x − m| / s                     how far from its running location, in running scales
 *   step     |r| / s_r                       how large this innovation is
 *   spread   4 (max(v/V, V/v) − 1)           volatility of the last 16 samples against the long run, up or down
 *   stuck    run of equal values / 8         how long the value has not moved, each time that doubles
 *   season   |x − d| / s_d                   how far from what it was at this time of day on the days before
 *
 * Locations and scales are exponentially weighted absolute moments from before the sample (lagged). Spikes are clipped at CLIP_AT scales
 * before they enter: an anomaly does not become the new normal at once, a lasting one does in the end.
 */
import type { Fields } from "../../ports/detector.ts";
import { clipSpike } from "../clip-spikes.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { LARGEST_STATISTIC } from "./conformal-views.ts";

export const VIEWS = ["level", "step", "spread", "stuck", "season"] as const;
const LEVEL = 0;
const STEP = 1;
const SPREAD = 2;
const STUCK = 3;
export const SEASON = 4;

/** Scales at which a spike is clipped. */
const CLIP_AT = 4;
/** Samples before a scale says anything. */
const SCALE_AFTER = 16;
/** Samples before scales are trusted enough to clip by them. */
const CLIP_AFTER = 32;
const SHORT_MEMORY = 16;
/** A deviation smaller than this part of the value is rounding: 2⁻⁴⁰. */
const RELATIVE_FLOOR = 1 / 1_099_511_627_776;

/** Equal values in a row that rounding alone may give. */
const ORDINARY_RUN = 12;

const DAY_US = 86_400_000_000;
/** Half-hours: long enough to be visited on every day by hourly data's neighbours, short enough for a morning peak. */
const DAY_BINS = 48;
const BIN_US = DAY_US / DAY_BINS;
/** Days a half-hour must have been seen before it says what is usual. */
const DAYS_NEEDED = 2;
/** Memory of a half-hour, in days. */
const DAY_MEMORY = 7;

/** `short`: mean size of the last innovations; `run`: equal values in a row. */
const ChannelState = namedNumbers(
  "count",
  "mean",
  "scale",
  "stepScale",
  "short",
  "run",
  "last",
  "seasonScale",
  "steps",
);

/** One half-hour of one channel: its usual value (mean of its days), today's mean and count, day of the last visit, days seen. */
const HalfHour = namedNumbers("usual", "todayMean", "todayCount", "today", "days");

export class ChannelViews {
  readonly fields: Fields;
  private readonly channels: InstanceType<typeof ChannelState>;
  private readonly halfHours: InstanceType<typeof HalfHour>;
  private readonly memory: number;
  /** Day and half-hour of the row: set before every look, so not state. */
  private date = 0;
  private bin = 0;

  constructor(channels: number, memory: number) {
    this.memory = memory;
    this.channels = new ChannelState(channels);
    this.halfHours = new HalfHour(channels * DAY_BINS);
    this.fields = { views: this.channels.array, day: this.halfHours.array };
  }

  /** Sets the time of the values that follow, µs. */
  at(t: number): void {
    this.date = Math.floor(t / DAY_US);
    this.bin = Math.floor((t - this.date * DAY_US) / BIN_US);
  }

  /**
   * Statistics of value x with innovation r (NaN: none) of channel c at the time set last, into out[0..4]; NaN where a view has
   * nothing to say. O(1), about 30 ns.
   */
  look(c: number, x: number, r: number, out: Float64Array): void {
    const channel = this.channels.at(c);
    const count = channel.count + 1;
    channel.count = count;
    const weight = count < this.memory ? 1 / count : 1 / this.memory;
    const floor = Math.abs(x) * RELATIVE_FLOOR;

    const mean = count === 1 ? x : channel.mean;
    const { scale } = channel;
    const deviation = x - mean;
    const size = Math.abs(deviation);
    out[LEVEL] = count > SCALE_AFTER ? ratio(size, scale, floor) : Number.NaN;
    const limit = count > CLIP_AFTER && scale > floor ? CLIP_AT * scale : size;
    channel.mean = mean + weight * clipSpike(deviation, limit);
    channel.scale = scale + weight * (Math.min(size, limit) - scale);

    if (Number.isNaN(r)) {
      out[STEP] = Number.NaN;
      out[SPREAD] = Number.NaN;
    } else this.lookAtStep(Math.abs(r), floor, out);

    const run = x === channel.last && count > 1 ? channel.run + 1 : 0;
    channel.last = x;
    channel.run = run;
    out[STUCK] = stuck(run);

    out[SEASON] = this.lookAtDay(c, x, floor);
  }

  /** What the channel's value usually is, as a view sees it. */
  expected(c: number, view: number): number {
    return view === SEASON ? this.halfHours.at(c * DAY_BINS + this.bin).usual : this.channels.at(c).mean;
  }

  /** Mean absolute innovation of the channel. */
  stepScale(c: number): number {
    return this.channels.at(c).stepScale;
  }

  /** Step and spread of the channel that `look` is at. */
  private lookAtStep(step: number, floor: number, out: Float64Array): void {
    const channel = this.channels;
    const steps = channel.steps + 1;
    channel.steps = steps;
    const weight = steps < this.memory ? 1 / steps : 1 / this.memory;
    const scale = channel.stepScale;
    out[STEP] = steps > SCALE_AFTER ? ratio(step, scale, floor) : Number.NaN;
    const clipped = steps > CLIP_AFTER && scale > floor ? clipSpike(step, CLIP_AT * scale) : step;
    const shortWeight = steps < SHORT_MEMORY ? 1 / steps : 1 / SHORT_MEMORY;
    const short = channel.short + shortWeight * (clipped - channel.short);
    channel.short = short;
    out[SPREAD] =
      steps <= CLIP_AFTER || !(scale > floor)
        ? Number.NaN
        : Math.min(
            LARGEST_STATISTIC,
            4 * (Math.max(short / scale, scale / Math.max(short, scale / 256)) - 1),
          );
    channel.stepScale = scale + weight * (clipped - scale);
  }

  /** Season of channel c, which `look` is at. */
  private lookAtDay(c: number, x: number, floor: number): number {
    const { channels: channel, date } = this;
    const half = this.halfHours.at(c * DAY_BINS + this.bin);
    if (half.today !== date || half.todayCount === 0) {
      // A new day: the day of the last visit joins the usual.
      if (half.todayCount > 0) {
        half.days++;
        half.usual = half.usual + (half.todayMean - half.usual) / Math.min(half.days, DAY_MEMORY);
      }
      half.today = date;
      half.todayCount = 0;
      half.todayMean = 0;
    }
    const seen = half.todayCount + 1;
    half.todayCount = seen;
    half.todayMean = half.todayMean + (x - half.todayMean) / seen;
    if (half.days < DAYS_NEEDED) return Number.NaN;
    const size = Math.abs(x - half.usual);
    const scale = channel.seasonScale;
    const clipped = scale > floor ? clipSpike(size, CLIP_AT * scale) : size;
    channel.seasonScale = scale > floor ? scale + (clipped - scale) / this.memory : size;
    return scale > floor ? ratio(size, scale, floor) : Number.NaN;
  }
}

/**
 * A run is judged when its length has doubled: 0 while the value moves, 1.5 · 2^k at a run of ORDINARY_RUN · 2^k, NaN between. Each
 * sample of a run exceeds the record by one; judged singly, none would ever stand out.
 */
function stuck(run: number): number {
  if (run === 0) return 0;
  const folds = run / ORDINARY_RUN;
  return Number.isInteger(folds) && (folds & (folds - 1)) === 0
    ? Math.min(1.5 * folds, LARGEST_STATISTIC)
    : Number.NaN;
}

/** size / scale in [0, LARGEST_STATISTIC]; a departure from something constant is as large as can be. */
function ratio(size: number, scale: number, floor: number): number {
  if (!(size > floor)) return 0;
  return Math.min(size / scale, LARGEST_STATISTIC);
}
