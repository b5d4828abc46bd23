// runtime: either
/** Means of rows that lie close together. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { MeanRows } from "../../actors/detectors/rows/mean-rows.ts";
import { InnovationBatch } from "../support/rows.ts";

const SPACING_US = 1000;

/** Rows of two channels, a millisecond apart; a channel without a value did not report. */
function batchOf(rows: readonly (readonly [number | null, number | null])[]): InnovationBatch {
  const batch = new InnovationBatch(rows.length, 2);
  rows.forEach((row, r) => {
    batch.rowTime[r] = r * SPACING_US;
    row.forEach((value, c) => {
      batch.rowValue[2 * r + c] = value ?? Number.NaN;
      batch.rowFresh[2 * r + c] = value === null ? 0 : 1;
    });
  });
  return batch;
}

/** The means of each span of 3 ms. */
function spansOf(batch: InnovationBatch, means: MeanRows): number[][] {
  const spans: number[][] = [];
  for (let r = 0; r < batch.rows; r++) {
    if (!means.add(batch, r, SPACING_US, 3 * SPACING_US)) continue;
    spans.push([means.mean(0), means.mean(1)]);
    means.begin();
  }
  return spans;
}

test("rows of a span become their mean, and a row that ends none waits for the next", () => {
  const batch = batchOf([
    [1, 10],
    [2, 20],
    [6, 30],
    [7, 40],
  ]);
  assert.equal(spansOf(batch, new MeanRows(Uint8Array.of(1, 1))), [[3, 20]]);
});

test("a channel that reports seldom has the mean of what it reported, and NaN for nothing", () => {
  const batch = batchOf([
    [1, null],
    [null, null],
    [3, null],
  ]);
  assert.equal(spansOf(batch, new MeanRows(Uint8Array.of(1, 1))), [[2, Number.NaN]]);
});

test("a channel that is not taken has no values", () => {
  const means = new MeanRows(Uint8Array.of(0, 1));
  means.add(batchOf([[1, 10]]), 0, SPACING_US, 3 * SPACING_US);
  assert.equal([...means.counts], [0, 1]);
});

test("a row that stands for longer than the span is a span of its own", () => {
  const means = new MeanRows(Uint8Array.of(1, 1));
  assert.ok(means.add(batchOf([[1, 10]]), 0, 3 * SPACING_US, 3 * SPACING_US));
  assert.is(means.mean(1), 10);
});

test("a span that begins after a gap says so", () => {
  const means = new MeanRows(Uint8Array.of(1, 1));
  const batch = batchOf([
    [1, 10],
    [2, 20],
  ]);
  batch.gap[0] = 1;
  means.add(batch, 0, SPACING_US, 3 * SPACING_US);
  means.add(batch, 1, SPACING_US, 3 * SPACING_US);
  assert.ok(means.isAfterGap);
  means.begin();
  means.add(batch, 1, SPACING_US, 3 * SPACING_US);
  assert.not.ok(means.isAfterGap);
});

test.run();
