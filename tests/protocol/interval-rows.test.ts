// runtime: either
/** Rows of intervals, held against those that are counted from all samples. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { IntervalRows } from "../../protocol/interval-rows.ts";
import { countedRows, rowsOf, type Sample } from "../support/interval-rows.ts";

const EVERY_US = 10;

test("joined rows are those of longer intervals, without the channels that are left out", () => {
  const samples: Sample[] = Array.from({ length: 3_000 }, (_, k) => ({
    // Some intervals have no samples, and some channels none in an interval.
    timeUs: 40_000 + 3 * k + (k > 1_500 ? 777 : 0),
    column: (k * k) % 7,
    value: Math.sin(k),
  }));
  const range = { fromUs: 0, toUs: 100_000 };
  const rows = new IntervalRows(EVERY_US);
  for (const [fromUs, channel, min, max, last, count] of countedRows(samples, EVERY_US, range))
    rows.push(fromUs / EVERY_US, channel, min, max, last, count);
  const joined = rows.joined(4, Uint8Array.of(0, 1));
  assert.is(joined.everyUs, 4 * EVERY_US);
  assert.equal(
    rowsOf(joined).sort((a, b) => a[0] - b[0] || a[1] - b[1]),
    countedRows(
      samples.filter(({ column }) => column !== 1),
      4 * EVERY_US,
      range,
    ),
  );
  const intervals = rowsOf(joined).map(([fromUs]) => fromUs);
  assert.equal(
    intervals,
    [...intervals].sort((a, b) => a - b),
    "in the order of their intervals",
  );
});

test("volumes of joined rows are summed", () => {
  const rows = new IntervalRows(EVERY_US);
  for (let k = 0; k < 8; k++) rows.push(k, 0, k, k, k, 1, 10 + k);
  assert.equal(Array.from(rows.joined(4, new Uint8Array(0)).columns.volume!), [46, 62]);
});

test.run();
