// runtime: either
/** What risk is computed from: coverage tests, the tail of a sample, e-values, shrunk correlations, turbulence and absorption. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { cholesky } from "../../actors/kernels/cholesky.ts";
import { christoffersenRatio, kupiecRatio, ratioPValue } from "../../actors/kernels/coverage-tests.ts";
import { bet, shortfallE, valueAtRiskE } from "../../actors/kernels/e-backtest.ts";
import { expectedShortfall, upperQuantile } from "../../actors/kernels/historical-tail.ts";
import { powerEValues } from "../../actors/kernels/p-to-e.ts";
import { correlationOf, shrink, shrinkageShare } from "../../actors/kernels/shrunk-correlation.ts";
import { absorptionRatio, turbulence } from "../../actors/kernels/turbulence.ts";
import { skipWithoutData } from "../support/shared.ts";
import { seeded } from "./builders.ts";
import { referenceJson } from "./reference.ts";

interface Sequences {
  G_var_tests: {
    tol: number;
    items: {
      n: number;
      p: number;
      LRuc: number;
      pUc: number;
      LRind: number;
      pInd: number;
      hits: number[];
      counts: [[number, number], [number, number]];
    }[];
  };
}

function near(got: number, expected: number, tolerance: number, what = ""): void {
  assert.ok(Math.abs(got - expected) <= tolerance, `${what} ${got}; expected ${expected} ± ${tolerance}`);
}

test("the tests of Kupiec and Christoffersen agree with the reference", () => {
  const reference = referenceJson<Sequences>("oracle/sequences.json.gz");
  if (reference === null) return skipWithoutData();
  const { items, tol } = reference.G_var_tests;
  assert.ok(items.length > 0);
  for (const { n, p, hits, counts, LRuc, pUc, LRind, pInd } of items) {
    const kupiec = kupiecRatio(n, hits.length, p);
    near(kupiec, LRuc, tol, `Kupiec's ratio, n=${n}`);
    near(ratioPValue(kupiec), pUc, tol, `its p-value, n=${n}`);
    const independence = christoffersenRatio(counts[0][0], counts[0][1], counts[1][0], counts[1][1]);
    near(independence, LRind, tol, `Christoffersen's ratio, n=${n}`);
    near(ratioPValue(independence), pInd, tol, `its p-value, n=${n}`);
  }
});

/** Kupiec 1995, table 3 (as in Jorion, Value at Risk, table 6-2): the most exceedances that a test at 5 % accepts, and the fewest. */
const ACCEPTED = [
  { tail: 0.01, count: 510, fewest: 2, most: 10 },
  { tail: 0.01, count: 1000, fewest: 5, most: 16 },
  { tail: 0.025, count: 510, fewest: 7, most: 20 },
  { tail: 0.025, count: 1000, fewest: 16, most: 35 },
  { tail: 0.05, count: 255, fewest: 7, most: 20 },
  { tail: 0.05, count: 510, fewest: 17, most: 35 },
  { tail: 0.05, count: 1000, fewest: 38, most: 64 },
];

test("Kupiec's test accepts the numbers of exceedances of its published table", () => {
  for (const { tail, count, fewest, most } of ACCEPTED)
    for (const [exceeded, accepted] of [
      [fewest - 1, false],
      [fewest, true],
      [most, true],
      [most + 1, false],
    ] as const)
      assert.is(
        ratioPValue(kupiecRatio(count, exceeded, tail)) >= 0.05,
        accepted,
        `${exceeded} of ${count} at ${tail}`,
      );
});

test("no losses, and none that exceeds, say what they can", () => {
  assert.is(kupiecRatio(0, 0, 0.01), 0);
  near(kupiecRatio(250, 0, 0.01), -500 * Math.log(0.99), 1e-12);
  assert.is(christoffersenRatio(0, 0, 0, 0), 0);
  assert.is(christoffersenRatio(249, 0, 0, 0), 0);
  assert.is(ratioPValue(0), 1);
});

test("the k-th largest of N losses is exceeded with probability k/(N+1), between two it is linear", () => {
  const sorted = Float64Array.from({ length: 99 }, (_, k) => k + 1);
  assert.is(upperQuantile(sorted, 99, 0.01), 99);
  assert.is(upperQuantile(sorted, 99, 0.05), 95);
  near(upperQuantile(sorted, 9, 0.25), 7.5, 1e-12);
  assert.ok(Number.isNaN(upperQuantile(sorted, 98, 0.01)));
  assert.ok(Number.isNaN(upperQuantile(sorted, 0, 0.05)));
  assert.is(upperQuantile(sorted, 1, 0.5), 1);
});

test("the expected shortfall is the mean beyond the quantile", () => {
  const sorted = Float64Array.from({ length: 99 }, (_, k) => k + 1);
  near(expectedShortfall(sorted, 99, 0.05, 95), (96 + 97 + 98 + 99) / 4, 1e-12);
  near(expectedShortfall(sorted, 99, 0.02, 98), 99, 1e-12);
  assert.ok(Number.isNaN(expectedShortfall(sorted, 99, 0.01, 99)));
});

test("the shortfall of few losses with an exponential tail is right on average", () => {
  // Beyond any quantile q the mean of exponential losses is q + 1.
  const random = seeded(6);
  const [count, samples] = [99, 4_000];
  let excess = 0;
  for (let k = 0; k < samples; k++) {
    const sorted = Float64Array.from({ length: count }, () => -Math.log(1 - random())).sort();
    const value = upperQuantile(sorted, count, 0.05);
    excess += (expectedShortfall(sorted, count, 0.05, value) - value) / samples;
  }
  // Each is a mean of four: half of an exponential's spread.
  near(excess, 1, (4 * 0.5) / Math.sqrt(samples));
});

test("e-values of right forecasts have mean 1, and bets keep it", () => {
  // Losses uniform on (0, 1): value at risk 0.9, expected shortfall 0.95.
  const random = seeded(5);
  let ofValue = 0;
  let ofShortfall = 0;
  let ofBet = 0;
  const count = 200_000;
  for (let k = 0; k < count; k++) {
    const loss = random();
    ofValue += valueAtRiskE(loss, 0.9, 0.1) / count;
    ofShortfall += shortfallE(loss, 0.9, 0.95, 0.1) / count;
    ofBet += bet(0.3, valueAtRiskE(loss, 0.9, 0.1)) / count;
  }
  // Standard errors: 3, 3.5 and 0.9 over the square root of the count; four and a half of them.
  near(ofValue, 1, 0.03);
  near(ofShortfall, 1, 0.036);
  near(ofBet, 1, 0.01);
  assert.is(shortfallE(5, 1, 1, 0.1), 1);
  assert.is(bet(0, 17), 1);
});

test("powers of a p-value integrate to 1", () => {
  const powers = Float64Array.of(0.2, 0.5, 0.8);
  const out = new Float64Array(3);
  powerEValues(0.25, powers, out);
  near(out[1]!, 0.5 / Math.sqrt(0.25), 1e-15);
  powerEValues(1, powers, out);
  assert.equal(out, powers);
  // Over p = u^5 with weight 5u^4 the integrand is bounded.
  let mean = 0;
  for (let k = 0; k < 1000; k++) {
    const u = (k + 0.5) / 1000;
    powerEValues(u ** 5, powers, out);
    mean += (out[0]! * 5 * u ** 4) / 1000;
  }
  near(mean, 1, 1e-6);
});

test("correlations are shrunk as the formula says, all the way where there are none", () => {
  const correlation = Float64Array.of(1, 0.5, 0.5, 1);
  // n = 2: (0 · 2.5 + 4) / ((10 + 1 − 1) · 0.5).
  near(shrinkageShare(2, correlation, 10), 0.8, 1e-15);
  assert.is(shrinkageShare(2, Float64Array.of(1, 0, 0, 1), 1000), 1);
  assert.is(shrinkageShare(2, Float64Array.of(1, 1, 1, 1), 1e9), 1e-6);
  shrink(2, correlation, 0.8);
  assert.ok(Math.abs(correlation[1]! - 0.1) < 1e-15 && correlation[1] === correlation[2]);
  assert.is(correlation[0], 1);
});

test("moments give correlations, unless an element never moved", () => {
  const out = new Float64Array(4);
  assert.ok(correlationOf(2, Float64Array.of(4, 0, 3, 9), out));
  assert.equal(out, Float64Array.of(1, 0.5, 0.5, 1));
  assert.not.ok(correlationOf(2, Float64Array.of(4, 0, 0, 0), out));
});

test("turbulence is Mahalanobis' squared distance for each element", () => {
  const factor = new Float64Array(4);
  const zeros = new Float64Array(4);
  cholesky(2, Float64Array.of(2, 1, 1, 2), zeros, factor, new Float64Array(4));
  const scratch = new Float64Array(2);
  // The inverse is [[2, −1], [−1, 2]] / 3.
  near(turbulence(2, factor, Float64Array.of(1, 1), scratch), 2 / 3 / 2, 1e-15);
  near(turbulence(2, factor, Float64Array.of(1, -1), scratch), 2 / 2, 1e-15);
});

test("the absorption ratio is the share of the largest eigenvalues", () => {
  assert.is(absorptionRatio(Float64Array.of(3, 1, 0, 0), 1), 0.75);
  assert.is(absorptionRatio(Float64Array.of(1, 1, 1, 1), 2), 0.5);
});

test.run();
