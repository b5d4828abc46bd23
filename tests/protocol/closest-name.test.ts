// runtime: either
/** Which names are suggested for a mistyped one. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { expectedAmong, nearestTo } from "../../protocol/closest-name.ts";

const CASES: [rule: string, typed: string, known: string[], expected: string[]][] = [
  ["two swapped letters count as two", "relpay", ["replay", "record"], ["replay"]],
  ["three letters of a short name are too many", "rexxxy", ["replay"], []],
  ["a quarter of a long name may differ", "falseAlarmsPeXXXX", ["falseAlarmsPerDay"], ["falseAlarmsPerDay"]],
  ["more than a quarter of it is too much", "falseAlarmsXXXXXX", ["falseAlarmsPerDay"], []],
  ["not all letters of the shorter name may differ", "ab", ["up", "abc"], ["abc"]],
  ["upper and lower case are the same", "REPLAY", ["replay"], ["replay"]],
  ["the last part of a path suffices", "memoryRow", ["estimator.memoryRows"], ["estimator.memoryRows"]],
  ["a letter less of the last part may differ", "repl", ["a.replay"], []],
  ["nearest first", "seal", ["steal", "seal", "meals"], ["seal", "steal", "meals"]],
  ["three at most", "aaaa", ["aaab", "aaac", "aaad", "aaae"], ["aaab", "aaac", "aaad"]],
];

for (const [rule, typed, known, expected] of CASES)
  test(`suggestions: ${rule}`, () => {
    assert.equal(nearestTo(typed, known), expected);
  });

test("what is expected is the near names, else all, else nothing", () => {
  assert.is(expectedAmong("relpay", ["replay", "record"]), "perhaps replay");
  assert.is(expectedAmong("zzz", ["replay", "record"]), "one of replay, record");
  assert.is(expectedAmong("zzz", ["replay", "record"], "see --help"), "one of see --help");
  assert.is(expectedAmong("zzz", []), "nothing");
});

test.run();
