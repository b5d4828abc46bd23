/**
 * Where each channel is going: its slope, where that turns, and when the channel reaches a level that people set.
 *
 *   rows ─► segments of lines (changes/priced-segments.ts) ─► slope b of now, its standard error ─┬─► measures
 *                                                                ├─ a segment ended, and the direction is another ─► turned, flattened
 *                                                                └─► levels of thresholds (crossings.ts) ─► nearing, eased, reached
 *
 * A direction is the sign of b where |b| ≥ 2 standard errors. It has changed when a segment ended, which needs the evidence that the promise of the settings
 * asks for, and the next one has another direction. Because that is looked at row by row, it needs SETTLED_AT standard errors then. A level that
 * jumps within a steady trend turns nothing. What the first segment does is not announced.
 *
 * Cost: that of `changes`, and some ns a channel and judged row; with levels a forecast of about 10 µs in every eighth judged row.
 */
import type { Settings } from "../../../protocol/settings.ts";
import { COURSE, COURSE_WIDTH } from "../../kernels/line-moments.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { PricedSegments } from "../changes/priced-segments.ts";
import { COURSE_FROM } from "../changes/segments.ts";
import { defineDetector } from "../define-detector.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { channelTitle, measuredName } from "../watched-channels.ts";
import { Crossings } from "./crossings.ts";
import { trendMachine } from "./machine.ts";

export const trend = defineDetector({
  name: "trend",
  version: 5,
  machine: trendMachine,
  enabled: (settings, group) => settings.trend.enabled && group.states !== true,
  createDetector: (settings, group) => new TrendDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Channels of a group that have measures, the first ones: each has up to eight in every published state. */
export const MOST_MEASURED = 16;
/** Standard errors of a slope from which a channel has a direction: one look in twenty at a channel without a slope. */
const DIRECTED_AT = 2;
/** And from which a new one is announced: it is looked at many times, and 3 are reached once in about a hundred segments without a slope. */
const SETTLED_AT = 3;
/** A channel that is level is seen to be so when a third of the slope before would be seen. */
const SEEN_SHARE = 1 / 3;
/** Rows of a segment without a direction after which it has none. */
const SETTLED_ROWS = 512;

const Turns = namedNumbers(
  /** Of the last segment whose direction was found: −1, 0 or 1. */
  "direction",
  /** 1: a segment ended, and the direction of the next one is still to be found. */
  "open",
  /** 1: the direction of some segment was found while it lasted. */
  "settled",
  /** Of the end: slope a row before, spread about that line, nats. */
  "slopeBefore",
  "spread",
  "gain",
);

type Context = DetectorContext<typeof trendMachine>;

export class TrendDetector implements Detector<typeof trendMachine> {
  readonly fields: Fields;
  private readonly group: Group;
  private readonly priced: PricedSegments<Context>;
  private readonly turns: InstanceType<typeof Turns>;
  private readonly crossings: Crossings;
  private readonly course = new Float64Array(COURSE_WIDTH);

  constructor(settings: Settings, group: Group) {
    this.group = group;
    this.priced = new PricedSegments(settings.trend, group, {
      changed: (c) => this.end(c),
      judged: (context) => this.judged(context),
    });
    this.turns = new Turns(group.n);
    this.crossings = new Crossings(group, this.priced, settings.trend.horizonSeconds);
    this.fields = {
      turns: this.turns.array,
      ...prefixed("crossings", this.crossings.fields),
      ...this.priced.fields,
    };
  }

  update(batch: Batch, context: Context): void {
    this.priced.update(batch, context);
  }

  /**
   * `trend.direction.CHANNEL`, and slope a second, its interval of 95 % and its standard errors from 0 (`significance`) of each channel that has a course;
   * then the seconds until a level is reached, if one is near.
   */
  addMeasures(measures: Record<string, number>): void {
    const { course, group, priced } = this;
    const aSecond = 1_000_000 / priced.rowUs;
    for (let c = 0; c < Math.min(group.n, MOST_MEASURED); c++) {
      if (!priced.segments.writeCourse(c, course)) continue;
      const name = measuredName(group, c, "trend.significance");
      const put = (of: string, value: number) => {
        measures[`trend.${of}.${name}`] = value;
      };
      const slope = course[COURSE.slope]! * aSecond;
      const error = course[COURSE.error]! * aSecond;
      put("direction", this.direction(DIRECTED_AT));
      put("slope", slope);
      put("slopeLow", slope - DIRECTED_AT * error);
      put("slopeHigh", slope + DIRECTED_AT * error);
      put("significance", slope / error);
      this.crossings.put(c, put);
    }
  }

  /** Of `course`. */
  private direction(errors: number): number {
    const { course } = this;
    const slope = course[COURSE.slope]!;
    return Math.abs(slope) >= errors * course[COURSE.error]! ? Math.sign(slope) : 0;
  }

  private end(c: number): void {
    const { slopeBefore, errorBefore, rowsBefore, spread, gain } = this.priced.segments.found;
    const turn = this.turns.at(c);
    // Of two ends without a direction between them the first one says what was before.
    if (turn.open === 1) return;
    turn.open = 1;
    if (turn.settled === 0 && rowsBefore >= COURSE_FROM)
      turn.direction = Math.abs(slopeBefore) >= SETTLED_AT * errorBefore ? Math.sign(slopeBefore) : 0;
    turn.slopeBefore = slopeBefore;
    turn.spread = spread;
    turn.gain = gain;
  }

  private judged(context: Context): void {
    const { group, priced } = this;
    for (let c = 0; c < group.n; c++) {
      if (this.turns.at(c).open === 1 && priced.segments.rowsOf(c) >= COURSE_FROM) this.settle(c, context);
    }
    this.crossings.judged(context);
  }

  /** Whether the direction of the segment is known, and another one. */
  private settle(c: number, context: Context): void {
    const { course, priced } = this;
    const turn = this.turns.at(c);
    if (!priced.segments.writeCourse(c, course)) return;
    const after = this.direction(SETTLED_AT);
    const isLevel =
      this.direction(DIRECTED_AT) === 0 &&
      course[COURSE.error]! <= (SEEN_SHARE * Math.abs(turn.slopeBefore)) / DIRECTED_AT;
    const isLong = course[COURSE.rows]! >= SETTLED_ROWS;
    if (after === 0 && !isLong && !(turn.direction !== 0 && isLevel)) return;
    turn.open = 0;
    turn.settled = 1;
    const before = turn.direction;
    if (before === after) return;
    turn.direction = after;
    const aSecond = 1_000_000 / priced.rowUs;
    const slope = course[COURSE.slope]!;
    const rows = course[COURSE.rows]!;
    context.signal({
      type: after === 0 ? "flattened" : "turned",
      timeUs: priced.timeUs,
      ...channelTitle(this.group, c),
      unit: this.group.channels[c]!.unit,
      before,
      after,
      slopeBefore: turn.slopeBefore * aSecond,
      slopeAfter: slope * aSecond,
      error: course[COURSE.error]! * aSecond,
      rows,
      effect: (Math.abs(slope - turn.slopeBefore) * rows) / turn.spread,
      gain: turn.gain,
      price: priced.price,
      sinceUs: priced.segments.startOf(c),
    });
  }
}
