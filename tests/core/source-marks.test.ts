// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { SourceMarks } from "../../actors/core/source-marks.ts";

test("each source has the last sequence that it sent, in the order of their first", () => {
  const marks = new SourceMarks();
  for (const [source, sequence] of [
    ["a", 1],
    ["b", 7],
    ["a", 2],
    ["a", 3],
    ["b", 8],
  ] as const)
    marks.note(source, sequence);
  assert.equal(marks.save(), [
    ["a", 3],
    ["b", 8],
  ]);
  assert.equal(
    ["a", "b", "c"].map((source) => marks.lastSequenceOf(source)),
    [3, 8, 0],
  );
});

test("an input without a sequence leaves the mark as it is, and marks no new source", () => {
  const marks = new SourceMarks();
  marks.note("a", 5);
  marks.note("a", 0);
  marks.note("b", 0);
  assert.equal(marks.save(), [["a", 5]]);
  marks.note("b", 1);
  assert.is(marks.lastSequenceOf("b"), 1);
});

test("marks continue after a restore", () => {
  const marks = new SourceMarks();
  marks.note("a", 5);
  const restored = new SourceMarks();
  restored.restore(marks.save());
  restored.note("a", 6);
  assert.equal(restored.save(), [["a", 6]]);
});

test.run();
