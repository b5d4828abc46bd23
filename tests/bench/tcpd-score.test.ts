// runtime: either
/** The scores of the Turing Change Point Dataset on changes whose score is known. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { scoreChanges } from "../../sim/bench/detect/tcpd-score.ts";

test("what everybody marked is perfect", () => {
  const { f1, precision, recall, cover } = scoreChanges({ a: [40, 70], b: [70, 40] }, [40, 70], 100);
  assert.equal([f1, precision, recall, cover], [1, 1, 1, 1]);
});

test("nothing is right where nobody marked a change, for row 0 is everybody's", () => {
  const { f1, cover } = scoreChanges({ a: [] }, [], 100);
  assert.equal([f1, cover], [1, 1]);
});

test("a change counts within five rows, and each once", () => {
  const recall = (found: number[]) => scoreChanges({ a: [50] }, found, 100).recall;
  assert.equal([recall([55]), recall([56]), recall([45])], [1, 0.5, 1]);
  // Row 0, and one of the two.
  assert.is(scoreChanges({ a: [50] }, [49, 51], 100).precision, 2 / 3);
});

test("precision is against all people together, recall against each", () => {
  const { precision, recall } = scoreChanges({ a: [30], b: [60] }, [30, 60], 100);
  assert.equal([precision, recall], [1, 1]);
  const one = scoreChanges({ a: [30], b: [60] }, [30], 100);
  assert.equal([one.precision, one.recall], [1, (1 + 0.5) / 2]);
});

test("cover weighs each segment by its length and its overlap", () => {
  // Segments of 60 and 40 rows against one of 100: .6 · .6 + .4 · .4.
  assert.ok(Math.abs(scoreChanges({ a: [60] }, [], 100).cover - 0.52) < 1e-12);
});

test.run();
