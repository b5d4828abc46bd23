// runtime: either
/** What forecasts are made of: weights by exponentiated gradient, comparison of losses, tracked quantiles, matrices as vectors, ridge regression. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ExponentiatedGradient } from "../../actors/kernels/exponentiated-gradient.ts";
import { dot, pureStateVector } from "../../actors/kernels/hermitian-vector.ts";
import { LossComparison } from "../../actors/kernels/loss-comparison.ts";
import { overlap } from "../../actors/kernels/overlap.ts";
import { rankOneUpdateSlow } from "../../actors/kernels/rank-one.ts";
import { RecursiveRidge } from "../../actors/kernels/recursive-ridge.ts";
import { trackQuantile } from "../../actors/kernels/tracked-quantile.ts";
import { normals, uniforms } from "../support/random-streams.ts";

test("weights go to the expert with the smaller loss, stay on the simplex, and follow when another becomes the best", () => {
  const normal = normals(1);
  const mixture = new ExponentiatedGradient(3, 500, 0.001);
  const gradient = new Float64Array(3);
  const learn = (best: number, steps: number) => {
    for (let t = 0; t < steps; t++) {
      const errors = [0, 1, 2].map((k) => (k === best ? 0.2 : 1) * normal());
      const own = errors.reduce((sum, error, k) => sum + mixture.weights[k]! * error, 0);
      errors.forEach((error, k) => {
        gradient[k] = 2 * own * error;
      });
      mixture.learn(gradient);
    }
    assert.ok(Math.abs(mixture.weights.reduce((sum, w) => sum + w, 0) - 1) < 1e-12);
    assert.ok(mixture.weights[best]! > 0.85, `${mixture.weights}`);
  };
  learn(0, 2000);
  learn(2, 2000);
});

test("an expert that is far better than the one with all the weight takes it over within fifty steps", () => {
  const mixture = new ExponentiatedGradient(3, 500, 0.001);
  const gradient = new Float64Array(3);
  const learn = (errors: readonly number[], steps: number) => {
    for (let t = 0; t < steps; t++) {
      const own = errors.reduce((sum, error, k) => sum + mixture.weights[k]! * error, 0);
      errors.forEach((error, k) => {
        gradient[k] = 2 * own * error;
      });
      mixture.learn(gradient);
    }
  };
  learn([0.01, 1, 1], 20);
  assert.ok(mixture.weights[0]! > 0.9, `${mixture.weights}`);
  learn([4, 0.01, 0.5], 50);
  assert.ok(mixture.weights[0]! < 0.05, `${mixture.weights}`);
});

test("without a difference between experts the weights stay even, and a gradient of zeros changes nothing", () => {
  const mixture = new ExponentiatedGradient(2, 100, 0);
  for (let t = 0; t < 10; t++) mixture.learn(Float64Array.of(t, t));
  assert.equal(Array.from(mixture.weights), [0.5, 0.5]);
});

/** Diebold–Mariano by its formula, all at once. */
function dieboldMarianoSlow(d: readonly number[], lags: number): number {
  const n = d.length;
  const mean = d.reduce((sum, x) => sum + x, 0) / n;
  let variance = 0;
  for (let l = 0; l <= lags; l++) {
    let covariance = 0;
    // Products with what was before the first difference are 0, as in the running means.
    for (let t = 0; t < n; t++) covariance += d[t]! * (d[t - l] ?? 0);
    variance += (l === 0 ? 1 : 2 * (1 - l / (lags + 1))) * (covariance / n - mean * mean);
  }
  return mean / Math.sqrt(variance / n);
}

test("the statistic of Diebold and Mariano is that of the formula, with five lags", () => {
  const normal = normals(2);
  const comparison = new LossComparison(1, Number.POSITIVE_INFINITY);
  const differences: number[] = [];
  let memory = 0;
  for (let t = 0; t < 300; t++) {
    memory = 0.6 * memory + normal();
    const rival = 2 + 0.2 * normal();
    const own = rival + memory + 0.3;
    differences.push(own - rival);
    comparison.take(Float64Array.of(rival, own));
  }
  const expected = dieboldMarianoSlow(differences, 5);
  assert.ok(Math.abs(comparison.dieboldMariano(0) - expected) < 1e-9, `${expected}`);
  // Lags widen the error of what goes on for a while.
  assert.ok(expected < dieboldMarianoSlow(differences, 0));
});

test("where neither forecasts better, 5 % of statistics are beyond 1.96", () => {
  const normal = normals(3);
  let beyond = 0;
  const trials = 1000;
  for (let trial = 0; trial < trials; trial++) {
    const comparison = new LossComparison(1, Number.POSITIVE_INFINITY);
    for (let t = 0; t < 300; t++) comparison.take(Float64Array.of(normal() ** 2, normal() ** 2));
    if (Math.abs(comparison.dieboldMariano(0)) > 1.96) beyond++;
  }
  // Four standard errors, and what Newey and West are too bold by.
  assert.ok(beyond / trials > 0.02 && beyond / trials < 0.09, `${beyond} of ${trials}`);
});

test("skill is the share of the avoidable loss, and is not known of few targets", () => {
  const comparison = new LossComparison(2, Number.POSITIVE_INFINITY);
  comparison.take(Float64Array.of(3, 2, 1.5));
  assert.ok(Number.isNaN(comparison.skill(0)));
  for (let t = 0; t < 20; t++) comparison.take(Float64Array.of(3, 2, 1.5));
  assert.is(comparison.skill(0), 0.5);
  assert.is(comparison.skill(1, 1), 0.5);
  assert.is(comparison.best(0, 2), 1);
  assert.is(comparison.skill(1, 1.8), 0.25, "a loss below the floor shows that it is none");
  const worse = new LossComparison(1, Number.POSITIVE_INFINITY);
  for (let t = 0; t < 20; t++) worse.take(Float64Array.of(1, 1.5));
  assert.ok(Number.isNaN(worse.skill(0, 1.2)), "nothing is avoidable");
});

test("a tracked quantile is exceeded as often as it should, also when the law of the scores changes", () => {
  const normal = normals(4);
  const q = Float64Array.of(2);
  let exceeded = 0;
  const scores = 20_000;
  for (let t = 0; t < scores; t++) {
    const score = (t < scores / 2 ? 1 : 4) * Math.abs(normal());
    if (score > q[0]!) exceeded++;
    trackQuantile(q, 0, Float64Array.of(score), 0, t, 0.05);
  }
  // (b + η)/(ηT), where b = 10 bounds q.
  assert.ok(Math.abs(exceeded / scores - 0.05) < 10 / (0.05 * scores), `${exceeded}`);
  // 95 % of |z| are below 1.96.
  assert.ok(q[0]! > 6 && q[0]! < 10, `${q[0]}`);
});

test("inner products of vectors are traces of products of matrices, whatever the size of ψ", () => {
  const uniform = uniforms(5);
  const n = 5;
  const [a, b] = [new Float64Array(n * n), new Float64Array(n * n)];
  const matrices = [a, b].map((vector) => {
    const [psiRe, psiIm] = [0, 1].map(() => Float64Array.from({ length: n }, () => 6 * uniform() - 3));
    assert.ok(pureStateVector(n, psiRe!, psiIm!, vector));
    const norm = Math.sqrt(dot(psiRe!, 0, psiRe!, 0, n) + dot(psiIm!, 0, psiIm!, 0, n));
    const [re, im] = [new Float64Array(n * n), new Float64Array(n * n)];
    const scaled = (psi: Float64Array) => psi.map((x) => x / norm);
    rankOneUpdateSlow(n, re, im, scaled(psiRe!), scaled(psiIm!), 1);
    return { re, im };
  });
  const [first, second] = [matrices[0]!, matrices[1]!];
  const expected = overlap(n, first.re, first.im, second.re, second.im);
  assert.ok(Math.abs(dot(a, 0, b, 0, n * n) - expected) < 1e-14);
  assert.ok(Math.abs(dot(a, 0, a, 0, n * n) - 1) < 1e-14);
  assert.is(pureStateVector(n, new Float64Array(n), new Float64Array(n), a), false);
});

test("recursive ridge regression finds what the normal equations with the same weights give", () => {
  const normal = normals(6);
  const ridge = new RecursiveRidge(1, 5, 50);
  const residual = new Float64Array(1);
  let [xx, xy] = [5, 0];
  for (let t = 0; t < 200; t++) {
    const x = Float64Array.of(normal());
    const y = 0.7 * x[0]! + 0.1 * normal();
    residual[0] = y - ridge.coefficients[0]! * x[0]!;
    ridge.learn(x, residual, 0);
    xx = (1 - 1 / 50) * xx + x[0]! ** 2;
    xy = (1 - 1 / 50) * xy + x[0]! * y;
  }
  assert.ok(Math.abs(ridge.coefficients[0]! - xy / xx) < 1e-12);
  ridge.reset();
  assert.is(ridge.coefficients[0], 0);
});

test.run();
