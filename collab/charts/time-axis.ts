/**
 * The time axis: the stretch that is shown, the pixel of a time, the times of the labels.
 *
 * The right edge is the edge of a column (columns.ts), so labels and lines move together and by whole pixels.
 */

export interface TimeView {
  /** Width of one pixel column, µs. */
  columnUs: number;
  /** Last column shown: the right edge. */
  endColumn: number;
  /** Columns shown. */
  columns: number;
}

/** Steps that people count time in, µs. */
const STEPS_US = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 10e3, 20e3, 50e3, 100e3, 200e3, 500e3, 1e6, 2e6, 5e6,
  10e6, 15e6, 30e6, 60e6, 120e6, 300e6, 600e6, 900e6, 1800e6, 3600e6, 7200e6, 10_800e6, 21_600e6, 43_200e6,
  86_400e6, 172_800e6, 604_800e6,
] as const;

export function timeView(endUs: number, spanUs: number, columns: number): TimeView {
  const columnUs = Math.max(1, spanUs / Math.max(1, columns));
  return { columnUs, endColumn: Math.floor(endUs / columnUs), columns };
}

/** Pixel (from the left edge of the plot) of a time. */
export function xOf(timeUs: number, view: TimeView): number {
  return view.columns - 1 - (view.endColumn - timeUs / view.columnUs) + 0.5;
}

/** Time under a pixel. */
export function timeOf(x: number, view: TimeView): number {
  return (view.endColumn - (view.columns - 1) + (x - 0.5)) * view.columnUs;
}

export function startOf(view: TimeView): number {
  return (view.endColumn - view.columns + 1) * view.columnUs;
}

export function endOf(view: TimeView): number {
  return (view.endColumn + 1) * view.columnUs;
}

/** The step between marks such that they are at least `apartPx` apart. */
export function timeStep(view: TimeView, apartPx: number): number {
  const least = view.columnUs * apartPx;
  return STEPS_US.find((step) => step >= least) ?? STEPS_US[STEPS_US.length - 1]!;
}

/** Times of the marks in view, ascending, round on the clock there. `offsetOf`: that clock − UTC, which summer time changes. */
export function timeMarks(view: TimeView, apartPx: number, offsetOf: (timeUs: number) => number): number[] {
  const step = timeStep(view, apartPx);
  const marks: number[] = [];
  const startUs = startOf(view);
  let wall = Math.ceil((startUs + offsetOf(startUs)) / step) * step;
  for (; ; wall += step) {
    // The offset of about then, and of exactly then.
    const near = wall - offsetOf(wall - offsetOf(startUs));
    const mark = wall - offsetOf(near);
    if (mark > endOf(view)) return marks;
    if (mark >= startUs) marks.push(mark);
  }
}
