// runtime: either
/** The joint score: rarity of sizes, the score of rows, and how the alarm keeps its promise. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { JointAlarm } from "../../actors/detectors/anomaly/joint/joint-alarm.ts";
import { EXCURSIONS, JointScore } from "../../actors/detectors/anomaly/joint/joint-score.ts";
import { Rarity } from "../../actors/detectors/anomaly/joint/rarity.ts";
import { normals, uniforms } from "../support/random-streams.ts";

const MEMORY = 8192;

test("rarity is the logarithm of how often a size was reached", () => {
  const rarity = new Rarity(1, 0.1, 1);
  const uniform = uniforms(3);
  const seen: number[] = [];
  const size = new Float64Array(1);
  const weight = Float64Array.of(1);
  let compared = 0;
  for (let k = 0; k < 3000; k++) {
    const s = 1 / Math.sqrt(uniform() + 1e-9);
    size[0] = s;
    rarity.evidenceAt(0, size, 0);
    // A bin is an eighth of an octave wide, between neighbouring eighths of a power of two.
    const most = Math.log((k + 1) / (1 + seen.filter((x) => x >= s * 1.125).length));
    const least = Math.log((k + 1) / (1 + seen.filter((x) => x >= s / 1.125).length));
    if (size[0]! > 0 && s < Math.max(...seen)) {
      assert.ok(
        size[0]! >= least - 1e-9 && size[0]! <= most + 1e-9,
        `row ${k}: ${least} ≤ ${size[0]} ≤ ${most}`,
      );
      compared++;
    } else if (size[0] === 0 && k > 100)
      assert.ok(least < Math.log(1 / 0.05), `row ${k}: ${s} is in the tail`);
    rarity.learn(0, weight, 0);
    seen.push(s);
  }
  assert.ok(compared > 100, `${compared} compared`);
});

test("twice the largest size seen is half as frequent with index 1", () => {
  const rarity = new Rarity(1, 0.1, 1);
  const size = new Float64Array(1);
  const weight = Float64Array.of(1);
  for (let k = 0; k < 1000; k++) {
    size[0] = 1 + (k % 8) / 8;
    rarity.evidenceAt(0, size, 0);
    rarity.learn(0, weight, 0);
  }
  const evidence = (s: number): number => {
    size[0] = s;
    rarity.evidenceAt(0, size, 0);
    return size[0]!;
  };
  assert.ok(Math.abs(evidence(8) - evidence(4) - Math.LN2) < 1e-9);
  assert.ok(Math.abs(evidence(4) - Math.log(1001) - Math.LN2 * (9 / 8)) < 1e-9);
});

/** Rows of n channels through a joint score, from `next(k)`; returns the score of every row. */
function scored(n: number, rows: number, next: (k: number) => ArrayLike<number>): Float64Array {
  const joint = new JointScore(n, MEMORY);
  const row = new Float64Array(n);
  return Float64Array.from({ length: rows }, (_, k) => {
    row.set(next(k));
    joint.see(row, 0, false);
    return joint.score;
  });
}

function largest(scores: Float64Array, from: number, to: number): number {
  return Math.max(...scores.subarray(from, to));
}

test("usual rows of independent channels have a small joint score", () => {
  const z = normals(4);
  const n = 20;
  const scores = scored(n, 6000, () => Float64Array.from({ length: n }, () => z()));
  const settled = scores.subarray(2000);
  const mean = settled.reduce((sum, x) => sum + x, 0) / settled.length;
  // Beyond a tail of t nats a channel has 1 nat in a share e^−t of the rows: 4 e^−5 + e^−4 = 0.045, times 1 + 0.3/4 for the row itself.
  assert.ok(mean > 0.03 && mean < 0.06, `mean ${mean}`);
});

test("many channels at once have a larger joint score than one loud channel", () => {
  const n = 20;
  const world = (k: number, z: () => number, excess: (c: number) => number) =>
    Float64Array.from({ length: n }, (_, c) => z() + (k >= 3000 && k < 3010 ? excess(c) : 0));
  const one = normals(5);
  const loud = scored(n, 3010, (k) => world(k, one, (c) => (c === 0 ? 50 : 0)));
  const many = normals(5);
  const broad = scored(n, 3010, (k) => world(k, many, (c) => (c < 10 ? (c % 2 === 0 ? 5 : -5) : 0)));
  assert.ok(largest(broad, 3000, 3010) > 2 * largest(loud, 3000, 3010));
});

test("load that steps is usual for channels that follow it; a channel that leaves it is not", () => {
  const n = 12;
  const z = normals(6);
  let load = 0;
  const scores = scored(n, 5000, (k) => {
    load += 0.1 * z();
    const step = k >= 4000 && k < 4002 ? 0.5 : 0;
    return Float64Array.from(
      { length: n },
      (_, c) => load + step + (k >= 4500 && c < 3 ? 0.5 : 0) + 0.02 * z(),
    );
  });
  assert.ok(largest(scores, 4500, 4510) > 3 * largest(scores, 4000, 4010));
});

test("a row without some values is scored by the others", () => {
  const n = 6;
  const z = normals(7);
  const scores = scored(n, 1500, (k) =>
    Float64Array.from({ length: n }, (_, c) =>
      c === 2 && k % 3 === 0 ? Number.NaN : z() + (k === 1400 ? 9 : 0),
    ),
  );
  assert.ok(scores.every((score) => Number.isFinite(score)));
  assert.is(scores.indexOf(largest(scores, 1000, 1500)), 1400);
});

test("excursions that the alarm finds rarer than one in S rows come once in S rows or less", () => {
  const alarm = new JointAlarm();
  const z = normals(8);
  const S = 2000;
  const rows = 60_000;
  const evidence = new Float64Array(1);
  let score = 0;
  let found = 0;
  let calm = 100;
  for (let k = 0; k < rows; k++) {
    // Scores with memory and a heavy tail.
    score = 0.9 * score + 0.005 * Math.exp(1.5 * z());
    alarm.evidenceAt({ excursions: (out) => out.fill(score) }, evidence, 0);
    if (evidence[0]! >= Math.log(S) && calm > 32) found++;
    calm = evidence[0]! >= Math.log(S) / 2 ? 0 : calm + 1;
  }
  // Poisson with at most 30: 30 + 4 √30.
  assert.ok(found <= rows / S + 4 * Math.sqrt(rows / S), `${found} found`);
  assert.ok(found > 0);
  assert.is(EXCURSIONS, 2);
});

test.run();
