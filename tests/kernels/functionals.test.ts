// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  crossNorm2,
  GROUP_A,
  GROUP_B,
  GroupEntropies,
  groupPopulation,
  logNegativityBits,
  negativity,
} from "../../actors/kernels/entanglement.ts";
import { rootFidelity } from "../../actors/kernels/fidelity.ts";
import { HermitianEigen } from "../../actors/kernels/hermitian-eigen.ts";
import {
  allConcurrences,
  allVisibilities,
  concurrence,
  entanglementOfFormationBits,
  lag,
  phase,
  visibility,
} from "../../actors/kernels/pair.ts";
import { pivotedCholesky } from "../../actors/kernels/pivoted-cholesky.ts";
import { pointer, pointerOverlap } from "../../actors/kernels/pointer.ts";
import { StateComparison } from "../../actors/kernels/state-comparison.ts";
import { type Matrix, randomDensity, randomPure, seeded } from "./builders.ts";
import { hermitianJacobi } from "./hermitian-jacobi.ts";
import { binaryEntropy, eigenFactor, pureOverlap } from "./oracles.ts";

function near(got: number, expected: number, tolerance: number, what = ""): void {
  assert.ok(Math.abs(got - expected) <= tolerance, `${what} ${got}; expected ${expected} ± ${tolerance}`);
}

function pureState(psi: Matrix): Matrix {
  const n = psi.re.length;
  const re = new Float64Array(n * n);
  const im = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      re[i * n + j] = psi.re[i]! * psi.re[j]! + psi.im[i]! * psi.im[j]!;
      im[i * n + j] = psi.im[i]! * psi.re[j]! - psi.re[i]! * psi.im[j]!;
    }
  return { re, im };
}

/**
 * The single-excitation state of n modes as a 2ⁿ×2ⁿ matrix (mode i = bit i), partially transposed on the modes of `mask`,
 * after tracing out every mode not in `keep`: the slow version of negativities and entropies of groups.
 */
function embed(n: number, rho: Matrix, keep: number[]): { size: number; re: Float64Array; im: Float64Array } {
  const size = 1 << keep.length;
  const re = new Float64Array(size * size);
  const im = new Float64Array(size * size);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      const a = keep.indexOf(i);
      const b = keep.indexOf(j);
      // Traced-out modes must agree: both excitations inside, or the same one outside (then the rest is vacuum).
      if ((a < 0 || b < 0) && i !== j) continue;
      const at = (a < 0 ? 0 : 1 << a) * size + (b < 0 ? 0 : 1 << b);
      re[at]! += rho.re[i * n + j]!;
      im[at]! += rho.im[i * n + j]!;
    }
  return { size, re, im };
}

function partialTranspose(m: { size: number; re: Float64Array; im: Float64Array }, bits: number) {
  const re = new Float64Array(m.re.length);
  const im = new Float64Array(m.im.length);
  for (let r = 0; r < m.size; r++)
    for (let c = 0; c < m.size; c++) {
      const r2 = (r & ~bits) | (c & bits);
      const c2 = (c & ~bits) | (r & bits);
      re[r2 * m.size + c2] = m.re[r * m.size + c]!;
      im[r2 * m.size + c2] = m.im[r * m.size + c]!;
    }
  return { size: m.size, re, im };
}

const entropyOf = (values: Float64Array) =>
  values.reduce((s, p) => (p > 1e-300 ? s - p * Math.log(p) : s), 0);

test("negativity, entropies and mutual information of groups agree with the full qubit space", () => {
  const random = seeded(61);
  for (const [n, groups] of [
    [2, [1, 2]],
    [3, [1, 2, 0]],
    [4, [1, 2, 2, 0]],
    [5, [2, 1, 0, 1, 0]],
    [4, [1, 1, 2, 2]],
  ] as const) {
    for (let run = 0; run < 4; run++) {
      const rho = randomDensity(n, random, 1 + (run % n));
      const mask = Uint8Array.from(groups);
      const of = (...which: number[]) => [...mask.keys()].filter((i) => which.includes(mask[i]!));
      const both = of(GROUP_A, GROUP_B);
      const full = embed(n, rho, both);
      const bits = both.reduce((b, mode, k) => (mask[mode] === GROUP_A ? b | (1 << k) : b), 0);
      const transposed = partialTranspose(full, bits);
      const negative = hermitianJacobi(full.size, transposed.re, transposed.im).reduce(
        (s, x) => s + Math.max(0, -x),
        0,
      );
      const outside = groupPopulation(n, rho.re, mask, 0);
      near(negativity(outside, crossNorm2(n, rho.re, rho.im, mask)), negative, 1e-14, "negativity");
      const spectrum = (modes: number[]) => {
        const m = embed(n, rho, modes);
        return entropyOf(hermitianJacobi(m.size, m.re, m.im));
      };
      const entropies = new GroupEntropies(n);
      near(entropies.entropyOf(rho.re, rho.im, mask, GROUP_A), spectrum(of(GROUP_A)), 1e-13, "S(A)");
      near(entropies.entropyOf(rho.re, rho.im, mask, GROUP_B), spectrum(of(GROUP_B)), 1e-13, "S(B)");
      near(entropies.entropyOfUnion(rho.re, rho.im, mask), spectrum(both), 1e-13, "S(AB)");
      near(
        entropies.mutualInformation(rho.re, rho.im, mask),
        spectrum(of(GROUP_A)) + spectrum(of(GROUP_B)) - spectrum(both),
        1e-13,
        "I",
      );
    }
  }
});

test("groups of a pure state have entropy h(p_A), and I = h + Q for a complete split", () => {
  const random = seeded(62);
  const n = 6;
  const mask = Uint8Array.of(1, 1, 2, 2, 2, 2);
  const entropies = new GroupEntropies(n);
  for (let k = 0; k < 50; k++) {
    const rho = k % 2 === 0 ? pureState(randomPure(n, random)) : randomDensity(n, random);
    const pA = groupPopulation(n, rho.re, mask, GROUP_A);
    if (k % 2 === 0) near(entropies.entropyOf(rho.re, rho.im, mask, GROUP_A), binaryEntropy(pA), 1e-13);
    near(
      entropies.mutualInformation(rho.re, rho.im, mask),
      binaryEntropy(pA) + entropies.blockCoherence(rho.re, rho.im, mask),
      1e-12,
    );
  }
});

test("logarithmic negativity of a Bell pair is one bit", () => {
  near(logNegativityBits(0.5), 1, 1e-15);
});

test("monogamy holds with equality for pure states", () => {
  const random = seeded(64);
  const n = 5;
  const psi = randomPure(n, random);
  const rho = pureState(psi);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) if (j !== i) sum += concurrence(n, rho.re, rho.im, i, j) ** 2;
    const p = rho.re[i * n + i]!;
    near(sum, 4 * p * (1 - p), 1e-14);
  }
});

test("entanglement of formation has the textbook values and keeps weak concurrence", () => {
  assert.is(entanglementOfFormationBits(0), 0);
  assert.is(entanglementOfFormationBits(1), 1);
  // C = √3/2: (1+½)/2 = ¾, h₂(¾) = 2 − ¾ log₂ 3.
  near(entanglementOfFormationBits(Math.sqrt(3) / 2), 2 - 0.75 * Math.log2(3), 1e-14);
  const x = 1e-20 / 4;
  near(entanglementOfFormationBits(1e-10) / ((-x * Math.log(x) + x) / Math.LN2), 1, 1e-12);
});

test("phase is positive for the leading channel", () => {
  // ψ_j = e^{iω(t−τ_j)}: channel 0 without delay leads channel 1 delayed by 0.3 s at ω = 2.
  const psi = { re: Float64Array.of(1, Math.cos(0.6), 0.5), im: Float64Array.of(0, -Math.sin(0.6), 0.2) };
  const norm = Math.sqrt(2.29);
  const rho = pureState({ re: psi.re.map((x) => x / norm), im: psi.im.map((x) => x / norm) });
  near(phase(3, rho.re, rho.im, 0, 1), 0.6, 1e-15);
  near(lag(phase(3, rho.re, rho.im, 0, 1), 2), 0.3, 1e-15);
});

test("matrices of all pairs agree with the single pairs", () => {
  const n = 6;
  const rho = randomDensity(n, seeded(66));
  const c = new Float64Array(n * n).fill(9);
  const g = new Float64Array(n * n).fill(9);
  let sum = 0;
  const total = allConcurrences(n, rho.re, rho.im, c);
  allVisibilities(n, rho.re, rho.im, g, new Float64Array(n));
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      if (i === j) {
        assert.is(c[i * n + i], 0);
        assert.is(g[i * n + i], 1);
        continue;
      }
      near(c[i * n + j]!, concurrence(n, rho.re, rho.im, i, j), 1e-16);
      near(g[i * n + j]!, visibility(n, rho.re, rho.im, i, j), 1e-15);
      if (j < i) sum += c[i * n + j]!;
    }
  near(total, sum, 1e-15);
});

test("pointer of a pure state is the state, phases relative to its largest component", () => {
  const n = 4;
  const psi = randomPure(n, seeded(67));
  const rho = pureState(psi);
  const values = new Float64Array(n);
  const vr = new Float64Array(n * n);
  const vi = new Float64Array(n * n);
  new HermitianEigen(n).eigensystem(rho.re, rho.im, values, vr, vi);
  const weights = new Float64Array(n);
  const phases = new Float64Array(n);
  const reference = pointer(n, vr, vi, weights, phases);
  near(pointerOverlap(n, vr, vi, psi.re, psi.im), 1, 1e-14);
  near(values[0]!, 1, 1e-14);
  for (let i = 0; i < n; i++) {
    near(weights[i]!, rho.re[i * n + i]!, 1e-14);
    near(phases[i]!, phase(n, rho.re, rho.im, i, reference), 1e-13);
  }
});

test("fidelity from pivoted factors agrees with the one from eigenvectors, and with ψ†ρψ for a pure state", () => {
  const random = seeded(68);
  for (const n of [2, 5, 16]) {
    const a = randomDensity(n, random);
    const b = randomDensity(n, random);
    const pair = new StateComparison(n);
    pair.load(a.re, a.im, b.re, b.im);
    const wide = () => new Float64Array(n * n);
    const fa = eigenFactor(n, pair.valuesA, pair.vecARe, pair.vecAIm);
    const fb = eigenFactor(n, pair.valuesB, pair.vecBRe, pair.vecBIm);
    const root = rootFidelity(n, fa.re, fa.im, fb.re, fb.im, wide(), wide(), new Float64Array(n));
    near(pair.rootFidelity(), root, 1e-12);
    const psi = randomPure(n, random);
    const pure = pureState(psi);
    pair.load(a.re, a.im, pure.re, pure.im);
    near(pair.rootFidelity() ** 2, pureOverlap(n, a.re, a.im, psi.re, psi.im), n * 2e-8);
    assert.is(pair.relativeEntropy(), Number.POSITIVE_INFINITY);
  }
});

test("pivoted factor multiplies back and keeps a weight of 1e-14 to nine digits", () => {
  // ρ = (1−w)|+⟩⟨+| + w|−⟩⟨−| for a w that the stored doubles hold exactly: w = 2^−46.
  const w = 2 ** -46;
  const re = Float64Array.of(0.5, 0.5 - w, 0.5 - w, 0.5);
  const lr = new Float64Array(4);
  const li = new Float64Array(4);
  assert.is(pivotedCholesky(2, re, new Float64Array(4), lr, li), 2);
  // The second pivot is det/ρ₀₀ = (w − w²)/½.
  near((lr[3]! * lr[3]!) / (2 * (w - w * w)), 1, 1e-15);
  const random = seeded(69);
  const n = 8;
  const rho = randomDensity(n, random, 5);
  const fr = new Float64Array(n * n);
  const fi = new Float64Array(n * n);
  pivotedCholesky(n, rho.re, rho.im, fr, fi);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      let x = 0;
      let y = 0;
      for (let k = 0; k < n; k++) {
        x += fr[k * n + i]! * fr[k * n + j]! + fi[k * n + i]! * fi[k * n + j]!;
        y += fi[k * n + i]! * fr[k * n + j]! - fr[k * n + i]! * fi[k * n + j]!;
      }
      near(x, rho.re[i * n + j]!, 1e-15);
      near(y, rho.im[i * n + j]!, 1e-15);
    }
});

test.run();
