// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { passageQuantile, passedWithin } from "../../actors/kernels/first-passage.ts";
import {
  addRow,
  bestSplit,
  COURSE,
  COURSE_WIDTH,
  FIT,
  FIT_WIDTH,
  fitLine,
  LINE,
  LINE_WIDTH,
  MOMENTS_WIDTH,
  writeCourse,
  writeLine,
} from "../../actors/kernels/line-moments.ts";
import { studentResidual } from "../../actors/kernels/student-residual.ts";
import { gaussian, seeded } from "./builders.ts";

/** Residual sum of squares of the least-squares line through (0, values[0]), (1, values[1]), … */
function lineResidual(values: readonly number[]): number {
  const middle = (values.length - 1) / 2;
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const tt = values.reduce((sum, _, t) => sum + (t - middle) ** 2, 0);
  const slope = values.reduce((sum, v, t) => sum + (t - middle) * (v - mean), 0) / tt;
  return values.reduce((sum, v, t) => sum + (v - mean - slope * (t - middle)) ** 2, 0);
}

/** Moments of all rows of a series and of each prefix, which has its number of rows as the number of its record. */
function momentsOf(x: readonly number[]) {
  const whole = new Float64Array(MOMENTS_WIDTH);
  const prefixes = new Float64Array(x.length * MOMENTS_WIDTH);
  for (let t = 1; t < x.length; t++) {
    addRow(whole, 0, Float64Array.of(x[t - 1]!, x[t]!));
    prefixes.set(whole, t * MOMENTS_WIDTH);
  }
  const fit = new Float64Array(FIT_WIDTH);
  fitLine(whole, 0, fit, 0, false);
  return { whole, prefixes, fit };
}

test("the residuals of one line and of two are those of least squares, also far from zero", () => {
  const random = seeded(5);
  for (const level of [0, 1e6]) {
    let noise = 0;
    const x = Array.from({ length: 60 }, (_, t) => {
      noise = 0.5 * noise + gaussian(random);
      return level + 0.1 * t + (t < 37 ? 0 : 8) + noise;
    });
    const { prefixes, fit } = momentsOf(x);
    const e = x.slice(1).map((y, k) => y - fit[FIT.phi]! * x[k]!);
    const near = (a: number, b: number) => assert.ok(Math.abs(a - b) <= 1e-8 * b, `${a}; expected ${b}`);
    near(fit[FIT.residual]!, lineResidual(e));
    const sums = e.map((_, k) => lineResidual(e.slice(0, k)) + lineResidual(e.slice(k)));
    const residual = new Float64Array(1);
    for (let k = 6; k <= e.length - 6; k++) {
      assert.is(bestSplit(prefixes, k, k + 1, fit, 0, 6, residual), k);
      near(residual[0]!, sums[k]!);
    }
    const best = bestSplit(prefixes, 0, x.length, fit, 0, 6, residual);
    assert.is(best, sums.indexOf(Math.min(...sums.slice(6, e.length - 5))));
  }
});

test("parts shorter than the least are no splits", () => {
  const { prefixes, fit } = momentsOf([1, 2, 1, 3, 1, 2, 9, 9, 8, 9, 9]);
  assert.is(bestSplit(prefixes, 0, 11, fit, 0, 6, new Float64Array(1)), -1);
});

test("φ is that of the noise, and a random walk has 1", () => {
  const random = seeded(6);
  for (const [phi, tolerance] of [
    [0, 0.1],
    [0.6, 0.1],
    [1, 0.02],
  ] as const) {
    let noise = 0;
    const { fit } = momentsOf(
      Array.from({ length: 600 }, () => {
        noise = phi * noise + gaussian(random);
        return 3 + noise;
      }),
    );
    assert.ok(Math.abs(fit[FIT.phi]! - phi) <= tolerance, `${fit[FIT.phi]} for ${phi}`);
  }
});

test("the line through the values has their slope, end and spread", () => {
  const line = new Float64Array(LINE_WIDTH);
  const { whole } = momentsOf(Array.from({ length: 101 }, (_, t) => 5 + 2 * t + (t % 2 === 0 ? 1 : -1)));
  writeLine(whole, 0, line);
  assert.ok(Math.abs(line[LINE.slope]! - 2) < 0.01);
  assert.ok(Math.abs(line[LINE.end]! - 205) < 0.1);
  assert.ok(Math.abs(line[LINE.spread]! - 1) < 0.02);
});

test("a residual counts as it is in the centre, and as the logarithm of Student's density in the tails", () => {
  for (const u of [0, 1, -3]) assert.is(studentResidual(u), u);
  const minusLog = (u: number) => studentResidual(u) ** 2 / 2;
  const density = (u: number) => (1 + (u * u) / 3) ** -2;
  for (const u of [4, 10, 300]) {
    assert.ok(Math.abs(minusLog(u) - minusLog(3) - Math.log(density(3) / density(u))) < 1e-12);
    assert.is(studentResidual(-u), -studentResidual(u));
  }
});

/** Standard deviation of the least-squares slope through N rows of u_t = φ u_{t−1} + e_t, u_0 = 0, var e = 1: the sum itself. */
function slopeDeviation(rows: number, phi: number): number {
  const tt = (rows * (rows * rows - 1)) / 12;
  let weight = 0;
  let variance = 0;
  for (let t = rows - 1; t >= 0; t--) {
    weight = (t - (rows - 1) / 2) / tt + phi * weight;
    variance += weight * weight;
  }
  return Math.sqrt(variance);
}

/** A course through rows with this φ and steps of deviation 1. */
function courseOf(rows: number, phi: number, slope = 0, mean = 0): Float64Array {
  const moments = new Float64Array(MOMENTS_WIDTH);
  const fit = new Float64Array(FIT_WIDTH);
  addRow(moments, 0, Float64Array.of(0, 0));
  moments[0] = rows;
  fit[FIT.phi] = phi;
  fit[FIT.residual] = rows - 5;
  const course = new Float64Array(COURSE_WIDTH);
  writeCourse(moments, 0, fit, 0, 0, course);
  course[COURSE.slope] = slope;
  course[COURSE.mean] = mean;
  return course;
}

test("the standard error of a slope is that of the sum, at most a third too large, and a walk's where φ could be 1", () => {
  for (const rows of [50, 400, 3000]) {
    for (const x of [30, 60, 120, 300, 1000, 3000].filter((each) => each < rows)) {
      const ratio = courseOf(rows, 1 - x / rows)[COURSE.error]! / slopeDeviation(rows, 1 - (x - 16) / rows);
      assert.ok(ratio > 0.95 && ratio < 1.17, `${rows} rows, (1 − φ)N = ${x}: ${ratio}`);
    }
    for (const x of [0, 5, 16]) {
      const ratio = courseOf(rows, 1 - x / rows)[COURSE.error]! / slopeDeviation(rows, 1);
      assert.ok(Math.abs(ratio - 1) < 0.01, `${rows} rows, (1 − φ)N = ${x}: ${ratio}`);
    }
  }
});

/** Rows until a line with noise from a known state is beyond the level, drawn: the slow version of the law. */
function passages(course: Float64Array, level: number, runs: number): number[] {
  const random = seeded(11);
  const phi = course[COURSE.phi]!;
  const half = (course[COURSE.rows]! - 1) / 2;
  return Array.from({ length: runs }, () => {
    const slope = course[COURSE.slope]! + course[COURSE.error]! * gaussian(random);
    const now = course[COURSE.mean]! + slope * half;
    let noise = -now;
    for (let t = 1; ; t++) {
      noise = phi * noise + course[COURSE.deviation]! * gaussian(random);
      if (now + slope * t + noise > level || t > 100_000) return t;
    }
  }).sort((a, b) => a - b);
}

test("quantiles of the first passage are those of drawn paths, for independent noise, noise with a memory and walks", () => {
  const runs = 2000;
  for (const [phi, slope, level] of [
    [0, 0.1, 30],
    [0, 0.01, 12],
    [0.5, 0.1, 40],
    [0.9, 0.2, 60],
    [1, 0.5, 150],
  ] as const) {
    // The last value is 0, and on the line where φ < 1.
    const course = courseOf(400, phi, slope, -slope * 199.5);
    const drawn = passages(course, level, runs);
    const shares = [0.1, 0.5, 0.9].map((p) => {
      const rows = passageQuantile(course, 0, level, 1, p);
      assert.ok(Math.abs(passedWithin(course, 0, level, 1, rows) - p) < 1e-3);
      // Drawn paths are looked at in whole rows.
      return drawn.filter((each) => each <= rows + 0.5).length / runs;
    });
    const text = `φ ${phi}: ${shares.join(", ")}`;
    // The closed form is within a tenth of the law; 2,000 paths show it to 2 % (two standard errors).
    for (const [k, p] of [0.1, 0.5, 0.9].entries()) assert.ok(Math.abs(shares[k]! - p) < 0.12, text);
  }
});

test("a level on the other side of the slope is reached at no time that can be said", () => {
  assert.is(passageQuantile(courseOf(400, 0, 0.1), 0, 30, -1, 0.1), Number.POSITIVE_INFINITY);
  assert.is(passedWithin(courseOf(400, 1, 0.1), 90, 30, 1, 10), 1);
});

test.run();
