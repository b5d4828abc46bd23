// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { backAction } from "../../actors/kernels/back-action.ts";
import { placeboPValue } from "../../actors/kernels/placebo.ts";
import { uniforms } from "../support/random-streams.ts";

test("p counts the placebos that are at least as large, and the marked time itself", () => {
  const placebos = {
    statistic: Float64Array.of(1, 2, 3, 4),
    hour: new Float64Array(4),
    volatility: new Float64Array(4),
    count: 4,
  };
  const p = (statistic: number) => placeboPValue(placebos, { statistic, hour: 0, volatility: 0 }, 4).p;
  assert.equal([p(0), p(3), p(9)], [1, 3 / 5, 1 / 5]);
});

test("the placebos nearest in hour, around midnight too, and in volatility are compared", () => {
  const hours = Float64Array.from({ length: 240 }, (_, k) => (k % 24) + 0.5);
  const volatility = Float64Array.from({ length: 240 }, (_, k) => Math.floor(k / 24));
  // One is large: that of the hour before midnight with a middling volatility.
  const statistic = hours.map((hour, k) => (hour > 23 && volatility[k] === 5 ? 9 : 0));
  const placebos = { statistic, hour: hours, volatility, count: 240 };
  const judged = (hour: number) => placeboPValue(placebos, { statistic: 5, hour, volatility: 4.5 }, 1);
  assert.equal([judged(23.6).p, judged(23.6).placebos], [1, 1]);
  assert.ok(judged(23.6).apart < 0.01);
  assert.is(judged(0.1).p, 1 / 2, "past midnight the next hour is nearer");
  assert.is(placeboPValue(placebos, { statistic: 5, hour: 0.1, volatility: 4.5 }, 2).p, 2 / 3);
  assert.is(judged(12).p, 1 / 3, "both hours beside noon are as near");
});

test("a projective measurement never learns less than nothing, and leaves a state of its levels alone", () => {
  const uniform = uniforms(5);
  for (let trial = 0; trial < 200; trial++) {
    const n = 2 + (trial % 3);
    const { re, im } = randomState(n, uniform);
    const measured = Array.from({ length: n }, (_, i) => i === 0 || uniform() < 0.4);
    const { gain, conditional, unconditional, probability } = backAction(n, re, im, measured);
    assert.ok(gain >= -1e-12, `trial ${trial}: gain ${gain}`);
    assert.ok(unconditional <= conditional + 1e-12, "the mean outcome is no farther than the outcomes");
    assert.ok(probability >= 0 && probability <= 1 + 1e-12 && conditional <= 1 + 1e-12);
  }
  const still = backAction(2, Float64Array.of(1, 0, 0, 0), new Float64Array(4), [true, false]);
  assert.equal(still, { probability: 1, conditional: 0, gain: 0, unconditional: 0 });
});

/** A mixture of n random pure states. */
function randomState(n: number, uniform: () => number): { re: Float64Array; im: Float64Array } {
  const re = new Float64Array(n * n);
  const im = new Float64Array(n * n);
  let trace = 0;
  for (let k = 0; k < n; k++) {
    const [x, y] = [0, 1].map(() => Array.from({ length: n }, () => uniform() - 0.5)) as [number[], number[]];
    for (let i = 0; i < n; i++) {
      trace += x[i]! ** 2 + y[i]! ** 2;
      for (let j = 0; j < n; j++) {
        re[i * n + j]! += x[i]! * x[j]! + y[i]! * y[j]!;
        im[i * n + j]! += y[i]! * x[j]! - x[i]! * y[j]!;
      }
    }
  }
  return { re: re.map((value) => value / trace), im: im.map((value) => value / trace) };
}

test.run();
