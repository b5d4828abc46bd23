/** What options read: the same time on every machine, ports, and values that are given several times. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { port, read, repeated, settings, texts, time } from "../../actors/command-line/option-values.ts";

const NOON_US = Date.UTC(2021, 4, 19, 12, 43, 5) * 1000;

const TIMES: [text: string, us: number | undefined][] = [
  ["2021-05-19T12:43:05Z", NOON_US],
  // Without a zone it is UTC, wherever the reader is.
  ["2021-05-19T12:43:05", NOON_US],
  ["2021-05-19 12:43:05", NOON_US],
  ["2021-05-19T14:43:05+02:00", NOON_US],
  ["2021-05-19T10:43:05-0200", NOON_US],
  ["2021-05-19T12:43:05.250Z", NOON_US + 250_000],
  ["2021-05-19T12:43:05.123456Z", NOON_US + 123_456],
  ["2021-05-19T12:43:05.1234", NOON_US + 123_400],
  ["2021-05-19", Date.UTC(2021, 4, 19) * 1000],
  ["2021-05", Date.UTC(2021, 4, 1) * 1000],
  ["162143058500000", 162_143_058_500_000],
  ["16214305850000000", 16_214_305_850_000_000],
  ["16214305850000", undefined],
  ["162143058500000000", undefined],
  ["2024-13-01", undefined],
  ["2024-01-01T25:00", undefined],
  ["noon", undefined],
  ["12:43", undefined],
  ["5 May 2021", undefined],
  ["", undefined],
];

for (const [text, us] of TIMES)
  test(`time ${JSON.stringify(text)} is ${us ?? "refused"}`, () => assert.is(time.read(text), us));

test("a port is a whole number up to 65535", () => {
  assert.equal(["0", "80", "65535"].map(port.read), [0, 80, 65_535]);
  for (const text of ["65536", "-1", "8.5", "1e3", " 80", "", "http"]) assert.is(port.read(text), undefined);
});

test("a value that cannot be read is refused with what is expected", () => {
  assert.is(read(port)("80"), 80);
  assert.throws(() => read(port)("x"), /^Expected a port from 0 to 65535\.$/);
  assert.throws(
    () => read(time)("x"),
    /^Expected ISO 8601 \(2021-05-19T12:43:00Z\) or µs since the epoch\.$/,
  );
});

test("an option that is given several times keeps its values in order, and the list before stays as it was", () => {
  const before = ["a"];
  assert.equal(texts("b", before), ["a", "b"]);
  assert.equal(before, ["a"]);
  assert.equal(repeated(Number)("2", [1]), [1, 2]);
});

test("a setting is a path and a value", () => {
  assert.equal(settings("collapse.falseAlarmsPerDay=0.1", []), [["collapse.falseAlarmsPerDay", "0.1"]]);
  assert.throws(
    () => settings("collapse", []),
    /^Expected path=value, e\.g\. collapse\.falseAlarmsPerDay=0\.1/,
  );
});

test.run();
