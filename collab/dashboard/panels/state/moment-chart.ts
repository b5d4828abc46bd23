/** A chart of the joint state at the moment that is shown. It is drawn again when that, its size or the theme has changed. */
import type { Drawable } from "../../../charts/loop.ts";
import { Surface } from "../../../charts/surface.ts";
import type { Moment } from "../../model/model.ts";
import type { View } from "../../model/view.ts";
import { theme } from "../../theme/theme.ts";

export interface MomentPicture {
  readonly everyMs: number;
  /** It also shows the stretch of time of the charts. */
  readonly showsPast: boolean;
  /** On an empty surface. */
  paint(surface: Surface, moment: Moment, view: View): void;
}

export class MomentChart implements Drawable {
  readonly element: HTMLElement;
  readonly everyMs: number;
  readonly #picture: MomentPicture;
  readonly #view: View;
  readonly #surface: Surface;
  #drawn = "";

  constructor(canvas: HTMLCanvasElement, view: View, picture: MomentPicture) {
    this.element = canvas;
    this.everyMs = picture.everyMs;
    this.#picture = picture;
    this.#view = view;
    this.#surface = new Surface(canvas, false);
  }

  close(): void {
    this.#surface.close();
  }

  draw(): boolean {
    const view = this.#view;
    const { moment } = view;
    const past = this.#picture.showsPast ? view.version : "";
    const state = `${view.groupName.peek()} ${moment?.timeUs} ${past} ${this.#surface.version} ${theme.peek().name}`;
    if (state === this.#drawn) return false;
    this.#drawn = state;
    const { context, width, height } = this.#surface;
    context.clearRect(0, 0, width, height);
    if (moment !== null) this.#picture.paint(this.#surface, moment, view);
    return true;
  }
}
