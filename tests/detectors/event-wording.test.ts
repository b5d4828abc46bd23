// runtime: either
/** Numbers, ranges and times as titles of events say them. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  amount,
  brief,
  duration,
  moved,
  movement,
  moves,
  range,
} from "../../actors/detectors/event-wording.ts";

test("a number has three or four digits, whatever its size", () => {
  assert.equal([0, -0, 0.5, -3.623, 123.45, 20_000, 0.001, 0.000244, -0.000_04, 3e-300].map(brief), [
    "0.000",
    "0.000",
    "0.500",
    "-3.62",
    "123.5",
    "20000",
    "0.001",
    "0.000244",
    "-0.0000400",
    "3.00e-300",
  ]);
});

test("a number with more digits than a double knows says its power", () => {
  assert.is(brief(1e12 + 10), "1000000000010");
  assert.is(brief(8.570708683487462e98), "8.57e+98");
  assert.is(amount(-2e20, "V"), "-2.00e+20 V");
});

test("an end of a range that is nothing beside the other is 0, and a range of small numbers has both", () => {
  assert.is(range(-1e-9, 0.858, ""), "0.000 to 0.858");
  assert.is(range(-0.00042, 0.0007, ""), "-0.000420 to 0.000700");
  assert.is(range(10.12, 1e12 + 10, ""), "10.12 to 1000000000010");
  assert.is(range(0, 0, "V"), "0.000 V");
});

test("a span below a tenth of a second is in milliseconds", () => {
  assert.equal([0, 400, 16_000, 99_000, 100_000, 2e6].map(duration), [
    "0.0 s",
    "0.4 ms",
    "16 ms",
    "99 ms",
    "0.1 s",
    "2.0 s",
  ]);
});

test("a slope is said an hour, and what is past in the past", () => {
  assert.is(moves(-0.001, ["hour", 3600], "V"), "falls by 3.60 V an hour");
  assert.is(moved(0.001, ["hour", 3600], "V"), "it rose by 3.60 V an hour");
  assert.is(movement(0.001, 0.0001, "V"), "rises by 3.60 V (± 0.360 V) an hour");
});

test.run();
