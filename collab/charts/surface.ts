/**
 * A canvas that keeps the size of its box in device pixels. Drawing is in CSS pixels.
 */
export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  width = 0;
  height = 0;
  /** Counts changes of size. A changed canvas is empty, so its chart draws again. */
  version = 0;
  readonly #observer: ResizeObserver;

  constructor(canvas: HTMLCanvasElement, opaque: boolean) {
    this.canvas = canvas;
    const context = canvas.getContext("2d", { alpha: !opaque });
    if (context === null) throw new Error("Cannot draw: this browser has no 2D canvas");
    this.context = context;
    this.#observer = new ResizeObserver(() => this.#fit());
    this.#observer.observe(canvas);
    this.#fit();
  }

  close(): void {
    this.#observer.disconnect();
  }

  #fit(): void {
    const box = this.canvas.getBoundingClientRect();
    const ratio = devicePixelRatio || 1;
    const width = Math.max(1, Math.round(box.width));
    const height = Math.max(1, Math.round(box.height));
    if (width === this.width && height === this.height && this.canvas.width === Math.round(width * ratio))
      return;
    this.width = width;
    this.height = height;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.version++;
  }
}

/** Two layers in one box: `base` holds the picture, `over` what follows the pointer, so that moving it redraws no data. */
export interface ChartElements {
  readonly box: HTMLElement;
  readonly base: HTMLCanvasElement;
  readonly over: HTMLCanvasElement;
}
