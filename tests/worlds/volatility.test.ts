// runtime: either
/** Heston's variance and price by their definition, and the jumps that are laid over them; on one runtime, for the bits are the same on each (contract.test.ts). */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Heston } from "../../sim/worlds/markets/heston.ts";
import { FELLER } from "../../sim/worlds/markets/heston-jumps.ts";
import { Variates } from "../../sim/worlds/model/variates.ts";
import { correlationNear, excessKurtosis, logReturns, mean, near, variance } from "./moments.ts";
import { createWorld, START_US, samplesOf } from "./worlds.ts";

const THETA = 1e-8;
const KAPPA = 1 / 120;
const XI = Math.sqrt((2 * KAPPA * THETA) / FELLER);
const RHO = -0.7;

/** 300,000 steps: 1,250 memories of the variance. */
const STEPS = 300_000;

function hestonPath(): { before: number[]; after: number[]; returns: number[] } {
  const heston = new Heston({ kappa: KAPPA, theta: THETA, xi: XI, rho: RHO, step: 1 });
  const variates = new Variates(2, "heston");
  const path = { before: [] as number[], after: [] as number[], returns: [] as number[] };
  for (let k = 0; k < STEPS; k++) {
    path.before.push(heston.variance);
    path.returns.push(heston.next(variates));
    path.after.push(heston.variance);
  }
  return path;
}

test("the variance has mean θ and variance θξ²/2κ, and stays off 0 as Feller's condition holds", () => {
  const { after } = hestonPath();
  // Values 1/κ apart count as independent, two of them as one: n κ / 2.
  const independent = (STEPS * KAPPA) / 2;
  near(mean(after) / THETA, 1, Math.sqrt(1 / FELLER / independent), "mean");
  // A Gamma law of shape FELLER: excess kurtosis 6/FELLER; squares forget twice as fast.
  const spread = (THETA * XI * XI) / (2 * KAPPA);
  near(variance(after) / spread, 1, Math.sqrt((2 + 6 / FELLER) / (2 * independent)), "variance");
  const below = after.filter((v) => v < 0).length / STEPS;
  assert.ok(below < 0.005, `${below} of the steps below 0`);
});

test("full truncation: what drives variance and price has the correlation ρ, and variance 1 each", () => {
  const { before, after, returns } = hestonPath();
  const inVariance: number[] = [];
  const inPrice: number[] = [];
  for (const [k, v] of before.entries()) {
    if (v <= 0) continue;
    inVariance.push((after[k]! - v - KAPPA * (THETA - v)) / (XI * Math.sqrt(v)));
    inPrice.push((returns[k]! + v / 2) / Math.sqrt(v));
  }
  correlationNear(inVariance, inPrice, RHO, "ρ");
  near(variance(inPrice), 1, Math.sqrt(2 / inPrice.length), "variance of the price's noise");
});

test("returns have heavy tails and volatility clusters, as a Gamma law of the variance makes them", () => {
  const { returns } = hestonPath();
  // E r⁴ / (E r²)² = 3 E v² / θ² = 3 (1 + 1/FELLER). Standard error from blocks of 50 memories.
  const block = 6000;
  const parts = Array.from({ length: STEPS / block }, (_, k) => returns.slice(k * block, (k + 1) * block));
  const fourth = parts.map((part) => mean(part.map((r) => r ** 4)) / (3 * THETA * THETA));
  near(mean(fourth), 1 + 1 / FELLER, Math.sqrt(variance(fourth) / (fourth.length - 1)), "fourth moment");
  assert.ok(excessKurtosis(returns) > 0.5);
  const squares = returns.map((r) => r * r);
  const later = squares.slice(20);
  const product = mean(later.map((r, k) => r * squares[k]!)) / THETA ** 2 - 1;
  // corr(v_t, v_{t+20}) = e^{−20κ} of a relative variance 1/FELLER.
  near(product, Math.exp(-20 * KAPPA) / FELLER, 0.05, "memory of squares after 20 steps");
});

test("jumps come six a run on average, in the second half, with the sizes of their truth", () => {
  const counts: number[] = [];
  const sizes: number[] = [];
  for (let seed = 0; seed < 200; seed++) {
    const world = samplesOf(createWorld("heston-jumps", { seed, channels: 1 }));
    counts.push(world.truth.length);
    for (const { onsetUs, detail } of world.truth) {
      assert.ok(onsetUs >= START_US + 1800e6);
      sizes.push(Math.abs(Number(detail!["logReturn"])) / 1e-4);
    }
  }
  // Exponential times of mean 300 rows, rounded up: half a row longer.
  near(mean(counts), 1800 / 300.5, Math.sqrt(6 / 200), "jumps a run");
  near(mean(sizes), 12, 2 / Math.sqrt(sizes.length), "size in standard deviations of a row");
});

test("a jump is the only difference to the same world without jumps, and has the size of its truth", () => {
  const loud = samplesOf(createWorld("heston-jumps", { seed: 3 }));
  const quiet = samplesOf(createWorld("heston-jumps", { seed: 3, strength: 0 }));
  let found = 0;
  for (const [k, name] of loud.names.entries()) {
    const with_ = logReturns(loud.value[k]!);
    const without = logReturns(quiet.value[k]!);
    for (const [row, r] of with_.entries()) {
      const at = loud.time[k]![row + 1]!;
      const jumps = loud.truth.filter(({ onsetUs, channels }) => onsetUs === at && channels[0] === name);
      const expected = jumps.reduce((sum, { detail }) => sum + Number(detail!["logReturn"]), 0);
      assert.ok(Math.abs(r - without[row]! - expected) < 1e-12, `${name} at row ${row}`);
      found += jumps.length;
    }
  }
  assert.is(found, loud.truth.length);
});

test.run();
