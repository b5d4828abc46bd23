/**
 * The measures of the joint state over time, a row each, with the events marked above.
 */
import { clock } from "../../../charts/format.ts";
import { LineCache } from "../../../charts/line-cache.ts";
import { extremes, traceLine } from "../../../charts/line-path.ts";
import { followRange, type Range, yOf } from "../../../charts/scale.ts";
import type { Series } from "../../../charts/series.ts";
import { font } from "../../../charts/text.ts";
import { type TimeView, xOf } from "../../../charts/time-axis.ts";
import type { TimePicture } from "../../../charts/time-chart.ts";
import {
  drawCursorDot,
  drawCursorLine,
  drawCursorValue,
  drawTimeGrid,
  drawValueTag,
  type TimeFrame,
} from "../../../charts/time-frame.ts";
import { drawNoteBands, drawNoteMarks, openThread, threadAt } from "../../components/note-marks.ts";
import type { PanelProps } from "../../components/panel-props.ts";
import {
  drawEventLines,
  drawEventMark,
  drawInjections,
  eventsInPlot,
} from "../../components/session-marks.ts";
import { usualOf } from "../../model/measure-usual.ts";
import {
  besideOf,
  isDirect,
  type Measure,
  measuresOf,
  measuresShown,
  seriesOf,
} from "../../model/measures.ts";
import { type Membership, membershipOf } from "../../model/membership.ts";
import type { JointState, Model } from "../../model/model.ts";
import type { Notes } from "../../model/notes.ts";
import type { StateHistory } from "../../model/state-history.ts";
import { thinned } from "../../model/thinned-events.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";

/** Marks are as wide: nearer together they would cover each other. */
const MARKS_APART_PX = 12;
/** Room for event marks above the rows. */
const MARKS_HEIGHT = 18;
const ROW_GAP = 6;
/** Room for the caption of a row, above its line. */
const CAPTION_HEIGHT = 18;
/** The usual range is computed so often, µs. */
const USUAL_EVERY_US = 5e6;
/** Of a measure without bounds: a flat line needs a range too. */
const LEAST_SPAN = 1e-6;
/** The measures change slowly. */
const EVERY_MS = 100;

interface Row {
  top: number;
  height: number;
}

/** Where so many rows lie in a plot of this height, px. */
export function measureRows(plotHeight: number, rows: number): Row[] {
  const each = (plotHeight - MARKS_HEIGHT) / rows;
  return Array.from({ length: rows }, (_, k) => ({ top: MARKS_HEIGHT + k * each, height: each - ROW_GAP }));
}

export class MeasuresPicture implements TimePicture {
  readonly everyMs = EVERY_MS;
  readonly #model: Model;
  readonly #view: View;
  readonly #notes: Notes;
  /** By measure, and the number of the line. */
  readonly #caches = new Map<string, LineCache>();
  /** By measure. */
  readonly #ranges = new Map<string, Range>();
  #rows: Row[] = [];
  #usualOf: { series: Series | undefined; pasts: number; atUs: number; range: Range | null } = {
    pasts: 0,
    series: undefined,
    atUs: 0,
    range: null,
  };
  #moved: { history: StateHistory | null; timeUs: number; known: Membership | null } = {
    history: null,
    timeUs: 0,
    known: null,
  };
  #frame: TimeFrame | null = null;

  constructor({ model, view, notes }: Pick<PanelProps, "model" | "view" | "notes">) {
    this.#model = model;
    this.#view = view;
    this.#notes = notes;
  }

  state(): string {
    return `${this.#model.eventsVersion} ${this.#view.openEvent.peek()} ${this.#notes.version}`;
  }

  press(x: number, y: number): void {
    const thread = this.#frame === null ? null : threadAt(this.#frame, this.#notes, x, y);
    if (thread !== null) openThread(thread, this.#notes, this.#view);
  }

  drawBase(frame: TimeFrame): void {
    this.#frame = frame;
    drawTimeGrid(frame);
    const area = { top: MARKS_HEIGHT, height: frame.plotHeight - MARKS_HEIGHT };
    const group = this.#view.groupName.peek();
    drawInjections(frame, this.#model.injections.peek(), area, (injection) => injection.group === group);
    drawNoteBands(frame, this.#notes, area, () => true);
    const events = eventsInPlot(frame, this.#model, this.#view);
    drawEventLines(frame, events);
    this.#drawEventMarks(frame, events);
    const shown = measuresShown(this.#view.group?.joint, this.#view.allMeasures.peek());
    this.#rows = measureRows(frame.plotHeight, shown);
    this.#rows.forEach((row, k) => {
      this.#drawRow(frame, row, k);
    });
    drawNoteMarks(frame, this.#notes);
  }

  drawCursor(frame: TimeFrame, timeUs: number, x: number): void {
    drawCursorLine(frame, timeUs, x);
    const joint = this.#view.group?.joint;
    if (joint === undefined) return;
    this.#rows.forEach((row, k) => {
      const measure = measuresOf(joint)[k]!;
      const value = seriesOf(joint, measure)?.valueBefore(timeUs) ?? Number.NaN;
      const shown = this.#ranges.get(measure.title);
      if (!shown || Number.isNaN(value)) return;
      const y = this.#yOf(value, within(shown, measure, joint), row);
      drawCursorDot(frame, colourOf(k), x, y);
      drawCursorValue(frame, value.toFixed(measure.digits), x, y);
    });
  }

  describe(timeUs: number): string {
    const joint = this.#view.group?.joint;
    if (joint === undefined) return clock(timeUs);
    const values = measuresOf(joint)
      .slice(0, this.#rows.length)
      .map((measure) => {
        const value = seriesOf(joint, measure)?.valueBefore(timeUs) ?? Number.NaN;
        return `${measure.title} ${Number.isNaN(value) ? "unknown" : value.toFixed(measure.digits)}`;
      });
    return `${clock(timeUs)}: ${values.join(", ")}`;
  }

  #drawEventMarks({ context, time }: TimeFrame, all: ReturnType<typeof eventsInPlot>): void {
    const { severity, muted } = theme.peek();
    const open = this.#view.openEvent.peek();
    const events = thinned(all, time, MARKS_APART_PX, open);
    // Newer events come first: the last one drawn lies on top.
    for (let k = events.length - 1; k >= 0; k--) {
      const event = events[k]!;
      const x = Math.round(xOf(event.timeUs, time)) + 0.5;
      context.fillStyle = severity[event.severity] ?? muted;
      drawEventMark(context, event.severity, x, MARKS_HEIGHT / 2, event.id === open ? 6.5 : 5);
    }
  }

  #drawRow(frame: TimeFrame, row: Row, k: number): void {
    const { context, colours, time, plotWidth } = frame;
    context.fillStyle = colours.grid;
    context.fillRect(0, Math.round(row.top + row.height), plotWidth, 1);
    const joint = this.#view.group?.joint;
    const measure = measuresOf(joint)[k]!;
    const series = joint === undefined ? undefined : seriesOf(joint, measure);
    if (joint === undefined || series === undefined) return;
    const lines = [series, ...besideOf(joint, measure)];
    const seen = { low: Number.NaN, high: Number.NaN };
    lines.forEach((line, at) => {
      extremes(this.#cache(measure, at, line, time).columns, time, seen);
    });
    const range = this.#range(seen, measure, joint);
    const height = row.height - CAPTION_HEIGHT;
    const scale = -height / (range.high - range.low);
    const offset = row.top + CAPTION_HEIGHT + height - scale * range.low;
    context.save();
    context.beginPath();
    context.rect(0, row.top, plotWidth, row.height + 1);
    context.clip();
    this.#drawUsual(frame, row, range, k);
    context.strokeStyle = colourOf(k);
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    lines.forEach((line, at) => {
      const cache = this.#cache(measure, at, line, time);
      const joinColumns = cache.joinColumns(line);
      context.globalAlpha = at === 0 ? 1 : Math.max(0.45, 0.85 - 0.1 * at);
      context.beginPath();
      traceLine(context, cache.columns, { view: time, leftPx: 0, offset, scale, joinColumns });
      context.stroke();
    });
    context.restore();
    const value = this.#view.following.peek() ? series.lastValue : series.valueBefore(this.#view.endUs);
    const y = this.#yOf(value, range, row);
    drawBounds(frame, range, row, measure, y);
    if (Number.isFinite(y)) drawValueTag(frame, colourOf(k), value.toFixed(measure.digits), y);
  }

  #cache(measure: Measure, line: number, series: Series, time: TimeView): LineCache {
    const key = `${measure.title} ${line}`;
    const cache = this.#caches.get(key) ?? new LineCache();
    this.#caches.set(key, cache);
    cache.update(series, time);
    return cache;
  }

  /** Where the first measure usually is. */
  #drawUsual({ context, plotWidth }: TimeFrame, row: Row, range: Range, k: number): void {
    const usual = k === 0 ? this.usual() : null;
    if (usual === null) return;
    const bottom = row.top + row.height;
    const from = Math.max(row.top + CAPTION_HEIGHT, this.#yOf(usual.high, range, row));
    const to = Math.min(bottom, this.#yOf(usual.low, range, row));
    context.fillStyle = theme.peek().usual;
    if (to > from) context.fillRect(0, from, plotWidth, to - from);
  }

  /** Of the first measure of the group that is shown; looked at now and then, because it changes slowly. */
  usual(): Range | null {
    const joint = this.#view.group?.joint;
    // What a quantum system does is not judged by its past.
    const series =
      joint === undefined || isDirect(joint) ? undefined : seriesOf(joint, measuresOf(joint)[0]!);
    const { headUs } = this.#model;
    const pasts = series?.pastVersion ?? 0;
    const { series: before, pasts: pastsBefore, atUs } = this.#usualOf;
    // Where nothing comes any more, only a past tells more.
    if (series !== before || pasts !== pastsBefore || Math.abs(headUs - atUs) > USUAL_EVERY_US) {
      const range = series === undefined ? null : usualOf(series, headUs);
      this.#usualOf = { series, pasts, atUs: headUs, range };
    }
    return this.#usualOf.range;
  }

  /** Who joined or left what moves together, at the moment that is shown; looked at now and then, because it costs some milliseconds. */
  membership(): Membership | null {
    const joint = this.#view.group?.joint;
    const history = joint?.history ?? null;
    const { moment } = this.#view;
    const timeUs = moment?.timeUs ?? 0;
    if (history !== this.#moved.history || Math.abs(timeUs - this.#moved.timeUs) > USUAL_EVERY_US) {
      const known = history === null || moment === null ? null : membershipOf(history, moment);
      this.#moved = { history, timeUs, known };
    }
    return this.#moved.known;
  }

  #range(seen: Range, measure: Measure, joint: JointState): Range {
    const n = joint.last?.n ?? 2;
    // At least a tenth of what is possible is shown, so that noise does not look like a change.
    const possible = measure.highest(n) - measure.lowest(n);
    const least = Number.isFinite(possible) ? possible * 0.1 : LEAST_SPAN;
    const span = seen.high - seen.low;
    const air = span < least ? (least - span) / 2 : 0;
    const range = followRange(this.#ranges.get(measure.title) ?? null, seen.low - air, seen.high + air);
    this.#ranges.set(measure.title, range);
    return within(range, measure, joint);
  }

  #yOf(value: number, range: Range, row: Row): number {
    return yOf(value, range, row.top + CAPTION_HEIGHT, row.height - CAPTION_HEIGHT);
  }
}

function colourOf(k: number): string {
  const { measures, accent } = theme.peek();
  return measures[k % measures.length] ?? accent;
}

/** The part of a range that the measure can reach. */
function within(range: Range, measure: Measure, joint: JointState): Range {
  const n = joint.last?.n ?? 2;
  return { low: Math.max(range.low, measure.lowest(n)), high: Math.min(range.high, measure.highest(n)) };
}

/** Labels of the range, without those that the tag of the last value would cover. */
function drawBounds(frame: TimeFrame, range: Range, row: Row, measure: Measure, tagY: number): void {
  const { context, colours, plotWidth } = frame;
  const top = row.top + CAPTION_HEIGHT;
  const bottom = row.top + row.height;
  context.font = font(10.5);
  context.fillStyle = colours.muted;
  context.textAlign = "left";
  context.textBaseline = "middle";
  const x = plotWidth + 8;
  if (!(Math.abs(tagY - top) < 16)) context.fillText(range.high.toFixed(measure.digits), x, top + 1);
  if (!(Math.abs(tagY - bottom) < 18)) context.fillText(range.low.toFixed(measure.digits), x, bottom - 3);
}
