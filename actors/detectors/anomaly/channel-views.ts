/**
 * What is looked at in one channel: five statistics, each ≥ 0 and about 1 when all is as usual.
 *
 *   level    |x − m| / s                     how far from its running location, in running scales
 *   step     |r| / s_r                       how large this innovation is
 *   spread   4 (max(v/V, V/v) − 1)           volatility of the last 16 samples against the long run, up or down
 *   stuck    run of equal values / 8         how long the value has not moved, each time that doubles
 *   season   |x − d| / s_d                   how far from what it was at this time of day on the days before
 *
 * Locations and scales are exponentially weighted absolute moments from before the sample (lagged), and what enters them is clipped at
 * CLIP scales, so that an anomaly does not at once become the new normal, and a lasting one does in the end.
 */
import type { Fields } from "../../ports/detector.ts";
import { LARGEST_STATISTIC } from "./conformal-views.ts";

export const VIEWS = ["level", "step", "spread", "stuck", "season"] as const;
export const LEVEL = 0;
export const STEP = 1;
export const SPREAD = 2;
export const STUCK = 3;
export const SEASON = 4;

const CLIP = 4;
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

// One channel's scalars.
const COUNT = 0;
const MEAN = 1;
const SCALE = 2;
const STEP_SCALE = 3;
const SHORT = 4;
const RUN = 5;
const LAST = 6;
const SEASON_SCALE = 7;
const STEPS = 8;
const WIDTH = 9;

// One half-hour of one channel: usual value (mean of its days), today's sum and count, day of the last visit, days seen.
const USUAL = 0;
const TODAY_MEAN = 1;
const TODAY_COUNT = 2;
const TODAY = 3;
const DAYS = 4;
const DAY_WIDTH = 5;

export class ChannelViews {
  readonly fields: Fields;
  private readonly state: Float64Array;
  private readonly day: Float64Array;
  private readonly memory: number;
  /** Day and half-hour of the row: set before every look, so not state. */
  private date = 0;
  private bin = 0;

  constructor(channels: number, memory: number) {
    this.memory = memory;
    this.state = new Float64Array(channels * WIDTH);
    this.day = new Float64Array(channels * DAY_BINS * DAY_WIDTH);
    this.fields = { views: this.state, day: this.day };
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
    const { state } = this;
    const at = c * WIDTH;
    const count = state[at + COUNT]! + 1;
    state[at + COUNT] = count;
    const weight = count < this.memory ? 1 / count : 1 / this.memory;
    const floor = Math.abs(x) * RELATIVE_FLOOR;

    const mean = count === 1 ? x : state[at + MEAN]!;
    const scale = state[at + SCALE]!;
    const deviation = x - mean;
    const size = Math.abs(deviation);
    out[LEVEL] = count > SCALE_AFTER ? ratio(size, scale, floor) : Number.NaN;
    const limit = count > CLIP_AFTER && scale > floor ? CLIP * scale : size;
    state[at + MEAN] = mean + weight * (size > limit ? (deviation > 0 ? limit : -limit) : deviation);
    state[at + SCALE] = scale + weight * (Math.min(size, limit) - scale);

    if (Number.isNaN(r)) {
      out[STEP] = Number.NaN;
      out[SPREAD] = Number.NaN;
    } else this.lookAtStep(at, Math.abs(r), floor, out);

    const run = x === state[at + LAST]! && count > 1 ? state[at + RUN]! + 1 : 0;
    state[at + LAST] = x;
    state[at + RUN] = run;
    out[STUCK] = stuck(run);

    out[SEASON] = this.lookAtDay(c, at, x, floor);
  }

  /** What the channel's value usually is, as a view sees it. */
  expected(c: number, view: number): number {
    if (view === SEASON) return this.day[(c * DAY_BINS + this.bin) * DAY_WIDTH + USUAL]!;
    return this.state[c * WIDTH + MEAN]!;
  }

  /** Mean absolute innovation of the channel. */
  stepScale(c: number): number {
    return this.state[c * WIDTH + STEP_SCALE]!;
  }

  private lookAtStep(at: number, step: number, floor: number, out: Float64Array): void {
    const { state } = this;
    const steps = state[at + STEPS]! + 1;
    state[at + STEPS] = steps;
    const weight = steps < this.memory ? 1 / steps : 1 / this.memory;
    const scale = state[at + STEP_SCALE]!;
    out[STEP] = steps > SCALE_AFTER ? ratio(step, scale, floor) : Number.NaN;
    const clipped = steps > CLIP_AFTER && scale > floor ? Math.min(step, CLIP * scale) : step;
    const shortWeight = steps < SHORT_MEMORY ? 1 / steps : 1 / SHORT_MEMORY;
    const short = state[at + SHORT]! + shortWeight * (clipped - state[at + SHORT]!);
    state[at + SHORT] = short;
    out[SPREAD] =
      steps <= CLIP_AFTER || !(scale > floor)
        ? Number.NaN
        : Math.min(
            LARGEST_STATISTIC,
            4 * (Math.max(short / scale, scale / Math.max(short, scale / 256)) - 1),
          );
    state[at + STEP_SCALE] = scale + weight * (clipped - scale);
  }

  private lookAtDay(c: number, at: number, x: number, floor: number): number {
    const { day, state, date } = this;
    const cell = (c * DAY_BINS + this.bin) * DAY_WIDTH;
    if (day[cell + TODAY]! !== date || day[cell + TODAY_COUNT] === 0) {
      // A new day: what today was yesterday joins the usual.
      if (day[cell + TODAY_COUNT]! > 0) {
        const days = day[cell + DAYS]! + 1;
        day[cell + DAYS] = days;
        day[cell + USUAL] =
          day[cell + USUAL]! + (day[cell + TODAY_MEAN]! - day[cell + USUAL]!) / Math.min(days, DAY_MEMORY);
      }
      day[cell + TODAY] = date;
      day[cell + TODAY_COUNT] = 0;
      day[cell + TODAY_MEAN] = 0;
    }
    const seen = day[cell + TODAY_COUNT]! + 1;
    day[cell + TODAY_COUNT] = seen;
    day[cell + TODAY_MEAN] = day[cell + TODAY_MEAN]! + (x - day[cell + TODAY_MEAN]!) / seen;
    if (day[cell + DAYS]! < DAYS_NEEDED) return Number.NaN;
    const size = Math.abs(x - day[cell + USUAL]!);
    const scale = state[at + SEASON_SCALE]!;
    const clipped = scale > floor ? Math.min(size, CLIP * scale) : size;
    state[at + SEASON_SCALE] = scale > floor ? scale + (clipped - scale) / this.memory : size;
    return scale > floor ? ratio(size, scale, floor) : Number.NaN;
  }
}

/**
 * A run is looked at when its length has doubled: 0 while the value moves, 1.5 · 2^k at a run of ORDINARY_RUN · 2^k, NaN between. Each sample of a run is a record by a hair; looked at singly, none would ever stand out.
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
