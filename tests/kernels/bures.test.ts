// runtime: either
/** The Bures distance near 0, where √(2−2√F) has no digit left, against closed forms without cancellation. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { buresAngle } from "../../actors/kernels/fidelity.ts";
import { HermitianEigen } from "../../actors/kernels/hermitian-eigen.ts";
import { StateComparison } from "../../actors/kernels/state-comparison.ts";
import { type Matrix, randomDensity, randomHermitian, seeded } from "./builders.ts";

function distance(n: number, rho: Matrix, sigma: Matrix): number {
  const states = new StateComparison(n);
  states.load(rho.re, rho.im, sigma.re, sigma.im);
  return states.fidelities().bures;
}

function near(got: number, expected: number, tolerance: number, what: string): void {
  assert.ok(Math.abs(got - expected) <= tolerance, `${what}: ${got}; expected ${expected} ± ${tolerance}`);
}

function diagonal(p: readonly number[]): Matrix {
  const n = p.length;
  const re = new Float64Array(n * n);
  p.forEach((x, i) => {
    re[i * n + i] = x;
  });
  return { re, im: new Float64Array(n * n) };
}

test("identical states have distance and angle 0, also of low rank", () => {
  const random = seeded(71);
  for (const n of [2, 3, 8, 16])
    for (const rank of [1, 2, n]) {
      const rho = randomDensity(n, random, rank);
      assert.is(distance(n, rho, { re: rho.re.slice(), im: rho.im.slice() }), 0);
    }
  assert.is(buresAngle(0), 0);
});

test("diagonal states have the Hellinger distance √Σ(√p−√q)², however near", () => {
  const p = [0.5, 0.25, 0.125, 0.0625, 0.0625];
  for (const size of [1e-2, 1e-5, 1e-8, 1e-11, 1e-14]) {
    const step = [1, -1, 0.5, -0.25, -0.25];
    const q = p.map((x, i) => x + size * step[i]!);
    const expected = Math.sqrt(
      p.reduce((sum, x, i) => sum + ((x - q[i]!) / (Math.sqrt(x) + Math.sqrt(q[i]!))) ** 2, 0),
    );
    near(distance(5, diagonal(p), diagonal(q)), expected, 1e-15, `at ${size}`);
    near(distance(5, diagonal(q), diagonal(p)), expected, 1e-15, `at ${size}, the other way`);
  }
});

test("qubits have the distance of their Bloch vectors", () => {
  // 1 − F = ¼ (|r−s|² + (√(1−r²) − √(1−s²))²). All entries are exact doubles.
  const state = ([x, y, z]: readonly number[]): Matrix => ({
    re: Float64Array.of((1 + z!) / 2, x! / 2, x! / 2, (1 - z!) / 2),
    im: Float64Array.of(0, -y! / 2, y! / 2, 0),
  });
  const square = (v: readonly number[]) => v.reduce((sum, x) => sum + x * x, 0);
  const r = [0.25, 0.5, -0.125];
  for (const exponent of [4, 12, 20, 28, 36, 44]) {
    const step = [3, -2, 5].map((x) => x * 2 ** -exponent);
    const s = r.map((x, i) => x + step[i]!);
    const lengths = r.reduce((sum, x, i) => sum + step[i]! * (x + s[i]!), 0);
    const roots = lengths / (Math.sqrt(1 - square(r)) + Math.sqrt(1 - square(s)));
    const infidelity = (square(step) + roots * roots) / 4;
    const expected = Math.sqrt((2 * infidelity) / (1 + Math.sqrt(1 - infidelity)));
    near(distance(2, state(r), state(s)), expected, 1e-15, `at 2^-${exponent}`);
    near(buresAngle(expected), Math.asin(Math.sqrt(infidelity)), 1e-15, `angle at 2^-${exponent}`);
  }
});

test("pure states at an angle θ have distance 2 sin(θ/2)", () => {
  for (const theta of [1, 1e-3, 1e-6]) {
    const [c, s] = [Math.cos(theta), Math.sin(theta)];
    const rotated = { re: Float64Array.of(c * c, c * s, c * s, s * s), im: new Float64Array(4) };
    // Rounding of c s against c² and s² makes the stored state mixed by some 1e-17.
    near(distance(2, diagonal([1, 0]), rotated), 2 * Math.sin(theta / 2), 2e-8, `at ${theta}`);
  }
});

test("near a state of full rank the distance is the Bures metric ½ Σ|Δ_ij|²/(λ_i+λ_j)", () => {
  const random = seeded(72);
  for (const n of [3, 8]) {
    const rho = randomDensity(n, random);
    const step = randomHermitian(n, random);
    let trace = 0;
    for (let i = 0; i < n; i++) trace += step.re[i * n + i]! / n;
    for (let i = 0; i < n; i++) step.re[i * n + i]! -= trace;
    const size = 1e-9;
    const sigma = {
      re: rho.re.map((x, k) => x + size * step.re[k]!),
      im: rho.im.map((x, k) => x + size * step.im[k]!),
    };
    const values = new Float64Array(n);
    const [vRe, vIm] = [new Float64Array(n * n), new Float64Array(n * n)];
    new HermitianEigen(n).eigensystem(rho.re, rho.im, values, vRe, vIm);
    const element = (i: number, j: number) => {
      let x = 0;
      let y = 0;
      for (let a = 0; a < n; a++)
        for (let b = 0; b < n; b++) {
          const re = vRe[i * n + a]! * vRe[j * n + b]! + vIm[i * n + a]! * vIm[j * n + b]!;
          const im = vRe[i * n + a]! * vIm[j * n + b]! - vIm[i * n + a]! * vRe[j * n + b]!;
          const [dRe, dIm] = [
            sigma.re[a * n + b]! - rho.re[a * n + b]!,
            sigma.im[a * n + b]! - rho.im[a * n + b]!,
          ];
          x += re * dRe - im * dIm;
          y += re * dIm + im * dRe;
        }
      return x * x + y * y;
    };
    let squares = 0;
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) squares += element(i, j) / (values[i]! + values[j]!) / 2;
    const expected = Math.sqrt(squares);
    near(distance(n, rho, sigma), expected, 1e-5 * expected, `n = ${n}`);
  }
});

test("the root fidelity that comes with the distance has the bits of the one alone, for complex and for real states", () => {
  const random = seeded(74);
  for (const n of [1, 2, 5, 16])
    for (const isReal of [false, true]) {
      const [rho, sigma] = [n, Math.ceil(n / 2)].map((rank) => {
        const { re, im } = randomDensity(n, random, rank);
        return { re, im: isReal ? new Float64Array(n * n) : im };
      }) as [Matrix, Matrix];
      const states = new StateComparison(n);
      states.load(rho.re, rho.im, sigma.re, sigma.im);
      assert.is(states.fidelities().root, states.rootFidelity());
    }
});

test("far apart the distance is √(2−2√F), and √2 between orthogonal states", () => {
  const random = seeded(73);
  for (let run = 0; run < 60; run++) {
    const n = 2 + (run % 6);
    const rho = randomDensity(n, random, 1 + (run % n));
    const sigma = randomDensity(n, random, 1 + ((run >> 1) % n));
    const states = new StateComparison(n);
    states.load(rho.re, rho.im, sigma.re, sigma.im);
    near(states.fidelities().bures, Math.sqrt(2 - 2 * states.rootFidelity()), n * 2e-8, `run ${run}`);
  }
  near(distance(2, diagonal([1, 0]), diagonal([0, 1])), Math.SQRT2, 1e-15, "orthogonal");
  near(buresAngle(Math.SQRT2), Math.PI / 2, 1e-7, "orthogonal angle");
});

test.run();
