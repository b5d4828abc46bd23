import { test } from "uvu";
import * as assert from "uvu/assert";
import { DensityEstimate } from "../../actors/kernels/density.ts";
import { vonNeumannEntropy } from "../../actors/kernels/entropy.ts";
import {
  entropyBoundsFromTop,
  entropyLowerBound,
  entropyUpperBound,
} from "../../actors/kernels/entropy-bounds.ts";
import { HermitianEigen } from "../../actors/kernels/hermitian-eigen.ts";
import { purity } from "../../actors/kernels/purity.ts";
import { SubspaceTracker } from "../../actors/kernels/subspace-tracking.ts";
import { gaussian, randomDensity, seeded } from "./builders.ts";

test("tracker at rest converges to the four leading eigenvalues and an invariant subspace", () => {
  const random = seeded(51);
  for (const n of [2, 4, 16]) {
    const { re, im } = randomDensity(n, random, Math.min(n, 6));
    const exact = new Float64Array(n);
    new HermitianEigen(n).eigenvalues(re, im, exact);
    const tracker = new SubspaceTracker(n);
    for (let k = 0; k < 400; k++) tracker.step(re, im);
    for (let k = 0; k < tracker.r; k++)
      assert.ok(
        Math.abs(tracker.values[k]! - exact[k]!) < 1e-12,
        `n=${n} k=${k}: ${tracker.values[k]} ${exact[k]}`,
      );
    assert.ok(tracker.leak < 1e-12);
  }
});

test("tracker survives states of lower rank than it tracks", () => {
  const n = 6;
  const re = new Float64Array(n * n);
  re[0] = 1;
  const tracker = new SubspaceTracker(n);
  for (let k = 0; k < 10; k++) tracker.step(re, new Float64Array(n * n));
  assert.ok(Math.abs(tracker.values[0]! - 1) < 1e-14);
  for (let k = 1; k < 4; k++) assert.ok(Math.abs(tracker.values[k]!) < 1e-14);
});

/** A stream of one strong common factor, four groups and noise, as z. */
function factorStream(n: number, seed: number) {
  const random = seeded(seed);
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  return () => {
    const common = [gaussian(random), gaussian(random)] as const;
    const sector = Array.from({ length: 4 }, () => [gaussian(random), gaussian(random)] as const);
    for (let i = 0; i < n; i++) {
      re[i] = common[0] + 0.7 * sector[i % 4]![0] + gaussian(random);
      im[i] = common[1] + 0.7 * sector[i % 4]![1] + gaussian(random);
    }
    return { re, im };
  };
}

test("tracker follows a stream: leading value within 0.003 and the entropy inside its bounds", () => {
  for (const n of [16, 64]) {
    const next = factorStream(n, 52);
    const estimate = new DensityEstimate(n, 2 / (4 * n + 1));
    const tracker = new SubspaceTracker(n);
    const solver = new HermitianEigen(n);
    const exact = new Float64Array(n);
    const bounds = new Float64Array(2);
    let error = 0;
    let width = 0;
    let checked = 0;
    for (let t = 0; t < 600; t++) {
      const z = next();
      estimate.update(z.re, z.im);
      tracker.step(estimate.re, estimate.im);
      if (t < 300 || t % 10 !== 0) continue;
      solver.eigenvalues(estimate.re, estimate.im, exact);
      assert.ok(tracker.values[0]! <= exact[0]! + 1e-14);
      error += exact[0]! - tracker.values[0]!;
      tracker.entropyBounds(estimate.purity, bounds);
      const entropy = vonNeumannEntropy(n, exact);
      assert.ok(entropy <= bounds[1]! + 1e-12, `entropy ${entropy} above ${bounds[1]}`);
      assert.ok(entropy >= bounds[0]! - 0.02, `entropy ${entropy} below ${bounds[0]}`);
      width += bounds[1]! - bounds[0]!;
      checked++;
    }
    assert.ok(error / checked < 3e-3, `mean error of the leading value ${error / checked} at n=${n}`);
    assert.ok(width / checked < 0.15, `mean width ${width / checked} at n=${n}`);
  }
});

test("tracker restored from its fields goes on with the same bits", () => {
  const next = factorStream(8, 53);
  const estimate = new DensityEstimate(8, 0.05);
  const one = new SubspaceTracker(8);
  const two = new SubspaceTracker(8);
  for (let t = 0; t < 100; t++) {
    const z = next();
    estimate.update(z.re, z.im);
    one.step(estimate.re, estimate.im);
    if (t === 49) {
      for (const name of ["re", "im", "values", "vecRe", "vecIm", "scalars"] as const)
        two.fields[name].set(one.fields[name]);
      assert.is(two.leak, one.leak);
    }
    if (t > 49) two.step(estimate.re, estimate.im);
  }
  assert.equal([...two.values], [...one.values]);
});

test("entropy lies between its bounds from the purity, and from exact leading values, for random spectra", () => {
  const random = seeded(54);
  const bounds = new Float64Array(2);
  const count = process.env["EIGENWATCH_LONG"] === "1" ? 20_000 : 4_000;
  for (let k = 0; k < count; k++) {
    const n = 2 + Math.floor(random() * 15);
    const power = 1 + 6 * random();
    const raw = Float64Array.from({ length: n }, () => random() ** power + 1e-300);
    const total = raw.reduce((a, b) => a + b, 0);
    const values = raw
      .map((x) => x / total)
      .sort()
      .reverse();
    const gamma = values.reduce((a, b) => a + b * b, 0);
    const s = vonNeumannEntropy(n, values);
    assert.ok(entropyLowerBound(gamma) <= s + 1e-12);
    assert.ok(entropyUpperBound(n, gamma) >= s - 1e-12);
    entropyBoundsFromTop(n, Math.min(4, n), values, gamma, 0, bounds);
    // The tail's purity is a difference of sums: its rounding shows as a square root.
    assert.ok(bounds[0]! <= s + 1e-7 && bounds[1]! >= s - 1e-7, `${bounds[0]} ${s} ${bounds[1]}`);
  }
});

test("entropy bounds meet at the pure and at the maximally mixed state", () => {
  assert.is(entropyLowerBound(1), 0);
  assert.ok(Math.abs(entropyUpperBound(5, 1)) < 1e-14);
  assert.ok(Math.abs(entropyLowerBound(0.2) - Math.log(5)) < 1e-12);
  assert.ok(Math.abs(entropyUpperBound(5, 0.2) - Math.log(5)) < 1e-12);
  const { re, im } = randomDensity(3, seeded(55));
  assert.ok(entropyLowerBound(purity(3, re, im)) < entropyUpperBound(3, purity(3, re, im)));
});

test.run();
