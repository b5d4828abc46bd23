// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { vonNeumannEntropy } from "../../actors/kernels/entropy.ts";
import { entropyLowerBound, entropyUpperBound } from "../../actors/kernels/entropy-bounds.ts";
import { purity } from "../../actors/kernels/purity.ts";
import { randomDensity, seeded } from "./builders.ts";

test("entropy lies between its bounds from the purity for random spectra", () => {
  const random = seeded(54);
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
