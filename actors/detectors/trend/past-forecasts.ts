/**
 * How far the intervals of forecasts reach, learnt from forecasts of the channel that have come true: adaptive conformal prediction
 * (kernels/tracked-quantile.ts), because the law of a course is off where it is not known how long the noise remembers.
 *
 *   of 8, 16, 32 … rows: a level twice as far as the slope leads in so many ─► P(passed within so many) ≥ ½ at a look: the course is kept
 *   ─► passed after T rows ─► u = P(passed within T) by that course ─► ends
 *
 * Nobody sets these levels, and nothing is said of them: levels that people set are reached too rarely to learn from. They come near as those do, for what
 * is said is said when the noise is on its way there. A forecast has the ends of the
 * row count that is nearest to its own. A new segment ends all that wait; a level that is not passed in GIVE_UP times as many rows counts as late.
 */
import erfc from "@stdlib/math-base-special-erfc";
import { passedWithin } from "../../kernels/first-passage.ts";
import { COURSE, COURSE_WIDTH } from "../../kernels/line-moments.ts";
import { normalQuantile } from "../../kernels/normal.ts";
import { trackQuantile } from "../../kernels/tracked-quantile.ts";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

/** Row counts: FIRST_ROWS · 2^k. */
const COUNTS = 12;
const FIRST_ROWS = 8;
const GIVE_UP = 16;
/** Probability from which a level is near, as for those that people set. */
export const NEAR = 0.5;
/** Share of passages before an interval, and after it. */
const TAIL = 0.1;
/** −Φ⁻¹(TAIL). */
const FIRST_END = 1.2815515655446004;
/** Scores that the law of a course counts for: ends that follow the first few scores would miss more than they should. */
const PRIOR = 9;
/** Scores lie within ±MOST. */
const MOST = 4;

/** Places of what a channel is at: its value, the number of the row, and where its segment began, µs. */
export const NOW = { value: 0, row: 1, startUs: 2 } as const;
export const NOW_WIDTH = 3;

/** `side`: 1 above, −1 below, 0: none. `near`: 1 from row number `nearRow` on, with the value `last`. `startUs`: of the segment. `seen`: levels passed. */
const Waiting = namedNumbers("side", "level", "near", "nearRow", "last", "startUs", "seen");

export class PastForecasts {
  readonly fields: Fields;
  private readonly waiting: InstanceType<typeof Waiting>;
  private readonly courses: Float64Array;
  /** Normal scores of the ends, below and above the median. */
  private readonly ends: Float64Array;
  private readonly course = new Float64Array(COURSE_WIDTH);
  /** Of the ends. */
  private readonly scores = new Float64Array(2);

  constructor(n: number) {
    this.waiting = new Waiting(n * COUNTS);
    this.courses = new Float64Array(n * COUNTS * COURSE_WIDTH);
    this.ends = new Float64Array(2 * n * COUNTS).fill(FIRST_END);
    this.fields = { waiting: this.waiting.array, courses: this.courses, ends: this.ends };
  }

  /** Probabilities of the ends of a forecast of channel c, of about so many rows, into out[0] and out[1]. */
  writeEnds(c: number, rows: number, out: Float64Array): void {
    const at = 2 * (c * COUNTS + nearest(rows));
    out[0] = erfc(Math.max(0, this.ends[at]!) / Math.SQRT2) / 2;
    out[1] = 1 - erfc(Math.max(0, this.ends[at + 1]!) / Math.SQRT2) / 2;
  }

  /** A look: channel c has this course, and is at `now`. The longest row count is at least `mostRows`. */
  look(c: number, course: Float64Array, now: Float64Array, mostRows: number): void {
    const slope = course[COURSE.slope]!;
    const value = now[NOW.value]!;
    for (let k = 0, rows = FIRST_ROWS; k < COUNTS && rows <= 2 * mostRows; k++, rows *= 2) {
      const place = c * COUNTS + k;
      const waiting = this.waiting.at(place);
      if (waiting.side === 0) {
        waiting.side = slope > 0 ? 1 : -1;
        waiting.level = value + 2 * slope * rows;
        waiting.near = 0;
        waiting.startUs = now[NOW.startUs]!;
      }
      const side = waiting.side > 0 ? 1 : -1;
      if (waiting.near === 1 || passedWithin(course, value, waiting.level, side, rows) < NEAR) continue;
      waiting.near = 1;
      waiting.nearRow = now[NOW.row]!;
      waiting.last = value;
      this.courses.set(course, place * COURSE_WIDTH);
    }
  }

  /** Channel c is at `now`. */
  see(c: number, now: Float64Array): void {
    const value = now[NOW.value]!;
    const startUs = now[NOW.startUs]!;
    for (let k = 0, rows = FIRST_ROWS; k < COUNTS; k++, rows *= 2) {
      const waiting = this.waiting.at(c * COUNTS + k);
      if (waiting.side === 0) continue;
      const isPassed = waiting.side * value > waiting.side * waiting.level;
      const after = now[NOW.row]! - waiting.nearRow;
      if (waiting.startUs !== startUs) waiting.side = 0;
      else if (waiting.near === 0) waiting.side = isPassed ? 0 : waiting.side;
      else if (isPassed) this.learn(c * COUNTS + k, after);
      else if (after >= GIVE_UP * rows) this.learn(c * COUNTS + k, Number.POSITIVE_INFINITY);
    }
  }

  /** The level that waits was passed between `after` − 1 and `after` rows. */
  private learn(place: number, after: number): void {
    const { course, ends, scores } = this;
    const waiting = this.waiting.at(place);
    const { last, level, seen } = waiting;
    const side = waiting.side > 0 ? 1 : -1;
    waiting.side = 0;
    waiting.seen = seen + 1;
    for (let e = 0; e < COURSE_WIDTH; e++) course[e] = this.courses[place * COURSE_WIDTH + e]!;
    const scoreOf = (rows: number) =>
      Math.max(-MOST, Math.min(MOST, normalQuantile(passedWithin(course, last, level, side, rows))));
    const isLate = after === Number.POSITIVE_INFINITY;
    scores[0] = isLate ? -MOST : -scoreOf(after);
    scores[1] = isLate ? MOST : after > 1 ? scoreOf(after - 1) : -MOST;
    trackQuantile(ends, 2 * place, scores, 0, PRIOR + seen, TAIL);
    trackQuantile(ends, 2 * place + 1, scores, 1, PRIOR + seen, TAIL);
  }
}

/** The row count that is nearest, by its place. */
function nearest(rows: number): number {
  let k = 0;
  for (let most = FIRST_ROWS * Math.SQRT2; k < COUNTS - 1 && rows > most; most *= 2) k++;
  return k;
}
