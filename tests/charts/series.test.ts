// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Columns } from "../../collab/charts/columns.ts";
import { Series } from "../../collab/charts/series.ts";

test("a series returns each sample that it keeps", () => {
  const series = new Series();
  for (let k = 0; k < 20_000; k++) series.add(k * 1000, k);
  assert.is(series.written, 20_000);
  assert.is(series.kept, 16_384);
  for (const k of [20_000 - 16_384, 12_345, 19_999]) {
    assert.is(series.timeAt(k), k * 1000);
    assert.is(series.valueAt(k), k);
  }
});

test("a series finds the first sample at or after a time, also beyond both ends", () => {
  const series = new Series();
  for (let k = 0; k < 3000; k++) series.add(k * 10, k);
  assert.is(series.firstAtOrAfter(-5), 0);
  assert.is(series.firstAtOrAfter(0), 0);
  assert.is(series.firstAtOrAfter(101), 11);
  assert.is(series.firstAtOrAfter(110), 11);
  assert.is(series.firstAtOrAfter(1e9), 3000);
});

test("the value before a time is that of the last sample not after it", () => {
  const series = new Series();
  series.add(100, 1);
  series.add(200, 2);
  assert.ok(Number.isNaN(series.valueBefore(99)));
  assert.is(series.valueBefore(100), 1);
  assert.is(series.valueBefore(199), 1);
  assert.is(series.valueBefore(200), 2);
  assert.is(series.valueBefore(1e9), 2);
});

test("a spike that has left the ring is still in the longer view", () => {
  const series = new Series();
  const spikeAt = 1000;
  for (let k = 0; k < 100_000; k++) series.add(k * 1000, k === spikeAt ? 1e6 : 1);
  const columns = new Columns(500_000, 400);
  series.fill(columns, 0, 1e12);
  let highest = 0;
  for (let a = columns.oldest; a <= columns.newest; a++) highest = Math.max(highest, columns.high(a));
  assert.is(highest, 1e6);
});

test("a longer view has no hole where the ring takes over from the coarser level", () => {
  const series = new Series();
  for (let k = 0; k < 100_000; k++) series.add(k * 1000, 1);
  const columns = new Columns(200_000, 600);
  series.fill(columns, 0, 1e12);
  for (let a = columns.oldest; a <= columns.newest; a++) assert.is(columns.low(a), 1, `column ${a}`);
});

test("a sample that is older than the latest counts at the latest time", () => {
  const series = new Series();
  series.add(1000, 1);
  series.add(900, 2);
  assert.is(series.timeAt(1), 1000);
  assert.is(series.lastValue, 2);
});

test("a series learns the usual spacing in spite of gaps", () => {
  const series = new Series();
  let time = 0;
  for (let k = 0; k < 500; k++) {
    time += k % 100 === 99 ? 10_000_000 : 1000;
    series.add(time, k);
  }
  assert.ok(series.spacingUs >= 1000 && series.spacingUs < 1500, String(series.spacingUs));
});

test.run();
