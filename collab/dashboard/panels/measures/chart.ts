/**
 * The measures of the joint state over time, one lane each, with the events that happened marked on top.
 */
import { clock } from "../../../charts/format.ts";
import { LineCache } from "../../../charts/line-cache.ts";
import { extremes, traceLine } from "../../../charts/line-path.ts";
import { followRange, type Range, yOf } from "../../../charts/scale.ts";
import { font } from "../../../charts/surface.ts";
import { xOf } from "../../../charts/time-axis.ts";
import { TimeChart } from "../../../charts/time-chart.ts";
import { MEASURES, type Measure, seriesOf } from "../../model/measures.ts";
import type { Theme } from "../../theme/theme.ts";

/** Room for event marks above the lanes. */
const MARKS_HEIGHT = 18;
const LANE_GAP = 6;
/** The lane's caption stands above its line. */
const CAPTION_HEIGHT = 18;

interface Lane {
  measure: Measure;
  top: number;
  height: number;
}

export class MeasuresChart extends TimeChart {
  /** The measures change slowly. */
  override get everyMs(): number {
    return Math.max(100, super.everyMs);
  }

  #caches: LineCache[] = MEASURES.map(() => new LineCache());
  #ranges: (Range | null)[] = MEASURES.map(() => null);
  #lanes: Lane[] = [];
  /** Hears the height of the plot: the captions over the lanes follow it. */
  onResize: (plotHeight: number) => void = () => {};
  #saidHeight = 0;

  protected override state(): string {
    return `${this.model.events.peek()[0]?.sequence} ${this.view.openEvent.peek()}`;
  }

  /** Pixel ranges of the lanes, for the captions that lie over them. */
  static lanes(plotHeight: number): { top: number; height: number }[] {
    const each = (plotHeight - MARKS_HEIGHT) / MEASURES.length;
    return MEASURES.map((_, k) => ({ top: MARKS_HEIGHT + k * each, height: each - LANE_GAP }));
  }

  protected drawBase(context: CanvasRenderingContext2D, theme: Theme): void {
    context.fillStyle = theme.panel;
    context.fillRect(0, 0, this.base.width, this.base.height);
    this.drawTimeGrid(context, theme, true);
    this.drawInjections(context, theme, { top: MARKS_HEIGHT, height: this.plotHeight - MARKS_HEIGHT });
    this.drawEventLines(context, theme);
    this.#drawEventMarks(context, theme);
    this.#lanes = MeasuresChart.lanes(this.plotHeight).map((lane, k) => ({ ...lane, measure: MEASURES[k]! }));
    this.#lanes.forEach((lane, k) => {
      this.#drawLane(context, theme, lane, k);
    });
  }

  protected override sized(): void {
    if (this.plotHeight === this.#saidHeight) return;
    this.#saidHeight = this.plotHeight;
    this.onResize(this.plotHeight);
  }

  #drawLane(context: CanvasRenderingContext2D, theme: Theme, lane: Lane, k: number): void {
    const joint = this.view.group?.joint;
    const bottom = lane.top + lane.height;
    context.fillStyle = theme.grid;
    context.fillRect(0, Math.round(bottom), this.plotWidth, 1);
    if (joint === undefined) return;
    const series = seriesOf(joint, lane.measure);
    if (series === undefined) return;
    const cache = this.#caches[k]!;
    cache.update(series, this.time);
    const seen = { low: Number.NaN, high: Number.NaN };
    extremes(cache.columns, this.time, seen);
    const range = this.#range(k, seen, lane.measure, joint.last?.n ?? 2);
    const top = lane.top + CAPTION_HEIGHT;
    const height = lane.height - CAPTION_HEIGHT;
    const scale = -height / (range.high - range.low);
    const offset = top + height - scale * range.low;
    const colour = theme.measures[k % theme.measures.length] ?? theme.accent;
    const frame = { view: this.time, leftPx: 0, offset, scale, joinColumns: cache.joinColumns(series) };
    context.save();
    context.beginPath();
    context.rect(0, lane.top, this.plotWidth, lane.height + 1);
    context.clip();
    context.beginPath();
    traceLine(context, cache.columns, frame);
    context.strokeStyle = colour;
    context.lineWidth = 1.5;
    context.lineJoin = "round";
    context.stroke();
    context.restore();
    const value = this.view.following.peek() ? series.lastValue : series.valueBefore(this.view.endUs);
    const y = yOf(value, range, top, height);
    this.#drawBounds(context, theme, range, top, height, lane.measure, y);
    this.#drawTag(context, theme, colour, value, y, lane.measure.digits);
  }

  #range(k: number, seen: Range, measure: Measure, n: number): Range {
    const lowest = measure.lowest(n);
    const highest = measure.highest(n);
    // At least a tenth of what is possible is shown, so that noise does not look like news.
    const least = (highest - lowest) * 0.1;
    const span = seen.high - seen.low;
    const air = span < least ? (least - span) / 2 : 0;
    const range = followRange(this.#ranges[k]!, seen.low - air, seen.high + air);
    this.#ranges[k] = range;
    return { low: Math.max(range.low, lowest), high: Math.min(range.high, highest) };
  }

  #drawBounds(
    context: CanvasRenderingContext2D,
    theme: Theme,
    range: Range,
    top: number,
    height: number,
    measure: Measure,
    tagY: number,
  ): void {
    context.font = font(10.5);
    context.fillStyle = theme.muted;
    context.textAlign = "left";
    context.textBaseline = "middle";
    const x = this.plotWidth + 8;
    // A bound that the tag of the last value would cover is left out.
    if (!(Math.abs(tagY - top) < 16)) context.fillText(range.high.toFixed(measure.digits), x, top + 1);
    if (!(Math.abs(tagY - top - height) < 18))
      context.fillText(range.low.toFixed(measure.digits), x, top + height - 3);
  }

  #drawTag(
    context: CanvasRenderingContext2D,
    theme: Theme,
    colour: string,
    value: number,
    y: number,
    digits: number,
  ): void {
    if (!Number.isFinite(y)) return;
    context.fillStyle = colour;
    context.beginPath();
    context.roundRect(this.plotWidth + 3, y - 8, this.base.width - this.plotWidth - 4, 16, 3);
    context.fill();
    context.fillStyle = theme.onColour;
    context.font = font(11, 600);
    context.textAlign = "left";
    context.textBaseline = "middle";
    context.fillText(value.toFixed(digits), this.plotWidth + 8, y + 0.5);
  }

  #drawEventMarks(context: CanvasRenderingContext2D, theme: Theme): void {
    const y = MARKS_HEIGHT / 2;
    for (const event of this.eventsInView().reverse()) {
      const x = Math.round(xOf(event.timeUs, this.time)) + 0.5;
      context.fillStyle = theme.severity[event.severity] ?? theme.muted;
      drawMark(context, event.severity, x, y, event.sequence === this.view.openEvent.peek() ? 6.5 : 5);
    }
  }

  protected drawCursor(context: CanvasRenderingContext2D, theme: Theme, timeUs: number, x: number): void {
    this.drawCursorLine(context, theme, x);
    this.drawCursorTime(context, theme, timeUs, x);
    const joint = this.view.group?.joint;
    if (joint === undefined) return;
    this.#lanes.forEach((lane, k) => {
      const value = seriesOf(joint, lane.measure)?.valueBefore(timeUs) ?? Number.NaN;
      const shown = this.#ranges[k];
      if (!shown || Number.isNaN(value)) return;
      const n = joint.last?.n ?? 2;
      const range = {
        low: Math.max(shown.low, lane.measure.lowest(n)),
        high: Math.min(shown.high, lane.measure.highest(n)),
      };
      const y = yOf(value, range, lane.top + CAPTION_HEIGHT, lane.height - CAPTION_HEIGHT);
      const colour = theme.measures[k] ?? theme.accent;
      context.fillStyle = colour;
      context.strokeStyle = theme.panel;
      context.lineWidth = 2;
      context.beginPath();
      context.arc(Math.round(x) + 0.5, y, 4, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
      const text = value.toFixed(lane.measure.digits);
      context.font = font(12, 600);
      const width = context.measureText(text).width + 10;
      const left = x + 10 + width < this.plotWidth ? x + 10 : x - 10 - width;
      context.fillStyle = theme.raised;
      context.beginPath();
      context.roundRect(left, y - 9, width, 18, 4);
      context.fill();
      context.fillStyle = theme.text;
      context.textAlign = "left";
      context.textBaseline = "middle";
      context.fillText(text, left + 5, y + 0.5);
    });
  }

  protected describe(timeUs: number): string {
    const joint = this.view.group?.joint;
    if (joint === undefined) return clock(timeUs);
    const values = MEASURES.map((measure) => {
      const value = seriesOf(joint, measure)?.valueBefore(timeUs) ?? Number.NaN;
      return `${measure.title} ${Number.isNaN(value) ? "unknown" : value.toFixed(measure.digits)}`;
    });
    return `${clock(timeUs)}: ${values.join(", ")}`;
  }
}

/** The severity's shape: circle, diamond, triangle, square. Told apart without colour. */
export function drawMark(
  context: CanvasRenderingContext2D,
  severity: string,
  x: number,
  y: number,
  r: number,
): void {
  context.beginPath();
  if (severity === "critical") {
    context.rect(x - r * 0.85, y - r * 0.85, r * 1.7, r * 1.7);
  } else if (severity === "warning") {
    context.moveTo(x, y - r);
    context.lineTo(x + r, y + r * 0.8);
    context.lineTo(x - r, y + r * 0.8);
  } else if (severity === "notice") {
    context.moveTo(x, y - r);
    context.lineTo(x + r, y);
    context.lineTo(x, y + r);
    context.lineTo(x - r, y);
  } else {
    context.arc(x, y, r * 0.7, 0, 2 * Math.PI);
  }
  context.closePath();
  context.fill();
}
