// runtime: either
/**
 * Markets of factors: their joint law before, while and after what happens, held against its definition; on one runtime, for the bits are
 * the same on each (contract.test.ts).
 */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ERROR_NOISE, HALF_LIFE_ROWS } from "../../sim/worlds/markets/cointegrated-pairs.ts";
import { CALM_MARKET } from "../../sim/worlds/markets/factor-market.ts";
import { stressWindows } from "../../sim/worlds/markets/regime-switching.ts";
import { ERROR_PERSISTENCE, ERROR_SPREAD } from "../../sim/worlds/markets/venue-gap.ts";
import { Variates } from "../../sim/worlds/model/variates.ts";
import { findScenario } from "../../sim/worlds/scenarios.ts";
import {
  autocorrelation,
  correlationNear,
  differences,
  logReturns,
  mean,
  near,
  variance,
  varianceNear,
} from "./moments.ts";
import { createWorld, type Samples, START_US, samplesOf, usual } from "./worlds.ts";

/** Four hours of seconds: 14,400 rows, so that a correlation is known to a hundredth. */
const LONG = { durationUs: 14_400e6, seed: 5 };
const ROW_VOLATILITY = 1e-4;

/** Log returns of each channel into the rows of a stretch of time, by their own times. */
function returnsIn(samples: Samples, fromUs: number, untilUs: number): number[][] {
  return samples.value.map((prices, k) =>
    logReturns(prices).filter((_, row) => {
      const time = samples.time[k]![row + 1]!;
      return time >= fromUs && time < untilUs;
    }),
  );
}

const FOREVER = Number.POSITIVE_INFINITY;

test("normal variates have the moments of the normal law, exponential ones of theirs", () => {
  const variates = new Variates(3, "test");
  const n = 200_000;
  const normal = Array.from({ length: n }, () => variates.normal());
  near(mean(normal), 0, 1 / Math.sqrt(n), "mean");
  varianceNear(normal, 1, "normal");
  // The fourth power of a standard normal has mean 3 and variance 105 − 9.
  near(mean(normal.map((x) => x ** 4)), 3, Math.sqrt(96 / n), "fourth moment");
  const waits = Array.from({ length: n }, () => variates.exponential());
  near(mean(waits), 1, 1 / Math.sqrt(n), "exponential mean");
  near(mean(waits.map((x) => x * x)), 2, Math.sqrt(20 / n), "exponential second moment");
  assert.ok(waits.every((wait) => wait >= 0));
});

test("calm markets have the correlation of one factor, independent from row to row", () => {
  const samples = samplesOf(createWorld("decoherence", { ...LONG, strength: 0, channels: 4 }));
  const returns = returnsIn(samples, 0, FOREVER);
  for (let a = 0; a < 4; a++) {
    varianceNear(returns[a]!, ROW_VOLATILITY ** 2, `channel ${a}`);
    near(autocorrelation(returns[a]!, 1), 0, 1 / Math.sqrt(returns[a]!.length), "lag 1");
    for (let b = 0; b < a; b++) correlationNear(returns[a]!, returns[b]!, CALM_MARKET, `${a}, ${b}`);
  }
});

test("regimes: correlations are those of market and sector, in calm and in stress, and stress moves twice as much", () => {
  const options = { ...LONG, durationUs: 57_600e6 };
  const samples = samplesOf(createWorld("regime-switching", options));
  const first = samples.truth[0]!;
  const calm = returnsIn(samples, 0, first.onsetUs);
  // Sector mates share .4 + .2, others .4.
  for (let a = 0; a < 8; a++)
    for (let b = 0; b < a; b++)
      correlationNear(calm[a]!, calm[b]!, a < 4 === b < 4 ? 0.6 : 0.4, `calm, ${a} and ${b}`);
  varianceNear(calm[0]!, ROW_VOLATILITY ** 2, "calm");
  const longest = samples.truth.toSorted((a, b) => b.endUs - b.onsetUs - (a.endUs - a.onsetUs))[0]!;
  const stress = returnsIn(samples, longest.onsetUs, longest.endUs);
  // A quarter of what is not the market's, .6, is left.
  correlationNear(stress[0]!, stress[1]!, 1 - 0.6 / 4 + 0.2 / 4, "stress, one sector");
  correlationNear(stress[0]!, stress[4]!, 1 - 0.6 / 4, "stress, two sectors");
  varianceNear(stress[0]!, (2 * ROW_VOLATILITY) ** 2, "stress");
});

test("regimes: windows of stress do not overlap, lie in the second half, and have the given mean duration", () => {
  const scenario = findScenario("regime-switching");
  const lengths: number[] = [];
  for (let seed = 0; seed < 400; seed++) {
    const windows = stressWindows({ ...usual(scenario), seed });
    let until = START_US + 1800e6;
    for (const window of windows) {
      assert.ok(window.fromUs >= until && window.untilUs > window.fromUs);
      until = window.untilUs;
    }
    // The first begins before 60 % of the run: those of 40 % and more are cut, 2 % of an exponential of mean 10 %.
    lengths.push((windows[0]!.untilUs - windows[0]!.fromUs) / 3600e6);
  }
  near(mean(lengths), 0.1 * (1 - Math.exp(-4)), 0.1 / Math.sqrt(400) + 0.0005, "mean length");
});

test("decoherence: the correlation falls as documented, and no channel moves more or less", () => {
  const samples = samplesOf(createWorld("decoherence", { ...LONG, durationUs: 57_600e6 }));
  const { onsetUs, endUs, detail } = samples.truth[0]!;
  const before = returnsIn(samples, 0, onsetUs);
  correlationNear(before[0]!, before[1]!, CALM_MARKET, "before");
  const tauUs = Number(detail!["tauSeconds"]) * 1e6;
  assert.is(Math.round((endUs - onsetUs) / tauUs), 3);
  // Over the first time constant the mean of .4 e^{−t/τ} is .4 (1 − 1/e).
  const first = returnsIn(samples, onsetUs, onsetUs + tauUs);
  correlationNear(first[0]!, first[1]!, CALM_MARKET * (1 - Math.exp(-1)), "within the first time constant");
  const second = returnsIn(samples, onsetUs + tauUs, onsetUs + 2 * tauUs);
  const left = CALM_MARKET * (Math.exp(-1) - Math.exp(-2));
  correlationNear(second[0]!, second[1]!, left, "within the second");
  const after = returnsIn(samples, onsetUs + 6 * tauUs, FOREVER);
  correlationNear(after[0]!, after[1]!, 0, "long after");
  varianceNear(after[0]!, ROW_VOLATILITY ** 2, "long after");
});

test("pointer: within the window one mode has nearly all variance, and each channel as much as before", () => {
  const samples = samplesOf(createWorld("pointer-collapse", LONG));
  const { onsetUs, endUs } = samples.truth[0]!;
  const within = returnsIn(samples, onsetUs, endUs);
  // A tenth of what is not common, .6, is left.
  correlationNear(within[2]!, within[5]!, 0.94, "within");
  varianceNear(within[2]!, ROW_VOLATILITY ** 2, "within");
  const after = returnsIn(samples, endUs, FOREVER);
  correlationNear(after[2]!, after[5]!, CALM_MARKET, "after");
});

test("block flip: correlations across the halves change sign, those within a half and the variances stay", () => {
  const samples = samplesOf(createWorld("block-flip", LONG));
  const { onsetUs, endUs } = samples.truth[0]!;
  const within = returnsIn(samples, onsetUs, endUs);
  correlationNear(within[0]!, within[7]!, -CALM_MARKET, "across");
  correlationNear(within[0]!, within[3]!, CALM_MARKET, "first half");
  correlationNear(within[4]!, within[7]!, CALM_MARKET, "second half");
  varianceNear(within[7]!, ROW_VOLATILITY ** 2, "turned");
});

test("flash crash: prices fall by the documented depth and have recovered at the end of the window", () => {
  const loud = samplesOf(createWorld("flash-crash", { seed: 9, strength: 3 }));
  const quiet = samplesOf(createWorld("flash-crash", { seed: 9, strength: 0 }));
  const { onsetUs, endUs } = loud.truth[0]!;
  const rows = (endUs - onsetUs) / 1e6;
  const fallRows = 0.1 * rows;
  const row = (timeUs: number): number => loud.time[0]!.indexOf(timeUs);
  const away = (at: number): number =>
    mean(loud.value.map((prices, k) => Math.log(prices[at]! / quiet.value[k]![at]!)));
  const bottom = away(row(onsetUs) + fallRows);
  // 20 standard deviations of a price over the time of the fall, at strength 3.
  const depth = 20 * 3 * ROW_VOLATILITY * Math.sqrt(fallRows);
  // Volatility is higher by 6 · fallen: mean square 36/5 in the fall, and 36 (.1/5 + .125) over the window. Of the mean of eight
  // assets .4 + .6/8 of a variance is left.
  const ofMean = Math.sqrt(0.4 + 0.6 / 8) * ROW_VOLATILITY;
  near(bottom, -depth, ofMean * Math.sqrt((36 / 5) * fallRows), "bottom");
  near(away(row(endUs) + 1), 0, ofMean * Math.sqrt(36 * 0.145 * rows), "after the end");
});

test("pairs: the difference of a pair comes back with its half-life, and a pair that parts no longer follows", () => {
  const options = { ...LONG, channels: 4 };
  const quiet = samplesOf(
    createWorld("cointegrated-pairs", { ...options, strength: 0, durationUs: 86_400e6 }),
  );
  const error = quiet.value[1]!.map((price, k) => Math.log(price / quiet.value[0]![k]!));
  const persistence = 0.5 ** (1 / HALF_LIFE_ROWS);
  const n = error.length;
  // AR(1): the estimate of φ has standard error √((1 − φ²)/n) and a bias of about −(1 + 3φ)/n (Kendall 1954).
  const bias = -(1 + 3 * persistence) / n;
  near(autocorrelation(error, 1), persistence + bias, Math.sqrt((1 - persistence ** 2) / n), "persistence");
  // Its spread is that of an AR(1): bounded, as a random walk's is not. n (1 − φ)/(1 + φ) of the values count as independent.
  const stationary = (ERROR_NOISE * ROW_VOLATILITY) ** 2 / (1 - persistence ** 2);
  const independent = (n * (1 - persistence)) / (1 + persistence);
  near(variance(error) / stationary, 1, Math.sqrt(2 / independent), "spread of the error");
  // But each price itself is a random walk.
  near(autocorrelation(logReturns(quiet.value[0]!), 1), 0, 1 / Math.sqrt(n), "returns of the first");

  const loud = samplesOf(createWorld("cointegrated-pairs", options));
  const { channels, onsetUs, endUs } = loud.truth[0]!;
  const within = returnsIn(loud, onsetUs, endUs);
  const first = loud.names.indexOf(channels[0]!);
  const other = (first + 2) % 4;
  // Parted: w a + √(1 − w²) a′ + b with w = .2 and b of half a return's spread.
  correlationNear(within[first]!, within[first + 1]!, 0.2 / Math.sqrt(1 + ERROR_NOISE ** 2), "parted");
  // Tied: a + (φ − 1) z + b, the pull being small.
  const pull = ((1 - persistence) ** 2 * ERROR_NOISE ** 2) / (1 - persistence ** 2);
  correlationNear(
    within[other]!,
    within[other + 1]!,
    1 / Math.sqrt(1 + ERROR_NOISE ** 2 + pull),
    "the other pair",
  );
});

test("venues: errors decay as documented, all follow one price, and a gap opens by its size and halves in time", () => {
  const options = { seed: 11, durationUs: 14_400e6 };
  const quiet = samplesOf(createWorld("venue-gap", { ...options, strength: 0 }));
  const between = quiet.value[0]!.map((price, k) => Math.log(price / quiet.value[1]![k]!) / ROW_VOLATILITY);
  const n = between.length;
  // The difference of two errors is an AR(1) of twice the variance.
  near(
    autocorrelation(between, 1),
    ERROR_PERSISTENCE,
    Math.sqrt((1 - ERROR_PERSISTENCE ** 2) / n) + 4 / n,
    "persistence",
  );
  const independent = (n * (1 - ERROR_PERSISTENCE ** 2)) / (1 + ERROR_PERSISTENCE ** 2);
  near(variance(between) / (2 * ERROR_SPREAD ** 2), 1, Math.sqrt(2 / independent), "spread");

  const loud = samplesOf(createWorld("venue-gap", options));
  for (const { channels, onsetUs, endUs, detail } of loud.truth) {
    const venue = loud.names.indexOf(channels[0]!);
    // The same seed without gaps: what is left is the gap alone.
    const gap = (timeUs: number): number => {
      const row = loud.time[venue]!.indexOf(timeUs);
      return Math.log(loud.value[venue]![row]! / quiet.value[venue]![row]!);
    };
    const expected = Number(detail!["logGap"]);
    near(gap(onsetUs), expected, 1e-12, "at once");
    const closes = onsetUs + Math.ceil((endUs - onsetUs) / 3e6) * 1e6;
    near(gap(closes + 10e6) / gap(closes), 0.5, 1e-6, "a half-life of ten rows");
    near(gap(endUs), 0, 1e-12, "closed");
    for (const k of loud.names.keys())
      if (k !== venue) assert.is(loud.value[k]![3]!, quiet.value[k]![3]!, "other venues are where they were");
  }
});

test("increments of a calm market grow with the square root of the time between rows", () => {
  for (const rate of [0.25, 4]) {
    const samples = samplesOf(createWorld("block-flip", { strength: 0, rate, durationUs: 8000e6 / rate }));
    varianceNear(logReturns(samples.value[0]!), 1e-8 / rate, `rate ${rate}`);
    assert.equal(new Set(differences(samples.time[0]!)), new Set([1e6 / rate]));
  }
});

test.run();
