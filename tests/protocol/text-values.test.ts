// runtime: either
/** Values as people write them: what each kind reads, at its bounds, and what it says it expects. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  decimal,
  duration,
  durationText,
  exactTimeText,
  listOf,
  pathAndValue,
  rateOrMax,
  readDuration,
  type TextValue,
  timeText,
  wholeNumber,
  words,
} from "../../protocol/text-values.ts";

type Read = [text: string, value: unknown];

const KINDS: [kind: TextValue<unknown>, expected: string, read: Read[], refused: string[]][] = [
  [
    wholeNumber(2, 50),
    "a whole number from 2 to 50",
    [
      ["2", 2],
      ["50", 50],
      ["007", 7],
    ],
    ["1", "51", "", "-2", "2.0", "2e1", " 2", "2x", "x2"],
  ],
  [
    decimal(0.5, 10),
    "a number from 0.5 to 10",
    [
      [".5", 0.5],
      ["10", 10],
      ["1.", 1],
      ["1e1", 10],
      ["50E-1", 5],
      ["1.25e+0", 1.25],
    ],
    ["0.49", "10.1", "", ".", "-1", "+1", "1e", "0x1", "1,5", " 1", "x1", "1x"],
  ],
  [
    rateOrMax(),
    "a number above 0, or max",
    [
      ["max", Number.POSITIVE_INFINITY],
      ["0.001", 0.001],
      ["1e300", 1e300],
    ],
    ["0", "-1", "1e999", "MAX", "fast", ""],
  ],
  [
    rateOrMax(5),
    "a number above 0 and at most 5, or max",
    [
      ["max", Number.POSITIVE_INFINITY],
      ["5", 5],
    ],
    ["5.01", "0"],
  ],
  [
    duration(),
    "a duration such as 100ms, 1s or 5m",
    [
      ["1us", 1],
      ["5m", 300e6],
    ],
    ["0s", "0.4us", "5", "s", ""],
  ],
  [
    duration(1_000),
    "a duration of at least 1ms, such as 100ms, 1s or 5m",
    [
      ["1ms", 1_000],
      ["1000us", 1_000],
    ],
    ["999us", "0.9ms"],
  ],
  [
    pathAndValue("a.b=1"),
    "path=value, e.g. a.b=1",
    [
      ["a.b=c", ["a.b", "c"]],
      ["a=b=c", ["a", "b=c"]],
      ["a=", ["a", ""]],
    ],
    ["a", "=a", ""],
  ],
  [
    words,
    "a text that is not empty",
    [
      ["a b", "a b"],
      [" ", " "],
    ],
    [""],
  ],
  [
    listOf(wholeNumber(0, 9)),
    "a whole number from 0 to 9; several separated by commas",
    [
      ["1", [1]],
      ["1, 2,0 ", [1, 2, 0]],
    ],
    ["", "1,,2", "1,10", ","],
  ],
];

for (const [kind, expected, read, refused] of KINDS)
  test(`${expected}`, () => {
    assert.is(kind.expected, expected);
    for (const [text, value] of read) assert.equal(kind.read(text), value, text);
    for (const text of refused) assert.is(kind.read(text), undefined, JSON.stringify(text));
  });

const DURATIONS: [text: string, us: number | undefined][] = [
  ["3us", 3],
  ["3µs", 3],
  ["3ms", 3e3],
  ["3s", 3e6],
  ["3m", 180e6],
  ["3min", 180e6],
  ["3h", 10_800e6],
  ["3d", 259_200e6],
  ["1.5s", 1_500_000],
  ["0.0000006s", 1],
  ["104249d", 9_007_113_600_000_000],
  ["104250d", undefined],
  ["1S", undefined],
  ["1 s", undefined],
  ["1.s", undefined],
  [".5s", undefined],
  ["-1s", undefined],
  ["1w", undefined],
  ["1toString", undefined],
];

test("a duration has a number and a unit, and is a whole number of microseconds", () => {
  for (const [text, us] of DURATIONS) assert.is(readDuration(text), us, text);
});

test("the text of a duration is the shortest that reads back as it", () => {
  const texts: [us: number, text: string][] = [
    [0, "0us"],
    [1, "1us"],
    [999, "999us"],
    [1_000, "1ms"],
    [1_500, "1500us"],
    [90e6, "90s"],
    [60e6, "1m"],
    [3_600e6, "1h"],
    [86_400e6, "1d"],
    [172_800e6, "2d"],
    [90_000e6, "25h"],
  ];
  for (const [us, text] of texts) {
    assert.is(durationText(us), text);
    assert.is(readDuration(text), us);
  }
});

test("a time is written to the millisecond, or exactly", () => {
  const times: [us: number, shown: string, exact: string][] = [
    [0, "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.000Z"],
    [1_234_567, "1970-01-01T00:00:01.234Z", "1970-01-01T00:00:01.234567Z"],
    [1_001, "1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.001001Z"],
    [-1, "1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999999Z"],
  ];
  for (const [us, shown, exact] of times) assert.equal([timeText(us), exactTimeText(us)], [shown, exact]);
});

test.run();
