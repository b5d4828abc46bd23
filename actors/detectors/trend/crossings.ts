/**
 * When each channel reaches a level that people set, if it goes on as in its current segment.
 *
 *   levels of the channel ─► the nearest one that its slope leads to ─► P(reached within the horizon) ─┬─ ≥ ½ and the slope is evident ─► nearing
 *                                                                                                     ├─ < 1/10, or the level is gone ──► eased
 *                                                                                                     └─ the value is beyond it ────────► reached
 *
 * X1  A slope is evident when a line with it explains as many nats more than one without as a change needs, so the promised rate of false alarms bounds that of
 *     false forecasts too. Whether it goes on is not known: a forecast holds while the segment does.
 * X2  The interval holds four times of five: its ends are learnt from what was foretold before (past-forecasts.ts; a test measures it). What is said stays until it eases or is reached; forecasts in measures go on.
 */
import { log1pAt } from "../../kernels/elementary.ts";
import { passageQuantile, passedWithin } from "../../kernels/first-passage.ts";
import { COURSE, COURSE_WIDTH } from "../../kernels/line-moments.ts";
import type { DetectorContext, Fields, Group, Level } from "../../ports/detector.ts";
import type { PricedSegments } from "../changes/priced-segments.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { channelTitle } from "../watched-channels.ts";
import type { trendMachine } from "./machine.ts";
import { NEAR, NOW, NOW_WIDTH, PastForecasts } from "./past-forecasts.ts";

/** Probability within the horizon below which a level is no longer near. */
const FAR = 0.1;

/** Numbers fitted with a course: intercept, slope, φ, and two for what is not known of φ. */
const FITTED = 5;
/** Judged rows between looks: nobody needs a forecast of hours more often. */
export const LOOK_ROWS = 8;

const NONE: readonly Level[] = [];

const Forecasts = namedNumbers(
  /** 1 above, −1 below a level that is near, 0: none is; the level, since when, and what was said of it, µs. */
  "side",
  "limit",
  /** The level that was reached last, and its side: noise takes the channel back and forth there. Side 0: none, or the channel goes away from it. */
  "passed",
  "passedSide",
  "sinceUs",
  "saidUs",
  "saidLowUs",
  "saidHighUs",
  /** By the last look, µs; NaN: not known. */
  "expectedUs",
  "lowUs",
  "highUs",
);

type Context = DetectorContext<typeof trendMachine>;

export class Crossings {
  readonly fields: Fields;
  private readonly group: Group;
  private readonly priced: PricedSegments<Context>;
  private readonly horizonUs: number;
  private readonly forecasts: InstanceType<typeof Forecasts>;
  /** Time of the last look, µs. */
  private readonly looked = new Float64Array(1);
  private readonly past: PastForecasts;
  private readonly course = new Float64Array(COURSE_WIDTH);
  /** Probabilities of the ends of an interval. */
  private readonly ends = new Float64Array(2);
  /** Where the channel is. Elements of arrays are not boxed. */
  private readonly now = new Float64Array(NOW_WIDTH);
  /** Nats that the slope of `course` explains more than none, and what a change needs. */
  private readonly evidence = new Float64Array(2);

  constructor(group: Group, priced: PricedSegments<Context>, horizonSeconds: number) {
    this.group = group;
    this.priced = priced;
    this.horizonUs = 1_000_000 * horizonSeconds;
    this.forecasts = new Forecasts(group.n);
    for (let c = 0; c < group.n; c++) this.forget(c);
    this.past = new PastForecasts(group.n);
    this.fields = {
      forecasts: this.forecasts.array,
      looked: this.looked,
      ...prefixed("past", this.past.fields),
    };
  }

  /** Whether channels have reached what is near, in each judged row; all channels and the levels of now, in each LOOK_ROWS-th one. */
  judged(context: Context): void {
    const { now, priced, group } = this;
    const { segments } = priced;
    const isLook = priced.rows % LOOK_ROWS === 0;
    const levels = isLook ? (context.levels?.() ?? NONE) : NONE;
    if (isLook) this.looked[0] = priced.timeUs;
    now[NOW.row] = priced.rows;
    for (let c = 0; c < group.n; c++) {
      segments.writeLast(c, now, NOW.value);
      if (Number.isNaN(now[NOW.value])) continue;
      segments.writeStart(c, now, NOW.startUs);
      this.past.see(c, now);
      if (isLook) this.askAhead(c);
      if (levels.length > 0 || this.forecasts.at(c).side !== 0) this.follow(c, levels, isLook, context);
    }
  }

  /** The level that is near, or the next one. */
  private follow(c: number, levels: readonly Level[], isLook: boolean, context: Context): void {
    const { side, limit } = this.forecasts.at(c);
    const value = this.now[NOW.value]!;
    const time = this.priced.timeUs;
    if (side !== 0 && side * value > side * limit) this.reach(c, value, time, context);
    else if (isLook && side !== 0) this.lookAt(c, value, levels, time, context);
    else if (isLook) this.lookAhead(c, value, levels, time, context);
  }

  /** Seconds from the last look until the level is reached, with the interval; nothing while none is known. */
  put(c: number, put: (of: string, value: number) => void): void {
    const forecast = this.forecasts.at(c);
    const seconds = (us: number) => (us - this.looked[0]!) / 1_000_000;
    put("crossing", seconds(forecast.expectedUs));
    put("crossingLow", seconds(forecast.lowUs));
    put("crossingHigh", seconds(forecast.highUs));
  }

  /** Asks when the channel passes levels that nobody set, if its slope is evident. */
  private askAhead(c: number): void {
    const { course, priced, past } = this;
    if (!priced.segments.writeCourse(c, course) || !this.isEvident()) return;
    past.look(c, course, this.now, this.horizonUs / priced.rowUs);
  }

  /** Nothing is known of the next level. */
  private forget(c: number): void {
    const forecast = this.forecasts.at(c);
    forecast.expectedUs = Number.NaN;
    forecast.lowUs = Number.NaN;
    forecast.highUs = Number.NaN;
  }

  /** The nearest level that the slope leads to. */
  private lookAhead(
    c: number,
    value: number,
    levels: readonly Level[],
    time: number,
    context: Context,
  ): void {
    this.forget(c);
    const { course, priced } = this;
    if (!priced.segments.writeCourse(c, course)) return;
    const side = course[COURSE.slope]! > 0 ? 1 : -1;
    let nearest = Number.POSITIVE_INFINITY;
    for (const { column, sign, limit } of levels)
      if (column === c && sign === side && limit >= side * value) nearest = Math.min(nearest, limit);
    const limit = side * nearest;
    const forecast = this.forecasts.at(c);
    if (!this.isEvident()) return;
    if (side === -forecast.passedSide) forecast.passedSide = 0;
    const isPassed = side === forecast.passedSide && limit === forecast.passed;
    if (nearest === Number.POSITIVE_INFINITY || isPassed) return;
    if (!this.foresee(c, value, limit, side, time, NEAR)) return;
    forecast.side = side;
    forecast.limit = limit;
    forecast.sinceUs = time;
    forecast.saidUs = forecast.expectedUs;
    forecast.saidLowUs = forecast.lowUs;
    forecast.saidHighUs = forecast.highUs;
    const aSecond = 1_000_000 / priced.rowUs;
    const slope = course[COURSE.slope]!;
    context.signal({
      type: "nearing",
      ...this.about(c, value, time),
      slope: slope * aSecond,
      error: course[COURSE.error]! * aSecond,
      courseUs: time - priced.segments.startOf(c),
      effect: (Math.abs(slope) * course[COURSE.rows]!) / course[COURSE.deviation]!,
      evidence: this.evidence[0]!,
      price: priced.price,
    });
  }

  /** The level that is near. */
  private lookAt(c: number, value: number, levels: readonly Level[], time: number, context: Context): void {
    const { course, priced } = this;
    const forecast = this.forecasts.at(c);
    const { side, limit } = forecast;
    const isThere = levels.some(
      (level) => level.column === c && level.sign === side && level.limit === side * limit,
    );
    if (isThere) {
      if (!priced.segments.writeCourse(c, course)) return;
      if (this.foresee(c, value, limit, side > 0 ? 1 : -1, time, FAR)) return;
    }
    context.signal({ type: "eased", ...this.about(c, value, time) });
    this.end(c);
  }

  private reach(c: number, value: number, time: number, context: Context): void {
    const { saidLowUs, saidHighUs, limit, side } = this.forecasts.at(c);
    const isInside = time >= saidLowUs && time - this.priced.rowUs <= saidHighUs;
    context.signal({ type: "reached", ...this.about(c, value, time), isInside });
    this.end(c);
    const forecast = this.forecasts.at(c);
    forecast.passed = limit;
    forecast.passedSide = side;
  }

  private end(c: number): void {
    this.forget(c);
    this.forecasts.at(c).side = 0;
  }

  /** Whether the level is reached within the horizon with probability `least`, by `course`; if so, when. */
  private foresee(
    c: number,
    value: number,
    limit: number,
    side: 1 | -1,
    time: number,
    least: number,
  ): boolean {
    const { course, ends } = this;
    const { rowUs } = this.priced;
    if (passedWithin(course, value, limit, side, this.horizonUs / rowUs) < least) return false;
    const at = (p: number) => time + rowUs * passageQuantile(course, value, limit, side, p);
    const forecast = this.forecasts.at(c);
    forecast.expectedUs = at(0.5);
    this.past.writeEnds(c, Math.abs((limit - value) / course[COURSE.slope]!), ends);
    forecast.lowUs = at(ends[0]!);
    forecast.highUs = at(ends[1]!);
    return true;
  }

  /** Whether the slope of `course` explains as much more than none as a change needs; writes both to `evidence`. */
  private isEvident(): boolean {
    const { course, evidence, priced } = this;
    const t = course[COURSE.slope]! / course[COURSE.error]!;
    const freedom = course[COURSE.rows]! - FITTED;
    evidence[0] = (t * t) / freedom;
    log1pAt(evidence, 0);
    evidence[0] = (freedom / 2) * evidence[0]!;
    priced.writePrice(evidence, 1);
    return evidence[0]! >= evidence[1]!;
  }

  private about(c: number, value: number, time: number) {
    const { side, limit, sinceUs, saidUs, saidLowUs, saidHighUs } = this.forecasts.at(c);
    const direction = side > 0 ? ("above" as const) : ("below" as const);
    const said = { expectedUs: saidUs, lowUs: saidLowUs, highUs: saidHighUs };
    const { unit } = this.group.channels[c]!;
    return {
      timeUs: time,
      ...channelTitle(this.group, c),
      unit,
      level: limit,
      direction,
      value,
      ...said,
      sinceUs,
    };
  }
}
