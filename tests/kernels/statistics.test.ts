// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { BET_BINS, BetTable, betBin, betBinWidth } from "../../actors/kernels/bets.ts";
import { cholesky, NotPositiveDefinite } from "../../actors/kernels/cholesky.ts";
import { coherencePValue, coherenceThreshold } from "../../actors/kernels/coherence-significance.ts";
import { ConformalRank } from "../../actors/kernels/conformal.ts";
import { EDetector } from "../../actors/kernels/e-detector.ts";
import { EwmaMoments } from "../../actors/kernels/ewma.ts";
import { MeanBet } from "../../actors/kernels/mean-bet.ts";
import { benjaminiHochberg } from "../../actors/kernels/multiple-testing.ts";
import { normalQuantile, normalScoreAt } from "../../actors/kernels/normal.ts";
import { ELond, LordPlusPlus } from "../../actors/kernels/online-fdr.ts";
import { SerialCorrelation } from "../../actors/kernels/serial-correlation.ts";
import { inverseSquareRoot } from "../../actors/kernels/whitening.ts";
import { skipWithoutData } from "../support/shared.ts";
import { gaussian, randomDensity, seeded } from "./builders.ts";
import { conformalByCounting, energyBet, normalCdf, product, shareBet } from "./oracles.ts";
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
      shareReal: number;
      energyReal: number;
    }[];
  };
}

const reference = referenceJson<Sequences>("oracle/sequences.json.gz");

function near(got: number, expected: number, tolerance: number, what = ""): void {
  assert.ok(Math.abs(got - expected) <= tolerance, `${what} ${got}; expected ${expected} ± ${tolerance}`);
}

test("conformal p-values agree with the reference", () => {
  if (reference === null) return skipWithoutData();
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
          assert.is(rank.push(score, 0.25), conformalByCounting(held, 0.25));
        });
      },
    ),
    { seed: 1 },
  );
});

test("conformal window keeps its ranks over long random streams and after a restore", () => {
  const random = seeded(6);
  const rank = new ConformalRank(257);
  const scores: number[] = [];
  for (let t = 0; t < 3000; t++) {
    scores.push(Math.round(gaussian(random) * 50));
    assert.is(rank.push(scores[t]!, 0.5), conformalByCounting(scores.slice(Math.max(0, t - 256)), 0.5));
  }
  const other = new ConformalRank(257);
  for (const name of ["ring", "sorted", "scalars"] as const) other.fields[name].set(rank.fields[name]);
  for (let t = 0; t < 300; t++) {
    const x = gaussian(random);
    assert.is(other.push(x, 0.3), rank.push(x, 0.3));
  }
});

test("conformal window does not store NaN", () => {
  const rank = new ConformalRank(4);
  rank.push(1, 0.5);
  assert.ok(Number.isNaN(rank.push(Number.NaN, 0.5)));
  assert.is(rank.count, 1);
});

test("e-detector agrees with the reference paths and alarms of Shiryaev–Roberts and CUSUM", () => {
  if (reference === null) return skipWithoutData();
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
      detector.update(logE);
      const evidence = detector.logEvidence;
      near(evidence, path[t]!, tol, `${kind}[${t}]`);
      for (const level of Object.keys(alarms))
        if (evidence >= Math.log(Number(level)) && first[level] === undefined) first[level] = t;
    });
    assert.equal(first, alarms);
  }
});

test("e-detector with constant strong evidence stays finite and reports its leader and onset", () => {
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
  if (reference === null) return skipWithoutData();
  for (const item of reference.E3_bets.items) {
    const { n, p } = item;
    const tol = reference.E3_bets.tol;
    if (item.theta !== undefined) {
      near(shareBet(n, item.theta, p), item.shareReal, tol, `share n=${n} p=${p}`);
    } else near(energyBet(n, item.scale!, p), item.energyReal, tol, `energy n=${n} p=${p}`);
  }
});

test("bet tables have mean 1 over uniform p and agree with the closed forms", () => {
  for (const [kind, parameters, exact] of [
    ["energy", [0.6, 0.8, 1.3, 1.8], energyBet],
    ["share", [0.4, 0.65, 1.5, 2.5], shareBet],
    ["shift", [0.5, 1], (_: number, delta: number, p: number) => -delta * normalQuantile(p) - delta ** 2 / 2],
  ] as const) {
    const table = new BetTable(kind, 16, parameters);
    const out = new Float64Array(parameters.length);
    parameters.forEach((parameter, m) => {
      let mean = 0;
      for (let k = 0; k < BET_BINS; k++)
        mean += Math.exp(table.logValues[m * BET_BINS + k]!) * betBinWidth(k);
      near(mean, 1, 1e-14, `${kind} ${parameter}`);
      for (const p of [0.0003, 0.02, 0.4, 0.9]) {
        table.logE(p, out, 0);
        near(out[m]!, exact(16, parameter, p), 0.1, `${kind} ${parameter} p=${p}`);
      }
    });
  }
});

test("bet bins partition the unit interval", () => {
  let sum = 0;
  for (let k = 0; k < BET_BINS; k++) {
    const width = betBinWidth(k);
    // Sums of widths lose the digits of the narrow bins near p = 1: there the width mirrors that near p = 0.
    near(width, betBinWidth(BET_BINS - 1 - k), 1e-12 * width);
    if (2 * k < BET_BINS) assert.is(betBin(sum + width / 2), k);
    else assert.is(betBin(1 - (1 - sum - width / 2)), k);
    sum += width;
  }
  near(sum, 1, 1e-14);
  assert.is(betBin(0), 0);
  assert.is(betBin(1), BET_BINS - 1);
});

test("mean bets have mean 1 under a skewed law and grow when the mean moves", () => {
  const random = seeded(7);
  const n = 4;
  const bet = new MeanBet(n);
  const kept = new Uint8Array(n).fill(1);
  const e = new Float64Array(bet.members);
  const sums = new Float64Array(bet.members);
  const y = new Float64Array(n);
  const steps = 40_000;
  for (let t = 0; t < steps; t++) {
    for (let i = 0; i < n; i++) y[i] = -Math.log(1 - random());
    bet.eValues(y, kept, Float64Array.of(random()), 0, e, 0);
    for (let m = 0; m < bet.members; m++) sums[m]! += e[m]!;
  }
  // The standard deviation of e is at most √(e − 1) = 1.3.
  for (let m = 0; m < bet.members; m++) {
    const mean = sums[m]! / steps;
    assert.ok(Math.abs(mean - 1) < 4 * (1.3 / Math.sqrt(steps)), `member ${m}: ${mean}`);
  }
  let grown = 0;
  for (let t = 0; t < 60; t++) {
    for (let i = 0; i < n; i++) y[i] = 1 - Math.log(1 - random());
    bet.eValues(y, kept, Float64Array.of(random()), 0, e, 0);
    grown += Math.log(e[2]!);
  }
  assert.ok(grown > 20, `log evidence ${grown}`);
});

test("mean bets ignore channels that are left out", () => {
  const random = seeded(8);
  const [two, three] = [new MeanBet(2), new MeanBet(3)];
  const half = Float64Array.of(0.5);
  const [a, b] = [new Float64Array(two.members), new Float64Array(two.members)];
  for (let t = 0; t < 200; t++) {
    const [x, z] = [gaussian(random), gaussian(random)];
    // θ decides between equal values only, and there are none after the first row.
    two.eValues(Float64Array.of(x, z), Uint8Array.of(1, 1), half, 0, a, 0);
    three.eValues(Float64Array.of(x, z, gaussian(random)), Uint8Array.of(1, 1, 0), half, 0, b, 0);
    if (t < 100) continue;
    assert.is(three.scores[2], 0);
    assert.equal(two.scores[0], three.scores[0]);
  }
});

test("a normal score is the normal quantile of 1 − p within 1e-4", () => {
  for (const p of [1e-8, 1e-4, 0.003, 0.1, 0.5, 0.77, 0.999, 1 - 1e-7]) {
    const score = Float64Array.of(p);
    normalScoreAt(score, 0);
    assert.ok(Math.abs(score[0]! + normalQuantile(p)) < 1e-4, `p ${p}: ${score[0]}`);
  }
  const certain = Float64Array.of(1);
  normalScoreAt(certain, 0);
  assert.ok(certain[0]! < -5 && Number.isFinite(certain[0]!));
});

test("ranks in common arrays are those of separate ranks", () => {
  const random = seeded(9);
  const separate = [new ConformalRank(16), new ConformalRank(16)];
  const { ranks, fields } = ConformalRank.several(2, 16);
  for (let t = 0; t < 100; t++) {
    for (const k of [0, 1]) {
      const [score, theta] = [Math.floor(20 * random()), 1 - random()];
      assert.is(ranks[k]!.push(score, theta), separate[k]!.push(score, theta));
    }
  }
  assert.equal(fields.sorted.subarray(16), separate[1]!.fields.sorted);
});

test("two streams that are ranked together have the ranks that each has alone", () => {
  const uniform = seeded(12);
  const [together, alone] = [0, 1].map(() => ConformalRank.several(2, 60).ranks);
  const thetas = new Float64Array(2);
  const both = new Float64Array(2);
  const one = new Float64Array(2);
  for (let k = 0; k < 500; k++) {
    for (let c = 0; c < 2; c++) {
      thetas[c] = 1 - uniform();
      // Few values, so that many are equal; at times none.
      both[c] = uniform() < 0.05 ? Number.NaN : Math.floor(40 * uniform());
    }
    one.set(both);
    together![0]!.pushBoth(together![1]!, both, 0, 1, thetas, 0);
    for (let c = 0; c < 2; c++) alone![c]!.pushAt(one, c, thetas, c);
    assert.equal([...both], [...one], `row ${k}`);
  }
  for (let c = 0; c < 2; c++) assert.equal(together![c]!.fields, alone![c]!.fields);
});

test("cholesky factor reproduces the matrix; an indefinite matrix is rejected", () => {
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
    for (let j = 0; j < n; j++) {
      // W A W e_j: first W e_j, then A, then W.
      const e = new Float64Array(n);
      e[j] = 1;
      const column = product(n, wr, wi, e, new Float64Array(n));
      const half = product(n, re, imaginary, column.re, column.im);
      const full = product(n, wr, wi, half.re, half.im);
      for (let i = 0; i < n; i++) {
        near(full.re[i]!, i === j ? 1 : 0, 1e-12);
        near(full.im[i]!, 0, 1e-12);
      }
    }
  }
});

test("EWMA moments of a constant alpha 1/k are the sample mean and variance, and scaling uses the past only", () => {
  const moments = new EwmaMoments(1, 1e-9);
  const x = [3, 5, 4, 9, 2];
  for (const value of x) moments.update(0, value);
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  near(moments.mean[0]!, mean, 1e-14);
  near(moments.variance[0]!, x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length, 1e-14);
  const before = Math.sqrt(moments.variance[0]!);
  near(moments.scale(0, 20), 20 / before, 1e-14);
  const fresh = new EwmaMoments(1, 0.1);
  assert.is(fresh.scale(0, 7), 0);
  assert.is(fresh.scale(0, 7), 0);
  fresh.update(0, Number.NaN);
  assert.is(fresh.samples(0), 2);
});

test("serial correlation is 0 before the first sample, and of a channel that rests at 0", () => {
  const watched = new SerialCorrelation(2);
  assert.is(watched.autocorrelation, 0);
  for (let k = 0; k < 5; k++) watched.update(new Float64Array(2));
  assert.is(watched.autocorrelation, 0);
});

test("serial correlation of AR 0.3 in one channel is found within 2000 samples, and none in white noise", () => {
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
    white.update(y);
    highest = Math.max(highest, white.logEvidence);
    state = 0.3 * state + Math.sqrt(1 - 0.09) * gaussian(random);
    y[0] = state;
    correlated.update(y);
    if (correlated.logEvidence > Math.log(1e5) && found < 0) found = t;
  }
  assert.ok(found > 0 && found < 2000, `found at ${found}`);
  assert.ok(highest < Math.log(1e5), `white noise reached ${highest}`);
  near(correlated.autocorrelation, 0.3, 0.15);
});

test("e-LOND and LORD++ reject what the reference rejects", () => {
  if (reference === null) return skipWithoutData();
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
});

test("Benjamini–Hochberg rejects by its step-up rule", () => {
  // αi/m = .01, .02, .03, .04, .05: the largest i with p ≤ αi/m is 3.
  const p = Float64Array.of(0.2, 0.001, 0.025, 0.019, 0.045);
  const rejected = new Uint8Array(5);
  p[4] = 0.6;
  assert.is(benjaminiHochberg(5, p, 0.05, rejected, new Float64Array(5)), 3);
  assert.equal([...rejected], [0, 1, 1, 1, 0]);
});

test("normal distribution has the known percentiles", () => {
  near(normalQuantile(0.975), 1.959963984540054, 1e-14);
  near(normalCdf(1.959963984540054), 0.975, 1e-15);
  near(normalCdf(-10) / 7.61985302416052e-24, 1, 1e-12);
});

test.run();
