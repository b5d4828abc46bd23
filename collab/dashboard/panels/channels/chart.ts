/**
 * The line of each row of the list over the stretch of time that the charts show: one canvas for all visible rows.
 */
import { type Band, drawHatch } from "../../../charts/hatch.ts";
import { LineCache } from "../../../charts/line-cache.ts";
import type { Drawable } from "../../../charts/loop.ts";
import { Surface } from "../../../charts/surface.ts";
import { timeView, xOf } from "../../../charts/time-axis.ts";
import { drawTrack, type TrackRow } from "../../../charts/track.ts";
import type { Channel, Model } from "../../model/model.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";

/** The last pixels stay free, so that the newest value is seen whole. */
const END = 2;
/** Air between the hatching of neighbouring rows. */
const HATCH_MARGIN = 3;

export class SparkLines implements Drawable {
  readonly element: HTMLElement;
  /** A spark line is too small to follow each sample. */
  readonly everyMs = 200;
  rows: readonly (Channel | null)[] = [];
  readonly #model: Model;
  readonly #view: View;
  readonly #surface: Surface;
  readonly #row: Omit<TrackRow, "joinColumns">;
  /** Of the channels that are seen. */
  #caches = new Map<string, LineCache>();
  #drawn = "";
  #drawnPasts = 0;

  constructor(canvas: HTMLCanvasElement, rowHeight: number, model: Model, view: View) {
    this.element = canvas;
    this.#model = model;
    this.#view = view;
    this.#surface = new Surface(canvas, false);
    this.#row = { top: 0, height: rowHeight, time: timeView(0, 1, 1) };
  }

  close(): void {
    this.#surface.close();
  }

  isUrgent(): boolean {
    return this.#drawnPasts !== this.#model.pasts.peek();
  }

  draw(): boolean {
    this.#drawnPasts = this.#model.pasts.peek();
    const state = `${this.#model.version} ${this.#view.version} ${this.#surface.version} ${theme.peek().name} ${this.rows[0]?.key} ${this.rows[1]?.key} ${this.rows.length} ${this.#model.usualVersion}`;
    if (state === this.#drawn) return false;
    this.#drawn = state;
    const { context, width, height } = this.#surface;
    context.clearRect(0, 0, width, height);
    context.lineWidth = 1.25;
    context.lineJoin = "round";
    const { muted, lines, usual } = theme.peek();
    const colours = this.#view.colours.peek();
    const ranges = this.#model.usual.peek();
    const row = this.#row;
    const { endUs } = this.#view;
    if (Number.isNaN(endUs)) return true;
    row.time = timeView(endUs, this.#view.spanUs.peek(), Math.max(1, width - END));
    const before = this.#caches;
    this.#caches = new Map();
    this.rows.forEach((channel, k) => {
      if (channel === null) return;
      row.top = k * row.height;
      const cache = before.get(channel.key) ?? new LineCache();
      this.#caches.set(channel.key, cache);
      cache.update(channel.series, row.time);
      this.#drawInjections(context, channel);
      context.strokeStyle = lines[colours.get(channel.key) ?? -1] ?? muted;
      context.fillStyle = usual;
      const joinColumns = cache.joinColumns(channel.series);
      drawTrack(context, cache.columns, { ...row, joinColumns }, ranges.get(channel.key));
    });
    return true;
  }

  #drawInjections(context: CanvasRenderingContext2D, channel: Channel): void {
    const { top, height, time } = this.#row;
    const bands: Band[] = [];
    for (const { group, channels, fromUs, untilUs } of this.#model.injections.peek()) {
      if (group !== channel.group || !channels.has(channel.name)) continue;
      const left = Math.max(0, xOf(fromUs, time));
      const right = Math.min(time.columns, xOf(untilUs, time));
      if (right > left)
        bands.push({ left, right, top: top + HATCH_MARGIN, height: height - 2 * HATCH_MARGIN });
    }
    if (bands.length > 0) drawHatch(context, theme.peek().injected, bands);
  }
}
