// runtime: either
/** Candles, what was traded in them, and the digits of prices. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { candleLengthUs, candlesOf, candleWords } from "../../collab/charts/candles.ts";
import { Columns } from "../../collab/charts/columns.ts";
import { Series } from "../../collab/charts/series.ts";
import { decimalsOf, TickSize } from "../../collab/charts/tick-size.ts";
import { Volumes } from "../../collab/charts/volumes.ts";

const MINUTE_US = 60e6;
const T = Date.UTC(2026, 4, 4, 12) * 1000;

/** A series of [seconds after T, value]. */
function seriesOf(...samples: [number, number][]): Series {
  const series = new Series();
  for (const [seconds, value] of samples) series.add(T + seconds * 1e6, value);
  return series;
}

test("trades become candles: the first price, the extremes, the last price, and what was traded", () => {
  const close = seriesOf([0, 10], [20, 12], [50, 11], [61, 9], [100, 9.5]);
  const volumes = new Volumes();
  for (const [seconds, size] of [[0, 5], [20, 1], [50, 2], [61, 7], [100, 1]] as const) // biome-ignore format: pairs
    volumes.add(T + seconds * 1e6, size);
  const range = { fromUs: T, toUs: T + 2 * MINUTE_US, columnUs: MINUTE_US / 8 };
  const { lengthUs, candles } = candlesOf({ close, volumes }, range);
  assert.is(lengthUs, MINUTE_US);
  assert.equal(
    candles.map(({ startUs, open, high, low, close, volume }) => [
      startUs - T,
      open,
      high,
      low,
      close,
      volume,
    ]),
    [
      [0, 10, 12, 10, 11, 8],
      [MINUTE_US, 9, 9.5, 9, 9.5, 8],
    ],
  );
});

test("a candle whose first trade is not known opens where the one before closed", () => {
  const close = new Series();
  const columns = new Columns(MINUTE_US, 10);
  columns.addRange(T, 10, 12, 11);
  columns.addRange(T + MINUTE_US, 8, 9.5, 9);
  close.addPast({ fromUs: T, toUs: T + 2 * MINUTE_US, columns });
  const range = { fromUs: T, toUs: T + 2 * MINUTE_US, columnUs: MINUTE_US / 8 };
  const { candles } = candlesOf({ close, volumes: null }, range);
  assert.equal(
    candles.map(({ open, high, low, close }) => [open, high, low, close]),
    [
      [11, 12, 10, 11],
      [11, 11, 8, 9],
    ],
  );
  assert.ok(candles.every(({ volume }) => Number.isNaN(volume)));
});

test("bars keep their own open, high and low, and longer candles join them", () => {
  const minutes = [0, 60, 120, 180];
  const of = (...values: number[]) => seriesOf(...minutes.map((at, k): [number, number] => [at, values[k]!]));
  const source = {
    open: of(1, 2, 3, 4),
    high: of(5, 6, 7, 8),
    low: of(0, 1, 2, 3),
    close: of(2, 3, 4, 5),
    volumes: null,
  };
  const shape = (columnUs: number) => {
    const { lengthUs, candles } = candlesOf(source, { fromUs: T, toUs: T + 4 * MINUTE_US, columnUs });
    return [lengthUs / MINUTE_US, ...candles.map(({ open, high, low, close }) => [open, high, low, close])];
  };
  assert.equal(shape(MINUTE_US / 100), [1, [1, 5, 0, 2], [2, 6, 1, 3], [3, 7, 2, 4], [4, 8, 3, 5]]);
  assert.equal(shape(MINUTE_US / 3), [5, [1, 8, 0, 5]]);
});

test("candles are as long as people count in, wide enough to see, and no finer than what is known", () => {
  assert.equal(
    [1e4, 1e6, 1e7].map((columnUs) => candleWords(candleLengthUs(columnUs, 0))),
    ["1 s", "15 s", "5 min"],
  );
  assert.is(candleWords(candleLengthUs(1e4, MINUTE_US)), "1 min");
  assert.is(candleWords(candleLengthUs(1e9, 0)), "4 h");
});

test("a stretch of the past replaces what was known of its volume, and adds nothing to what is counted live", () => {
  const volumes = new Volumes();
  volumes.add(T, 3);
  const past = { fromUs: T - 10e6, toUs: T + 10e6, sums: [[T - 10e6, 4], [T - 5e6, 1], [T + 1e6, 100]] } as const; // biome-ignore format: pairs
  volumes.addPast(past);
  volumes.addPast(past);
  assert.is(volumes.between(T - 60e6, T), 5);
  assert.is(volumes.between(T, T + 60e6), 3);
  assert.is(volumes.between(T - 5e6, T), 1);
  // Long after: the seconds are gone, the minutes are not.
  volumes.add(T + 10 * 3_600e6, 1);
  assert.is(volumes.between(T - 60e6, T), 5);
});

test("the digits of a price are learnt from its steps, and one odd value changes nothing", () => {
  assert.equal([4512.25, 0.1 + 0.2, 7, 1e9 + 0.5, 1.000_000_01, Math.PI].map(decimalsOf), [2, 1, 0, 1, 8, 9]);
  const tick = new TickSize();
  for (let k = 0; k < 7; k++) tick.add(100 + k / 4);
  assert.is(tick.decimals, null);
  for (let k = 0; k < 100; k++) tick.add(100 + k / 4);
  tick.add(Math.PI);
  assert.is(tick.decimals, 2);
  const rough = new TickSize();
  for (let k = 1; k < 100; k++) rough.add(Math.PI * k);
  assert.is(rough.decimals, null);
});

test.run();
