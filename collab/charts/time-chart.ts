/**
 * What all charts over time share: a base layer that is drawn when data or view change, an overlay for the cursor, marks of time and events,
 * and the hand on the picture: wheel zooms at the pointer, drag moves, double click goes back to the live edge, arrows move the cursor.
 */
import type { EventMessage } from "../../protocol/messages.ts";
import type { Injection } from "../dashboard/model/injections.ts";
import type { Model } from "../dashboard/model/model.ts";
import type { View } from "../dashboard/model/view.ts";
import { type Theme, theme } from "../dashboard/theme/theme.ts";
import { clock } from "./format.ts";
import { type Band, drawHatch, drawInjectedLabel } from "./hatch.ts";
import type { Panel } from "./loop.ts";
import { font, Surface } from "./surface.ts";
import { type TimeView, timeMarks, timeOf, timeStep, timeView, xOf } from "./time-axis.ts";

/** Room for the labels of the value axis and for those of the time axis. */
export const GUTTER_RIGHT = 58;
export const GUTTER_BOTTOM = 22;

/** Labels of the time axis stand at least this far apart. */
const MARKS_APART = 96;

const FASTEST_MS = 50;
const SLOWEST_MS = 150;

/** One notch of a wheel zooms by about a fifth. */
const ZOOM_PER_PIXEL = 1.0018;

export abstract class TimeChart implements Panel {
  readonly element: HTMLElement;
  /** Painting the lines is what costs: no oftener than a line moves by a pixel, within 7 to 20 times a second. */
  get everyMs(): number {
    return Math.min(SLOWEST_MS, Math.max(FASTEST_MS, this.time.columnUs / 1000));
  }

  protected readonly model: Model;
  protected readonly view: View;
  protected readonly base: Surface;
  protected readonly over: Surface;
  protected time: TimeView = timeView(0, 1, 1);
  #seen = "";
  #seenCursor: number | null = null;
  #seenView = -1;
  #overlayUsed = false;
  #drag: { x: number; moved: boolean } | null = null;
  #abort = new AbortController();

  constructor(
    element: HTMLElement,
    base: HTMLCanvasElement,
    over: HTMLCanvasElement,
    model: Model,
    view: View,
  ) {
    this.element = element;
    this.model = model;
    this.view = view;
    this.base = new Surface(base, true);
    this.over = new Surface(over, false);
    this.#listen();
  }

  close(): void {
    this.#abort.abort();
    this.base.close();
    this.over.close();
  }

  get plotWidth(): number {
    return Math.max(1, this.base.width - GUTTER_RIGHT);
  }

  get plotHeight(): number {
    return Math.max(1, this.base.height - this.bottom);
  }

  protected readonly bottom: number = GUTTER_BOTTOM;

  draw(): boolean {
    const end = this.view.endUs;
    if (Number.isNaN(end)) return this.#drawNothing();
    // While the picture stands still, arriving data change nothing in it.
    const data = this.view.following.peek() ? this.model.version : 0;
    const seen = `${data} ${this.view.version} ${this.base.version} ${theme.peek().name} ${this.state()}`;
    const cursor = this.view.cursorUs.peek();
    if (seen === this.#seen && cursor === this.#seenCursor) return false;
    if (seen !== this.#seen) {
      this.time = timeView(end, this.view.spanUs.peek(), Math.floor(this.plotWidth));
      this.sized();
      this.drawBase(this.base.context, theme.peek());
    }
    this.#seen = seen;
    this.#seenCursor = cursor;
    this.#seenView = this.view.version;
    this.#drawOverlay(cursor);
    return true;
  }

  isUrgent(): boolean {
    return this.#seenView !== this.view.version;
  }

  /** Touched only when there is something on it: each touched canvas is copied as a whole. */
  #drawOverlay(cursor: number | null): void {
    const { context, width, height } = this.over;
    if (this.#overlayUsed) context.clearRect(0, 0, width, height);
    this.#overlayUsed = false;
    if (cursor === null) return;
    const x = xOf(cursor, this.time);
    if (x < 0 || x > this.plotWidth) return;
    this.#overlayUsed = true;
    this.drawCursor(context, theme.peek(), cursor, x);
  }

  /** Before the first data: the panel's own colour. */
  #drawNothing(): boolean {
    const seen = `nothing ${this.base.version} ${theme.peek().name}`;
    if (seen === this.#seen) return false;
    this.#seen = seen;
    this.base.context.fillStyle = theme.peek().panel;
    this.base.context.fillRect(0, 0, this.base.width, this.base.height);
    this.sized();
    return true;
  }

  /** The chart may have another size. */
  protected sized(): void {}

  /** Anything else the base layer depends on. */
  protected state(): string {
    return "";
  }

  protected abstract drawBase(context: CanvasRenderingContext2D, theme: Theme): void;
  protected abstract drawCursor(
    context: CanvasRenderingContext2D,
    theme: Theme,
    timeUs: number,
    x: number,
  ): void;
  /** What the cursor stands on, in words. */
  protected abstract describe(timeUs: number): string;

  protected drawTimeGrid(context: CanvasRenderingContext2D, theme: Theme, labels: boolean): void {
    const offsetUs = -new Date(this.view.endUs / 1000).getTimezoneOffset() * 60e6;
    const step = timeStep(this.time, MARKS_APART);
    context.fillStyle = theme.grid;
    const marks = timeMarks(this.time, MARKS_APART, offsetUs);
    for (const mark of marks) {
      const x = Math.round(xOf(mark, this.time));
      if (x >= 0 && x < this.plotWidth) context.fillRect(x, 0, 1, this.plotHeight);
    }
    if (!labels) return;
    context.font = font(11);
    context.fillStyle = theme.muted;
    context.textAlign = "center";
    context.textBaseline = "middle";
    for (const mark of marks) {
      const x = Math.round(xOf(mark, this.time));
      if (x > 26 && x < this.plotWidth - 4)
        context.fillText(clock(mark, step), x, this.plotHeight + GUTTER_BOTTOM / 2 + 1);
    }
  }

  /** A hair line per event, coloured by severity. */
  protected drawEventLines(context: CanvasRenderingContext2D, theme: Theme): void {
    for (const event of this.eventsInView()) {
      const x = Math.round(xOf(event.timeUs, this.time));
      context.globalAlpha = event.severity === "info" ? 0.25 : event.severity === "notice" ? 0.45 : 0.8;
      context.fillStyle = theme.severity[event.severity] ?? theme.muted;
      for (let y = 0; y < this.plotHeight; y += 6) context.fillRect(x, y, 1, 3);
    }
    context.globalAlpha = 1;
  }

  /** Hatches what was injected into `group` (and into one of `channels`, where given) between two heights. */
  protected drawInjections(
    context: CanvasRenderingContext2D,
    theme: Theme,
    area: { top: number; height: number; channels?: readonly { group: string; name: string }[] },
  ): void {
    const { top, height, channels } = area;
    const bands: { band: Band; injection: Injection }[] = [];
    for (const injection of this.model.injections.peek()) {
      const left = xOf(injection.fromUs, this.time);
      const right = xOf(injection.untilUs, this.time);
      if (right < 0 || left > this.plotWidth) continue;
      const concerned =
        channels === undefined
          ? injection.group === this.view.groupName.peek()
          : channels.some(({ group, name }) => group === injection.group && injection.channels.has(name));
      if (!concerned) continue;
      const band = { left: Math.max(-1, left), right: Math.min(this.plotWidth + 1, right), top, height };
      bands.push({ band, injection });
    }
    drawHatch(
      context,
      theme,
      bands.map(({ band }) => ({ ...band, right: Math.min(this.plotWidth, band.right) })),
    );
    for (const { band, injection } of bands)
      drawInjectedLabel(context, theme, band, injection, this.plotWidth);
  }

  protected eventsInView(): EventMessage[] {
    const group = this.view.groupName.peek();
    return this.model.events.peek().filter((event) => {
      const x = xOf(event.timeUs, this.time);
      return x >= 0 && x <= this.plotWidth && (event.group === "" || event.group === group);
    });
  }

  protected drawCursorLine(context: CanvasRenderingContext2D, theme: Theme, x: number): void {
    context.fillStyle = theme.muted;
    context.globalAlpha = 0.9;
    const pixel = Math.round(x);
    for (let y = 0; y < this.plotHeight; y += 5) context.fillRect(pixel, y, 1, 3);
    context.globalAlpha = 1;
  }

  protected drawCursorTime(context: CanvasRenderingContext2D, theme: Theme, timeUs: number, x: number): void {
    const text = clock(timeUs, this.time.columnUs < 2e5 ? 1e3 : 1e6);
    context.font = font(11, 600);
    const width = context.measureText(text).width + 12;
    const left = Math.min(Math.max(0, x - width / 2), this.plotWidth - width);
    context.fillStyle = theme.text;
    context.beginPath();
    context.roundRect(left, this.plotHeight + 2, width, GUTTER_BOTTOM - 4, 4);
    context.fill();
    context.fillStyle = theme.panel;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(text, left + width / 2, this.plotHeight + GUTTER_BOTTOM / 2 + 1);
  }

  #listen(): void {
    const { signal } = this.#abort;
    const box = this.element;
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false, signal });
    box.addEventListener("pointerdown", (event) => this.#grab(event), { signal });
    box.addEventListener("pointermove", (event) => this.#move(event), { signal });
    box.addEventListener("pointerup", () => this.#release(), { signal });
    box.addEventListener("pointercancel", () => this.#release(), { signal });
    box.addEventListener("pointerleave", () => this.#leave(), { signal });
    box.addEventListener("dblclick", () => this.view.follow(), { signal });
    box.addEventListener("keydown", (event) => this.#key(event), { signal });
    box.addEventListener("blur", () => this.#leave(), { signal });
  }

  #x(event: MouseEvent): number {
    return event.clientX - this.base.canvas.getBoundingClientRect().left;
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.view.panUs(event.deltaX * this.time.columnUs);
    } else {
      // Lines and pages count as the pixels they usually are.
      const pixels = event.deltaY * (event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1);
      this.view.zoom(ZOOM_PER_PIXEL ** pixels, Math.min(1, Math.max(0, this.#x(event) / this.plotWidth)));
    }
  }

  #grab(event: PointerEvent): void {
    if (event.button !== 0) return;
    this.#drag = { x: event.clientX, moved: false };
    this.element.setPointerCapture(event.pointerId);
  }

  #move(event: PointerEvent): void {
    if (this.#drag !== null) {
      const by = event.clientX - this.#drag.x;
      if (!this.#drag.moved && Math.abs(by) < 3) return;
      this.#drag = { x: event.clientX, moved: true };
      this.view.panUs(-by * this.time.columnUs);
    }
    const x = this.#x(event);
    this.view.hoverUs.value = x <= this.plotWidth ? timeOf(Math.floor(x) + 0.5, this.time) : null;
  }

  #release(): void {
    this.#drag = null;
  }

  #leave(): void {
    this.view.hoverUs.value = null;
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20 };
    const step = steps[event.key];
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    // The picture must stand still for the cursor to mean something.
    this.view.pause();
    const from = this.view.cursorUs.value ?? this.view.endUs;
    const to = from + step * (event.shiftKey ? 10 : 4) * this.time.columnUs;
    this.view.hoverUs.value = Math.min(
      Math.max(to, timeOf(0, this.time)),
      timeOf(this.plotWidth - 1, this.time),
    );
    this.view.said.value = this.describe(this.view.hoverUs.value);
  }
}
