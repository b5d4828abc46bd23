// runtime: either
/** Indicators agree with two independent libraries on random bars, and with their definitions. */
import technical from "technicalindicators";
import {
  ATR as StreamedAtr,
  BollingerBands as StreamedBands,
  EMA as StreamedEma,
  MACD as StreamedMacd,
  RSI as StreamedRsi,
  SMA as StreamedSma,
} from "trading-signals";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { l1Coherence, normalisedL1Coherence } from "../../actors/kernels/coherence.ts";
import {
  divergenceSignal,
  movingAverageDivergence,
} from "../../actors/kernels/indicators/convergence-divergence.ts";
import { movingDeviation } from "../../actors/kernels/indicators/deviation.ts";
import { drawdown, movingExtreme } from "../../actors/kernels/indicators/extremes.ts";
import {
  exponentialMovingAverage,
  simpleMovingAverage,
} from "../../actors/kernels/indicators/moving-averages.ts";
import { pairCoherence } from "../../actors/kernels/indicators/pair-coherence.ts";
import { relativeStrengthIndex } from "../../actors/kernels/indicators/relative-strength.ts";
import { logReturn, simpleReturn } from "../../actors/kernels/indicators/returns.ts";
import { multipleOfMean } from "../../actors/kernels/indicators/spikes.ts";
import { averageTrueRange } from "../../actors/kernels/indicators/true-range.ts";
import { gaussian, seeded } from "./builders.ts";

const ROWS = 400;
const bars = randomBars(20_240_501);
const { high, low, close, volume } = bars;

/** A random walk of prices with its bars: high and low enclose open and close. */
function randomBars(seed: number) {
  const random = seeded(seed);
  const close = new Float64Array(ROWS);
  const high = new Float64Array(ROWS);
  const low = new Float64Array(ROWS);
  const volume = new Float64Array(ROWS);
  let price = 100;
  for (let i = 0; i < ROWS; i++) {
    const open = price;
    price *= 1 + 0.02 * gaussian(random);
    close[i] = price;
    high[i] = Math.max(open, price) * (1 + 0.01 * random());
    low[i] = Math.min(open, price) * (1 - 0.01 * random());
    volume[i] = 1000 * (1 + random());
  }
  return { high, low, close, volume };
}

const fresh = () => new Float64Array(ROWS);

/** The last values agree, and everything before is NaN: both begin where the definition allows. */
function agrees(got: Float64Array, expected: ArrayLike<number>, from = got.length - expected.length): void {
  for (let i = 0; i < got.length - expected.length; i++)
    assert.ok(Number.isNaN(got[i]), `value ${i} is ${got[i]}`);
  for (let i = from; i < got.length; i++) {
    const other = expected[i - got.length + expected.length]!;
    const error = Math.abs(got[i]! - other);
    assert.ok(error <= 1e-9 * Math.max(1, Math.abs(other)), `value ${i}: ${got[i]}; expected ${other}`);
  }
}

/** What a streaming indicator says after each value; those that it does not have yet are left out. */
function streamed<T>(rows: number, push: (i: number) => T | null): T[] {
  return Array.from({ length: rows }, (_, i) => push(i)).filter((value): value is T => value !== null);
}

const values = [...close];

test("moving averages agree with both libraries", () => {
  agrees(simpleMovingAverage(close, 20, fresh()), technical.SMA.calculate({ period: 20, values }));
  const sma = new StreamedSma(20);
  agrees(
    simpleMovingAverage(close, 20, fresh()),
    streamed(ROWS, (i) => sma.update(close[i]!, false)),
  );
  agrees(exponentialMovingAverage(close, 12, fresh()), technical.EMA.calculate({ period: 12, values }));
  // The other begins with the first value instead of the first average: what is left of it after 300 rows is (11/13)³⁰⁰.
  const ema = new StreamedEma(12);
  agrees(
    exponentialMovingAverage(close, 12, fresh()),
    streamed(ROWS, (i) => ema.update(close[i]!, false)),
    300,
  );
});

test("a missing value starts a moving average anew", () => {
  const holed = Float64Array.from([1, 2, 3, Number.NaN, 5, 6, 7]);
  const nan = Number.NaN;
  assert.equal([...simpleMovingAverage(holed, 2, new Float64Array(7))], [nan, 1.5, 2.5, nan, nan, 5.5, 6.5]);
  assert.equal(
    [...exponentialMovingAverage(holed, 2, new Float64Array(7), 0.5)],
    [nan, 1.5, 2.25, nan, nan, 5.5, 6.25],
  );
});

test("a huge value leaves nothing in the simple average once it is twice as long ago as the average reaches", () => {
  const x = Float64Array.from({ length: 60 }, (_, i) => (i === 15 ? 1e17 : 1 + (i % 3)));
  const got = simpleMovingAverage(x, 6, new Float64Array(60));
  for (let i = 27; i < 60; i++) assert.is(got[i], 2, `row ${i}`);
});

test("the relative strength index agrees with both libraries", () => {
  const got = relativeStrengthIndex(close, 14, fresh());
  // One of them rounds to two digits.
  const rounded = technical.RSI.calculate({ period: 14, values });
  assert.is(rounded.length, ROWS - 14);
  rounded.forEach((value, i) => {
    assert.ok(Math.abs(got[i + 14]! - value) <= 0.0051, `value ${i + 14}: ${got[i + 14]}; expected ${value}`);
  });
  const rsi = new StreamedRsi(14);
  agrees(
    got,
    streamed(ROWS, (i) => rsi.update(close[i]!, false)),
  );
});

test("the relative strength index is 100 where all changes are gains, 0 where all are losses, 50 where there are none", () => {
  const last = (x: number[]) =>
    relativeStrengthIndex(Float64Array.from(x), 3, new Float64Array(x.length)).at(-1);
  assert.is(last([1, 2, 3, 4]), 100);
  assert.is(last([4, 3, 2, 1]), 0);
  assert.is(last([2, 2, 2, 2]), 50);
});

test("MACD and its signal line agree with both libraries", () => {
  const macd = movingAverageDivergence(close, 12, 26, fresh());
  const signal = divergenceSignal(macd, 9, fresh());
  const expected = technical.MACD.calculate({
    values,
    fastPeriod: 12,
    slowPeriod: 26,
    signalPeriod: 9,
    SimpleMAOscillator: false,
    SimpleMASignal: false,
  });
  agrees(
    macd,
    expected.map(({ MACD }) => MACD!),
  );
  agrees(
    signal,
    expected.map(({ signal }) => signal).filter((value) => value !== undefined),
  );
  const other = new StreamedMacd(new StreamedEma(12), new StreamedEma(26), new StreamedEma(9));
  const told = streamed(ROWS, (i) => other.update(close[i]!, false));
  for (let i = 350; i < ROWS; i++) {
    const { macd: line, signal: average } = told[i - ROWS + told.length]!;
    assert.ok(Math.abs(macd[i]! - line) < 1e-9 && Math.abs(signal[i]! - average) < 1e-9, `value ${i}`);
  }
});

test("Bollinger's deviation agrees with both libraries", () => {
  const deviation = movingDeviation(close, 20, 0, fresh());
  const bands = technical.BollingerBands.calculate({ period: 20, stdDev: 2, values });
  agrees(
    deviation,
    bands.map(({ upper, middle }) => (upper - middle) / 2),
  );
  const other = new StreamedBands(20, 2);
  agrees(
    deviation,
    streamed(ROWS, (i) => other.update(close[i]!, false)).map(({ upper, middle }) => (upper - middle) / 2),
  );
  assert.is(movingDeviation(Float64Array.of(1e9, 1e9 + 1, 1e9 + 2), 3, 1, new Float64Array(3))[2], 1);
});

test("the average true range agrees with both libraries", () => {
  const got = averageTrueRange(high, low, close, 14, fresh());
  agrees(got, technical.ATR.calculate({ period: 14, high: [...high], low: [...low], close: values }));
  // The other counts high − low of the first row as a range.
  const atr = new StreamedAtr(14);
  const told = streamed(ROWS, (i) => atr.update({ high: high[i]!, low: low[i]!, close: close[i]! }, false));
  assert.ok(Math.abs(told.at(-1)! - got.at(-1)!) < 1e-9);
});

test("returns agree with a library and with their definition", () => {
  agrees(
    simpleReturn(close, 5, fresh()),
    technical.ROC.calculate({ period: 5, values }).map((percent) => percent / 100),
  );
  const logs = logReturn(close, fresh());
  assert.ok(Number.isNaN(logs[0]!));
  for (let i = 1; i < ROWS; i++) assert.ok(Math.abs(logs[i]! - Math.log(close[i]! / close[i - 1]!)) < 1e-15);
  assert.equal(
    [...logReturn(Float64Array.of(1, 0, 2), new Float64Array(3))],
    [Number.NaN, Number.NaN, Number.NaN],
  );
});

test("largest and smallest values agree with a library, and a drawdown is measured from the largest", () => {
  const highest = movingExtreme(close, 30, 1, fresh());
  agrees(highest, technical.Highest.calculate({ period: 30, values }));
  agrees(movingExtreme(close, 30, -1, fresh()), technical.Lowest.calculate({ period: 30, values }));
  agrees(
    drawdown(close, 30, fresh()),
    values.slice(29).map((value, i) => 1 - value / highest[i + 29]!),
  );
  assert.equal(
    [...movingExtreme(Float64Array.of(Number.NaN, 1, 3, 2), 2, 1, new Float64Array(4))],
    [Number.NaN, Number.NaN, 3, 3],
  );
  assert.equal(
    [...movingExtreme(Float64Array.of(5, Number.NaN, 9, 7, 8, 4), 3, 1, new Float64Array(6))],
    [Number.NaN, Number.NaN, Number.NaN, Number.NaN, 9, 8],
    "a gap starts the wait anew: what was before it is no largest value of what follows",
  );
});

test("a spike is told by the mean of the rows before it", () => {
  const flat = Float64Array.of(2, 2, 2, 6);
  assert.equal([...multipleOfMean(flat, 3, new Float64Array(4))], [Number.NaN, Number.NaN, Number.NaN, 3]);
  const means = technical.SMA.calculate({ period: 20, values: [...volume] });
  agrees(
    multipleOfMean(volume, 20, fresh()),
    [...volume].slice(20).map((value, i) => value / means[i]!),
  );
});

test("the coherence of two series is the l1 coherence of their joint state", () => {
  const a = logReturn(close, fresh());
  const b = logReturn(randomBars(7).close, fresh());
  const got = pairCoherence(a, b, 20, fresh());
  for (let i = 20; i < ROWS; i++) {
    const [aa, bb, ab] = [a, b, a].map((x, k) => {
      let sum = 0;
      for (let t = i - 19; t <= i; t++) sum += x[t]! * (k === 2 ? b[t]! : x[t]!);
      return sum;
    }) as [number, number, number];
    const re = Float64Array.of(0.5, 0, ab / Math.sqrt(aa * bb) / 2, 0.5);
    const expected = normalisedL1Coherence(2, l1Coherence(2, re, new Float64Array(4)));
    assert.ok(Math.abs(got[i]! - expected) < 1e-12, `value ${i}: ${got[i]}; expected ${expected}`);
  }
  assert.ok(Number.isNaN(got[19]!));
  const still = new Float64Array(3);
  assert.ok(Number.isNaN(pairCoherence(still, Float64Array.of(1, 2, 3), 2, new Float64Array(3))[2]!));
});

test.run();
