// runtime: either
/** VUS-PR on scores whose value is known. */

import { test } from "uvu";
import * as assert from "uvu/assert";
import { periodOf, runsOf, vusPr } from "../../sim/bench/detect/vus.ts";
import { uniforms } from "../../sim/bench/samples.ts";

const ROWS = 1000;

test("scores that are the labels are perfect without widening", () => {
  assert.is(vusPr(scoresWhere(isEvent), labelsWhere(isEvent), 0), 1);
});

test("without a label there is no value", () => {
  assert.is(vusPr(scoresWhere(isEvent), new Uint8Array(ROWS), 10), null);
});

test("scores that know nothing reach the share of labelled rows", () => {
  const uniform = uniforms(3);
  const labels = labelsWhere((row) => row % 5 === 0);
  const mean = Array.from(
    { length: 40 },
    () => vusPr(Float64Array.from({ length: ROWS }, uniform), labels, 0)!,
  );
  // 40 × 200 labelled rows: the mean is known to .01.
  assert.ok(Math.abs(mean.reduce((sum, value) => sum + value, 0) / mean.length - 0.2) < 0.02);
});

test("a score that is a few rows late is better than one that is far off, and the better the wider the window", () => {
  const late = scoresWhere((row) => isEvent(row - 8));
  const far = scoresWhere((row) => isEvent(row - 200));
  const labels = labelsWhere(isEvent);
  assert.ok(vusPr(late, labels, 40)! > vusPr(late, labels, 10)!);
  assert.ok(vusPr(late, labels, 40)! > 2 * vusPr(far, labels, 40)!);
});

test("one of two events found is half of the recall", () => {
  // Rows 400 … 499 and 700 … 799 are labelled; the first are predicted with the first tenth of the rows, the second with all the rest.
  const labels = labelsWhere((row) => isEvent(row) || isEvent(row - 300));
  const scores = scoresWhere(isEvent);
  // At first recall is ½ (rows) × ½ (events), precision 1; then all rows are predicted: recall 1, precision .2.
  assert.ok(Math.abs(vusPr(scores, labels, 0)! - (0.25 * 1 + 0.75 * 0.2)) < 1e-12);
});

test("runs of labels are found at both ends", () => {
  assert.equal(runsOf(Uint8Array.of(1, 1, 0, 1, 0, 0, 1)), [
    { first: 0, last: 1 },
    { first: 3, last: 3 },
    { first: 6, last: 6 },
  ]);
});

test("the period of a wave is its length, and a constant has the usual one", () => {
  const wave = Float64Array.from({ length: 2000 }, (_, row) => Math.sin((2 * Math.PI * row) / 48));
  assert.is(periodOf(wave), 48);
  assert.is(periodOf(new Float64Array(500).fill(3)), 125);
});

test("the value agrees with an independent implementation, with ties, neighbouring events and an event at the end", () => {
  const rows = 600;
  let state = 12345;
  const uniform = () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return state / 4_294_967_296;
  };
  const isIn = (row: number, first: number, end: number) => row >= first && row < end;
  const labels = Uint8Array.from({ length: rows }, (_, row) =>
    isIn(row, 100, 130) || isIn(row, 300, 304) || isIn(row, 312, 330) || row >= 590 ? 1 : 0,
  );
  const scores = Float64Array.from({ length: rows }, (_, row) => {
    const lift = (isIn(row, 105, 140) ? 0.5 : 0) + (isIn(row, 298, 320) ? 0.7 : 0);
    return Math.floor(40 * (uniform() + lift)) / 40;
  });
  const expected = [
    [0, 0.3462173746368582],
    [1, 0.3462173746368582],
    [10, 0.4317383844326143],
    [64, 0.6348319070184724],
  ] as const;
  for (const [window, value] of expected)
    assert.ok(Math.abs(vusPr(scores, labels, window)! - value) < 1e-12, `window ${window}`);
});

function isEvent(row: number): boolean {
  return row >= 400 && row < 500;
}

function labelsWhere(holds: (row: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: ROWS }, (_, row) => (holds(row) ? 1 : 0));
}

function scoresWhere(holds: (row: number) => boolean): Float64Array {
  return Float64Array.from({ length: ROWS }, (_, row) => (holds(row) ? 1 : 0));
}

test.run();
