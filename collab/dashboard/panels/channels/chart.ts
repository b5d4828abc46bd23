/**
 * The line of the last minute in each row of the list: one canvas for all visible rows.
 */
import { type Band, drawHatch } from "../../../charts/hatch.ts";
import type { Drawable } from "../../../charts/loop.ts";
import { Surface } from "../../../charts/surface.ts";
import { drawTrack, type TrackRow, trackX } from "../../../charts/track.ts";
import type { Channel, Model } from "../../model/model.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";

const LENGTH_US = 60e6;
/** Air between the hatching of neighbouring rows. */
const HATCH_MARGIN = 3;

export class SparkLines implements Drawable {
  readonly element: HTMLElement;
  /** A pixel of a spark line is more than half a second. */
  readonly everyMs = 200;
  rows: readonly (Channel | null)[] = [];
  readonly #model: Model;
  readonly #view: View;
  readonly #surface: Surface;
  readonly #row: TrackRow;
  #drawn = "";

  constructor(canvas: HTMLCanvasElement, rowHeight: number, model: Model, view: View) {
    this.element = canvas;
    this.#model = model;
    this.#view = view;
    this.#surface = new Surface(canvas, false);
    this.#row = { top: 0, width: 1, height: rowHeight, endUs: Number.NaN, lengthUs: LENGTH_US };
  }

  close(): void {
    this.#surface.close();
  }

  draw(): boolean {
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
    row.width = width;
    row.endUs = this.#model.headUs;
    this.rows.forEach((channel, k) => {
      if (channel === null) return;
      row.top = k * row.height;
      this.#drawInjections(context, channel);
      context.strokeStyle = lines[colours.get(channel.key) ?? -1] ?? muted;
      context.fillStyle = usual;
      drawTrack(context, channel.series, row, ranges.get(channel.key));
    });
    return true;
  }

  #drawInjections(context: CanvasRenderingContext2D, channel: Channel): void {
    const { top, width, height } = this.#row;
    const bands: Band[] = [];
    for (const { group, channels, fromUs, untilUs } of this.#model.injections.peek()) {
      if (group !== channel.group || !channels.has(channel.name)) continue;
      const left = Math.max(0, trackX(fromUs, this.#row));
      const right = Math.min(width, trackX(untilUs, this.#row));
      if (right > left)
        bands.push({ left, right, top: top + HATCH_MARGIN, height: height - 2 * HATCH_MARGIN });
    }
    if (bands.length > 0) drawHatch(context, theme.peek().injected, bands);
  }
}
