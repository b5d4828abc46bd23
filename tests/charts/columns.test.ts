// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Columns } from "../../collab/charts/columns.ts";
import { LineCache } from "../../collab/charts/line-cache.ts";
import { Series } from "../../collab/charts/series.ts";
import { endOf, startOf, timeView } from "../../collab/charts/time-axis.ts";

test("[C1] a spike of one sample survives in its column", () => {
  const columns = new Columns(1000, 16);
  for (let t = 0; t < 10_000; t++) columns.add(t, t === 4321 ? 99 : 1);
  assert.is(columns.high(4), 99);
  assert.is(columns.low(4), 1);
  assert.is(columns.high(5), 1);
});

test("[C2] columns filled in any portions equal those filled at once", () => {
  const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: -50, max: 50 })), {
    maxLength: 300,
  });
  fc.assert(
    fc.property(samples, fc.integer({ min: 0, max: 300 }), (steps, cut) => {
      const once = new Columns(300, 32);
      const portions = new Columns(300, 32);
      let time = 1_000_000;
      const times = steps.map(([step]) => (time += step));
      steps.forEach(([, value], k) => {
        once.add(times[k]!, value);
      });
      steps.slice(0, cut).forEach(([, value], k) => {
        portions.add(times[k]!, value);
      });
      steps.slice(cut).forEach(([, value], k) => {
        portions.add(times[k + cut]!, value);
      });
      assert.equal(contents(portions), contents(once));
    }),
  );
});

test("columns keep the same extremes as a plain search of all samples", () => {
  const width = 250;
  const columns = new Columns(width, 64);
  const samples = Array.from({ length: 1000 }, (_, k) => ({ time: 5_000 + 13 * k, value: (k * 7919) % 101 }));
  for (const { time, value } of samples) columns.add(time, value);
  for (let a = columns.oldest; a <= columns.newest; a++) {
    const own = samples.filter(({ time }) => Math.floor(time / width) === a).map(({ value }) => value);
    assert.ok(Object.is(columns.low(a), own.length === 0 ? Number.NaN : Math.min(...own)), `column ${a}`);
    assert.ok(Object.is(columns.high(a), own.length === 0 ? Number.NaN : Math.max(...own)), `column ${a}`);
    assert.ok(Object.is(columns.last(a), own.length === 0 ? Number.NaN : own[own.length - 1]), `column ${a}`);
  }
});

test("columns that come one by one, in leaps and late make room for themselves, and keep what a map of them keeps", () => {
  const [width, capacity] = [10, 1000];
  // Far leaps are rare: what is kept then would be little.
  const step = fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: -30, max: 60 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 2 * capacity * width }) },
  );
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), (steps) => {
      const columns = new Columns(width, capacity);
      const known = new Map<number, number>();
      let [time, newest] = [capacity * width, 0];
      steps.forEach((by, k) => {
        time = Math.max(0, time + by);
        columns.add(time, k);
        const column = Math.floor(time / width);
        newest = Math.max(newest, column);
        known.set(column, k);
      });
      for (let a = newest - capacity; a <= newest + 1; a++) {
        const expected = a < columns.oldest ? Number.NaN : (known.get(a) ?? Number.NaN);
        assert.ok(Object.is(columns.last(a), expected), `column ${a}`);
      }
      assert.ok(columns.oldest <= newest && columns.oldest >= newest - capacity + 1);
    }),
  );
});

test("[C3] a stretch without samples stays empty", () => {
  const columns = new Columns(10, 32);
  columns.add(5, 1);
  columns.add(95, 2);
  for (let a = 1; a < 9; a++) assert.ok(Number.isNaN(columns.low(a)));
  assert.is(columns.low(9), 2);
});

test("a jump longer than the ring forgets everything before it", () => {
  const columns = new Columns(10, 4);
  columns.add(5, 1);
  columns.add(1005, 2);
  assert.ok(Number.isNaN(columns.low(0)));
  assert.is(columns.oldest, 97);
  assert.is(columns.low(100), 2);
});

test("a sample older than the ring is ignored, one within it counts in its own column", () => {
  const columns = new Columns(10, 4);
  columns.add(5, 1);
  columns.add(75, 2);
  columns.add(5, 9);
  columns.add(65, 3);
  assert.ok(Number.isNaN(columns.high(0)));
  assert.is(columns.high(6), 3);
});

test("a picture that follows the live edge has the same columns as one drawn from scratch", () => {
  const series = new Series();
  const following = new LineCache();
  let seed = 7;
  let time = 1_700_000_000_000_000;
  for (let step = 0; step < 400; step++) {
    for (let k = 0; k < 37; k++) {
      seed = (seed * 16_807) % 2_147_483_647;
      time += 900 + (seed % 200) + (seed % 5000 === 0 ? 3_000_000 : 0);
      series.add(time, (seed % 1000) / 10);
    }
    const view = timeView(time, 2_000_000, 300);
    following.update(series, view);
    const fresh = new LineCache();
    fresh.update(series, view);
    const from = view.endColumn - view.columns + 1;
    for (let a = from; a <= view.endColumn; a++) {
      assert.ok(
        Object.is(following.columns.low(a), fresh.columns.low(a)),
        `low of column ${a} at step ${step}`,
      );
      assert.ok(
        Object.is(following.columns.high(a), fresh.columns.high(a)),
        `high of column ${a} at step ${step}`,
      );
    }
  }
});

test("a view of the past is filled with the past", () => {
  const series = new Series();
  for (let k = 0; k < 5000; k++) series.add(1_000_000 + k * 1000, k);
  const view = timeView(2_000_000, 500_000, 100);
  const cache = new LineCache();
  cache.update(series, view);
  assert.is(cache.columns.low(cache.columns.columnOf(startOf(view))), 505);
  assert.ok(cache.columns.newest * view.columnUs >= endOf(view) - view.columnUs);
});

function contents(columns: Columns): number[][] {
  const rows: number[][] = [];
  for (let a = Math.max(0, columns.oldest); a <= columns.newest; a++) {
    rows.push([a, columns.low(a), columns.high(a), columns.last(a)]);
  }
  return rows;
}

test.run();
