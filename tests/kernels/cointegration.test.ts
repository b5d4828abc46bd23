// runtime: node
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Cointegration, cointegrationPValue, engleGranger } from "../../actors/kernels/cointegration.ts";
import { normals } from "../support/random-streams.ts";

const STEPS = 500;

function walk(normal: () => number): number[] {
  let x = 0;
  return Array.from({ length: STEPS }, () => (x += normal()));
}

function tested(x: ArrayLike<number>, y: ArrayLike<number>): Cointegration {
  const into = { slope: 0, intercept: 0, deviation: 0, halfLife: 0, pValue: 0 };
  const paths = Float64Array.from([...Array.from(x), ...Array.from(y)]);
  engleGranger(paths, 0, x.length, x.length, new Float64Array(x.length), into);
  return into;
}

test("critical values of two variables with a constant have their p-values: MacKinnon 2010, table 2, N = 2", () => {
  for (const [tau, p] of [
    [-3.89644, 0.01],
    [-3.33613, 0.05],
    [-3.04445, 0.1],
  ] as const)
    assert.ok(Math.abs(cointegrationPValue(tau) / p - 1) < 0.03, `${tau}: ${cointegrationPValue(tau)}`);
  assert.equal([cointegrationPValue(1), cointegrationPValue(-20)], [1, 0]);
  // Both pieces of the surface meet.
  assert.ok(Math.abs(cointegrationPValue(-2.62) - cointegrationPValue(-2.6199)) < 1e-3);
});

test("two walks that have nothing to do with each other have uniform p-values", () => {
  const normal = normals(21);
  const N = 4_000;
  const p = Array.from({ length: N }, () => tested(walk(normal), walk(normal)).pValue);
  for (const level of [0.01, 0.05, 0.1, 0.5]) {
    const share = p.filter((each) => each <= level).length / N;
    const error = Math.sqrt((level * (1 - level)) / N);
    assert.ok(Math.abs(share - level) < 3.5 * error, `${share} of p-values at most ${level}`);
  }
});

test("two walks whose volatility comes in clusters have hardly more small p-values", () => {
  const normal = normals(25);
  const clustered = () => {
    let [variance, step, x] = [1, 0, 0];
    return Array.from({ length: STEPS }, () => {
      variance = 0.05 + 0.15 * step * step + 0.8 * variance;
      step = Math.sqrt(variance) * normal();
      x += step;
      return x;
    });
  };
  const N = 4_000;
  const p = Array.from({ length: N }, () => tested(clustered(), clustered()).pValue);
  for (const [level, most] of [
    [0.01, 0.014],
    [0.05, 0.062],
  ] as const) {
    const share = p.filter((each) => each <= level).length / N;
    assert.ok(share <= most, `${share} of p-values at most ${level}`);
  }
});

test("a tie is found with its slope, intercept and half-life", () => {
  const normal = normals(22);
  const x = walk(normal);
  let z = 0;
  const y = x.map((each) => {
    z = 0.9 * z + 0.5 * normal();
    return 3 + 0.7 * each + z;
  });
  const { slope, intercept, halfLife, deviation, pValue } = tested(x, y);
  assert.ok(pValue < 0.005, `${pValue}`);
  assert.ok(Math.abs(slope - 0.7) < 0.05 && Math.abs(intercept - 3) < 1, `${slope} ${intercept}`);
  assert.ok(Math.abs(halfLife - Math.log(2) / -Math.log(0.9)) < 2.5, `${halfLife}`);
  assert.ok(Math.abs(deviation - 0.5 / Math.sqrt(1 - 0.81)) < 0.25, `${deviation}`);
});

test("regression and test agree with the slow obvious ones", () => {
  const normal = normals(23);
  const [x, y] = [walk(normal), walk(normal)];
  const mean = (v: number[]) => v.reduce((a, b) => a + b, 0) / v.length;
  const [mx, my] = [mean(x), mean(y)];
  const slope =
    x.reduce((sum, each, t) => sum + (each - mx) * (y[t]! - my), 0) /
    x.reduce((sum, each) => sum + (each - mx) ** 2, 0);
  const e = x.map((each, t) => y[t]! - my - slope * (each - mx));
  // Normal equations of Δe_t on e_{t−1} and Δe_{t−1}, by elimination.
  const rows = e.slice(2).map((each, k) => [e[k + 1]!, e[k + 1]! - e[k]!, each - e[k + 1]!] as const);
  const dot = (a: number, b: number) => rows.reduce((sum, row) => sum + row[a]! * row[b]!, 0);
  const along = dot(0, 1) / dot(1, 1);
  const own = dot(0, 0) - dot(0, 1) ** 2 / dot(1, 1);
  const gamma = (dot(0, 2) - (dot(0, 1) * dot(1, 2)) / dot(1, 1)) / own;
  const delta = (dot(1, 2) - gamma * dot(0, 1)) / dot(1, 1);
  const errors = rows.reduce(
    (sum, [a, b, c]) => sum + ((a - along * b) * (c - gamma * a - delta * b)) ** 2,
    0,
  );
  const tau = gamma / (Math.sqrt(errors) / own);
  const found = tested(x, y);
  assert.ok(Math.abs(found.slope - slope) < 1e-12);
  assert.ok(Math.abs(found.pValue - cointegrationPValue(tau)) < 1e-9, `${found.pValue} ${tau}`);
});

test("paths that do not move, or are the same, are not called tied by a number that is none", () => {
  const flat = new Array<number>(STEPS).fill(5);
  const moving = walk(normals(24));
  assert.is(tested(flat, moving).pValue, 1);
  assert.is(tested(flat, flat).pValue, 1);
  assert.ok(Number.isFinite(tested(moving, moving).pValue));
});

test.run();
