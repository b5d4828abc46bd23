// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { timeFormFor } from "../../actors/feeds/table/columns.ts";
import { readTime, type TimeForm, timeFormOf, timeOfNumber } from "../../actors/feeds/table/times.ts";

function read(text: string, form: TimeForm = "iso"): number {
  const bytes = new TextEncoder().encode(text);
  return readTime(bytes, 0, bytes.length, form);
}

const NOON = Date.UTC(2013, 9, 9, 16, 30, 1, 994) * 1000;

test("counts of s, ms, µs and ns are distinguished by their size", () => {
  assert.is(timeFormOf("1381336201"), "s");
  assert.is(timeFormOf("1381336201.994"), "s");
  assert.is(timeFormOf("1381336201994"), "ms");
  assert.is(timeFormOf("1381336201994001"), "us");
  assert.is(timeFormOf("1381336201994001002"), "ns");
});

test("counts become the same µs in every unit", () => {
  assert.is(read("1381336201.994", "s"), NOON);
  assert.is(read("1381336201994", "ms"), NOON);
  assert.is(read("1381336201994000", "us"), NOON);
  assert.is(read("1381336201994000000", "ns"), NOON);
});

test("counts of ns keep their µs although 19 digits do not fit a double", () => {
  assert.is(read("1723161253937085768", "ns"), 1723161253937085);
});

test("fractions below a µs are rounded", () => {
  assert.is(read("1.0000004", "s"), 1_000_000);
  assert.is(read("1.0000005", "s"), 1_000_001);
  assert.is(read("1.5004", "ms"), 1500);
  assert.is(read("-1.5", "s"), -1_500_000);
  assert.is(read("1.5e3", "s"), 1_500_000_000);
});

for (const text of [
  "2013-10-09T16:30:01.994Z",
  "2013-10-09T16:30:01.994",
  "2013-10-09 16:30:01.994",
  "2013-10-09 16:30:01.994000",
  "2013-10-09t16:30:01,994z",
  "2013/10/09 16:30:01.994",
  "2013-10-09T18:30:01.994+02:00",
  "2013-10-09T18:30:01.994+0200",
  "2013-10-09T18:30:01.994+02",
  "2013-10-09T12:00:01.994-04:30",
  "2013-10-09 16:30:01.994 UTC",
])
  test(`ISO time "${text}" is read`, () => assert.is(read(text), NOON));

test("dates alone are midnight UTC", () => {
  assert.is(read("2016-02-29"), Date.UTC(2016, 1, 29) * 1000);
  assert.is(read("20160229"), Date.UTC(2016, 1, 29) * 1000);
  assert.is(read("1969-12-31"), -86_400_000_000);
});

for (const text of [
  "",
  // Its µs are no safe integer.
  "1650-01-01",
  "20131009T16:30:01.994",
  "today",
  "2015-02-29",
  "2015-13-01",
  "2015-00-10",
  "2015-1-1",
  "2015-01-01T25:00",
  "2015-01-01T10:60",
  "2015-01-01T24:01",
  "2015-01-01X10:00",
  "2015-01-01T10:00+25:00",
  "2015-01-01T10:00 MEZ",
  "09/10/2013",
])
  test(`"${text}" is no ISO time`, () => assert.ok(Number.isNaN(read(text))));

test("ISO times from 1700 to 2254 agree with Date", () => {
  const date = fc.date({ min: new Date("1700-01-01"), max: new Date("2255-01-01"), noInvalidDate: true });
  fc.assert(
    fc.property(date, (value) => {
      assert.is(read(value.toISOString()), value.getTime() * 1000);
    }),
    { numRuns: 1000 },
  );
});

test("the name of a column gives the unit where the size would not", () => {
  assert.is(timeFormFor("ts_ms", "1000"), "ms");
  assert.is(timeFormFor("recv_ns", "5"), "ns");
  assert.is(timeFormFor("ts", "1000"), "s");
  assert.is(timeFormFor("date", "20150102"), "iso");
  assert.is(timeFormFor("ts", "20150102"), "s");
  assert.is(timeFormFor("date", "2015-01-02"), "iso");
  assert.is(timeFormFor("date", "soon"), null);
});

test("times given as numbers become µs", () => {
  assert.is(timeOfNumber(1381336201994, "ms"), NOON);
  assert.is(timeOfNumber(1381336201.994, "s"), NOON);
  assert.ok(Number.isNaN(timeOfNumber(1e300, "s")));
});

test.run();
