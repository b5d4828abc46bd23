/** The eigenvalues of ρ as bars, largest first. The smallest are left out where they do not fit. */
import type { Drawable } from "../../../charts/loop.ts";
import { Surface } from "../../../charts/surface.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";

const MOST_BARS = 32;

export class SpectrumChart implements Drawable {
  readonly element: HTMLElement;
  readonly everyMs = 200;
  readonly #view: View;
  readonly #surface: Surface;
  #drawn = "";

  constructor(canvas: HTMLCanvasElement, view: View) {
    this.element = canvas;
    this.#view = view;
    this.#surface = new Surface(canvas, false);
  }

  close(): void {
    this.#surface.close();
  }

  draw(): boolean {
    const { moment } = this.#view;
    const state = `${this.#view.groupName.peek()} ${moment?.timeUs} ${this.#surface.version} ${theme.peek().name}`;
    if (state === this.#drawn) return false;
    this.#drawn = state;
    const look = theme.peek();
    const { context, width, height } = this.#surface;
    context.clearRect(0, 0, width, height);
    if (moment === null) return true;
    const values = Array.from(moment.spectrum).slice(0, MOST_BARS);
    const pitch = width / Math.max(8, values.length);
    const thick = Math.max(1, Math.min(16, pitch - 2));
    context.fillStyle = look.grid;
    context.fillRect(0, height - 1, width, 1);
    values.forEach((value, k) => {
      const high = Math.max(value > 0 ? 1 : 0, Math.min(1, value) ** 0.6 * (height - 2));
      context.fillStyle = k === 0 ? (look.measures[0] ?? look.accent) : look.accent;
      context.globalAlpha = k === 0 ? 1 : Math.max(0.35, 0.9 - 0.05 * k);
      context.fillRect(
        Math.round(k * pitch),
        Math.round(height - 1 - high),
        Math.floor(thick),
        Math.round(high),
      );
    });
    context.globalAlpha = 1;
    return true;
  }
}
