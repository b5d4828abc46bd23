/**
 * When a line with autoregressive noise first reaches a level: the law of the first passage, with the slope known to its standard error.
 *
 *   P(T ≤ h) = mean over slopes b of  1 − Q̄^m,   Q̄ = Φ((level − expected(h)) / sd(h)),   m = chances that the noise has near the level
 *
 * expected(h) = line(h) + φ^h · (last value − line(0)), and sd(h) of the noise in h rows and of the line's mean. m is 1 for a walk that drifts to the level, for
 * then the last row says all. Where the noise changes sooner than the line rises by sd, its largest value comes first: the rate of passages is Q(u) a row for
 * independent noise and θ u φ(u), θ = −ln φ, for noise with a longer memory (Leadbetter, Lindgren & Rootzén 1983, Extremes, §12). On the way of a line of
 * slope b, (sd/b) ∫ of it is (sd/b)(φ(x) − x Q(x)) and (sd/b) θ φ(x); m is the smaller one over Q(x).
 */
import erfc from "@stdlib/math-base-special-erfc";
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import { COURSE } from "./line-moments.ts";
import { normalQuantile } from "./normal.ts";

/** Slopes of equal probability. */
const SLOPES = 15;
const NODES = Float64Array.from({ length: SLOPES }, (_, k) => normalQuantile((k + 0.5) / SLOPES));
/** Of equally probable values the outer ones are drawn in: their variance is that of the law only when widened. */
const WIDEN = 1 / Math.sqrt(NODES.reduce((sum, node) => sum + node * node, 0) / SLOPES);
/** Beyond so many standard deviations the tail is below 1e-190. */
const FAR = 30;
const SQRT_2PI = 2.5066282746310002;

/** P(T ≤ rows) of the first row beyond `level`. `sign`: 1 above it, −1 below it. `last`: the value now, on this side of it. */
export function passedWithin(
  course: Float64Array,
  last: number,
  level: number,
  sign: 1 | -1,
  rows: number,
): number {
  const fitted = course[COURSE.rows]!;
  const phi = course[COURSE.phi]!;
  const step = course[COURSE.deviation]!;
  const kept = phi >= 1 ? 1 : phi <= 0 ? 0 : exp(rows * ln(phi));
  const spread = phi >= 1 ? step * Math.sqrt(rows) : step * Math.sqrt((1 - kept * kept) / (1 - phi * phi));
  const ofMean = phi >= 1 ? 0 : ((1 - kept) * step) / ((1 - phi) * Math.sqrt(fitted));
  const deviation = Math.sqrt(spread * spread + ofMean * ofMean);
  const forgets = phi >= 1 ? 0 : phi <= 0 ? Number.POSITIVE_INFINITY : -ln(phi);
  const half = (fitted - 1) / 2;
  let sum = 0;
  for (let k = 0; k < SLOPES; k++) {
    const slope = course[COURSE.slope]! + WIDEN * NODES[k]! * course[COURSE.error]!;
    const now = course[COURSE.mean]! + slope * half;
    const left = sign * (level - (now + slope * rows + kept * (last - now)));
    sum += passed(left, deviation, sign * slope > 0 ? spread / (sign * slope) : 0, forgets);
  }
  return sum / SLOPES;
}

/** Of one slope: `left` to go; rows in which the line rises by sd of the noise, 0 on the way off; and θ. */
function passed(left: number, deviation: number, rowsOfNoise: number, forgets: number): number {
  if (!(deviation > 0)) return left <= 0 ? 1 : 0;
  const x = left / deviation;
  if (x > FAR) return 0;
  if (x < -FAR) return 1;
  const tail = erfc(x / Math.SQRT2) / 2;
  const density = exp(-(x * x) / 2) / SQRT_2PI / tail;
  const chances = Math.max(1, rowsOfNoise * Math.min(density - x, forgets * density));
  return 1 - exp(chances * ln(Math.max(1 - tail, Number.MIN_VALUE)));
}

/** Halvings of an interval of e^±: rows to a millionth. */
const HALVINGS = 44;
const LEAST_LN = -3;
/** e^25 rows are two thousand years of seconds. */
const MOST_LN = 25;

/** The number of rows within which the level is reached with probability `p`; Infinity: not so probable at any time. */
export function passageQuantile(
  course: Float64Array,
  last: number,
  level: number,
  sign: 1 | -1,
  p: number,
): number {
  let low = LEAST_LN;
  let high = MOST_LN;
  if (passedWithin(course, last, level, sign, exp(high)) < p) return Number.POSITIVE_INFINITY;
  for (let k = 0; k < HALVINGS; k++) {
    const middle = (low + high) / 2;
    if (passedWithin(course, last, level, sign, exp(middle)) < p) low = middle;
    else high = middle;
  }
  return exp(high);
}
