import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { AngularGaussianBet } from "../../actors/kernels/angular-gaussian-bet.ts";
import {
  BET_BINS,
  BetTable,
  betBin,
  betBinEdge,
  betBinWidth,
  energyBetComplex,
  energyBetReal,
  shareBetComplex,
  shareBetReal,
} from "../../actors/kernels/bets.ts";
import { cholesky, NotPositiveDefinite } from "../../actors/kernels/cholesky.ts";
import {
  coherencePValue,
  coherenceThreshold,
  phaseDeviation,
} from "../../actors/kernels/coherence-significance.ts";
import { ConformalRank, conformalSlow } from "../../actors/kernels/conformal.ts";
import { EDetector } from "../../actors/kernels/e-detector.ts";
import { EwmaMoments } from "../../actors/kernels/ewma.ts";
import { MeanBet } from "../../actors/kernels/mean-bet.ts";
import { benjaminiHochberg, eBenjaminiHochberg } from "../../actors/kernels/multiple-testing.ts";
import { normalCdf, normalQuantile } from "../../actors/kernels/normal.ts";
import { ELond, LordPlusPlus } from "../../actors/kernels/online-fdr.ts";
import { ljungBox, ljungBoxPValue, SerialCorrelation } from "../../actors/kernels/serial-correlation.ts";
import { inverseSquareRoot, whiten, whitenComplex } from "../../actors/kernels/whitening.ts";
import { skip } from "../support/skip.ts";
import { gaussian, randomDensity, seeded } from "./builders.ts";
import { referenceJson } from "./reference.ts";

interface Sequences {
  F_fdr: {
    conformal: { scores: number[]; theta: number[]; p: number[] };
    eLOND: { alpha: number; e: number[]; rejected: number[] };
    LORDpp: { alpha: number; w0: number; p: number[]; rejected: number[] };
    tol: number;
  };
  E_edetector: {
    x: number[];
    mus: number[];
    weights: number[];
    logSR: number[];
    logCUSUM: number[];
    alarmSR: Record<string, number>;
    alarmCUSUM: Record<string, number>;
    tol: number;
  };
  E3_bets: {
    tol: number;
    items: {
      n: number;
      p: number;
      theta?: number;
      scale?: number;
      shareComplex: number;
      shareReal: number;
      energyReal: number;
      energyComplex: number;
    }[];
  };
  E2_acg: {
    tol: number;
    items: {
      n: number;
      S0: { re: number[]; im: number[] };
      S1: { re: number[]; im: number[] };
      z: { re: number[]; im: number[] };
      logE_complex: number;
    }[];
  };
}

const reference = referenceJson<Sequences>("oracle/sequences.json.gz");

function near(got: number, expected: number, tolerance: number, what = ""): void {
  assert.ok(Math.abs(got - expected) <= tolerance, `${what} ${got}; expected ${expected} ± ${tolerance}`);
}

test("conformal p-values agree with the reference", () => {
  if (reference === null) return skip("no reference data beside the checkout");
  const { scores, theta, p } = reference.F_fdr.conformal;
  const rank = new ConformalRank(scores.length);
  scores.forEach((score, t) => {
    near(rank.push(score, theta[t]!), p[t]!, reference.F_fdr.tol, `p[${t}]`);
  });
});

test("conformal p-values of a sliding window agree with counting, ties included", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 60 }),
      (window, scores) => {
        const rank = new ConformalRank(window);
        scores.forEach((score, t) => {
          const held = scores.slice(Math.max(0, t + 1 - window), t + 1);
          assert.is(rank.push(score, 0.25), conformalSlow(held, 0.25));
          const more = [...held, 1];
          assert.is(rank.peek(1, 0.5), conformalSlow(more, 0.5));
        });
      },
    ),
    { seed: 1 },
  );
});

test("conformal window keeps its ranks over long random streams and restores from its fields", () => {
  const random = seeded(6);
  const rank = new ConformalRank(257);
  const scores: number[] = [];
  for (let t = 0; t < 3000; t++) {
    scores.push(Math.round(gaussian(random) * 50));
    assert.is(rank.push(scores[t]!, 0.5), conformalSlow(scores.slice(Math.max(0, t - 256)), 0.5));
  }
  const other = new ConformalRank(257);
  for (const name of ["ring", "sorted", "scalars"] as const) other.fields[name].set(rank.fields[name]);
  for (let t = 0; t < 300; t++) {
    const x = gaussian(random);
    assert.is(other.push(x, 0.3), rank.push(x, 0.3));
  }
});

test("conformal window does not take NaN in", () => {
  const rank = new ConformalRank(4);
  rank.push(1, 0.5);
  assert.ok(Number.isNaN(rank.push(Number.NaN, 0.5)));
  assert.is(rank.count, 1);
});

test("e-detector follows the reference paths of Shiryaev–Roberts and CUSUM and their alarms", () => {
  if (reference === null) return skip("no reference data beside the checkout");
  const { x, mus, weights, logSR, logCUSUM, alarmSR, alarmCUSUM, tol } = reference.E_edetector;
  for (const [kind, path, alarms] of [
    ["sr", logSR, alarmSR],
    ["cusum", logCUSUM, alarmCUSUM],
  ] as const) {
    const detector = new EDetector(weights, kind);
    const logE = new Float64Array(mus.length);
    const first: Record<string, number> = {};
    x.forEach((value, t) => {
      for (let m = 0; m < mus.length; m++) logE[m] = mus[m]! * value - (mus[m]! * mus[m]!) / 2;
      const evidence = detector.update(logE);
      near(evidence, path[t]!, tol, `${kind}[${t}]`);
      for (const level of Object.keys(alarms))
        if (evidence >= Math.log(Number(level)) && first[level] === undefined) first[level] = t;
    });
    assert.equal(first, alarms);
  }
});

test("e-detector of constant strong evidence stays finite, names its leader and its onset", () => {
  const detector = new EDetector([0.5, 0.5]);
  const logE = Float64Array.of(-1, -1);
  for (let t = 0; t < 10; t++) detector.update(logE);
  logE[1] = 3;
  for (let t = 0; t < 1000; t++) detector.update(logE);
  assert.is(detector.leader(), 1);
  assert.is(detector.onsetOf(1), 10);
  assert.ok(Math.abs(detector.logEvidence - 3000) < 5);
});

test("closed forms of the bets agree with the reference", () => {
  if (reference === null) return skip("no reference data beside the checkout");
  for (const item of reference.E3_bets.items) {
    const { n, p } = item;
    const tol = reference.E3_bets.tol;
    if (item.theta !== undefined) {
      near(shareBetComplex(n, item.theta, p), item.shareComplex, tol, `share complex n=${n} p=${p}`);
      near(shareBetReal(n, item.theta, p), item.shareReal, tol, `share real n=${n} p=${p}`);
    } else {
      near(energyBetComplex(n, item.scale!, p), item.energyComplex, tol, `energy complex n=${n} p=${p}`);
      near(energyBetReal(n, item.scale!, p), item.energyReal, tol, `energy real n=${n} p=${p}`);
    }
  }
});

test("bet tables have mean 1 over uniform p and follow the closed forms", () => {
  for (const [kind, field, parameters, exact] of [
    ["energy", "real", [0.6, 0.8, 1.3, 1.8], energyBetReal],
    ["energy", "complex", [0.6, 0.8, 1.3, 1.8], energyBetComplex],
    ["share", "real", [0.4, 0.65, 1.5, 2.5], shareBetReal],
    ["share", "complex", [0.4, 0.65, 1.5, 2.5], shareBetComplex],
  ] as const) {
    const table = new BetTable(kind, field, 16, parameters);
    const out = new Float64Array(parameters.length);
    parameters.forEach((parameter, m) => {
      let mean = 0;
      for (let k = 0; k < BET_BINS; k++)
        mean += Math.exp(table.logValues[m * BET_BINS + k]!) * betBinWidth(k);
      near(mean, 1, 1e-14, `${kind} ${field} ${parameter}`);
      for (const p of [0.0003, 0.02, 0.4, 0.9]) {
        table.logE(p, out, 0);
        near(out[m]!, exact(16, parameter, p), 0.1, `${kind} ${field} ${parameter} p=${p}`);
      }
    });
  }
});

test("bet bins partition the unit interval", () => {
  let sum = 0;
  for (let k = 0; k < BET_BINS; k++) {
    sum += betBinWidth(k);
    near(betBinEdge(k + 1) - betBinEdge(k), betBinWidth(k), 1e-15);
    const middle = k === BET_BINS - 1 ? 1 - betBinWidth(k) / 2 : betBinEdge(k) + betBinWidth(k) / 2;
    assert.is(betBin(middle), k);
  }
  near(sum, 1, 1e-14);
  assert.is(betBin(0), 0);
  assert.is(betBin(1), BET_BINS - 1);
});

test("mean bets stay below 1 in the mean under a symmetric heavy-tailed law and grow when the mean moves", () => {
  const random = seeded(7);
  const n = 4;
  const bet = new MeanBet(n);
  const out = new Float64Array(bet.members);
  const sums = new Float64Array(bet.members);
  const y = new Float64Array(n);
  const steps = 20_000;
  for (let t = 0; t < steps; t++) {
    const scale = 1 / Math.sqrt(0.1 + random());
    for (let i = 0; i < n; i++) y[i] = scale * gaussian(random);
    bet.logE(y, out, 0);
    for (let m = 0; m < bet.members; m++) sums[m]! += Math.exp(out[m]!);
  }
  for (let m = 0; m < bet.members; m++)
    assert.ok(sums[m]! / steps < 1.01, `member ${m}: ${sums[m]! / steps}`);
  let grown = 0;
  for (let t = 0; t < 200; t++) {
    for (let i = 0; i < n; i++) y[i] = 1 + gaussian(random);
    bet.logE(y, out, 0);
    grown += out[2]!;
  }
  assert.ok(grown > 20, `log evidence ${grown}`);
});

test("angular Gaussian bet agrees with the reference", () => {
  if (reference === null) return skip("no reference data beside the checkout");
  for (const item of reference.E2_acg.items) {
    const m = (x: { re: number[]; im: number[] }) => ({
      re: Float64Array.from(x.re),
      im: Float64Array.from(x.im),
    });
    const bet = new AngularGaussianBet(item.n, "complex", m(item.S0), m(item.S1));
    const z = m(item.z);
    near(bet.logE(z.re, z.im), item.logE_complex, reference.E2_acg.tol);
  }
});

test("cholesky factor multiplies back and refuses an indefinite matrix", () => {
  const random = seeded(8);
  const n = 7;
  const { re, im } = randomDensity(n, random);
  const lr = new Float64Array(n * n);
  const li = new Float64Array(n * n);
  cholesky(n, re, im, lr, li);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      let x = 0;
      let y = 0;
      for (let k = 0; k <= j; k++) {
        x += lr[i * n + k]! * lr[j * n + k]! + li[i * n + k]! * li[j * n + k]!;
        y += li[i * n + k]! * lr[j * n + k]! - lr[i * n + k]! * li[j * n + k]!;
      }
      near(x, re[i * n + j]!, 1e-15);
      near(y, im[i * n + j]!, 1e-15);
    }
  const bad = Float64Array.of(1, 2, 2, 1);
  const zero = new Float64Array(4);
  assert.throws(
    () => cholesky(2, bad, zero, new Float64Array(4), new Float64Array(4)),
    (e: unknown) => {
      return e instanceof NotPositiveDefinite && e.row === 1;
    },
  );
});

test("whitening gives W A W = 1, real and complex", () => {
  const random = seeded(9);
  const n = 6;
  const { re, im } = randomDensity(n, random);
  for (const imaginary of [im, new Float64Array(n * n)]) {
    const make = () => new Float64Array(n * n);
    const [wr, wi, vr, vi] = [make(), make(), make(), make()] as const;
    inverseSquareRoot(n, re, imaginary, wr, wi, new Float64Array(n), vr, vi);
    const column = { re: new Float64Array(n), im: new Float64Array(n) };
    const half = { re: new Float64Array(n), im: new Float64Array(n) };
    const full = { re: new Float64Array(n), im: new Float64Array(n) };
    for (let j = 0; j < n; j++) {
      // W A W e_j: first W e_j, then A, then W.
      const e = new Float64Array(n);
      e[j] = 1;
      whitenComplex(n, wr, wi, e, new Float64Array(n), column.re, column.im);
      whitenComplex(n, re, imaginary, column.re, column.im, half.re, half.im);
      whitenComplex(n, wr, wi, half.re, half.im, full.re, full.im);
      for (let i = 0; i < n; i++) {
        near(full.re[i]!, i === j ? 1 : 0, 1e-12);
        near(full.im[i]!, 0, 1e-12);
      }
    }
  }
});

test("real whitening takes the mean out and returns the energy", () => {
  const y = new Float64Array(2);
  const energy = whiten(
    2,
    Float64Array.of(2, 0, 0, 0.5),
    Float64Array.of(3, 5),
    Float64Array.of(1, 1),
    y,
    new Float64Array(2),
  );
  assert.equal([...y], [4, 2]);
  assert.is(energy, 20);
});

test("EWMA moments of a constant alpha 1/k are the sample mean and variance, and standardising uses the past only", () => {
  const moments = new EwmaMoments(1, 1e-9);
  const x = [3, 5, 4, 9, 2];
  for (const value of x) moments.update(0, value);
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  near(moments.mean[0]!, mean, 1e-14);
  near(moments.variance[0]!, x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length, 1e-14);
  const before = Math.sqrt(moments.variance[0]!);
  near(moments.standardise(0, 20), (20 - mean) / before, 1e-14);
  const fresh = new EwmaMoments(1, 0.1);
  assert.is(fresh.standardise(0, 7), 0);
  assert.is(fresh.standardise(0, 7), 0);
  fresh.update(0, Number.NaN);
  assert.is(fresh.samples(0), 2);
});

test("serial correlation is found within 2000 samples at AR 0.3 in one channel and not in white noise", () => {
  const random = seeded(10);
  const white = new SerialCorrelation(1);
  const correlated = new SerialCorrelation(1);
  const y = new Float64Array(1);
  let state = 0;
  let found = -1;
  let highest = 0;
  for (let t = 0; t < 5000; t++) {
    const e = gaussian(random);
    y[0] = e;
    highest = Math.max(highest, white.update(y));
    state = 0.3 * state + Math.sqrt(1 - 0.09) * gaussian(random);
    y[0] = state;
    if (correlated.update(y) > Math.log(1e5) && found < 0) found = t;
  }
  assert.ok(found > 0 && found < 2000, `found at ${found}`);
  assert.ok(highest < Math.log(1e5), `white noise reached ${highest}`);
  near(correlated.autocorrelation, 0.3, 0.15);
});

test("Ljung–Box gives the textbook value on a short series and uniform p on noise", () => {
  // x = 1,−1,1,−1: r₁ = −3/4, Q = 4·6·(9/16)/3 = 4.5.
  near(ljungBox(Float64Array.of(1, -1, 1, -1), 1), 4.5, 1e-14);
  // P(χ²₁ > 3.841458820694124) = 0.05.
  near(ljungBoxPValue(3.841458820694124, 1), 0.05, 1e-12);
  const random = seeded(12);
  let small = 0;
  for (let k = 0; k < 400; k++) {
    const x = new Float64Array(300).map(() => gaussian(random));
    if (ljungBoxPValue(ljungBox(x, 5), 5) < 0.1) small++;
  }
  // 40 expected, s.d. 6.
  assert.ok(small > 20 && small < 62, `${small} of 400 below 0.1`);
});

test("e-LOND and LORD++ reject what the reference rejects", () => {
  if (reference === null) return skip("no reference data beside the checkout");
  const { eLOND, LORDpp } = reference.F_fdr;
  const lond = new ELond(eLOND.alpha);
  assert.equal(
    eLOND.e.flatMap((e, t) => (lond.test(e) ? [t] : [])),
    eLOND.rejected,
  );
  const lord = new LordPlusPlus(LORDpp.alpha, LORDpp.w0);
  assert.equal(
    LORDpp.p.flatMap((p, t) => (lord.test(p) ? [t] : [])),
    LORDpp.rejected,
  );
});

test("coherence threshold is the inverse of the coherence p-value", () => {
  for (const p of [0.1, 0.01, 1e-6]) {
    near(coherencePValue(Math.sqrt(coherenceThreshold(p, 32)), 32), p, 1e-12 * p + 1e-16);
  }
  // N = 2 looks: P(g² > x) = 1 − x.
  near(coherencePValue(Math.sqrt(0.3), 2), 0.7, 1e-15);
  near(phaseDeviation(Math.SQRT1_2, 2), 0.5, 1e-15);
});

test("Benjamini–Hochberg and e-BH reject by their step-up rules", () => {
  // αi/m = .01, .02, .03, .04, .05: the largest i with p ≤ αi/m is 3.
  const p = Float64Array.of(0.2, 0.001, 0.025, 0.019, 0.045);
  const rejected = new Uint8Array(5);
  p[4] = 0.6;
  assert.is(benjaminiHochberg(5, p, 0.05, rejected, new Float64Array(5)), 3);
  assert.equal([...rejected], [0, 1, 1, 1, 0]);
  // m/(αi) = 100, 50, 33.3, 25, 20.
  const e = Float64Array.of(60, 1, 55, 2, 10);
  assert.is(eBenjaminiHochberg(5, e, 0.05, rejected, new Float64Array(5)), 2);
  assert.equal([...rejected], [1, 0, 1, 0, 0]);
  assert.is(eBenjaminiHochberg(5, Float64Array.of(1, 1, 1, 1, 1), 0.05, rejected, new Float64Array(5)), 0);
});

test("normal law gives the familiar percentiles", () => {
  near(normalQuantile(0.975), 1.959963984540054, 1e-14);
  near(normalCdf(1.959963984540054), 0.975, 1e-15);
  near(normalCdf(-10) / 7.61985302416052e-24, 1, 1e-12);
});

test.run();
