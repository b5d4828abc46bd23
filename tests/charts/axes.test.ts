// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { clock, dateTime, moment, quantity, span, tickLabel, timeLabel } from "../../collab/charts/format.ts";
import {
  followLogRange,
  followRange,
  rounded,
  tickStep,
  ticks,
  valueAt,
  yOf,
} from "../../collab/charts/scale.ts";
import { endOf, startOf, timeMarks, timeOf, timeStep, timeView, xOf } from "../../collab/charts/time-axis.ts";
import { setZone, zoneLabel, zoneOffsetUs } from "../../collab/charts/zone.ts";

test("tick steps are 1, 2 or 5 times a power of ten and give at most the requested number of ticks", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-9, max: 1e12, noNaN: true }),
      fc.integer({ min: 1, max: 20 }),
      (width, most) => {
        const step = tickStep(width, most);
        const lead = step / 10 ** Math.floor(Math.log10(step) + 1e-9);
        assert.ok(
          [1, 2, 5, 10].some((nice) => Math.abs(lead - nice) < 1e-6),
          `${step}`,
        );
        assert.ok(width / step <= most * 1.001);
      },
    ),
  );
});

test("ticks lie within the range and in order", () => {
  assert.equal(ticks({ low: -1, high: 1 }, 4), [-1, -0.5, 0, 0.5, 1]);
  assert.equal(ticks({ low: 3, high: 97 }, 5), [20, 40, 60, 80]);
});

test("the value at a pixel is the one whose pixel it is, and a hand means no more digits than it can hold", () => {
  const range = { low: -3, high: 17 };
  assert.is(valueAt(yOf(4, range, 10, 200), range, 10, 200), 4);
  assert.equal(
    [4.123_456, 4.26].map((value) => rounded(value, range)),
    [4.1, 4.3],
  );
  assert.is(rounded(0.123_456, { low: 0, high: 1 }), 0.125);
  assert.is(rounded(123_456, { low: 0, high: 400_000 }), 124_000);
});

test("the shown range always holds the data", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 0, max: 500 })), {
        minLength: 1,
      }),
      (moves) => {
        let range = null;
        for (const [low, width] of moves) {
          range = followRange(range, low, low + width);
          assert.ok(range.low <= low && range.high >= low + width);
          assert.ok(range.high > range.low);
        }
      },
    ),
  );
});

test("the shown range ignores small changes and follows large ones", () => {
  const first = followRange(null, 10, 90);
  assert.is(followRange(first, 15, 85), first);
  const second = followRange(first, 40, 50);
  assert.ok(second.high - second.low < 20);
});

test("the range stays when there are no data", () => {
  assert.equal(followRange(null, Number.NaN, Number.NaN), { low: 0, high: 1 });
  const range = { low: 2, high: 3 };
  assert.is(followRange(range, Number.NaN, Number.NaN), range);
});

test("larger values stand higher", () => {
  const range = { low: 0, high: 10 };
  assert.is(yOf(0, range, 5, 100), 105);
  assert.is(yOf(10, range, 5, 100), 5);
});

test("time to pixel and back lands in the same column", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2_000_000_000_000_000 }),
      fc.integer({ min: 100_000, max: 3_600_000_000 }),
      fc.integer({ min: 10, max: 4000 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (end, length, columns, share) => {
        const view = timeView(end, length, columns);
        const x = Math.min(columns - 1, Math.floor(share * columns)) + 0.5;
        assert.ok(Math.abs(xOf(timeOf(x, view), view) - x) < 0.01);
        assert.ok(endOf(view) - startOf(view) - length < view.columnUs * 1.01);
      },
    ),
  );
});

test("marks of time are round in local time and far enough apart", () => {
  const offsetUs = 5.5 * 3600e6;
  const view = timeView(1_700_000_123_456_789, 60e6, 600);
  const marks = timeMarks(view, 96, () => offsetUs);
  const step = timeStep(view, 96);
  assert.is(step, 10e6);
  assert.ok(marks.length >= 5);
  for (const mark of marks) assert.is((mark + offsetUs) % step, 0);
  assert.ok(marks.every((mark) => mark >= startOf(view) && mark <= endOf(view)));
});

test("on a logarithmic axis equal ratios are equally far apart, and its ticks are round", () => {
  const range = followLogRange(null, 0.02, 300);
  assert.ok(range.isLog && range.low <= 0.02 && range.high >= 300 && range.low > 0);
  const height = (value: number) => yOf(value, range, 0, 400);
  assert.ok(Math.abs(height(1) - height(10) - (height(10) - height(100))) < 1e-9);
  assert.ok(Math.abs(valueAt(height(7), range, 0, 400) - 7) < 1e-9);
  assert.equal(ticks({ low: 0.1, high: 100, isLog: true }, 12), [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100]);
  assert.equal(ticks({ low: 0.1, high: 100, isLog: true }, 5), [0.1, 1, 10, 100]);
  assert.equal(ticks({ low: 1, high: 1e9, isLog: true }, 4), [1, 1e3, 1e6, 1e9]);
  // Less than a decade reads as any other axis.
  assert.equal(ticks({ low: 100, high: 140, isLog: true }, 4), [100, 110, 120, 130, 140]);
  assert.is(followLogRange(range, 0.03, 250), range, "it stays while the data fill it");
});

test("times are shown in the zone that is chosen, summer time included, and midnight as a date", () => {
  try {
    const winter = Date.UTC(2026, 0, 2, 14, 30) * 1000;
    const summer = Date.UTC(2026, 6, 2, 14, 30) * 1000;
    const shown = (zone: string) => {
      assert.ok(setZone(zone), zone);
      return [winter, summer].map((us) => `${clock(us, 60e6)} ${zoneLabel(us)}`);
    };
    assert.equal(shown("UTC"), ["14:30 UTC", "14:30 UTC"]);
    assert.equal(shown("America/New_York"), ["09:30 UTC−5", "10:30 UTC−4"]);
    assert.equal(shown("Asia/Kolkata"), ["20:00 UTC+5:30", "20:00 UTC+5:30"]);
    assert.not(setZone("Mars/Olympus"));
    assert.is(dateTime(winter), "2026-01-02 20:00:00.000", "a zone that is none changes nothing");
    setZone("America/New_York");
    const midnight = Date.UTC(2026, 4, 12, 4) * 1000;
    assert.equal(
      [midnight, midnight + 3600e6].map((us) => timeLabel(us, 3600e6)),
      ["12 May", "01:00"],
    );
    // Clocks went forward on 8 March: marks stay at midnight of the wall.
    const view = timeView(Date.UTC(2026, 2, 11) * 1000, 5 * 86_400e6, 600);
    const marks = timeMarks(view, 96, zoneOffsetUs).map((us) => timeLabel(us, 86_400e6));
    assert.equal(marks, ["6 Mar", "7 Mar", "8 Mar", "9 Mar", "10 Mar"]);
  } finally {
    setZone("local");
  }
});

test("quantities show their unit with a prefix that fits", () => {
  assert.is(quantity(12.345, "%"), "12.3 %");
  assert.is(quantity(1500, "B/s"), "1.50 kB/s");
  assert.is(quantity(6.1e9, "B"), "6.10 GB");
  assert.is(quantity(0.0042, "s"), "4.20 ms");
  assert.is(quantity(18_200, "1/s"), "18.2 k/s");
  assert.is(quantity(0, "B/s"), "0 B/s");
  assert.is(quantity(Number.NaN, "%"), "– %");
  assert.is(quantity(3.1, ""), "3.10");
});

test("tick labels have the digits their step needs", () => {
  assert.is(tickLabel(0.30000000000000004, 0.1, ""), "0.3");
  assert.is(tickLabel(40, 20, "%"), "40");
  assert.is(tickLabel(-1e-17, 0.5, ""), "0.0");
});

test("clock times are as precise as their step needs", () => {
  const noon = new Date(2026, 0, 2, 12, 34, 56, 789).getTime() * 1000;
  assert.is(clock(noon, 60e6), "12:34");
  assert.is(clock(noon, 1e6), "12:34:56");
  assert.is(clock(noon, 1e3), "12:34:56.789");
});

test("a moment of another day has its date, also on the first day of a year", () => {
  const at = (day: number, hour: number) => new Date(2026, 0, day, hour, 4).getTime() * 1000;
  assert.is(moment(at(2, 3), at(2, 23), 60e6), "03:04");
  assert.is(moment(at(1, 23), at(2, 3), 60e6), "1 Jan 23:04");
  assert.is(moment(at(1, 23), Number.NaN, 60e6), "23:04", "no sample has come");
});

test("durations have the unit that people would use", () => {
  assert.is(span(142), "142 µs");
  assert.is(span(4_500), "4.50 ms");
  assert.is(span(12_000_000), "12 s");
  assert.is(span(90_000_000), "1.5 min");
  assert.is(span(5_400_000_000), "1.5 h");
});

test.run();
