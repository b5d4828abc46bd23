/**
 * A chart over time: its base layer is drawn when data, window, size or colours change, its overlay when the cursor moves.
 * The picture itself comes from outside (TimePicture), and so does the stretch of time (TimeWindow), which several charts share.
 *
 * The wheel zooms at the pointer, dragging moves, a double click follows the newest data again, arrows move the cursor.
 * Where a stretch of time can be marked, dragging with Shift does it; with the keyboard, Enter begins it at the cursor and ends it.
 */
import type { ChartColours } from "./colours.ts";
import { clock } from "./format.ts";
import type { Drawable } from "./loop.ts";
import { type ChartElements, Surface } from "./surface.ts";
import { SvgBrush } from "./svg-brush.ts";
import { type TimeView, timeOf, timeView, xOf } from "./time-axis.ts";
import { drawMarked, drawOtherCursors, GUTTER_BOTTOM, GUTTER_RIGHT, type TimeFrame } from "./time-frame.ts";

/** The stretch of time that is shown and the cursor in it: one for all charts, so that they move together. */
export interface TimeWindow {
  /** Right edge, µs; NaN before the first data. */
  endUs(): number;
  lengthUs(): number;
  cursorUs(): number | null;
  /** Counts what a person changed, or waited for: that is drawn at once. */
  version(): number;
  /** Counts arrived data. Stands still while the picture does. */
  dataVersion(): number;
  zoom(factor: number, shareFromLeft: number): void;
  panUs(us: number): void;
  pause(): void;
  follow(): void;
  moveCursor(timeUs: number | null): void;
  /** For screen readers. */
  announce(text: string): void;
  /** The same array while none of them moves. */
  others?(): readonly OtherCursor[];
  readonly marking?: TimeMarking;
}

/** A stretch of time, or a moment: then both are the same. */
export interface TimeRange {
  readonly fromUs: number;
  readonly untilUs: number;
}

/** The cursor of somebody else. */
export interface OtherCursor {
  readonly timeUs: number;
  readonly name: string;
  readonly colour: string;
}

/** How a person marks a stretch of time, one for all charts. */
export interface TimeMarking {
  range(): TimeRange | null;
  /** Whether dragging marks without Shift. */
  isOn(): boolean;
  /** Null: nothing is marked any more. */
  mark(range: TimeRange | null): void;
  /** What is marked counts. */
  finish(): void;
}

export interface TimePicture {
  /** Least time between two drawings because of new data, where it is more than the chart's own. */
  readonly everyMs?: number;
  /** Changes with anything else that the base layer depends on. */
  state(): string;
  drawBase(frame: TimeFrame): void;
  drawCursor(frame: TimeFrame, timeUs: number, x: number): void;
  /** The values at a time, in words. */
  describe(timeUs: number): string;
  /** A place was pressed, px of the plot. */
  press?(x: number, y: number): void;
  /** The same with the button for menus. Returns whether it does something there. */
  menu?(x: number, y: number): boolean;
}

/** Drawing a line is what costs: between 7 and 20 times a second, and not before it moved by a pixel. */
const FASTEST_MS = 50;
const SLOWEST_MS = 150;

/** One notch of a wheel zooms by about a fifth. */
const ZOOM_PER_PIXEL = 1.0018;

const NOBODY: readonly OtherCursor[] = [];

/** Columns that a key moves the cursor by, in units of a step. */
const KEY_STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -1,
  ArrowRight: 1,
  PageUp: -20,
  PageDown: 20,
};

export class TimeChart implements Drawable {
  readonly element: HTMLElement;
  /** Called with the height of the plot when it changed. */
  onResize: (plotHeight: number) => void = () => {};
  readonly #window: TimeWindow;
  readonly #picture: TimePicture;
  readonly #colours: () => ChartColours;
  readonly #base: Surface;
  readonly #over: Surface;
  readonly #baseFrame: TimeFrame;
  readonly #overFrame: TimeFrame;
  #time: TimeView = timeView(0, 1, 1);
  #drawn = "";
  #drawnCursor: number | null = null;
  #drawnOthers: readonly OtherCursor[] = NOBODY;
  #drawnMarked: TimeRange | null = null;
  #drawnWindow = -1;
  #knownHeight = 0;
  #isOverlayUsed = false;
  #drag: { x: number; moved: boolean; marksFromUs: number | null } | null = null;
  /** Where the keyboard began to mark. */
  #anchorUs: number | null = null;
  readonly #abort = new AbortController();

  constructor(
    { box, base, over }: ChartElements,
    window: TimeWindow,
    picture: TimePicture,
    colours: () => ChartColours,
  ) {
    this.element = box;
    this.#window = window;
    this.#picture = picture;
    this.#colours = colours;
    this.#base = new Surface(base, true);
    this.#over = new Surface(over, false);
    this.#baseFrame = this.#frameOf(this.#base);
    this.#overFrame = this.#frameOf(this.#over);
    this.#listen();
  }

  get everyMs(): number {
    const ownMs = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, this.#time.columnUs / 1000));
    return Math.max(ownMs, this.#picture.everyMs ?? 0);
  }

  isUrgent(): boolean {
    return this.#drawnWindow !== this.#window.version();
  }

  draw(): boolean {
    const endUs = this.#window.endUs();
    const colours = this.#colours();
    if (Number.isNaN(endUs)) return this.#drawNothing(colours);
    const { version } = this.#base;
    const state = `${this.#window.dataVersion()} ${this.#window.version()} ${version} ${colours.name} ${this.#picture.state()}`;
    const cursorUs = this.#window.cursorUs();
    const others = this.#window.others?.() ?? NOBODY;
    const marked = this.#window.marking?.range() ?? null;
    const isOverlayDrawn =
      cursorUs === this.#drawnCursor && others === this.#drawnOthers && marked === this.#drawnMarked;
    if (state === this.#drawn && isOverlayDrawn) return false;
    if (state !== this.#drawn) {
      this.#time = timeView(endUs, this.#window.lengthUs(), Math.floor(this.#plotWidth));
      this.#reportHeight();
      this.#clearBase(colours);
      this.#picture.drawBase(this.#update(this.#baseFrame, colours));
    }
    this.#drawn = state;
    this.#drawnCursor = cursorUs;
    this.#drawnOthers = others;
    this.#drawnMarked = marked;
    this.#drawnWindow = this.#window.version();
    this.#drawOverlay(cursorUs, others, marked, colours);
    return true;
  }

  close(): void {
    this.#abort.abort();
    this.#base.close();
    this.#over.close();
  }

  /** What is shown, without the cursor, as an SVG document. Null before the first data. */
  svg(): string | null {
    const endUs = this.#window.endUs();
    if (Number.isNaN(endUs)) return null;
    const { width, height, context } = this.#base;
    const colours = this.#colours();
    const brush = new SvgBrush(context);
    brush.fillStyle = colours.panel;
    brush.fillRect(0, 0, width, height);
    this.#time = timeView(endUs, this.#window.lengthUs(), Math.floor(this.#plotWidth));
    // It has what pictures use of a context.
    const frame = this.#update(this.#frameIn(brush as unknown as CanvasRenderingContext2D), colours);
    this.#picture.drawBase(frame);
    // Pictures remember the frame that they drew last.
    this.#drawn = "";
    return brush.document(width, height);
  }

  get #plotWidth(): number {
    return Math.max(1, this.#base.width - GUTTER_RIGHT);
  }

  get #plotHeight(): number {
    return Math.max(1, this.#base.height - GUTTER_BOTTOM);
  }

  /** Before the first data: the panel's own colour. */
  #drawNothing(colours: ChartColours): boolean {
    const state = `nothing ${this.#base.version} ${colours.name}`;
    if (state === this.#drawn) return false;
    this.#drawn = state;
    this.#clearBase(colours);
    this.#reportHeight();
    return true;
  }

  #clearBase({ panel }: ChartColours): void {
    this.#base.context.fillStyle = panel;
    this.#base.context.fillRect(0, 0, this.#base.width, this.#base.height);
  }

  /** Touches the overlay only when something is on it: the browser copies each touched canvas as a whole. */
  #drawOverlay(
    cursorUs: number | null,
    others: readonly OtherCursor[],
    marked: TimeRange | null,
    colours: ChartColours,
  ): void {
    const { context, width, height } = this.#over;
    if (this.#isOverlayUsed) context.clearRect(0, 0, width, height);
    const frame = this.#update(this.#overFrame, colours);
    const isIn = (timeUs: number) => {
      const x = xOf(timeUs, this.#time);
      return x >= 0 && x <= this.#plotWidth;
    };
    const seen = others.filter(({ timeUs }) => isIn(timeUs));
    const isCursorIn = cursorUs !== null && isIn(cursorUs);
    this.#isOverlayUsed = marked !== null || seen.length > 0 || isCursorIn;
    if (marked !== null) drawMarked(frame, marked);
    drawOtherCursors(frame, seen);
    if (isCursorIn) this.#picture.drawCursor(frame, cursorUs, xOf(cursorUs, this.#time));
  }

  #frameOf({ context }: Surface): TimeFrame {
    return this.#frameIn(context);
  }

  #frameIn(context: CanvasRenderingContext2D): TimeFrame {
    const frame = { context, colours: this.#colours(), time: this.#time };
    return { ...frame, width: 1, height: 1, plotWidth: 1, plotHeight: 1 };
  }

  /** The same object at each drawing. */
  #update(frame: TimeFrame, colours: ChartColours): TimeFrame {
    frame.colours = colours;
    frame.time = this.#time;
    frame.width = this.#base.width;
    frame.height = this.#base.height;
    frame.plotWidth = this.#plotWidth;
    frame.plotHeight = this.#plotHeight;
    return frame;
  }

  #reportHeight(): void {
    if (this.#plotHeight === this.#knownHeight) return;
    this.#knownHeight = this.#plotHeight;
    this.onResize(this.#plotHeight);
  }

  #listen(): void {
    const { signal } = this.#abort;
    const box = this.element;
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false, signal });
    box.addEventListener("pointerdown", (event) => this.#grab(event), { signal });
    box.addEventListener("pointermove", (event) => this.#move(event), { signal });
    box.addEventListener("pointerup", (event) => this.#release(event), { signal });
    box.addEventListener("pointercancel", () => this.#letGo(), { signal });
    box.addEventListener("pointerleave", () => this.#window.moveCursor(null), { signal });
    box.addEventListener("dblclick", () => this.#window.follow(), { signal });
    box.addEventListener("keydown", (event) => this.#key(event), { signal });
    box.addEventListener("contextmenu", (event) => this.#menu(event), { signal });
    box.addEventListener("blur", () => this.#leave(), { signal });
  }

  #leave(): void {
    this.#window.moveCursor(null);
    if (this.#anchorUs === null) return;
    this.#anchorUs = null;
    this.#window.marking?.mark(null);
  }

  #x(event: MouseEvent): number {
    return event.clientX - this.#base.canvas.getBoundingClientRect().left;
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      this.#window.panUs(event.deltaX * this.#time.columnUs);
      return;
    }
    // Lines and pages count as the pixels they usually are.
    const pixels = event.deltaY * (event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 400 : 1);
    const share = Math.min(1, Math.max(0, this.#x(event) / this.#plotWidth));
    this.#window.zoom(ZOOM_PER_PIXEL ** pixels, share);
  }

  #y(event: MouseEvent): number {
    return event.clientY - this.#base.canvas.getBoundingClientRect().top;
  }

  #timeAt(x: number): number {
    return timeOf(Math.floor(Math.min(this.#plotWidth, Math.max(0, x))) + 0.5, this.#time);
  }

  #grab(event: PointerEvent): void {
    if (event.button !== 0) return;
    const { marking } = this.#window;
    const marks = marking !== undefined && (event.shiftKey || marking.isOn());
    // A picture that moves on would move what is marked away from the pointer.
    if (marks) this.#window.pause();
    const marksFromUs = marks ? this.#timeAt(this.#x(event)) : null;
    this.#drag = { x: event.clientX, moved: false, marksFromUs };
    this.element.setPointerCapture(event.pointerId);
  }

  #move(event: PointerEvent): void {
    const x = this.#x(event);
    if (this.#drag !== null) {
      const { marksFromUs, moved } = this.#drag;
      const by = event.clientX - this.#drag.x;
      if (!moved && Math.abs(by) < 3) return;
      if (marksFromUs === null) {
        this.#drag = { x: event.clientX, moved: true, marksFromUs };
        this.#window.panUs(-by * this.#time.columnUs);
      } else {
        this.#drag.moved = true;
        this.#window.marking?.mark(between(marksFromUs, this.#timeAt(x)));
      }
    }
    this.#window.moveCursor(x <= this.#plotWidth ? this.#timeAt(x) : null);
  }

  #release(event: PointerEvent): void {
    const drag = this.#drag;
    this.#letGo();
    if (drag === null) return;
    if (drag.marksFromUs === null) {
      if (!drag.moved) this.#picture.press?.(this.#x(event), this.#y(event));
      return;
    }
    // A press without a drag marks a moment.
    if (!drag.moved) this.#window.marking?.mark(between(drag.marksFromUs, drag.marksFromUs));
    this.#window.marking?.finish();
  }

  #letGo(): void {
    this.#drag = null;
  }

  #menu(event: MouseEvent): void {
    if (this.#picture.menu?.(this.#x(event), this.#y(event)) === true) event.preventDefault();
  }

  #key(event: KeyboardEvent): void {
    if (event.target !== this.element || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === "Enter" || (event.key === "Escape" && this.#anchorUs !== null)) {
      this.#markByKey(event);
      return;
    }
    const step = KEY_STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    // A cursor means something only in a picture that stands still.
    this.#window.pause();
    const from = this.#window.cursorUs() ?? this.#window.endUs();
    const to = from + step * (event.shiftKey ? 10 : 4) * this.#time.columnUs;
    const last = timeOf(this.#plotWidth - 1, this.#time);
    const cursorUs = Math.min(Math.max(to, timeOf(0, this.#time)), last);
    this.#window.moveCursor(cursorUs);
    if (this.#anchorUs !== null) this.#window.marking?.mark(between(this.#anchorUs, cursorUs));
    this.#window.announce(this.#picture.describe(cursorUs));
  }

  /** Enter begins to mark at the cursor, and ends it; Escape gives up. */
  #markByKey(event: KeyboardEvent): void {
    const { marking } = this.#window;
    if (marking === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const from = this.#anchorUs;
    const isBegin = event.key === "Enter" && from === null;
    this.#anchorUs = null;
    if (isBegin) {
      this.#window.pause();
      const atUs = this.#window.cursorUs() ?? this.#window.endUs();
      if (Number.isNaN(atUs)) return;
      this.#anchorUs = atUs;
      marking.mark(between(atUs, atUs));
      this.#window.announce(`Marked from ${clock(atUs)}. Move the cursor, then press Enter; Escape gives up`);
    } else if (event.key === "Enter") marking.finish();
    else marking.mark(null);
  }
}

function between(aUs: number, bUs: number): TimeRange {
  return { fromUs: Math.round(Math.min(aUs, bUs)), untilUs: Math.round(Math.max(aUs, bUs)) };
}
