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

test("a series learns the spacing of a finer past: a coarse one has no empty columns to learn from", () => {
  const everyMs = (widthUs: number) =>
    past(widthUs, 0, 40_000, (a) => ((a * widthUs) % 1_000 === 0 ? 1 : Number.NaN));
  const series = new Series();
  series.addPast(everyMs(4_000));
  assert.is(series.spacingUs, 4_000);
  series.addPast(everyMs(500));
  assert.is(series.spacingUs, 1_000);
  series.addPast(everyMs(4_000));
  assert.is(series.spacingUs, 1_000);
});

test("[V1] pasts are drawn up to the first sample, samples from it on, and the extremes of each moment are those of its source", () => {
  const series = new Series();
  series.addPast(past(100, 0, 1_000, (a) => a));
  for (let t = 1_050; t < 2_000; t += 10) series.add(t, 100 + t);
  const columns = new Columns(50, 100);
  series.fill(columns, 0, 2_000);
  const drawn = Array.from({ length: 40 }, (_, a) => columns.low(a));
  const expected = drawn.map((_, a) => {
    const startUs = 50 * a;
    if (startUs >= 1_050) return 100 + startUs;
    return startUs < 1_000 && startUs % 100 === 0 ? startUs / 100 : Number.NaN;
  });
  assert.equal(drawn, expected);
});

test("of equally fine pasts the last one counts: it may know what the first one did not yet", () => {
  const series = new Series();
  series.addPast(past(100, 500, 1_000, () => 1));
  series.addPast({ ...past(100, 0, 1_000, () => 2), fromUs: 0 });
  assert.is(series.valueBefore(700), 2);
  assert.is(series.valueBefore(200), 2);
});

test("[V1] of several pasts the finest one of each moment is drawn, and the coarser one where it ends", () => {
  const series = new Series();
  series.addPast(past(100, 0, 1_000, () => 1));
  series.addPast(past(10, 300, 500, () => 2));
  series.add(1_000, 3);
  const columns = new Columns(100, 20);
  series.fill(columns, 0, 1_100);
  const low = Array.from({ length: 11 }, (_, a) => columns.low(a));
  assert.equal(low, [1, 1, 1, 2, 2, 1, 1, 1, 1, 1, 3]);
  assert.is(series.valueBefore(499), 2);
  assert.is(series.valueBefore(599), 1);
});

test("of looks at the past the last three are kept, and always the one that began the series and those that stay", () => {
  const series = new Series();
  series.addPast(past(10, 900, 1_000, () => 1));
  series.addPast({ ...past(10, 0, 100, () => 2), stays: true });
  for (const k of [1, 2, 3, 4]) series.addPast(past(10, 100 * k, 100 * k + 50, () => 10 * k));
  assert.equal(
    [50, 240, 340, 440, 950].map((us) => series.valueBefore(us)),
    [2, 20, 30, 40, 1],
  );
  assert.ok(Number.isNaN(series.valueBefore(140)), "the first of four looks");
});

test("[V1] a past that goes on with samples hides none that was asked for later, when they are no longer held: after hours, or a step of the clock", () => {
  const second = 1_000_000;
  const [first, head] = [3_600 * second, 9 * 3_600 * second];
  const series = new Series();
  series.addPast({ ...past(second, 0, first, () => 1), toUs: Number.POSITIVE_INFINITY });
  for (let t = first; t < first + 2_000 * second; t += second / 10) series.add(t, 2);
  const before = new Columns(600 * second, 60);
  for (let t = head; t < head + 10 * second; t += second / 10) series.add(t, 3);
  series.addPast({
    ...past(60 * second, 0, first + 2_000 * second, () => 4),
    toUs: Number.POSITIVE_INFINITY,
  });
  series.fill(before, 0, head + 10 * second);
  const low = Array.from({ length: 10 }, (_, a) => before.low(a));
  assert.equal(low, [1, 1, 1, 1, 1, 1, 4, 4, 4, 4]);
  assert.equal([series.valueBefore(first - 1), series.valueBefore(first + 100 * second)], [1, 4]);
  assert.is(before.low(Math.floor(head / (600 * second))), 3);
});

test("a past with no sample after it gives the last value, the usual spacing and the line", () => {
  const series = new Series();
  series.addPast(past(100_000, 0, 6_000_000, (a) => (a % 15 === 0 ? a : Number.NaN)));
  assert.is(series.lastValue, 45);
  assert.is(series.spacingUs, 1_500_000);
  const line = new Columns(100_000, 60);
  series.fill(line, 0, 6_000_000);
  assert.equal([line.low(30), line.newest], [30, 45]);
  series.add(6_500_000, 7);
  assert.is(series.valueBefore(4_500_000), 45);
});

test("a series whose last samples are close together is joined by the spacing of a longer past", () => {
  const series = new Series();
  series.addPast(past(100, 9_000, 10_000, (a) => a));
  series.addPast(past(100, 0, 10_000, (a) => (a % 15 === 0 ? a : Number.NaN)));
  assert.is(series.spacingUs, 1_500);
  series.addPast(past(100_000, 0, 10_000_000, (a) => a));
  assert.is(series.spacingUs, 1_500, "columns without a gap between them tell nothing");
});

test("of a long past the last value is known however old it is", () => {
  const [week, hour] = [604_800e6, 3_600e6];
  const series = new Series();
  series.addPast(past(hour / 6, 0, week, (a) => a));
  assert.is(series.lastValue, 6 * 24 * 7 - 1);
  const ended = new Series();
  ended.addPast(past(hour, 0, week, (a) => (a < 20 ? a : Number.NaN)));
  assert.equal([ended.lastValue, ended.lastTimeUs], [19, 19 * hour]);
});

test("[V1] where the ring has lost the first samples, the value before them is that of the past", () => {
  const series = new Series();
  series.addPast({ ...past(1_000_000, 0, 9_000_000, (a) => a), toUs: Number.POSITIVE_INFINITY });
  // The first sample lies within an interval of the levels, and 20,000 more push it out of the ring.
  for (let k = 0; k <= 20_000; k++) series.add(9_050_000 + 1_000 * k, 100 + k);
  assert.equal([series.valueBefore(9_060_000), series.valueBefore(9_150_000)], [8, 149]);
});

test("the past that begins a series stays, of later ones the newest few", () => {
  const series = new Series();
  for (let k = 0; k < 10; k++) series.addPast(past(10, 1_000 * k, 1_000 * k + 100, () => k));
  const known = Array.from({ length: 10 }, (_, k) => series.valueBefore(1_000 * k + 50));
  assert.equal(known, [0, ...new Array(6).fill(Number.NaN), 7, 8, 9]);
});

function past(widthUs: number, fromUs: number, toUs: number, value: (column: number) => number) {
  const columns = new Columns(widthUs, Math.ceil((toUs - fromUs) / widthUs));
  for (let a = Math.floor(fromUs / widthUs); a * widthUs < toUs; a++)
    if (!Number.isNaN(value(a))) columns.addRange(a * widthUs, value(a), value(a), value(a));
  return { fromUs, toUs, columns };
}

test.run();
