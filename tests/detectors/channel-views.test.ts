// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BlockMeans } from "../../actors/detectors/anomaly/block-means.ts";
import { Patterns } from "../../actors/detectors/anomaly/patterns.ts";
import { UsualRange } from "../../actors/detectors/anomaly/usual-range.ts";
import { UsualValue } from "../../actors/detectors/anomaly/usual-value.ts";
import { normals, uniforms } from "../support/random-streams.ts";

const HALF_HOUR_US = 1_800e6;
const DAY_ROWS = 48;
/** The only channel reported. */
const FRESH = Uint8Array.of(1);

/** Residuals of a channel with a row every half hour. */
function residuals(rows: number, value: (k: number) => number): number[] {
  const usual = new UsualValue(1);
  const x = new Float64Array(1);
  const out = new Float64Array(1);
  return Array.from({ length: rows }, (_, k) => {
    x[0] = value(k);
    usual.at(k * HALF_HOUR_US);
    usual.see(FRESH, x, 0, out);
    return out[0]!;
  });
}

function meanSize(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + Math.abs(value), 0) / values.length;
}

test("usual value predicts a day once it has seen some, and the half hour of the week once it has seen weeks", () => {
  const z = normals(1);
  const day = residuals(DAY_ROWS * 20, (k) => 10 * Math.sin((2 * Math.PI * k) / DAY_ROWS) + 0.1 * z());
  assert.ok(meanSize(day.slice(DAY_ROWS * 10)) < 0.3, "a day");
  const weekend = (k: number) => (Math.floor(k / DAY_ROWS) % 7 >= 5 ? 0 : 10);
  const week = residuals(DAY_ROWS * 70, (k) => weekend(k) + 0.1 * z());
  assert.ok(meanSize(week.slice(DAY_ROWS * 56)) < 0.3, "a week");
});

test("usual value is the running mean where the time of day says nothing", () => {
  const z = normals(2);
  const values = Array.from({ length: 2000 }, () => 5 + z());
  const found = residuals(2000, (k) => values[k]!);
  const plain = meanSize(values.map((value) => value - 5));
  assert.ok(meanSize(found.slice(200)) < 1.1 * plain);
});

/** Novelties of a sequence in one range. */
function novelties(values: readonly number[], range = new UsualRange(1, 1)): number[] {
  const x = new Float64Array(1);
  const out = new Float64Array(1);
  return values.map((value) => {
    x[0] = value;
    range.see(0, 1, FRESH, 0, x, out, new Uint8Array(1), 1);
    return out[0]!;
  });
}

test("novelty is the excess beyond the range in lengths of the range", () => {
  const square = Array.from({ length: 200 }, (_, k) => (k % 2 === 0 ? 0 : 10));
  const found = novelties([...square, 5, 25]);
  assert.ok(found.slice(0, 201).every((novelty) => novelty < 1e-2));
  assert.ok(Math.abs(found[201]! - 1.5) < 0.05, `${found[201]}`);
});

test("novelty of a value that never moved is 0, and of its first move that of one range", () => {
  const found = novelties([...Array.from({ length: 300 }, () => 7), 8]);
  assert.equal(found.slice(0, 300), new Array(300).fill(0));
  assert.is(found[300], 1);
});

test("novelty of a lasting level fades within some rows", () => {
  const z = normals(3);
  const found = novelties(Array.from({ length: 400 }, (_, k) => (k < 300 ? 0 : 40) + z()));
  assert.ok(found[300]! > 3);
  assert.ok(Math.max(...found.slice(320)) < 0.1);
});

test("evidence of exchangeable records reaches ln S at most once in S values, and four times in the heaviest tail", () => {
  const uniform = uniforms(4);
  const laws: readonly [name: string, draw: () => number, most: number][] = [
    ["normal", normals(5), 1],
    // An edge that follows by half is exceeded up to 2^a times as often as the largest value; here a = 2.
    ["exponential", () => -Math.log(1 - uniform()), 2],
    ["Pareto", () => 1 / Math.sqrt(1 - uniform()), 4],
  ];
  const [runs, rows, S] = [40, 4000, 4000];
  for (const [name, draw, most] of laws) {
    let alarms = 0;
    for (let run = 0; run < runs; run++) {
      const range = new UsualRange(1, 1);
      const x = new Float64Array(1);
      const out = new Float64Array(1);
      const news = new Uint8Array(1);
      for (let k = 0; k < rows; k++) {
        x[0] = draw();
        range.see(0, 1, FRESH, 0, x, out, news, 1);
        if (out[0]! > 0 && range.evidence(0, out[0]!) >= Math.log(S)) alarms++;
      }
    }
    const promised = (runs * rows) / S;
    assert.ok(alarms <= most * promised, `${name}: ${alarms} alarms, at most ${most * promised} expected`);
  }
});

test("means and steps of a channel agree with sums made anew", () => {
  const means = new BlockMeans(2);
  const z = normals(6);
  const history: number[] = [];
  const fresh = Uint8Array.of(0, 1);
  const x = new Float64Array(2);
  const out = new Float64Array(8);
  const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  for (let k = 0; k < 900; k++) {
    x[1] = 1e6 * z();
    history.push(x[1]!);
    means.see(fresh, 0, x, out, 1);
    const steps = history.map((value, j) => (j === 0 ? 0 : Math.abs(value - history[j - 1]!)));
    const expected = [
      meanOf(history.slice(-16)),
      meanOf(history.slice(-64)),
      meanOf(history.slice(-256)),
      meanOf(steps.slice(-64)),
    ];
    for (const [j, value] of expected.entries())
      assert.ok(Math.abs(out[4 + j]! - value) < 1e-6, `row ${k}, mean ${j}`);
  }
});

test("means made in every fourth row are those made in every row", () => {
  const every = new BlockMeans(1);
  const fourth = new BlockMeans(1);
  const z = normals(6);
  const x = new Float64Array(1);
  const outs = [new Float64Array(4), new Float64Array(4)] as const;
  let made = 0;
  for (let k = 0; k < 600; k++) {
    x[0] = z();
    every.see(FRESH, 0, x, outs[0], 1);
    fourth.see(FRESH, 0, x, outs[1], 4);
    assert.is(every.made[0], 1);
    if (fourth.made[0] === 0) continue;
    made++;
    assert.equal(outs[1], outs[0], `row ${k}`);
  }
  assert.is(made, 150);
});

test("the distance of a pattern is that to the nearest of the earlier words", () => {
  const patterns = new Patterns(1);
  const z = normals(7);
  const x = new Float64Array(1);
  const out = new Float64Array(1);
  const means: number[] = [];
  for (let block = 0; block < 400; block++) {
    let sum = 0;
    let ended = false;
    for (let k = 0; k < 16; k++) {
      x[0] = z();
      sum += x[0]!;
      patterns.see(FRESH, 0, x, out, 0);
      ended = patterns.ended[0] === 1;
    }
    means.push(sum / 16);
    assert.is(ended, means.length >= 24);
    if (!ended) continue;
    const word = means.slice(-8);
    let best = Number.POSITIVE_INFINITY;
    for (let start = Math.max(0, means.length - 80); start <= means.length - 16; start++)
      best = Math.min(
        best,
        word.reduce((total, value, j) => total + (value - means[start + j]!) ** 2, 0),
      );
    assert.ok(Math.abs(out[0]! - Math.sqrt(best / 8)) < 1e-12, `block ${block}`);
  }
});

test("a beat that is missing is far from all before, although no value of it is unusual", () => {
  const patterns = new Patterns(1);
  const x = new Float64Array(1);
  const out = new Float64Array(1);
  const distances: number[] = [];
  for (let k = 0; k < 6400; k++) {
    const missing = k >= 5120 && k < 5248;
    x[0] = missing ? 0 : Math.floor(k / 32) % 4 === 0 ? 1 : 0;
    patterns.see(FRESH, 0, x, out, 0);
    if (patterns.ended[0] === 1) distances.push(out[0]!);
  }
  const before = Math.max(...distances.slice(40, 290));
  assert.ok(Math.max(...distances.slice(295, 310)) > before + 0.2);
});

test.run();
