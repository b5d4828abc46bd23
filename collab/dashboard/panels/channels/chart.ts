/**
 * The small lines beside the channels: one canvas under all visible rows of the list.
 */

import { type Band, drawHatch } from "../../../charts/hatch.ts";
import type { Panel } from "../../../charts/loop.ts";
import { Surface } from "../../../charts/surface.ts";
import type { Channel, Model } from "../../model/model.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";

/** What a spark line covers. */
const SPAN_US = 60e6;

export class SparkLines implements Panel {
  readonly element: HTMLElement;
  /** A pixel of a spark line is more than half a second. */
  readonly everyMs = 200;
  rows: readonly Channel[] = [];
  rowHeight = 1;
  readonly #model: Model;
  readonly #view: View;
  readonly #surface: Surface;
  #seen = "";

  constructor(canvas: HTMLCanvasElement, model: Model, view: View) {
    this.element = canvas;
    this.#model = model;
    this.#view = view;
    this.#surface = new Surface(canvas, false);
  }

  close(): void {
    this.#surface.close();
  }

  draw(): boolean {
    const seen = `${this.#model.version} ${this.#view.version} ${this.#surface.version} ${theme.peek().name} ${this.rows[0]?.key} ${this.rows.length}`;
    if (seen === this.#seen) return false;
    this.#seen = seen;
    const { context, width, height } = this.#surface;
    context.clearRect(0, 0, width, height);
    context.lineWidth = 1.25;
    context.lineJoin = "round";
    const look = theme.peek();
    const chosen = this.#view.chosen.peek();
    this.rows.forEach((channel, k) => {
      const at = chosen.indexOf(channel.key);
      this.#drawInjections(context, channel, k * this.rowHeight, width);
      context.strokeStyle = at < 0 ? look.muted : (look.lines[at % look.lines.length] ?? look.text);
      this.#drawLine(context, channel, k * this.rowHeight, width);
    });
    return true;
  }

  #drawInjections(context: CanvasRenderingContext2D, channel: Channel, top: number, width: number): void {
    const { headUs, injections } = this.#model;
    const xOf = (timeUs: number) => (1 - (headUs - timeUs) / SPAN_US) * (width - 2);
    const bands: Band[] = [];
    for (const { group, channels, fromUs, untilUs } of injections.peek()) {
      if (group !== channel.group || !channels.has(channel.name)) continue;
      const left = Math.max(0, xOf(fromUs));
      const right = Math.min(width, xOf(untilUs));
      if (right <= left) continue;
      bands.push({ left, right, top: top + 3, height: this.rowHeight - 6 });
    }
    if (bands.length > 0) drawHatch(context, theme.peek(), bands);
  }

  /** Reads the 100 ms level: it covers the span whatever the channel's rate is. */
  #drawLine(context: CanvasRenderingContext2D, channel: Channel, top: number, width: number): void {
    const level = channel.series.levels[0]!;
    const span = Math.round(SPAN_US / level.widthUs);
    const last = level.columnOf(this.#model.headUs);
    const first = last - span;
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let a = first; a <= last; a++) {
      const value = level.low(a);
      if (Number.isNaN(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, level.high(a));
    }
    if (low > high) return;
    const room = this.rowHeight - 12;
    const scale = high > low ? room / (high - low) : 0;
    const yOf = (value: number) => top + 6 + (high > low ? (high - value) * scale : room / 2);
    const join = Math.max(2, (3 * channel.series.spacingUs) / level.widthUs);
    const perPixel = Math.max(1, Math.floor(span / width));
    let before = Number.NEGATIVE_INFINITY;
    context.beginPath();
    for (let a = first - (first % perPixel); a <= last; a += perPixel) {
      let bottom = Number.NaN;
      let peak = Number.NaN;
      for (let b = a; b < a + perPixel; b++) {
        const value = level.low(b);
        if (Number.isNaN(value)) continue;
        if (!(bottom <= value)) bottom = value;
        if (!(peak >= level.high(b))) peak = level.high(b);
      }
      if (Number.isNaN(bottom)) continue;
      const x = ((a - first) / span) * (width - 2);
      if (a - before > join + perPixel) context.moveTo(x, yOf(bottom));
      else context.lineTo(x, yOf(bottom));
      if (peak !== bottom) context.lineTo(x, yOf(peak));
      before = a;
    }
    context.stroke();
  }
}
