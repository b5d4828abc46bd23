// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ForeseeablePart } from "../../actors/kernels/foreseeable.ts";
import { gaussian, seeded } from "./builders.ts";

const HORIZONS = [4, 16, 64, 256];
const RIDGE = 100;
const FORGET = 1 - 1 / 8192;
const FIRST_ROWS = 30;

/** β by its definition: minimises Σ f^{t−s} (u_s − β·m_{s−1})² + f^T ridge ‖β‖², by the normal equations. */
function leastSquares(u: readonly number[]): number[] {
  const k = HORIZONS.length;
  const m = new Array<number>(k).fill(0);
  const rows: { m: number[]; u: number }[] = [];
  u.forEach((score, t) => {
    if (t >= FIRST_ROWS) rows.push({ m: [...m], u: score });
    for (let i = 0; i < k; i++) m[i]! += (score - m[i]!) / Math.min(t + 1, HORIZONS[i]!);
  });
  const a = Array.from({ length: k }, (_, i) =>
    Array.from({ length: k + 1 }, (_, j) => (i === j ? RIDGE * FORGET ** rows.length : 0)),
  );
  rows.forEach((row, s) => {
    const weight = FORGET ** (rows.length - 1 - s);
    for (let i = 0; i < k; i++) {
      for (let j = 0; j < k; j++) a[i]![j]! += weight * row.m[i]! * row.m[j]!;
      a[i]![k]! += weight * row.m[i]! * row.u;
    }
  });
  return solve(a);
}

/** Gauss-Jordan elimination of [A | b]. */
function solve(a: number[][]): number[] {
  const k = a.length;
  for (let i = 0; i < k; i++) {
    for (let r = 0; r < k; r++) {
      if (r === i) continue;
      const factor = a[r]![i]! / a[i]![i]!;
      for (let c = i; c <= k; c++) a[r]![c]! -= factor * a[i]![c]!;
    }
  }
  return a.map((row, i) => row[k]! / row[i]!);
}

/** Scores whose mean is an AR(1) of standard deviation `size`. */
function clustered(count: number, size: number, seed: number): number[] {
  const random = seeded(seed);
  let state = 0;
  return Array.from({ length: count }, () => {
    state = 0.98 * state + size * Math.sqrt(1 - 0.98 ** 2) * gaussian(random);
    return Math.sqrt(1 - size * size) * gaussian(random) + state;
  });
}

function removed(part: ForeseeablePart, u: number): number {
  const score = Float64Array.of(u);
  part.removeAt(score, 0, true);
  return score[0]!;
}

test("the recursive regression of scores on their averages is the ridge regression over all rows", () => {
  const scores = clustered(3000, 0.5, 1);
  const part = new ForeseeablePart();
  for (const u of scores) removed(part, u);
  const expected = leastSquares(scores);
  expected.forEach((beta, k) => {
    const found = part.fields.coefficients[k]!;
    assert.ok(Math.abs(found - beta) < 1e-9, `β${k}: ${found}, by definition ${beta}`);
  });
});

test("scores in clusters become unpredictable once their foreseeable part is removed", () => {
  const part = new ForeseeablePart();
  const residuals = clustered(20_000, 0.6, 2).map((u) => removed(part, u));
  assert.ok(part.pays);
  const last = residuals.slice(4000);
  const lag1 = last.reduce((sum, r, t) => sum + (t > 0 ? r * last[t - 1]! : 0), 0);
  const correlation = lag1 / last.reduce((sum, r) => sum + r * r, 0);
  // Of the scores themselves: 0.36 × 0.98.
  assert.ok(Math.abs(correlation) < 0.05, `lag-1 correlation ${correlation}`);
});

test("the foreseeable part of independent scores never pays", () => {
  for (let seed = 10; seed < 30; seed++) {
    const random = seeded(seed);
    const part = new ForeseeablePart();
    for (let t = 0; t < 5000; t++) {
      removed(part, gaussian(random));
      assert.not(part.pays, `seed ${seed}, row ${t}`);
    }
  }
});

test("rows that follow another law change no coefficient", () => {
  const part = new ForeseeablePart();
  for (const u of clustered(1000, 0.5, 3)) removed(part, u);
  const before = Array.from(part.fields.coefficients);
  for (let t = 0; t < 50; t++) part.removeAt(Float64Array.of(3), 0, false);
  assert.equal(Array.from(part.fields.coefficients), before);
});

test.run();
