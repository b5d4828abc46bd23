/**
 * The current segment of each channel: a line with autoregressive noise since the last change.
 *
 *   value ─► residual of what the segment expects ─► tail tempered ─► moments ─► every split that is due ─► gain ≥ price: a change
 *                ▲                                                                                             │
 *                └───────────────── a new segment begins with the rows after the split ◄───────────────────────┘
 *
 * Gain of a split: ½ (N − FITTED) ln(RSS of one line / RSS of two), with the φ and the variance of the whole. For normal noise of known φ the
 * ratio of the sums has the law Beta((N − FITTED)/2, 1), so one look exceeds g with probability e^−g exactly: prices are probabilities.
 *
 * Where noise has a longer memory than φ says, changes come too often and the price is raised. A level that wanders moves further the longer it is
 * watched, so old splits are those that look better than they are: what is raised grows with the age of the split, as the variance of a walk does.
 *
 * S1  A segment only grows, until a change ends it. No change is taken back.
 * S2  Constant time and memory a row, but for the row of a change, which reads the recent rows again.
 */
import log1p from "@stdlib/math-base-special-log1p";
import {
  addRow,
  COURSE,
  COURSE_WIDTH,
  expectedAt,
  FIT,
  FIT_WIDTH,
  fitLine,
  LINE,
  LINE_WIDTH,
  MOMENTS_WIDTH,
  writeCourse,
  writeLine,
} from "../../kernels/line-moments.ts";
import { studentResidual, TAIL_FROM } from "../../kernels/student-residual.ts";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";
import { Splits } from "./splits.ts";

/** Least rows on each side of a split: two lines through fewer rows fit almost anything. */
const LEAST_ROWS = 6;
/** Rows that the best split must be old, by default. Before, the change may still be under way, and its place would be taken too early. */
const SETTLED_ROWS = 16;
/** Numbers fitted to two lines with common noise: two intercepts, two slopes, φ. */
const FITTED = 5;
/** Rows before residuals are tempered: before, their scale is not known to a factor of two. */
const TEMPERED_AFTER = 12;
/** Rows of a segment before it has a course: before, φ is not known to a third. */
export const COURSE_FROM = 24;
/**
 * Rows after a split from which what is raised grows with them. Between 128 and 256 seasons and bursts keep the promise, and all steps of two spreads
 * are found (docs/decisions/detectors.md).
 */
const DOUBTED_FROM = 200;
/** Recent rows kept as they came. A new segment begins with at most so many of them. */
const RECENT = 64;

/** Smaller steps are none: their squares, of which all sums are, would be 0 or have few digits. */
const LEAST_STEP = 1e-150;

/** Places in what `see` is given. */
export const VALUE = 0;
export const TIME = 1;
export const PRICE = 2;
export const RAISED = 3;

const Channels = namedNumbers(
  /** The value before, as it came and tempered, and whether they differ. */
  "last",
  "lastTempered",
  "wild",
  /** Smallest step seen, 0 while none: the resolution of the channel. */
  "grain",
  /** First row of the segment, µs. */
  "startUs",
  /** Rows in the ring of recent rows, since the last gap. */
  "recent",
  /** Rows for which some split has gained enough. While there are any, all splits are looked at in each row. */
  "suspect",
  /** RSS of one line / RSS of two − 1 at the best split of the last look. */
  "excess",
);

/** What `see` found. */
export interface FoundChange {
  /** Nats, and how many it had to be. */
  gain: number;
  price: number;
  changedUs: number;
  /** Rows from the change to its declaration. */
  rowsAfter: number;
  rowsBefore: number;
  startedUs: number;
  /** Value of the line before at its end, and of the line after now; their slopes a row. */
  before: number;
  after: number;
  slopeBefore: number;
  slopeAfter: number;
  /** Standard deviation of the values about the line before; at least that of rounding, so above 0. */
  spread: number;
  /** Standard error of the slope before. */
  errorBefore: number;
}

export class Segments {
  readonly fields: Fields;
  /** Rows that a split must be old. */
  readonly settledRows: number;
  /** What `see` is given: numbers of an array are not boxed, arguments are. */
  readonly given = new Float64Array(4);
  /** What the last change was. */
  readonly found: FoundChange = {
    gain: 0,
    price: 0,
    changedUs: 0,
    startedUs: 0,
    rowsBefore: 0,
    rowsAfter: 0,
    before: 0,
    after: 0,
    slopeBefore: 0,
    slopeAfter: 0,
    spread: 0,
    errorBefore: 0,
  };
  private readonly channels: InstanceType<typeof Channels>;
  private readonly moments: Float64Array;
  /** The fit to each channel's moments; valid from LEAST_ROWS rows on. */
  private readonly fits: Float64Array;
  /** The fit from which the next row is expected: the last one without wild rows or suspicion. */
  private readonly expectations: Float64Array;
  private readonly splits: Splits;
  private readonly recentValues: Float64Array;
  private readonly recentTimes: Float64Array;
  private readonly row = new Float64Array(3);
  private readonly line = new Float64Array(LINE_WIDTH);
  private readonly residual = new Float64Array(1);
  private readonly fitBefore = new Float64Array(FIT_WIDTH);
  private readonly before = new Float64Array(COURSE_WIDTH);

  constructor(n: number, settledRows = SETTLED_ROWS) {
    this.settledRows = settledRows;
    this.channels = new Channels(n);
    this.moments = new Float64Array(n * MOMENTS_WIDTH);
    this.fits = new Float64Array(n * FIT_WIDTH);
    this.expectations = new Float64Array(n * FIT_WIDTH);
    this.splits = new Splits(n);
    this.recentValues = new Float64Array(n * RECENT);
    this.recentTimes = new Float64Array(n * RECENT);
    for (let c = 0; c < n; c++) this.channels.at(c).last = Number.NaN;
    this.fields = {
      channels: this.channels.array,
      moments: this.moments,
      fits: this.fits,
      expectations: this.expectations,
      ...this.splits.fields,
      recentValues: this.recentValues,
      recentTimes: this.recentTimes,
    };
  }

  /** The channel has no predecessor for its next value. */
  gap(c: number): void {
    const channel = this.channels.at(c);
    channel.last = Number.NaN;
    channel.recent = 0;
  }

  /**
   * Takes given[VALUE], the value of channel c in a row at given[TIME]. True: a change was found that gains at least given[PRICE] and, as far as its age
   * asks for it, given[RAISED], both in nats; `found` describes it and a new segment has begun.
   */
  see(c: number): boolean {
    const { given } = this;
    const channel = this.channels.at(c);
    const slot = c * RECENT + (channel.recent % RECENT);
    this.recentValues[slot] = given[VALUE]!;
    this.recentTimes[slot] = given[TIME]!;
    channel.recent = channel.recent + 1;
    this.advance(c, slot);
    return this.judge(c);
  }

  /** Nats that the best split of the last look gains; 0 before the first. */
  gainOf(c: number): number {
    const rows = this.moments[c * MOMENTS_WIDTH]!;
    return rows < 2 * LEAST_ROWS ? 0 : ((rows - FITTED) / 2) * log1p(Math.max(0, this.channels.at(c).excess));
  }

  /** Rows of the current segment. */
  rowsOf(c: number): number {
    return this.moments[c * MOMENTS_WIDTH]!;
  }

  /** First row of it, µs. */
  startOf(c: number): number {
    return this.channels.at(c).startUs;
  }

  /** Writes it to out[at]. */
  writeStart(c: number, out: Float64Array, at: number): void {
    out[at] = this.channels.at(c).startUs;
  }

  /** Writes the last value, its tail tempered, to out[at]; NaN after a gap. */
  writeLast(c: number, out: Float64Array, at: number): void {
    const channel = this.channels.at(c);
    out[at] = Number.isNaN(channel.last) ? channel.last : channel.lastTempered;
  }

  /** How channel c goes on: COURSE_WIDTH numbers of its current segment. False while it has fewer than COURSE_FROM rows, or never moved. */
  writeCourse(c: number, course: Float64Array): boolean {
    const { grain } = this.channels.at(c);
    if (this.rowsOf(c) < COURSE_FROM || grain === 0) return false;
    writeCourse(this.moments, c * MOMENTS_WIDTH, this.fits, c * FIT_WIDTH, quantum(grain), course);
    return true;
  }

  /** Takes the recent row in the slot. */
  private advance(c: number, slot: number): void {
    const { moments, row } = this;
    const value = this.recentValues[slot]!;
    const channel = this.channels.at(c);
    const at = c * MOMENTS_WIDTH;
    const rows = moments[at]!;
    const { last } = channel;
    channel.last = value;
    if (Number.isNaN(last)) {
      channel.lastTempered = value;
      channel.wild = 0;
      if (rows === 0) channel.startUs = this.recentTimes[slot]!;
      return;
    }
    const step = Math.abs(value - last);
    if (step >= LEAST_STEP && !(channel.grain > 0 && channel.grain <= step)) channel.grain = step;
    row[0] = channel.lastTempered;
    row[1] = value;
    if (rows >= TEMPERED_AFTER) {
      row[2] = last;
      this.temper(c);
    }
    channel.lastTempered = row[1]!;
    channel.wild = row[1] === value ? 0 : 1;
    if (rows >= LEAST_ROWS) this.splits.keep(c, this.recentTimes, slot, moments, at);
    addRow(moments, at, row);
    if (rows + 1 >= LEAST_ROWS) this.refit(c);
  }

  /**
   * Fits the line anew. While rows are wild or a split is suspected, φ and what is expected of the next rows stay: otherwise the fit would follow
   * a large step, as if the channel were a random walk.
   */
  private refit(c: number): void {
    const { fits, expectations } = this;
    const { wild, suspect } = this.channels.at(c);
    const fit = c * FIT_WIDTH;
    const open = wild === 0 && suspect === 0;
    fitLine(this.moments, c * MOMENTS_WIDTH, fits, fit, !open);
    if (open) for (let k = 0; k < FIT_WIDTH; k++) expectations[fit + k] = fits[fit + k]!;
  }

  /** Replaces row = (tempered value before, value, value before as it came) by what enters the moments. */
  private temper(c: number): void {
    const { row, expectations } = this;
    const last = row[2]!;
    const channel = this.channels.at(c);
    const fit = c * FIT_WIDTH;
    const t = this.moments[c * MOMENTS_WIDTH]!;
    const rows = expectations[fit + FIT.rows]!;
    const variance = (expectations[fit + FIT.residual]! + rows * quantum(channel.grain)) / (rows - FITTED);
    const scale = Math.sqrt(variance * (1 + LEAST_ROWS / rows));
    if (!(scale > 0)) return;
    // The process went on from a wild value: it was part of the process.
    if (channel.wild === 1 && Math.abs(row[1]! - expectedAt(expectations, fit, t, last)) <= TAIL_FROM * scale)
      row[0] = last;
    const residual = row[1]! - expectedAt(expectations, fit, t, row[0]!);
    if (Math.abs(residual) <= TAIL_FROM * scale) return;
    row[1] = row[1]! - residual + scale * studentResidual(residual / scale);
  }

  private judge(c: number): boolean {
    const channel = this.channels.at(c);
    const place = this.bestSplit(c, channel.suspect > 0);
    channel.suspect = place < 0 ? 0 : channel.suspect + 1;
    // The best split must have settled, so that it is not replaced by a better one. The rows that raised suspicion may begin later than any split
    // that had enough rows after it; LEAST_ROWS later theirs has.
    if (channel.suspect <= LEAST_ROWS || this.rowsAfter(c, place) < this.settledRows) return false;
    this.begin(c, place);
    return true;
  }

  /** The place of the split that gains most, of those that are due or of `all`; -1: none gains its price. Sets `found.gain` and `found.price`. */
  private bestSplit(c: number, all: boolean): number {
    const { moments, fits, splits, residual, found } = this;
    const least = this.given[PRICE]! + this.given[RAISED]!;
    const channel = this.channels.at(c);
    const rows = moments[c * MOMENTS_WIDTH]!;
    if (rows < 2 * LEAST_ROWS || channel.grain === 0) return -1;
    const place = splits.best(c, fits, LEAST_ROWS, all, residual);
    if (place < 0) return -1;
    const rounding = rows * quantum(channel.grain);
    const two = residual[0]! + rounding;
    const excess = (fits[c * FIT_WIDTH + FIT.residual]! - residual[0]!) / two;
    const half = (rows - FITTED) / 2;
    channel.excess = excess;
    // ln(1 + q) ≤ q: most rows need no logarithm.
    if (half * excess < least) return -1;
    found.gain = half * log1p(excess);
    const doubt = Math.max(1, this.rowsAfter(c, place) / DOUBTED_FROM);
    found.price = this.given[PRICE]! + this.given[RAISED]! * doubt;
    return found.gain < found.price ? -1 : place;
  }

  private rowsAfter(c: number, place: number): number {
    return this.moments[c * MOMENTS_WIDTH]! - this.splits.prefixes[place * MOMENTS_WIDTH]!;
  }

  /** Describes the change and begins a new segment with the rows after it. */
  private begin(c: number, place: number): void {
    const { moments, splits, found, line, fitBefore, before } = this;
    const channel = this.channels.at(c);
    const at = c * MOMENTS_WIDTH;
    const end = place * MOMENTS_WIDTH;
    writeLine(splits.prefixes, end, line);
    fitLine(splits.prefixes, end, fitBefore, 0, false);
    writeCourse(splits.prefixes, end, fitBefore, 0, quantum(channel.grain), before);
    found.errorBefore = before[COURSE.error]!;
    found.startedUs = channel.startUs;
    found.changedUs = splits.timeOf(place);
    found.rowsBefore = splits.prefixes[end]!;
    found.rowsAfter = this.rowsAfter(c, place);
    found.before = line[LINE.end]!;
    found.slopeBefore = line[LINE.slope]!;
    found.spread = Math.max(line[LINE.spread]!, Math.sqrt(quantum(channel.grain)));
    moments.fill(0, at, at + MOMENTS_WIDTH);
    splits.clear(c);
    channel.last = Number.NaN;
    channel.suspect = 0;
    const again = Math.min(found.rowsAfter, channel.recent, RECENT);
    for (let k = channel.recent - again; k < channel.recent; k++) {
      this.advance(c, c * RECENT + (k % RECENT));
    }
    writeLine(moments, at, line);
    found.after = line[LINE.end]!;
    found.slopeAfter = line[LINE.slope]!;
  }
}

/** Variance of rounding to multiples of `grain`. */
function quantum(grain: number): number {
  return (grain * grain) / 12;
}
