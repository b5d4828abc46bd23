/**
 * The joint state ρ as a picture: row i, column j, lightness = magnitude, hue = phase; the populations as bars beside it.
 *
 * The matrix is one image of n × n pixels, scaled up without smoothing. Shows the latest state, or the one at the cursor while there is one.
 */
import { drawDensity, largestMagnitude } from "../../../charts/density-image.ts";
import type { Panel } from "../../../charts/loop.ts";
import { font, Surface } from "../../../charts/surface.ts";
import { fitting } from "../../../charts/text.ts";
import { type Group, type Moment, measureAt } from "../../model/model.ts";
import type { View } from "../../model/view.ts";
import { type Theme, theme } from "../../theme/theme.ts";

/** Width of the row labels and of the population bars. */
const LABELS = 92;
const LABELS_WIDE = 118;
/** From this width on there is room for whole names. */
const WIDE = 500;
const BARS = 44;
/** Below this size a cell has no room for text beside it, a border, or a phase tick. */
const TEXT_CELL = 8;
const BORDER_CELL = 8;
const TICK_CELL = 13;
const PALE = 0.4;

export interface Cell {
  i: number;
  j: number;
}

export class MatrixChart implements Panel {
  readonly element: HTMLElement;
  readonly everyMs = 66;
  hovered: Cell | null = null;
  onHover: (cell: Cell | null) => void = () => {};
  readonly #view: View;
  readonly #base: Surface;
  readonly #over: Surface;
  #image: HTMLCanvasElement = document.createElement("canvas");
  #pixels: ImageData | null = null;
  #words = new Uint32Array(0);
  #seen = "";
  #seenHover = "";
  #seenView = -1;
  #n = 0;
  #cell = 0;
  #left = 0;
  #labels = LABELS;
  readonly #abort = new AbortController();

  constructor(element: HTMLElement, base: HTMLCanvasElement, over: HTMLCanvasElement, view: View) {
    this.element = element;
    this.#view = view;
    this.#base = new Surface(base, true);
    this.#over = new Surface(over, false);
    const { signal } = this.#abort;
    element.addEventListener("pointermove", (event) => this.#point(event), { signal });
    element.addEventListener("pointerleave", () => this.hover(null), { signal });
    element.addEventListener("keydown", (event) => this.#key(event), { signal });
    element.addEventListener("blur", () => this.hover(null), { signal });
  }

  close(): void {
    this.#abort.abort();
    this.#base.close();
    this.#over.close();
  }

  hover(cell: Cell | null): void {
    if (cell?.i === this.hovered?.i && cell?.j === this.hovered?.j) return;
    this.hovered = cell;
    this.onHover(cell);
  }

  isUrgent(): boolean {
    return this.#seenView !== this.#view.version || this.#seenHover !== this.#hover();
  }

  #hover(): string {
    return `${this.hovered?.i} ${this.hovered?.j} ${this.#base.version}`;
  }

  draw(): boolean {
    this.#seenView = this.#view.version;
    const group = this.#view.group;
    const matrix = this.#view.moment;
    if (group === undefined || matrix === null) return this.#drawNothing();
    const scale = this.#view.matrixScale.peek();
    const seen = `${group.name} ${matrix.timeUs} ${this.#base.version} ${theme.peek().name} ${scale}`;
    const hover = this.#hover();
    if (seen === this.#seen && hover === this.#seenHover) return false;
    if (seen !== this.#seen) this.#drawBase(group, matrix, theme.peek());
    this.#seen = seen;
    if (hover !== this.#seenHover) this.#drawHover(theme.peek());
    this.#seenHover = hover;
    return true;
  }

  #drawNothing(): boolean {
    const seen = `nothing ${this.#base.version} ${theme.peek().name}`;
    if (seen === this.#seen) return false;
    this.#seen = seen;
    this.#base.context.fillStyle = theme.peek().panel;
    this.#base.context.fillRect(0, 0, this.#base.width, this.#base.height);
    return true;
  }

  #drawBase(group: Group, matrix: Moment, look: Theme): void {
    const { n } = matrix;
    this.#fit(n);
    const scale = this.#view.matrixScale.peek();
    drawDensity(this.#words, matrix.re, matrix.im, n, scale, look.palette);
    this.#image.getContext("2d")?.putImageData(this.#pixels!, 0, 0);
    const context = this.#base.context;
    context.fillStyle = look.panel;
    context.fillRect(0, 0, this.#base.width, this.#base.height);
    const size = this.#cell * n;
    context.imageSmoothingEnabled = false;
    // What does not stand out from noise is shown pale.
    context.globalAlpha = measureAt(group.joint, matrix, "significant") === 0 ? PALE : 1;
    context.drawImage(this.#image, this.#left, 0, size, size);
    context.globalAlpha = 1;
    if (this.#cell >= BORDER_CELL) this.#drawBorders(context, look, n);
    if (this.#cell >= TICK_CELL) this.#drawPhaseTicks(context, look, matrix, scale === "density");
    this.#drawLabels(context, look, group, n);
    this.#drawPopulations(context, look, matrix);
  }

  #fit(n: number): void {
    this.#n = n;
    if (this.#image.width !== n) {
      this.#image.width = n;
      this.#image.height = n;
      this.#pixels = new ImageData(n, n);
      this.#words = new Uint32Array(this.#pixels.data.buffer);
    }
    this.#labels = this.#base.width >= WIDE ? LABELS_WIDE : LABELS;
    const room = Math.min(this.#base.width - this.#labels - BARS, this.#base.height);
    // Whole pixels per cell where possible, so that all cells are equal.
    const cell = room / n;
    this.#cell = cell >= 3 ? Math.floor(cell) : cell;
    this.#left =
      this.#labels + Math.max(0, Math.floor((this.#base.width - this.#labels - BARS - this.#cell * n) / 2));
  }

  #drawBorders(context: CanvasRenderingContext2D, look: Theme, n: number): void {
    context.fillStyle = look.panel;
    const size = this.#cell * n;
    for (let k = 0; k <= n; k++) {
      context.fillRect(this.#left + k * this.#cell, 0, 1, size);
      context.fillRect(this.#left, k * this.#cell, size, 1);
    }
  }

  /** A short hand in each strong cell, turned by the phase: readable without telling colours apart. */
  #drawPhaseTicks(
    context: CanvasRenderingContext2D,
    look: Theme,
    matrix: { re: Float32Array; im: Float32Array; n: number },
    relative: boolean,
  ): void {
    const { re, im, n } = matrix;
    const full = relative ? largestMagnitude(re, n) : 0;
    const reach = this.#cell * 0.26;
    context.beginPath();
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        if (i === j) continue;
        const x = re[i * n + j]!;
        const y = im[i * n + j]!;
        const magnitude = Math.sqrt(x * x + y * y);
        const by = relative ? full : Math.sqrt(re[i * n + i]! * re[j * n + j]!);
        if (!(magnitude > 0.3 * by)) continue;
        const cx = this.#left + (j + 0.5) * this.#cell + 0.5;
        const cy = (i + 0.5) * this.#cell + 0.5;
        context.moveTo(cx, cy);
        context.lineTo(cx + (x / magnitude) * reach, cy - (y / magnitude) * reach);
      }
    }
    context.strokeStyle = look.name === "dark" ? "rgba(0, 0, 0, 0.42)" : "rgba(255, 255, 255, 0.6)";
    context.lineWidth = 1.25;
    context.stroke();
  }

  #drawLabels(context: CanvasRenderingContext2D, look: Theme, group: Group, n: number): void {
    if (this.#cell < TEXT_CELL) return;
    context.font = font(Math.min(11.5, Math.max(8.5, this.#cell - 1)));
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (let i = 0; i < n; i++) {
      context.fillStyle = look.muted;
      const text = fitting(context, titleOf(group, i), this.#labels - 12);
      context.fillText(text, this.#left - 7, (i + 0.5) * this.#cell + 1);
    }
  }

  #drawPopulations(
    context: CanvasRenderingContext2D,
    look: Theme,
    matrix: { re: Float32Array; n: number },
  ): void {
    const { re, n } = matrix;
    const full = largestMagnitude(re, n);
    const left = this.#left + this.#cell * n + 8;
    const room = Math.min(BARS - 10, this.#base.width - left - 1);
    const thick = Math.max(1, this.#cell - (this.#cell >= BORDER_CELL ? 4 : 0));
    for (let i = 0; i < n; i++) {
      const y = i * this.#cell + (this.#cell - thick) / 2 + 0.5;
      context.fillStyle = look.grid;
      context.fillRect(left, y, room, thick);
      context.fillStyle = look.accent;
      context.globalAlpha = 0.85;
      context.fillRect(left, y, room * (re[i * n + i]! / full), thick);
      context.globalAlpha = 1;
    }
  }

  #drawHover(look: Theme): void {
    const context = this.#over.context;
    context.clearRect(0, 0, this.#over.width, this.#over.height);
    const cell = this.hovered;
    if (cell === null) return;
    const size = this.#cell * this.#n;
    context.fillStyle = look.name === "dark" ? "rgba(255, 255, 255, 0.1)" : "rgba(0, 0, 0, 0.08)";
    context.fillRect(this.#left, cell.i * this.#cell, size, this.#cell);
    context.fillRect(this.#left + cell.j * this.#cell, 0, this.#cell, size);
    context.strokeStyle = look.text;
    context.lineWidth = 2;
    context.strokeRect(this.#left + cell.j * this.#cell, cell.i * this.#cell, this.#cell + 1, this.#cell + 1);
  }

  #point(event: PointerEvent): void {
    const box = this.#base.canvas.getBoundingClientRect();
    const j = Math.floor((event.clientX - box.left - this.#left) / this.#cell);
    const i = Math.floor((event.clientY - box.top) / this.#cell);
    const inside = i >= 0 && j >= 0 && i < this.#n && j < this.#n;
    this.hover(inside ? { i, j } : null);
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const step = steps[event.key];
    if (step === undefined || this.#n === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const from = this.hovered ?? { i: 0, j: 0 };
    const within = (k: number) => Math.min(this.#n - 1, Math.max(0, k));
    this.hover({ i: within(from.i + step[0]), j: within(from.j + step[1]) });
  }
}

export function titleOf(group: Group, mode: number): string {
  const name = group.joint.last?.modes[mode];
  const channel = group.channels.find((c) => c.name === name) ?? group.channels[mode];
  return channel?.title ?? name ?? String(mode);
}
