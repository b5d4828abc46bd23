/**
 * A square matrix as a picture: one image of n × n pixels, scaled up without smoothing, with whole pixels per cell where they fit.
 * Pointer and arrow keys choose a cell; its row and column are highlighted on the overlay.
 *
 * Colours and everything around the cells come from outside (HeatMapPicture).
 */
import type { ChartColours } from "./colours.ts";
import type { Drawable } from "./loop.ts";
import { type ChartElements, Surface } from "./surface.ts";

/** Row i, column j. */
export interface Cell {
  i: number;
  j: number;
}

/** Where the cells lie, px from the top left corner of the chart: cell (i, j) begins at (left + j·cell, i·cell). */
export interface CellGrid {
  /** Cells along a side. */
  n: number;
  cell: number;
  left: number;
  /** Width of the whole chart. */
  width: number;
}

export interface HeatMapPicture {
  /** Takes up what is to be shown. Returns a text that changes with it, null before there is anything to show. */
  update(): string | null;
  /** Cells along a side of what `update` took up. */
  readonly n: number;
  readonly opacity: number;
  /** Room kept on both sides of the cells, px, in a chart of this width. */
  margins(width: number): { left: number; right: number };
  /** Fills n × n pixels, row by row, packed ABGR. */
  paint(pixels: Uint32Array): void;
  /** Draws what belongs to the cells but is not their colour. */
  decorate(context: CanvasRenderingContext2D, grid: CellGrid): void;
  /** Counts what a person changed: that is drawn at once. */
  version(): number;
}

const EVERY_MS = 66;
/** Smaller cells have no border. */
export const BORDER_CELL = 8;
/** Below this size cells may differ by a pixel, or the picture would be too small. */
const WHOLE_PIXELS = 3;

const KEY_STEPS: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

export class HeatMap implements Drawable {
  readonly element: HTMLElement;
  readonly everyMs = EVERY_MS;
  hovered: Cell | null = null;
  onHover: (cell: Cell | null) => void = () => {};
  readonly #picture: HeatMapPicture;
  readonly #colours: () => ChartColours;
  readonly #base: Surface;
  readonly #over: Surface;
  readonly #grid: CellGrid = { n: 0, cell: 0, left: 0, width: 1 };
  readonly #image = document.createElement("canvas");
  #pixels: ImageData | null = null;
  #words = new Uint32Array(0);
  #drawn = "";
  #drawnHover = "";
  #drawnVersion = -1;
  readonly #abort = new AbortController();

  constructor({ box, base, over }: ChartElements, picture: HeatMapPicture, colours: () => ChartColours) {
    this.element = box;
    this.#picture = picture;
    this.#colours = colours;
    this.#base = new Surface(base, true);
    this.#over = new Surface(over, false);
    const { signal } = this.#abort;
    box.addEventListener("pointermove", (event) => this.hover(this.#cellAt(event)), { signal });
    box.addEventListener("pointerleave", () => this.hover(null), { signal });
    box.addEventListener("keydown", (event) => this.#key(event), { signal });
    box.addEventListener("blur", () => this.hover(null), { signal });
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
    return this.#drawnVersion !== this.#picture.version() || this.#drawnHover !== this.#hoverState();
  }

  draw(): boolean {
    this.#drawnVersion = this.#picture.version();
    const colours = this.#colours();
    const shown = this.#picture.update();
    const state = `${shown} ${this.#base.version} ${colours.name}`;
    const hover = this.#hoverState();
    if (state === this.#drawn && (hover === this.#drawnHover || shown === null)) return false;
    if (state !== this.#drawn) this.#drawBase(shown !== null, colours);
    this.#drawn = state;
    if (shown === null) return true;
    if (hover !== this.#drawnHover) this.#drawHover(colours);
    this.#drawnHover = hover;
    return true;
  }

  #hoverState(): string {
    return `${this.hovered?.i} ${this.hovered?.j} ${this.#base.version}`;
  }

  #drawBase(hasCells: boolean, colours: ChartColours): void {
    const { context, width, height } = this.#base;
    context.fillStyle = colours.panel;
    context.fillRect(0, 0, width, height);
    if (!hasCells) return;
    this.#fit();
    this.#picture.paint(this.#words);
    this.#image.getContext("2d")?.putImageData(this.#pixels!, 0, 0);
    const { n, cell, left } = this.#grid;
    context.imageSmoothingEnabled = false;
    context.globalAlpha = this.#picture.opacity;
    context.drawImage(this.#image, left, 0, cell * n, cell * n);
    context.globalAlpha = 1;
    if (cell >= BORDER_CELL) this.#drawBorders(colours);
    this.#picture.decorate(context, this.#grid);
  }

  #fit(): void {
    const { n } = this.#picture;
    if (this.#image.width !== n || this.#pixels === null) {
      this.#image.width = n;
      this.#image.height = n;
      this.#pixels = new ImageData(n, n);
      this.#words = new Uint32Array(this.#pixels.data.buffer);
    }
    const { width, height } = this.#base;
    const margins = this.#picture.margins(width);
    const room = width - margins.left - margins.right;
    const cell = Math.min(room, height) / n;
    this.#grid.n = n;
    this.#grid.width = width;
    this.#grid.cell = cell >= WHOLE_PIXELS ? Math.floor(cell) : cell;
    this.#grid.left = margins.left + Math.max(0, Math.floor((room - this.#grid.cell * n) / 2));
  }

  #drawBorders(colours: ChartColours): void {
    const { context } = this.#base;
    const { n, cell, left } = this.#grid;
    context.fillStyle = colours.panel;
    for (let k = 0; k <= n; k++) {
      context.fillRect(left + k * cell, 0, 1, cell * n);
      context.fillRect(left, k * cell, cell * n, 1);
    }
  }

  #drawHover(colours: ChartColours): void {
    const { context, width, height } = this.#over;
    context.clearRect(0, 0, width, height);
    if (this.hovered === null) return;
    const { i, j } = this.hovered;
    const { n, cell, left } = this.#grid;
    context.fillStyle = colours.highlight;
    context.fillRect(left, i * cell, cell * n, cell);
    context.fillRect(left + j * cell, 0, cell, cell * n);
    context.strokeStyle = colours.text;
    context.lineWidth = 2;
    context.strokeRect(left + j * cell, i * cell, cell + 1, cell + 1);
  }

  #cellAt(event: PointerEvent): Cell | null {
    const { n, cell, left } = this.#grid;
    const box = this.#base.canvas.getBoundingClientRect();
    const j = Math.floor((event.clientX - box.left - left) / cell);
    const i = Math.floor((event.clientY - box.top) / cell);
    return i >= 0 && j >= 0 && i < n && j < n ? { i, j } : null;
  }

  #key(event: KeyboardEvent): void {
    const step = KEY_STEPS[event.key];
    const { n } = this.#grid;
    if (step === undefined || n === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const from = this.hovered ?? { i: 0, j: 0 };
    const within = (k: number) => Math.min(n - 1, Math.max(0, k));
    this.hover({ i: within(from.i + step[0]), j: within(from.j + step[1]) });
  }
}
