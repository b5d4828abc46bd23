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
/** The phases of the waves in steps of five minutes. Rows of the same phase are learnt as one, by their mean. */
const PHASES = 2016;
const PHASES_A_BIN = PHASES / WEEK_BINS;
/** Phases in the memory of the waves: two weeks. */
const WAVE_MEMORY = 2 * PHASES;
const PHASE_US = WEEK_US / PHASES;
/** Of each phase the values of the waves; made when the first phase ends, because a start would wait for it. */
let waveValues: Float64Array | null = null;

function valuesOfWaves(): Float64Array {
  if (waveValues !== null) return waveValues;
  const values = new Float64Array(PHASES * COEFFICIENTS);
  for (let phase = 0; phase < PHASES; phase++) {
    for (let k = 0; k < 2 * WAVES_EACH; k++) {
      const turnsAWeek = k < WAVES_EACH ? 7 * (k + 1) : k - WAVES_EACH + 1;
      const [sine, cosine] = sincos((2 * Math.PI * (turnsAWeek * phase)) / PHASES);
      values[phase * COEFFICIENTS + 2 * k] = cosine!;
      values[phase * COEFFICIENTS + 2 * k + 1] = sine!;
    }
  }
  waveValues = values;
  return values;
}

/** Offsets of a channel's numbers. Each predictor has a prediction, an error and a number of errors. */
const CHANNEL = {
  rows: 0,
  firstUs: 1,
  /** The predictor in use, and its prediction of the last value. */
  chosen: 2,
  predicted: 3,
  /** The phase under way, the sum and number of its values; the same of its half hour. */
  phase: 4,
  phaseSum: 5,
  phaseCount: 6,
  bin: 7,
  binSum: 8,
  binCount: 9,
  /** Phases learnt by the waves, their mean, and their mean absolute error. */
  phases: 10,
  waveMean: 11,
  waveError: 12,
  guess: 13,
  error: 17,
  errors: 21,
  /** 1 while another predictor than the mean has a guess. */
  hasSeason: 25,
  wave: 26,
} as const;
const CHANNEL_WIDTH = 26 + COEFFICIENTS;
/** A half hour: mean and number of days or weeks. */
const BIN_WIDTH = 2;

export class UsualValue {
  readonly fields: Fields;
  private readonly state: Float64Array;
  private readonly days: Float64Array;
  private readonly weeks: Float64Array;
  /** Time and phase of the row; set by `at` before they are used, and so not registered. */
  private timeUs = 0;
  private phase = 0;

  constructor(channels: number) {
    this.state = new Float64Array(channels * CHANNEL_WIDTH);
    this.days = new Float64Array(channels * DAY_BINS * BIN_WIDTH);
    this.weeks = new Float64Array(channels * WEEK_BINS * BIN_WIDTH);
    this.fields = { usual: this.state, days: this.days, weeks: this.weeks };
  }

  /** Sets the time of the values that follow, µs. */
  at(timeUs: number): void {
    this.timeUs = timeUs;
    this.phase = Math.floor((timeUs - Math.floor(timeUs / WEEK_US) * WEEK_US) / PHASE_US);
  }

  /**
   * Writes x − prediction of each channel c of a row to out[c], 0 for its first value, and learns x = values[at + c]. Channels with
   * fresh[at + c] = 0 did not report. O(1) a channel, about 10 ns while no season is known.
   */
  see(fresh: Uint8Array, values: Float64Array, at: number, out: Float64Array): void {
    const { state, phase } = this;
    for (let c = 0, base = 0; base < state.length; c++, base += CHANNEL_WIDTH) {
      if (fresh[at + c] === 0) continue;
      const x = values[at + c]!;
      const rows = state[base + CHANNEL.rows]!;
      if (rows === 0) this.begin(base, values, at + c);
      else if (phase !== state[base + CHANNEL.phase]!) this.nextPhase(c, base);
      const mean = state[base + CHANNEL.guess]!;
      const predicted = state[base + CHANNEL.guess + state[base + CHANNEL.chosen]!]!;
      state[base + CHANNEL.predicted] = predicted;
      out[c] = x - predicted;
      if (rows > 0) {
        this.score(base, CONSTANT, values, at + c);
        if (state[base + CHANNEL.hasSeason] === 1)
          for (let p = DAY; p < PREDICTORS; p++) this.score(base, p, values, at + c);
      }
      state[base + CHANNEL.rows] = rows + 1;
      state[base + CHANNEL.phaseSum] = state[base + CHANNEL.phaseSum]! + x;
      state[base + CHANNEL.phaseCount] = state[base + CHANNEL.phaseCount]! + 1;
      state[base + CHANNEL.guess] =
        mean + (rows < MEAN_MEMORY ? (x - mean) / (rows + 1) : (x - mean) * (1 / MEAN_MEMORY));
    }
  }

  /** The prediction of the channel's last value. */
  predicted(c: number): number {
    return this.state[c * CHANNEL_WIDTH + CHANNEL.predicted]!;
  }

  /** Whether the predictor in use knows the time of day or week. */
  isSeasonal(c: number): boolean {
    return this.state[c * CHANNEL_WIDTH + CHANNEL.chosen] !== CONSTANT;
  }

  /** Mean absolute error of the predictor in use, clipped. */
  meanError(c: number): number {
    const at = c * CHANNEL_WIDTH;
    return this.state[at + CHANNEL.error + this.state[at + CHANNEL.chosen]!]!;
  }

  private begin(at: number, values: Float64Array, k: number): void {
    const { state } = this;
    state[at + CHANNEL.firstUs] = this.timeUs;
    state[at + CHANNEL.phase] = this.phase;
    state[at + CHANNEL.bin] = Math.floor(this.phase / PHASES_A_BIN);
    state[at + CHANNEL.guess + CONSTANT] = values[k]!;
    for (let p = DAY; p < PREDICTORS; p++) state[at + CHANNEL.guess + p] = Number.NaN;
  }

  /** Learns the phase that is over, and predicts for the new one. */
  private nextPhase(c: number, at: number): void {
    const { state } = this;
    this.learnWaves(at);
    const bin = Math.floor(this.phase / PHASES_A_BIN);
    state[at + CHANNEL.binSum] = state[at + CHANNEL.binSum]! + state[at + CHANNEL.phaseSum]!;
    state[at + CHANNEL.binCount] = state[at + CHANNEL.binCount]! + state[at + CHANNEL.phaseCount]!;
    state[at + CHANNEL.phase] = this.phase;
    state[at + CHANNEL.phaseSum] = 0;
    state[at + CHANNEL.phaseCount] = 0;
    if (bin !== state[at + CHANNEL.bin]!) this.learnHalfHour(c, at);
    state[at + CHANNEL.bin] = bin;
    this.predict(c, at, bin);
    this.choose(at);
  }

  /** NaN: the predictor knows too little. Waves are on trial from the second day on. */
  private predict(c: number, at: number, bin: number): void {
    const { state, days, weeks } = this;
    const day = (c * DAY_BINS + (bin % DAY_BINS)) * BIN_WIDTH;
    state[at + CHANNEL.guess + DAY] = days[day + 1]! >= DAYS_NEEDED ? days[day]! : Number.NaN;
    const week = (c * WEEK_BINS + bin) * BIN_WIDTH;
    state[at + CHANNEL.guess + WEEK] = weeks[week + 1]! >= WEEKS_NEEDED ? weeks[week]! : Number.NaN;
    const old = this.timeUs - state[at + CHANNEL.firstUs]! >= DAY_US;
    state[at + CHANNEL.guess + WAVES] = old ? this.waves(at, this.phase) : Number.NaN;
    state[at + CHANNEL.hasSeason] = 0;
    for (let p = DAY; p < PREDICTORS; p++)
      if (!Number.isNaN(state[at + CHANNEL.guess + p]!)) state[at + CHANNEL.hasSeason] = 1;
  }

  private choose(at: number): void {
    const { state } = this;
    let best = CONSTANT;
    for (let p = DAY; p < PREDICTORS; p++) {
      if (Number.isNaN(state[at + CHANNEL.guess + p]!) || state[at + CHANNEL.errors + p]! < TRIAL) continue;
      if (state[at + CHANNEL.error + p]! < BETTER * state[at + CHANNEL.error + best]!) best = p;
    }
    state[at + CHANNEL.chosen] = best;
  }

  /** Averages the clipped errors of predictor p. */
  private score(at: number, p: number, values: Float64Array, k: number): void {
    const { state } = this;
    const guess = state[at + CHANNEL.guess + p]!;
    if (Number.isNaN(guess)) return;
    const seen = state[at + CHANNEL.errors + p]! + 1;
    const mean = state[at + CHANNEL.error + p]!;
    const size = Math.abs(values[k]! - guess);
    const change = (seen > CLIP_AFTER && mean > 0 ? clipSize(size, CLIP_AT * mean) : size) - mean;
    state[at + CHANNEL.errors + p] = seen;
    state[at + CHANNEL.error + p] = mean + (seen < MEMORY ? change / seen : change * (1 / MEMORY));
  }

  private learnHalfHour(c: number, at: number): void {
    const { state } = this;
    const bin = state[at + CHANNEL.bin]!;
    const mean = state[at + CHANNEL.binSum]! / state[at + CHANNEL.binCount]!;
    learnBin(this.days, (c * DAY_BINS + (bin % DAY_BINS)) * BIN_WIDTH, mean, DAY_MEMORY);
    learnBin(this.weeks, (c * WEEK_BINS + bin) * BIN_WIDTH, mean, WEEK_MEMORY);
    state[at + CHANNEL.binSum] = 0;
    state[at + CHANNEL.binCount] = 0;
  }

  private waves(at: number, phase: number): number {
    const { state } = this;
    const values = valuesOfWaves();
    const wave = phase * COEFFICIENTS;
    let sum = state[at + CHANNEL.waveMean]!;
    for (let j = 0; j < COEFFICIENTS; j++) sum += state[at + CHANNEL.wave + j]! * values[wave + j]!;
    return sum;
  }

  /** One step down the gradient of the squared error. Waves are orthogonal, so a step of 2/n makes the coefficients running means. */
  private learnWaves(at: number): void {
    const { state } = this;
    const phase = state[at + CHANNEL.phase]!;
    const phases = state[at + CHANNEL.phases]! + 1;
    const scale = state[at + CHANNEL.waveError]!;
    const error = state[at + CHANNEL.phaseSum]! / state[at + CHANNEL.phaseCount]! - this.waves(at, phase);
    const clipped = phases > CLIP_AFTER && scale > 0 ? clipSpike(error, CLIP_AT * scale) : error;
    const step = clipped / Math.min(phases, WAVE_MEMORY);
    state[at + CHANNEL.phases] = phases;
    state[at + CHANNEL.waveError] = scale + (Math.abs(clipped) - scale) / Math.min(phases, MEMORY);
    state[at + CHANNEL.waveMean] = state[at + CHANNEL.waveMean]! + step;
    if (phases === 1) return;
    const wave = phase * COEFFICIENTS;
    const double = 2 * step;
    const values = valuesOfWaves();
    for (let j = 0; j < COEFFICIENTS; j++)
      state[at + CHANNEL.wave + j] = state[at + CHANNEL.wave + j]! + double * values[wave + j]!;
  }
}

function learnBin(bins: Float64Array, at: number, mean: number, memory: number): void {
  const seen = bins[at + 1]! + 1;
  bins[at + 1] = seen;
  bins[at] = bins[at]! + (mean - bins[at]!) / Math.min(seen, memory);
}
