// runtime: either
/** The types of feed options: what each reads, expects and shows. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  choice,
  duration,
  flag,
  moment,
  multiple,
  names,
  type Option,
  optional,
  rateOrMax,
  text,
  whole,
} from "../../actors/feeds/options.ts";

type Case = [
  option: Option<unknown>,
  initial: unknown,
  shown: string,
  expected: RegExp,
  read: [string, unknown][],
];

const CASES: Record<string, Case> = {
  duration: [
    duration(100_000, 1_000, "h"),
    100_000,
    "100ms",
    /^a duration of at least 1ms/,
    [
      ["1s", 1e6],
      ["999us", undefined],
    ],
  ],
  "duration not given": [duration(0, 1, "h"), 0, "", /^a duration such as/, [["1us", 1]]],
  whole: [
    whole(5, 1, 9, "h"),
    5,
    "5",
    /^a whole number from 1 to 9$/,
    [
      ["9", 9],
      ["10", undefined],
      ["0", undefined],
    ],
  ],
  rate: [
    rateOrMax(10, 1e6, "h"),
    10,
    "10",
    /at most 1000000, or max$/,
    [
      ["max", Infinity],
      ["1000000", 1e6],
      ["1000001", undefined],
    ],
  ],
  "rate without a limit": [rateOrMax(Infinity, 9, "h"), Infinity, "max", /max$/, [["9", 9]]],
  multiple: [
    multiple(1, 4, "h"),
    1,
    "1",
    /^a number from 0 to 4$/,
    [
      ["0", 0],
      ["4", 4],
      ["4.1", undefined],
      ["-1", undefined],
    ],
  ],
  moment: [
    moment("h"),
    undefined,
    "",
    /^a time such as 2024/,
    [
      ["2024-01-01T00:00:00Z", Date.UTC(2024, 0) * 1000],
      [" 2024-01-01 ", Date.UTC(2024, 0) * 1000],
      ["1704067200000000", Date.UTC(2024, 0) * 1000],
      ["soon", undefined],
      ["", undefined],
    ],
  ],
  optional: [optional(whole(5, 1, 9, "h")), undefined, "", /^a whole number from 1 to 9$/, [["5", 5]]],
  choice: [
    choice(["long", "wide"], "h"),
    undefined,
    "",
    /^one of long, wide$/,
    [
      ["wide", "wide"],
      ["tall", undefined],
      ["", undefined],
    ],
  ],
  text: [
    text("h"),
    undefined,
    "",
    /^a text that is not empty$/,
    [
      ["a", "a"],
      ["", undefined],
    ],
  ],
  names: [
    names("h"),
    [],
    "",
    /^names separated by commas$/,
    [
      ["a, b", ["a", "b"]],
      ["a,,b", undefined],
      ["", undefined],
    ],
  ],
  flag: [
    flag("h"),
    false,
    "0",
    /^1 or 0$/,
    [
      ["1", true],
      ["true", true],
      ["0", false],
      ["false", false],
      ["yes", undefined],
    ],
  ],
};

for (const [name, [option, initial, shown, expected, read]] of Object.entries(CASES))
  test(`an option of type ${name}`, () => {
    assert.equal([option.initial, option.shown, option.help], [initial, shown, "h"]);
    assert.match(option.expected, expected);
    for (const [written, value] of read) assert.equal(option.read(written), value, JSON.stringify(written));
  });

test.run();
