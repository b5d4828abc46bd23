/**
 * The joint state ρ as a picture: row i, column j, lightness = magnitude, hue = phase; the populations as bars to its right.
 *
 * Shows the latest state, or the one at the cursor.
 */
import { BORDER_CELL, type CellGrid, type HeatMapPicture } from "../../../charts/heat-map.ts";
import { fitText, font } from "../../../charts/text.ts";
import { type Channel, type Group, type Moment, measureAt } from "../../model/model.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";
import { drawDensity, largestMagnitude } from "./density-image.ts";

/** Width of the row labels, where there is room for whole names, and of the population bars. */
const LABELS = 92;
const LABELS_WIDE = 118;
const WIDE = 500;
const BARS = 44;
/** Smaller cells have no phase tick. */
const TICK_CELL = 13;
/** Labels are at least this large, px: of smaller cells every second or third has one. */
const TEXT_LEAST = 11;
const TEXT_MOST = 11.5;
/** Opacity of a state that does not stand out from noise. */
const PALE = 0.4;

export class StatePicture implements HeatMapPicture {
  n = 0;
  opacity = 1;
  readonly #view: View;
  #group: Group | null = null;
  #moment: Moment | null = null;

  constructor(view: View) {
    this.#view = view;
  }

  version(): number {
    return this.#view.version;
  }

  update(): string | null {
    this.#group = this.#view.group ?? null;
    this.#moment = this.#view.moment;
    if (this.#group === null || this.#moment === null) return null;
    this.n = this.#moment.n;
    return `${this.#group.name} ${this.#moment.timeUs} ${this.#view.matrixScale.peek()}`;
  }

  margins(width: number): { left: number; right: number } {
    return { left: width >= WIDE ? LABELS_WIDE : LABELS, right: BARS };
  }

  paint(pixels: Uint32Array): void {
    if (this.#moment === null || this.#group === null) return;
    const { re, im, n } = this.#moment;
    drawDensity(pixels, re, im, n, this.#view.matrixScale.peek(), theme.peek().palette);
    this.opacity = measureAt(this.#group.joint, this.#moment, "significant") === 0 ? PALE : 1;
  }

  decorate(context: CanvasRenderingContext2D, grid: CellGrid): void {
    if (this.#moment === null || this.#group === null) return;
    const isDensity = this.#view.matrixScale.peek() === "density";
    if (grid.cell >= TICK_CELL) drawPhaseTicks(context, grid, this.#moment, isDensity);
    this.#drawLabels(context, grid, this.#group);
    drawPopulations(context, grid, this.#moment);
  }

  #drawLabels(context: CanvasRenderingContext2D, { n, cell, left, width }: CellGrid, group: Group): void {
    const room = this.margins(width).left - 12;
    const size = Math.min(TEXT_MOST, Math.max(TEXT_LEAST, cell - 1));
    const every = Math.ceil((size + 1) / cell);
    context.font = font(size);
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillStyle = theme.peek().muted;
    for (let i = 0; i < n; i += every)
      context.fillText(
        fitText(context, titleOf(group, i), room, channelOf(group, i)?.brief),
        left - 7,
        Math.max(size / 2, (i + 0.5) * cell) + 1,
      );
  }
}

/** A short hand in each strong cell, turned by the phase: readable without colours. */
function drawPhaseTicks(
  context: CanvasRenderingContext2D,
  { cell, left }: CellGrid,
  { re, im, n }: Moment,
  isDensity: boolean,
): void {
  const full = isDensity ? largestMagnitude(re, n) : 0;
  const reach = cell * 0.26;
  context.beginPath();
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (i === j) continue;
      const x = re[i * n + j]!;
      const y = im[i * n + j]!;
      const magnitude = Math.sqrt(x * x + y * y);
      const by = isDensity ? full : Math.sqrt(re[i * n + i]! * re[j * n + j]!);
      if (!(magnitude > 0.3 * by)) continue;
      const cx = left + (j + 0.5) * cell + 0.5;
      const cy = (i + 0.5) * cell + 0.5;
      context.moveTo(cx, cy);
      context.lineTo(cx + (x / magnitude) * reach, cy - (y / magnitude) * reach);
    }
  }
  context.strokeStyle = theme.peek().phaseTick;
  context.lineWidth = 1.25;
  context.stroke();
}

function drawPopulations(
  context: CanvasRenderingContext2D,
  { cell, left, width }: CellGrid,
  { re, n }: Moment,
): void {
  const { grid, accent } = theme.peek();
  const full = largestMagnitude(re, n);
  const x = left + cell * n + 8;
  const room = Math.min(BARS - 10, width - x - 1);
  const thick = Math.max(1, cell - (cell >= BORDER_CELL ? 4 : 0));
  for (let i = 0; i < n; i++) {
    const y = i * cell + (cell - thick) / 2 + 0.5;
    context.fillStyle = grid;
    context.fillRect(x, y, room, thick);
    context.fillStyle = accent;
    context.globalAlpha = 0.85;
    context.fillRect(x, y, room * (re[i * n + i]! / full), thick);
    context.globalAlpha = 1;
  }
}

export function titleOf(group: Group, mode: number): string {
  return channelOf(group, mode)?.title ?? group.joint.last?.modes[mode] ?? String(mode);
}

function channelOf(group: Group, mode: number): Channel | undefined {
  const name = group.joint.last?.modes[mode];
  return group.channels.find((channel) => channel.name === name) ?? group.channels[mode];
}
