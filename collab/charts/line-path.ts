/**
 * Draws columns as a line: one vertical stroke per column between its extremes, joined to its neighbours.
 *
 * A stroke goes low → high or high → low, whichever end is nearer to the last one. So a column costs two points, a spike of one sample
 * keeps its full height, and calm stretches look like a plain line. The line breaks between columns further apart than `joinColumns`.
 */
import type { Columns } from "./columns.ts";
import type { TimeView } from "./time-axis.ts";

/** The part of CanvasRenderingContext2D used here. */
interface Pen {
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
}

interface LineFrame {
  view: TimeView;
  /** Left edge of the plot, px. */
  leftPx: number;
  /** y = offset + scale · value, or of what `shown` makes of the value. */
  offset: number;
  scale: number;
  /** Grows with the value. NaN: it is not shown. */
  shown?: ((value: number) => number) | undefined;
  /** Columns that a line may bridge: sparse samples are joined, gaps are not. */
  joinColumns: number;
}

export function traceLine(pen: Pen, columns: Columns, frame: LineFrame): void {
  const { view, offset, scale, shown } = frame;
  const first = view.endColumn - view.columns + 1;
  // The last sample before the view may be joined to the first one in it.
  const from = Math.max(columns.oldest, first - Math.ceil(frame.joinColumns));
  const to = Math.min(columns.newest, view.endColumn);
  const shift = frame.leftPx + 0.5 - first;
  let before = Number.NEGATIVE_INFINITY;
  let lastY = 0;
  for (let a = from; a <= to; a++) {
    const low = shown === undefined ? columns.low(a) : shown(columns.low(a));
    if (Number.isNaN(low)) continue;
    const x = a + shift;
    const high = shown === undefined ? columns.high(a) : shown(columns.high(a));
    const yLow = offset + scale * low;
    const yHigh = offset + scale * high;
    const upward = Math.abs(yLow - lastY) <= Math.abs(yHigh - lastY);
    const y0 = upward ? yLow : yHigh;
    const y1 = upward ? yHigh : yLow;
    if (a - before > frame.joinColumns) pen.moveTo(x, y0);
    else pen.lineTo(x, y0);
    if (y1 !== y0) pen.lineTo(x, y1);
    else if (a - before > frame.joinColumns) pen.lineTo(x + 0.01, y0);
    lastY = y1;
    before = a;
  }
}

/**
 * Traces the area between two lines, to be filled: from the least of `lower` to the largest of `upper` in each column, broken where either is.
 * `view`: that of both.
 */
export function traceBand(
  pen: Pen & { closePath(): void },
  lower: Columns,
  upper: Columns,
  frame: LineFrame,
): void {
  const { view, leftPx, offset, scale, joinColumns, shown = (value: number) => value } = frame;
  const first = view.endColumn - view.columns + 1;
  const shift = leftPx + 0.5 - first;
  let run: number[] = [];
  const close = () => {
    run.forEach((a, k) => {
      const y = offset + scale * shown(upper.high(a));
      if (k === 0) pen.moveTo(a + shift, y);
      else pen.lineTo(a + shift, y);
    });
    for (const a of run.reverse()) pen.lineTo(a + shift, offset + scale * shown(lower.low(a)));
    if (run.length > 0) pen.closePath();
    run = [];
  };
  const from = Math.max(lower.oldest, upper.oldest, first - Math.ceil(joinColumns));
  for (let a = from; a <= Math.min(lower.newest, upper.newest, view.endColumn); a++) {
    if (Number.isNaN(shown(lower.low(a))) || Number.isNaN(shown(upper.high(a)))) continue;
    if (run.length > 0 && a - run.at(-1)! > joinColumns) close();
    run.push(a);
  }
  close();
}

/** Extremes of the columns in view; NaN when there are none. */
export function extremes(columns: Columns, view: TimeView, into: { low: number; high: number }): void {
  const from = Math.max(columns.oldest, view.endColumn - view.columns + 1);
  const to = Math.min(columns.newest, view.endColumn);
  for (let a = from; a <= to; a++) {
    const low = columns.low(a);
    if (Number.isNaN(low)) continue;
    if (!(into.low <= low)) into.low = low;
    const high = columns.high(a);
    if (!(into.high >= high)) into.high = high;
  }
}

/** The first value in view; NaN when there is none. */
export function firstValue(columns: Columns, view: TimeView): number {
  const to = Math.min(columns.newest, view.endColumn);
  for (let a = Math.max(columns.oldest, view.endColumn - view.columns + 1); a <= to; a++) {
    const value = columns.last(a);
    if (!Number.isNaN(value)) return value;
  }
  return Number.NaN;
}

/** Stretches in view without samples, longer than `joinColumns`, as [first, last] empty column. Only between samples. */
export function gaps(columns: Columns, view: TimeView, joinColumns: number): [number, number][] {
  const found: [number, number][] = [];
  const from = Math.max(columns.oldest, view.endColumn - view.columns + 1 - Math.ceil(joinColumns));
  const to = Math.min(columns.newest, view.endColumn);
  let before = Number.NEGATIVE_INFINITY;
  for (let a = from; a <= to; a++) {
    const low = columns.low(a);
    if (Number.isNaN(low)) continue;
    if (a - before > joinColumns && before !== Number.NEGATIVE_INFINITY) found.push([before + 1, a - 1]);
    before = a;
  }
  return found;
}
