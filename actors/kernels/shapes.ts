/**
 * Shapes of charts, and how much a path has of one: the correlation of 32 points with a template.
 *
 * Of all shapes the one with the largest (|r| − usual) / (1 − usual) is the likest, `usual` being what one random walk of twenty reaches: it looks like
 * a ramp more often than like a double top. The templates are piecewise linear (knots); a negative r is the shape upside down.
 */

/** Points of a path. */
export const SHAPE_POINTS = 32;

interface Shape {
  /** Upright, and upside down. */
  readonly names: readonly [up: string, down: string];
  /** |r| that one random walk of twenty has; a test draws it. */
  readonly usual: number;
  /** Zero mean, unit length. */
  readonly template: Float64Array;
}

/** `knots`: place in [0, 1] and height, in order. */
function shape(
  up: string,
  down: string,
  usual: number,
  knots: readonly (readonly [number, number])[],
): Shape {
  return {
    names: [up, down],
    usual,
    template: unit(
      Float64Array.from({ length: SHAPE_POINTS }, (_, k) => heightAt(knots, k / (SHAPE_POINTS - 1))),
    ),
  };
}

const LAST = SHAPE_POINTS - 1;

export const SHAPES: readonly Shape[] = [
  shape("step up", "step down", 0.88, [
    [0, 0],
    [15 / LAST, 0],
    [16 / LAST, 1],
    [1, 1],
  ]),
  shape("rise", "fall", 0.94, [
    [0, 0],
    [1, 1],
  ]),
  shape("peak", "trough", 0.78, [
    [0, 0],
    [0.5, 1],
    [1, 0],
  ]),
  shape("double top", "double bottom", 0.58, [
    [0, 0],
    [0.25, 1],
    [0.5, 0.35],
    [0.75, 1],
    [1, 0],
  ]),
  shape("head and shoulders", "inverse head and shoulders", 0.62, [
    [0, 0],
    [0.18, 0.6],
    [0.32, 0.25],
    [0.5, 1],
    [0.68, 0.25],
    [0.82, 0.6],
    [1, 0],
  ]),
  shape("rising channel", "falling channel", 0.74, [
    [0, 0],
    [0.2, 0.6],
    [0.4, 0.2],
    [0.6, 0.8],
    [0.8, 0.4],
    [1, 1],
  ]),
  shape("triangle", "inverse triangle", 0.44, [
    [0, 0],
    [0.2, 1],
    [0.4, 0.15],
    [0.6, 0.8],
    [0.8, 0.35],
    [1, 0.55],
  ]),
];

function heightAt(knots: readonly (readonly [number, number])[], x: number): number {
  const next = knots.findIndex(([place]) => place >= x - 1e-9);
  if (next <= 0) return knots[0]![1];
  const [from, low] = knots[next - 1]!;
  const [to, high] = knots[next]!;
  return low + ((high - low) * (x - from)) / (to - from);
}

function unit(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const length = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0));
  return values.map((value) => (value - mean) / length);
}

/** The likest shape of a path: `match` writes these. */
export const MATCH = { shape: 0, correlation: 1, likeness: 2 } as const;
export const MATCH_WIDTH = 3;

/** Shapes that are compared together: a sum waits for the addition before it, four do not. */
const TOGETHER = 4;
const WIDTH = Math.ceil(SHAPES.length / TOGETHER) * TOGETHER;
/** Point by point, the heights of all shapes, and zeros up to WIDTH. */
const HEIGHTS = Float64Array.from({ length: SHAPE_POINTS * WIDTH }, (_, at) => {
  const shape = SHAPES[at % WIDTH];
  return shape === undefined ? 0 : shape.template[Math.floor(at / WIDTH)]!;
});
const dots = new Float64Array(WIDTH);

/** Compares the SHAPE_POINTS values path[at …] with all shapes. A constant path has likeness −1. O(shapes · points); allocates nothing. */
export function matchShape(path: Float64Array, at: number, match: Float64Array): void {
  let mean = 0;
  for (let k = 0; k < SHAPE_POINTS; k++) mean += path[at + k]!;
  mean /= SHAPE_POINTS;
  let squares = 0;
  for (let k = 0; k < SHAPE_POINTS; k++) squares += (path[at + k]! - mean) * (path[at + k]! - mean);
  match[MATCH.shape] = 0;
  match[MATCH.correlation] = 0;
  match[MATCH.likeness] = -1;
  if (!(squares > 0)) return;
  const length = Math.sqrt(squares);
  for (let s = 0; s < WIDTH; s += TOGETHER) compare(path, at, s);
  for (let s = 0; s < SHAPES.length; s++) {
    const r = dots[s]! / length;
    const { usual } = SHAPES[s]!;
    const likeness = (Math.abs(r) - usual) / (1 - usual);
    if (likeness <= match[MATCH.likeness]!) continue;
    match[MATCH.shape] = s;
    match[MATCH.correlation] = r;
    match[MATCH.likeness] = likeness;
  }
}

/** `dots` ← products of the path with TOGETHER shapes from s on. */
function compare(path: Float64Array, at: number, s: number): void {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  for (let k = 0, of = s; k < SHAPE_POINTS; k++, of += WIDTH) {
    const x = path[at + k]!;
    a += HEIGHTS[of]! * x;
    b += HEIGHTS[of + 1]! * x;
    c += HEIGHTS[of + 2]! * x;
    d += HEIGHTS[of + 3]! * x;
  }
  dots[s] = a;
  dots[s + 1] = b;
  dots[s + 2] = c;
  dots[s + 3] = d;
}
