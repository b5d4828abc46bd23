/** The joint distance of the anomaly detector, against its formula with a whole inverse. */
import { inverse, Matrix } from "ml-matrix";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { JointDistance } from "../../actors/detectors/anomaly/joint-distance.ts";
import { normals } from "../support/random-streams.ts";
import { InnovationBatch } from "../support/rows.ts";

const N = 4;
/** Mean size of a channel's innovations, as its view would have learnt it. */
const SCALES = [1, 2, 0.5, 4];
const views = { stepScale: (c: number) => SCALES[c]! };
/** Rows between factorings, clipping and share of the identity, as documented in joint-distance.ts. */
const REFACTOR_EVERY = 64;
const CLIP_AT = 8;
const RIDGE = 0.05;
const MEMORY = 512;

test("joint distance is that of the formula, with the moments of the rows before the last factoring", () => {
  const joint = new JointDistance(N);
  const batch = new InnovationBatch(1, N);
  const z = normals(3);
  const seen: number[][] = [];
  let compared = 0;
  for (let k = 0; k < 700; k++) {
    const common = k % 50 === 49 ? 30 * z() : z();
    const innovations = SCALES.map((scale, c) => scale * (common * (c === 2 ? -1 : 1) + 0.3 * z()));
    batch.rowInnovation.set(innovations);
    const distance = joint.see(batch, 0, views);
    const u = innovations.map((x, c) => Math.max(-CLIP_AT, Math.min(CLIP_AT, x / SCALES[c]!)));
    for (let c = 0; c < N; c++) assert.is(joint.share(c), Math.abs(u[c]!), "the size of a channel's part");
    if (k < 2 * REFACTOR_EVERY) assert.ok(Number.isNaN(distance), `row ${k}: too early`);
    else {
      const rows = seen.slice(0, Math.floor(k / REFACTOR_EVERY) * REFACTOR_EVERY);
      const expected = distanceByInverse(u, momentsOf(rows));
      assert.ok(Math.abs(distance - expected) < 1e-9 * expected, `row ${k}: ${distance}, not ${expected}`);
      compared++;
    }
    seen.push(u);
  }
  assert.ok(compared > 500);
});

test("a row with an unknown innovation has no distance and is not learnt", () => {
  const [one, other] = [new JointDistance(N), new JointDistance(N)];
  const batch = new InnovationBatch(1, N);
  const z = normals(4);
  for (let k = 0; k < 200; k++) {
    batch.rowInnovation.set(SCALES.map((scale) => scale * z()));
    const expected = one.see(batch, 0, views);
    if (k % 10 === 0) {
      const known = batch.rowInnovation.slice();
      batch.rowInnovation[k % N] = Number.NaN;
      assert.ok(Number.isNaN(other.see(batch, 0, views)));
      batch.rowInnovation.set(known);
    }
    assert.ok(Object.is(other.see(batch, 0, views), expected));
  }
});

test("a channel that never moved has no part in the distance", () => {
  const joint = new JointDistance(N);
  const batch = new InnovationBatch(1, N);
  const z = normals(5);
  for (let k = 0; k < 200; k++) {
    batch.rowInnovation.set([z(), z(), z(), 1000]);
    joint.see(batch, 0, { stepScale: (c) => (c === 3 ? 0 : 1) });
    assert.is(joint.share(3), 0);
  }
});

/** Exponentially weighted second moments of the rows: equal weights until MEMORY rows, then the newest 1/MEMORY. */
function momentsOf(rows: readonly number[][]): Matrix {
  const moments = Matrix.zeros(N, N);
  rows.forEach((row, k) => {
    const u = Matrix.columnVector(row);
    const weight = 1 / Math.min(k + 1, MEMORY);
    moments.mul(1 - weight).add(u.mmul(u.transpose()).mul(weight));
  });
  return moments;
}

/** √(u'Σ⁻¹u / n) with Σ = moments + a share of the identity. */
function distanceByInverse(u: readonly number[], moments: Matrix): number {
  const ridge = (RIDGE * moments.trace()) / N;
  const vector = Matrix.columnVector([...u]);
  const whole = Matrix.add(moments, Matrix.eye(N, N).mul(ridge));
  return Math.sqrt(vector.transpose().mmul(inverse(whole)).mmul(vector).get(0, 0) / N);
}

test.run();
