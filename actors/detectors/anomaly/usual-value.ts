/**
 * Predicts each value of a channel from the values before it, by the predictor that has had the smallest error so far:
 *
 *   constant   running mean
 *   day        mean of this half hour on earlier days
 *   week       mean of this half hour in earlier weeks
 *   waves      mean plus three waves of the day and three of the week, fitted by stochastic gradient (harmonic regression)
 *
 * Errors are clipped before they are averaged, so that one anomaly does not change the choice. A half hour is learnt when it is over.
 * Source: Young, Pedregal & Tych 1999 (harmonic regression); Widrow & Hoff 1960 (the gradient); Cesa-Bianchi & Lugosi 2006, §2 (the best of
 * several predictors by past loss).
 */
import sincos from "@stdlib/math-base-special-sincos";
import type { Fields } from "../../ports/detector.ts";
import { clipSize, clipSpike } from "../clip-spikes.ts";

const DAY_US = 86_400_000_000;
const WEEK_US = 7 * DAY_US;
/** Half hours: short enough for a morning peak. */
const DAY_BINS = 48;
const WEEK_BINS = 7 * DAY_BINS;
/** Days and weeks of a half hour before its mean is used, and the memory of the mean. */
const DAYS_NEEDED = 3;
const DAY_MEMORY = 7;
const WEEKS_NEEDED = 2;
const WEEK_MEMORY = 4;

const CONSTANT = 0;
const DAY = 1;
const WEEK = 2;
const WAVES = 3;
const PREDICTORS = 4;

/** Rows in the memory of errors. Four times as many in the mean: a level that lasts becomes usual slowly. */
const MEMORY = 2000;
const MEAN_MEMORY = 4 * MEMORY;
/** Errors of a predictor before it may be chosen; errors before they are clipped, and at how many mean errors. */
const TRIAL = 200;
const CLIP_AFTER = 50;
const CLIP_AT = 6;
/** A predictor replaces a simpler one if its error is below this share of it. */
const BETTER = 0.9;

/** Waves of the day and of the week: with three, one peak or two in a day. */
const WAVES_EACH = 3;
const COEFFICIENTS = 4 * WAVES_EACH;
/** Days in the memory of the waves: two weeks. */
const WAVE_DAYS = 14;
/** The phases of the waves in steps of five minutes. */
const PHASES = 2016;
const PHASE_US = WEEK_US / PHASES;
const WAVE = new Float64Array(PHASES * COEFFICIENTS);
for (let phase = 0; phase < PHASES; phase++) {
  for (let k = 0; k < 2 * WAVES_EACH; k++) {
    const turnsAWeek = k < WAVES_EACH ? 7 * (k + 1) : k - WAVES_EACH + 1;
    const [sine, cosine] = sincos((2 * Math.PI * (turnsAWeek * phase)) / PHASES);
    WAVE[phase * COEFFICIENTS + 2 * k] = cosine!;
    WAVE[phase * COEFFICIENTS + 2 * k + 1] = sine!;
  }
}

/** Offsets of a channel's numbers. Four errors, then four counts of errors, then the coefficients of the waves. */
const CHANNEL = {
  rows: 0,
  firstUs: 1,
  mean: 2,
  waveMean: 3,
  waveError: 4,
  /** The half hour of the week under way, its sum and number of values. */
  bin: 5,
  sum: 6,
  count: 7,
  predicted: 8,
  chosen: 9,
  error: 10,
  errors: 14,
  wave: 18,
} as const;
const CHANNEL_WIDTH = 18 + COEFFICIENTS;
/** A half hour: mean and number of days or weeks. */
const BIN_WIDTH = 2;

export class UsualValue {
  readonly fields: Fields;
  private readonly state: Float64Array;
  private readonly days: Float64Array;
  private readonly weeks: Float64Array;
  private readonly guess = new Float64Array(PREDICTORS);
  /** Time of the row; set by `at` before it is used, and so not registered. */
  private timeUs = 0;
  private weekBin = 0;
  private phase = 0;
  private waveMemory = 1;

  constructor(channels: number) {
    this.state = new Float64Array(channels * CHANNEL_WIDTH);
    this.days = new Float64Array(channels * DAY_BINS * BIN_WIDTH);
    this.weeks = new Float64Array(channels * WEEK_BINS * BIN_WIDTH);
    this.fields = { usual: this.state, days: this.days, weeks: this.weeks };
  }

  /** Sets the time of the values that follow, µs, and the usual number of rows a day. */
  at(timeUs: number, rowsADay: number): void {
    this.timeUs = timeUs;
    const ofWeek = timeUs - Math.floor(timeUs / WEEK_US) * WEEK_US;
    this.weekBin = Math.floor((ofWeek * WEEK_BINS) / WEEK_US);
    this.phase = Math.floor(ofWeek / PHASE_US);
    this.waveMemory = Math.max(2 * MEMORY, WAVE_DAYS * rowsADay);
  }

  /** Writes x − prediction for the value x = values[k] of channel c to out[o], 0 for the first value, and learns x. O(1), about 40 ns. */
  see(c: number, values: Float64Array, k: number, out: Float64Array, o: number): void {
    const { state, guess } = this;
    const at = c * CHANNEL_WIDTH;
    const x = values[k]!;
    const rows = state[at + CHANNEL.rows]!;
    this.predict(c, at);
    const chosen = rows === 0 ? CONSTANT : this.choose(at);
    if (rows === 0) {
      guess[CONSTANT] = x;
      state[at + CHANNEL.firstUs] = this.timeUs;
      state[at + CHANNEL.bin] = this.weekBin;
    }
    state[at + CHANNEL.rows] = rows + 1;
    state[at + CHANNEL.chosen] = chosen;
    state[at + CHANNEL.predicted] = guess[chosen]!;
    out[o] = x - guess[chosen]!;
    this.score(at, values, k);
    this.learnHalfHour(c, at, values, k);
    this.learnWaves(at, values, k);
    state[at + CHANNEL.mean] =
      state[at + CHANNEL.mean]! + (x - state[at + CHANNEL.mean]!) / Math.min(rows + 1, MEAN_MEMORY);
  }

  /** The prediction of the channel's last value. */
  predicted(c: number): number {
    return this.state[c * CHANNEL_WIDTH + CHANNEL.predicted]!;
  }

  /** Mean absolute error of the predictor chosen last, clipped. */
  meanError(c: number): number {
    const at = c * CHANNEL_WIDTH;
    return this.state[at + CHANNEL.error + this.state[at + CHANNEL.chosen]!]!;
  }

  /** NaN: the predictor knows too little. */
  private predict(c: number, at: number): void {
    const { state, guess, days, weeks, weekBin } = this;
    guess[CONSTANT] = state[at + CHANNEL.mean]!;
    const day = (c * DAY_BINS + (weekBin % DAY_BINS)) * BIN_WIDTH;
    guess[DAY] = days[day + 1]! >= DAYS_NEEDED ? days[day]! : Number.NaN;
    const week = (c * WEEK_BINS + weekBin) * BIN_WIDTH;
    guess[WEEK] = weeks[week + 1]! >= WEEKS_NEEDED ? weeks[week]! : Number.NaN;
    let sum = state[at + CHANNEL.waveMean]!;
    const wave = this.phase * COEFFICIENTS;
    for (let j = 0; j < COEFFICIENTS; j++) sum += state[at + CHANNEL.wave + j]! * WAVE[wave + j]!;
    guess[WAVES] = sum;
  }

  private choose(at: number): number {
    const { state, guess } = this;
    let best = CONSTANT;
    for (let p = DAY; p < PREDICTORS; p++) {
      if (Number.isNaN(guess[p]!) || state[at + CHANNEL.errors + p]! < TRIAL) continue;
      if (state[at + CHANNEL.error + p]! < BETTER * state[at + CHANNEL.error + best]!) best = p;
    }
    return best;
  }

  /** Averages the clipped errors of all predictors. Waves are on trial from the second day on. */
  private score(at: number, values: Float64Array, k: number): void {
    const { state, guess } = this;
    const young = this.timeUs - state[at + CHANNEL.firstUs]! < DAY_US;
    for (let p = CONSTANT; p < PREDICTORS; p++) {
      if (Number.isNaN(guess[p]!) || (p === WAVES && young)) continue;
      const seen = state[at + CHANNEL.errors + p]! + 1;
      const mean = state[at + CHANNEL.error + p]!;
      const size = Math.abs(values[k]! - guess[p]!);
      const error = seen > CLIP_AFTER && mean > 0 ? clipSize(size, CLIP_AT * mean) : size;
      state[at + CHANNEL.errors + p] = seen;
      state[at + CHANNEL.error + p] = mean + (error - mean) / Math.min(seen, MEMORY);
    }
  }

  private learnHalfHour(c: number, at: number, values: Float64Array, k: number): void {
    const { state } = this;
    const bin = state[at + CHANNEL.bin]!;
    if (bin !== this.weekBin) {
      const mean = state[at + CHANNEL.sum]! / state[at + CHANNEL.count]!;
      learnBin(this.days, (c * DAY_BINS + (bin % DAY_BINS)) * BIN_WIDTH, mean, DAY_MEMORY);
      learnBin(this.weeks, (c * WEEK_BINS + bin) * BIN_WIDTH, mean, WEEK_MEMORY);
      state[at + CHANNEL.bin] = this.weekBin;
      state[at + CHANNEL.sum] = 0;
      state[at + CHANNEL.count] = 0;
    }
    state[at + CHANNEL.sum] = state[at + CHANNEL.sum]! + values[k]!;
    state[at + CHANNEL.count] = state[at + CHANNEL.count]! + 1;
  }

  /** One step down the gradient of the squared error. Waves are orthogonal, so a step of 2/n makes the coefficients running means. */
  private learnWaves(at: number, values: Float64Array, k: number): void {
    const { state } = this;
    const rows = state[at + CHANNEL.rows]!;
    const scale = state[at + CHANNEL.waveError]!;
    const error = values[k]! - this.guess[WAVES]!;
    const clipped = rows > CLIP_AFTER && scale > 0 ? clipSpike(error, CLIP_AT * scale) : error;
    state[at + CHANNEL.waveError] = scale + (Math.abs(clipped) - scale) / Math.min(rows, MEMORY);
    const step = clipped / Math.min(rows, this.waveMemory);
    state[at + CHANNEL.waveMean] = state[at + CHANNEL.waveMean]! + step;
    if (rows === 1) return;
    const wave = this.phase * COEFFICIENTS;
    const double = 2 * step;
    for (let j = 0; j < COEFFICIENTS; j++)
      state[at + CHANNEL.wave + j] = state[at + CHANNEL.wave + j]! + double * WAVE[wave + j]!;
  }
}

function learnBin(bins: Float64Array, at: number, mean: number, memory: number): void {
  const seen = bins[at + 1]! + 1;
  bins[at + 1] = seen;
  bins[at] = bins[at]! + (mean - bins[at]!) / Math.min(seen, memory);
}
