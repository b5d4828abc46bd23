// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { coherencePValue } from "../../actors/kernels/coherence-significance.ts";
import { DensityEstimate } from "../../actors/kernels/density.ts";
import { visibility } from "../../actors/kernels/pair.ts";
import { purity } from "../../actors/kernels/purity.ts";
import { rankOneUpdate, rankOneUpdateSlow } from "../../actors/kernels/rank-one.ts";
import { correctedPurity, resonatorKappa } from "../../actors/kernels/sample-size.ts";
import { checkState } from "../../actors/kernels/state-check.ts";
import { gaussian, randomDensity, randomPure, seeded } from "./builders.ts";
import { pureOverlap, purityAfterUpdate } from "./oracles.ts";

function near(got: number, expected: number, tolerance: number, what = ""): void {
  assert.ok(Math.abs(got - expected) <= tolerance, `${what} ${got}; expected ${expected} ± ${tolerance}`);
}

test("rank-one update agrees with the formula and reports overlap, purity and trace", () => {
  const random = seeded(21);
  for (const n of [1, 2, 5, 16, 33]) {
    const fast = randomDensity(n, random);
    const slow = { re: fast.re.slice(), im: fast.im.slice() };
    const psi = randomPure(n, random);
    const out = new Float64Array(3);
    const q = pureOverlap(n, slow.re, slow.im, psi.re, psi.im);
    const gamma = purity(n, slow.re, slow.im);
    rankOneUpdate(n, fast.re, fast.im, psi.re, psi.im, 0.07, out);
    rankOneUpdateSlow(n, slow.re, slow.im, psi.re, psi.im, 0.07);
    for (let k = 0; k < n * n; k++) {
      near(fast.re[k]!, slow.re[k]!, 1e-16);
      near(fast.im[k]!, slow.im[k]!, 1e-16);
    }
    near(out[0]!, q, 1e-15, "overlap");
    near(out[1]!, purity(n, slow.re, slow.im), 1e-15, "purity");
    near(out[1]!, purityAfterUpdate(gamma, q, 0.07), 1e-15, "recursion");
    near(out[2]!, 1, 1e-15, "trace");
  }
});

test("estimate stays a state over many updates and its purity follows the recursion", () => {
  const random = seeded(22);
  const n = 8;
  const estimate = new DensityEstimate(n, 0.02);
  const count = process.env["EIGENWATCH_LONG"] === "1" ? 10_000 : 3_000;
  let gamma = 0;
  let worst = 0;
  for (let k = 1; k <= count; k++) {
    const z = randomPure(n, random);
    estimate.update(
      z.re.map((x) => 7 * x),
      z.im.map((x) => 7 * x),
    );
    gamma = purityAfterUpdate(gamma, estimate.overlap, Math.max(0.02, 1 / k));
    worst = Math.max(worst, Math.abs(gamma - estimate.purity), Math.abs(estimate.trace - 1));
    let diagonal = 0;
    for (let i = 0; i < n; i++) diagonal = Math.max(diagonal, Math.abs(estimate.im[i * n + i]!));
    assert.is(diagonal, 0);
  }
  assert.ok(worst <= 1e-12, `largest deviation ${worst}`);
  near(estimate.purity, purity(n, estimate.re, estimate.im), 1e-14);
  checkState(n, estimate.re, estimate.im);
  // In the long run κ = α/(2−α).
  near(estimate.kappa, 0.02 / 1.98, 1e-12);
});

test("the first sample is the whole state, and the next ones are averaged equally", () => {
  const estimate = new DensityEstimate(2, 0.001);
  estimate.update(Float64Array.of(2, 0), Float64Array.of(0, 0));
  assert.equal([...estimate.re], [1, 0, 0, 0]);
  estimate.update(Float64Array.of(0, 0), Float64Array.of(0, 3));
  near(estimate.re[0]!, 0.5, 1e-16);
  near(estimate.re[3]!, 0.5, 1e-16);
  near(estimate.kappa, 0.5, 1e-16);
});

test("power norm is the ratio of the two averages", () => {
  const random = seeded(23);
  const n = 3;
  const alpha = 0.1;
  const estimate = new DensityEstimate(n, alpha, "power");
  const moment = new Float64Array(n * n);
  const momentIm = new Float64Array(n * n);
  let power = 0;
  for (let k = 1; k <= 50; k++) {
    const a = Math.max(alpha, 1 / k);
    const zr = new Float64Array(n).map(() => 3 * gaussian(random));
    const zi = new Float64Array(n).map(() => gaussian(random));
    estimate.update(zr, zi);
    let norm2 = 0;
    for (let i = 0; i < n; i++) {
      norm2 += zr[i]! ** 2 + zi[i]! ** 2;
      for (let j = 0; j < n; j++) {
        const at = i * n + j;
        moment[at] = (1 - a) * moment[at]! + a * (zr[i]! * zr[j]! + zi[i]! * zi[j]!);
        momentIm[at] = (1 - a) * momentIm[at]! + a * (zi[i]! * zr[j]! - zr[i]! * zi[j]!);
      }
    }
    power = (1 - a) * power + a * norm2;
  }
  near(estimate.power, power, 1e-12);
  for (let k = 0; k < n * n; k++) {
    near(estimate.re[k]!, moment[k]! / power, 1e-14);
    near(estimate.im[k]!, momentIm[k]! / power, 1e-14);
  }
});

test("samples without direction are only counted", () => {
  const estimate = new DensityEstimate(2, 0.5);
  estimate.update(Float64Array.of(1, 1), Float64Array.of(0, 0));
  const before = [...estimate.re];
  const zero = new Float64Array(2);
  assert.not(estimate.update(zero, zero));
  assert.not(estimate.update(Float64Array.of(Number.NaN, 1), zero));
  assert.not(estimate.update(Float64Array.of(Number.POSITIVE_INFINITY, 1), zero));
  assert.equal([...estimate.re], before);
  assert.is(estimate.skipped, 3);
  assert.is(estimate.count, 1);
});

test("estimate restored from its fields continues with the same bits", () => {
  const random = seeded(24);
  const n = 5;
  const original = new DensityEstimate(n, 0.03, "power");
  for (let k = 0; k < 1500; k++) {
    const z = randomPure(n, random);
    original.update(z.re, z.im);
  }
  const restored = new DensityEstimate(n, 0.03, "power");
  for (const name of ["re", "im", "scalars"] as const) restored.fields[name].set(original.fields[name]);
  for (let k = 0; k < 1500; k++) {
    const z = randomPure(n, random);
    original.update(z.re, z.im);
    restored.update(z.re, z.im);
  }
  assert.equal([...restored.re], [...original.re]);
  assert.equal([...restored.fields.scalars], [...original.fields.scalars]);
});

test("estimate rejects a group or a weight out of range", () => {
  assert.throws(() => new DensityEstimate(129, 0.1), /129 channels: expected an integer from 1 to 128/);
  assert.throws(() => new DensityEstimate(4, 0), /alpha 0: expected a number in \(0, 1\]/);
});

test("corrected purity of independent samples is within 0.002 of the true one", () => {
  // One pointer with weight .5 in ψ: ψ is e_0 or a uniform other direction, so E ψψ† is diagonal and known exactly.
  const random = seeded(25);
  const n = 16;
  const alpha = 2 / 65;
  const estimate = new DensityEstimate(n, alpha);
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  const p = 0.4;
  const steps = process.env["EIGENWATCH_LONG"] === "1" ? 200_000 : 60_000;
  let sum = 0;
  let count = 0;
  for (let t = 0; t < steps; t++) {
    re.fill(0);
    if (random() < p) re[0] = 1;
    else re[Math.floor(random() * n)] = 1;
    estimate.update(re, im);
    if (t < 1000) continue;
    sum += correctedPurity(estimate.purity, estimate.kappa);
    count++;
  }
  const first = p + (1 - p) / n;
  const other = (1 - p) / n;
  const truth = first * first + (n - 1) * other * other;
  near(sum / count, truth, 0.002, "corrected purity");
});

test("coherence of independent channels is significant at most at the expected rate", () => {
  const random = seeded(27);
  const alpha = 2 / 33;
  const estimate = new DensityEstimate(2, alpha, "power");
  const levels = [0.1, 0.05, 0.01];
  const hits = levels.map(() => 0);
  const looks = process.env["EIGENWATCH_LONG"] === "1" ? 40_000 : 8_000;
  const zr = new Float64Array(2);
  const zi = new Float64Array(2);
  for (let look = 0; look < looks; look++) {
    // 100 samples apart the estimates share e^{-6} of their weight.
    for (let k = 0; k < 100; k++) {
      for (let i = 0; i < 2; i++) {
        zr[i] = gaussian(random);
        zi[i] = gaussian(random);
      }
      estimate.update(zr, zi);
    }
    const p = coherencePValue(visibility(2, estimate.re, estimate.im, 0, 1), 1 / estimate.kappa);
    levels.forEach((level, k) => {
      if (p <= level) hits[k]!++;
    });
  }
  levels.forEach((level, k) => {
    const realised = hits[k]! / looks / level;
    // Four standard deviations of the count in addition to the expected [0.8, 1.05].
    const slack = 4 / Math.sqrt(level * looks);
    assert.ok(realised > 0.8 - slack && realised < 1.05 + slack, `${realised} of the nominal ${level}`);
  });
});

test("kappa of resonators has the textbook limits", () => {
  // Order 2 in the limit of a short memory of the filter: 1.25 a/γ.
  near(resonatorKappa(1e-6, 1, 2) / 1.25e-6, 1, 1e-5);
  near(resonatorKappa(0.5, 1, 1), 0.2, 1e-16);
});

test.run();
