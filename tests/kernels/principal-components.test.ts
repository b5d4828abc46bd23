// runtime: either
/** Principal components of a stream, against the directions that the stream was made of. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { PrincipalComponents } from "../../actors/kernels/principal-components.ts";
import { normals } from "../support/random-streams.ts";

const N = 8;
/** Two orthogonal directions of length 1. */
const FIRST = Float64Array.from({ length: N }, () => Math.sqrt(1 / N));
const SECOND = Float64Array.from({ length: N }, (_, c) => Math.sqrt(1 / N) * (c < N / 2 ? 1 : -1));
const MEMORY = 2000;

/** Components learnt from 3 a FIRST + 1.5 b SECOND + noise. */
function learnt(noise: number, k = 2, rows = 6000): PrincipalComponents {
  const components = new PrincipalComponents(N, k);
  const z = normals(1);
  const weights = new Float64Array(1);
  for (let row = 0; row < rows; row++) {
    const [a, b] = [3 * z(), 1.5 * z()];
    const x = Float64Array.from(FIRST, (v, c) => a * v + b * SECOND[c]! + noise * z());
    weights[0] = 1 / Math.min(row + 1, MEMORY);
    components.learn(x, weights, 0);
  }
  return components;
}

test("principal components are the directions of the largest variance, with their variances", () => {
  const { directions, variances } = learnt(0.1).fields;
  const along = (j: number, v: Float64Array) =>
    Math.abs(v.reduce((sum, x, c) => sum + x * directions[c * 4 + j]!, 0));
  assert.ok(along(0, FIRST) > 0.99);
  assert.ok(along(1, SECOND) > 0.99);
  // The standard error of a variance over 2,000 rows is √(2/2,000) = 3 % of it, or less; four of them.
  assert.ok(Math.abs(variances[0]! / 9.01 - 1) < 0.13, String(variances[0]));
  assert.ok(Math.abs(variances[1]! / 2.26 - 1) < 0.13, String(variances[1]));
});

test("the residual has nothing of what the components explain and all of the rest", () => {
  const components = learnt(0.1);
  const out = new Float64Array(N);
  components.residual(
    FIRST.map((v) => 2 * v),
    out,
  );
  assert.ok(length(out) < 0.1, String(length(out)));
  const other = Float64Array.from({ length: N }, (_, c) => (c === 0 ? 1 : c === 1 ? -1 : 0));
  components.residual(other, out);
  assert.ok(Math.abs(length(out) - Math.SQRT2) < 0.05, String(length(out)));
});

test("components explain little where all directions have the same variance", () => {
  const components = new PrincipalComponents(N, 2);
  const z = normals(2);
  const weights = new Float64Array(1);
  const out = new Float64Array(N);
  let whole = 0;
  let left = 0;
  for (let row = 0; row < 4000; row++) {
    const x = Float64Array.from({ length: N }, () => z());
    if (row >= 1000) {
      components.residual(x, out);
      whole += length(x) ** 2;
      left += length(out) ** 2;
    }
    weights[0] = 1 / Math.min(row + 1, MEMORY);
    components.learn(x, weights, 0);
  }
  // Without the model of the noise, two of eight directions would be taken away: 0.75.
  assert.ok(left / whole > 0.9, String(left / whole));
});

test("an excess of all channels is explained, an excess of one is not", () => {
  const components = learnt(0.1);
  const cut = FIRST.map((v) => 6 * v);
  const out = new Float64Array(N);
  components.residual(cut, out);
  const common = FIRST.map((v) => 3 * v);
  components.explainExcess(common);
  assert.ok(length(common) < 0.1, String(length(common)));

  // One channel at 1,000, of which 4 were left.
  const one = new Float64Array(N);
  one[3] = 4;
  components.residual(one, out);
  const excess = new Float64Array(N);
  excess[3] = 996;
  components.explainExcess(excess);
  assert.ok(excess[3]! > 990);
  for (let c = 0; c < N; c++) if (c !== 3) assert.ok(Math.abs(excess[c]!) < 2, `channel ${c}: ${excess[c]}`);
});

function length(x: Float64Array): number {
  return Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));
}

test.run();
