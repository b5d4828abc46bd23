// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Pyramid } from "../../actors/partition/pyramid.ts";
import { decodeMessage } from "../../protocol/codec.ts";
import { float64Column, uint16Column, uint32Column } from "../../protocol/columns.ts";
import { IntervalRows } from "../../protocol/interval-rows.ts";
import type { DecimatedMessage } from "../../protocol/messages.ts";
import { countedRows, rowsOf, type Sample } from "../support/interval-rows.ts";

const FINEST_US = 1_000;
const LEVELS = 5;
/** What the levels keep at least: of the coarsest 64 intervals. */
const KEPT_US = 64 * FINEST_US * 4 ** (LEVELS - 1);
const COLUMNS = 3;

/** Samples with gaps of any length, some of them at the same time. */
const course = fc.array(
  fc.record({
    gapUs: fc.oneof(fc.constant(0), fc.nat(2_000), fc.nat(100_000), fc.nat(2_000_000)),
    column: fc.nat(COLUMNS - 1),
    value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0),
  }),
  { minLength: 1, maxLength: 400 },
);
const share = fc.double({ min: 0, max: 1, noNaN: true });

test("[Y1] any window of a past with gaps has the rows that counting its samples gives, in half as many intervals again as asked for at most", () => {
  fc.assert(
    fc.property(course, share, share, fc.integer({ min: 1, max: 200 }), (gaps, a, b, columns) => {
      const samples = samplesOf(gaps);
      const pyramid = pyramidOf(samples);
      const endUs = samples.at(-1)!.timeUs;
      const oldestUs = Math.max(0, endUs - KEPT_US / 2);
      const [fromUs, toUs] = [a, b]
        .map((x) => Math.floor(oldestUs + x * (endUs - oldestUs)))
        .sort((x, y) => x - y) as [number, number];
      const rows = pyramid.rows({ fromUs, toUs, columns });
      assert.ok((toUs - fromUs) / rows.everyUs <= 1.5 * columns, `${rows.everyUs} µs for ${toUs - fromUs}`);
      assert.equal(rowsOf(rows), countedRows(samples, rows.everyUs, { fromUs, toUs }));
    }),
    { numRuns: 300 },
  );
});

test("[Y1] a window that the finest level keeps comes in its intervals, or as many of them together as come closest", () => {
  const samples = samplesOf(Array.from({ length: 50 }, (_, k) => ({ gapUs: 1_000, column: 0, value: k })));
  const pyramid = pyramidOf(samples);
  const fromUs = samples[0]!.timeUs;
  const toUs = fromUs + 48_000;
  for (const [columns, everyUs] of [
    [1_000, 1_000],
    [48, 1_000],
    [33, 1_000],
    [32, 2_000],
    [16, 3_000],
  ] as const)
    assert.is(pyramid.rows({ fromUs, toUs, columns }).everyUs, everyUs);
});

test("[Y2] a sample that comes after the end of its interval counts in the open one, on every level", () => {
  const pyramid = new Pyramid(FINEST_US, new Array<number>(LEVELS).fill(64));
  pyramid.widen(1);
  for (const [timeUs, value] of [
    [20_000, 1],
    [40_500, 2],
    [20_500, -9],
  ] as const)
    pyramid.add(timeUs, 0, value);
  for (const columns of [1_000, 4])
    assert.equal(
      rowsOf(pyramid.rows({ fromUs: 0, toUs: 60_000, columns }))
        .at(-1)!
        .slice(2),
      [-9, 2, -9, 2],
    );
});

test("[Y1] what was traded in a window is the sum of the sizes, and messages say nothing of it where nothing has a size", () => {
  const sized = fc.array(fc.tuple(fc.nat(30_000), fc.nat(COLUMNS - 1), fc.nat(9)), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(
    fc.property(sized, fc.integer({ min: 1, max: 50 }), (trades, columns) => {
      const pyramid = pyramidOf([]);
      const expected = new Map<string, number>();
      const fromUs = 1_767_225_600_000_000;
      let toUs = fromUs;
      const seen: [number, number, number][] = [];
      for (const [gapUs, column, size] of trades) {
        toUs += gapUs;
        pyramid.add(toUs, column, 1, size);
        seen.push([toUs, column, size]);
      }
      const rows = pyramid.rows({ fromUs, toUs, columns });
      for (const [timeUs, column, size] of seen) {
        const key = `${Math.floor(timeUs / rows.everyUs)} ${column}`;
        expected.set(key, (expected.get(key) ?? 0) + size);
      }
      assert.equal(volumesOf(rows), trades.some(([, , size]) => size > 0) ? expected : null);
      const sent = IntervalRows.of(structuredClone(rows.columns));
      assert.equal(volumesOf(sent), volumesOf(rows), "also of rows that come from another thread");
    }),
    { numRuns: 200 },
  );
});

/** By interval and column; null: the messages have none. */
function volumesOf(rows: IntervalRows): Map<string, number> | null {
  const found = new Map<string, number>();
  for (const bytes of rows.decimated(0, null, { group: "g", inputSequence: 0 })) {
    const { fromUs, everyUs, interval, channel, volume } = decodeMessage(bytes) as DecimatedMessage;
    if (volume === undefined) return null;
    const columns = uint16Column(channel);
    uint32Column(interval).forEach((offset, k) => {
      found.set(`${fromUs / everyUs + offset} ${columns[k]}`, float64Column(volume)[k]!);
    });
  }
  return found;
}

test("after a rewind the past is as if nothing from the interval of that time on had come", () => {
  fc.assert(
    fc.property(course, course, share, fc.integer({ min: 1, max: 100 }), (gaps, after, at, columns) => {
      const samples = samplesOf(gaps);
      const pyramid = pyramidOf(samples);
      const { timeUs } = samples[Math.floor(at * (samples.length - 1))]!;
      const rewoundUs = Math.floor(timeUs / FINEST_US) * FINEST_US;
      pyramid.rewind(timeUs);
      const kept = samples.filter((sample) => sample.timeUs < rewoundUs);
      const later = samplesOf(after, rewoundUs);
      for (const sample of later) pyramid.add(sample.timeUs, sample.column, sample.value);
      const all = [...kept, ...later];
      const toUs = later.at(-1)!.timeUs;
      const fromUs = Math.max(0, toUs - KEPT_US / 2);
      const rows = pyramid.rows({ fromUs, toUs, columns });
      assert.equal(rowsOf(rows), countedRows(all, rows.everyUs, { fromUs, toUs }));
    }),
    { numRuns: 200 },
  );
});

test("columns that come later, and less space, change nothing of what is kept", () => {
  const pyramid = new Pyramid(FINEST_US, [1_000, 1_000]);
  pyramid.widen(1);
  const early = Array.from({ length: 100 }, (_, k) => ({ timeUs: 1_000 * k, column: 0, value: k }));
  for (const { timeUs, column, value } of early) pyramid.add(timeUs, column, value);
  pyramid.widen(3);
  const late = Array.from({ length: 100 }, (_, k) => ({ timeUs: 100_000 + 1_000 * k, column: 2, value: -k }));
  for (const { timeUs, column, value } of late) pyramid.add(timeUs, column, value);
  const before = pyramid.bytes;
  pyramid.limit([64, 64]);
  assert.ok(pyramid.bytes < before);
  const range = { fromUs: 140_000, toUs: 199_000 };
  const { everyUs } = pyramid.rows({ ...range, columns: 100 });
  assert.is(everyUs, 1_000);
  assert.equal(
    rowsOf(pyramid.rows({ ...range, columns: 100 })),
    countedRows([...early, ...late], everyUs, range),
  );
  // Of what is older there is the coarser level.
  assert.is(pyramid.rows({ fromUs: 0, toUs: 199_000, columns: 1_000 }).everyUs, 4_000);
});

function samplesOf(
  gaps: readonly { gapUs: number; column: number; value: number }[],
  fromUs = 1_767_225_600_000_000,
): Sample[] {
  let timeUs = fromUs;
  return gaps.map(({ gapUs, column, value }) => {
    timeUs += gapUs;
    return { timeUs, column, value };
  });
}

function pyramidOf(samples: readonly Sample[]): Pyramid {
  const pyramid = new Pyramid(FINEST_US, new Array<number>(LEVELS).fill(64));
  pyramid.widen(COLUMNS);
  for (const { timeUs, column, value } of samples) pyramid.add(timeUs, column, value);
  return pyramid;
}

test.run();
