// runtime: either
import * as fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { GAP_ROWS, GAP_TICKS, RowAssembler } from "../../actors/detectors/rows/row-assembler.ts";
import type { Batch } from "../../actors/ports/detector.ts";
import type { Frame } from "../../protocol/frame.ts";
import { frameOf, groupOf } from "../support/rows.ts";

const SECOND = 1_000_000;

interface Row {
  time: number;
  value: number[];
  fresh: number[];
  innovation: number[];
  gap: number;
}

function rowsOf(batch: Batch, n: number): Row[] {
  return Array.from({ length: batch.rows }, (_, r) => ({
    time: batch.rowTime[r]!,
    value: Array.from(batch.rowValue.subarray(r * n, (r + 1) * n)),
    fresh: Array.from(batch.rowFresh.subarray(r * n, (r + 1) * n)),
    innovation: Array.from(batch.rowInnovation.subarray(r * n, (r + 1) * n)),
    gap: batch.gap[r]!,
  }));
}

test("[G1] row assembler completes a row when all channels have reported", () => {
  const assembler = new RowAssembler(groupOf(2));
  assert.is(assembler.consume(frameOf([[0, 0, 1]])).rows, 0);
  const rows = rowsOf(assembler.consume(frameOf([[0, 1, 5]])), 2);
  assert.equal(rows, [{ time: 0, value: [1, 5], fresh: [1, 1], innovation: [NaN, NaN], gap: 0 }]);
});

test("[G1] row assembler completes a partial row when a later time begins, with innovation 0 for channels that did not report", () => {
  const assembler = new RowAssembler(groupOf(2));
  assembler.consume(
    frameOf([
      [0, 0, 1],
      [0, 1, 5],
      [SECOND, 0, 3],
    ]),
  );
  const rows = rowsOf(assembler.consume(frameOf([[2 * SECOND, 0, 4]])), 2);
  assert.equal(rows, [{ time: SECOND, value: [3, 5], fresh: [1, 0], innovation: [2, 0], gap: 0 }]);
});

test("[G1] row assembler begins a row when a channel reports a second time", () => {
  const assembler = new RowAssembler(groupOf(1));
  const rows = rowsOf(
    assembler.consume(
      frameOf([
        [0, 0, 1],
        [0, 0, 4],
        [0, 0, 6],
      ]),
    ),
    1,
  );
  assert.equal(
    rows.map((row) => row.value[0]),
    [1, 4, 6],
  );
  assert.equal(
    rows.map((row) => row.innovation[0]),
    [NaN, 3, 2],
  );
});

test("[G2] row assembler of ticks puts rows on the grid with the last tick of each channel", () => {
  const assembler = new RowAssembler(groupOf(2, { sampling: "ticks" }));
  const rows = rowsOf(
    assembler.consume(
      frameOf([
        [100, 0, 10],
        [200, 1, 20],
        [300, 0, 11],
        [SECOND, 0, 12],
        [SECOND + 1, 0, 15],
        [2 * SECOND + 1, 1, 21],
      ]),
    ),
    2,
  );
  assert.equal(rows, [
    { time: SECOND, value: [12, 20], fresh: [1, 1], innovation: [NaN, NaN], gap: 0 },
    { time: 2 * SECOND, value: [15, 20], fresh: [1, 0], innovation: [3, 0], gap: 0 },
  ]);
});

test("[G2] row assembler of ticks makes quiet grid steps rows with innovation 0", () => {
  const assembler = new RowAssembler(groupOf(1, { sampling: "ticks" }));
  const rows = rowsOf(
    assembler.consume(
      frameOf([
        [1, 0, 10],
        [3 * SECOND + 1, 0, 12],
      ]),
    ),
    1,
  );
  assert.equal(
    rows.map((row) => row.time / SECOND),
    [1, 2, 3],
  );
  assert.equal(
    rows.slice(1).map((row) => [row.fresh[0], row.innovation[0]]),
    [
      [0, 0],
      [0, 0],
    ],
  );
});

test("[G3] row assembler makes no rows for a silence of ticks and starts anew after it", () => {
  const assembler = new RowAssembler(groupOf(1, { sampling: "ticks" }));
  const late = (GAP_TICKS + 2) * SECOND;
  const rows = rowsOf(
    assembler.consume(
      frameOf([
        [1, 0, 10],
        [2, 0, 11],
        [late, 0, 50],
        [late + SECOND, 0, 51],
        [late + 2 * SECOND, 0, 53],
      ]),
    ),
    1,
  );
  assert.equal(
    rows.map((row) => [row.time / SECOND, row.gap, row.innovation[0]]),
    [
      [1, 0, NaN],
      [GAP_TICKS + 2, 1, NaN],
      [GAP_TICKS + 3, 0, 1],
    ],
  );
  assert.is(assembler.counts().gaps, 1);
});

test("[G3] row assembler marks the first row after missing rows and gives it no innovation", () => {
  const assembler = new RowAssembler(groupOf(1));
  const late = (GAP_ROWS + 2) * SECOND;
  const rows = rowsOf(
    assembler.consume(
      frameOf([
        [0, 0, 1],
        [SECOND, 0, 2],
        [late, 0, 9],
        [late + SECOND, 0, 10],
      ]),
    ),
    1,
  );
  assert.equal(
    rows.map((row) => [row.gap, row.innovation[0]]),
    [
      [0, NaN],
      [0, 1],
      [1, NaN],
      [0, 1],
    ],
  );
});

test("[G3] row assembler measures an undeclared spacing", () => {
  const assembler = new RowAssembler(groupOf(1, { everyUs: 0 }));
  const samples = Array.from({ length: 20 }, (_, k) => [k * 60 * SECOND, 0, k] as const);
  assembler.consume(frameOf(samples));
  const rows = rowsOf(assembler.consume(frameOf([[40 * 60 * SECOND, 0, 1]])), 1);
  assert.is(rows[0]!.gap, 1);
});

test("[G4] row assembler only counts samples that are not finite or belong to no channel", () => {
  const assembler = new RowAssembler(groupOf(1));
  const batch = assembler.consume(
    frameOf([
      [0, 0, 1],
      [SECOND, 0, Number.NaN],
      [2 * SECOND, 0, Infinity],
      [2 * SECOND, 7, 1],
      [3 * SECOND, 0, 4],
    ]),
  );
  assert.equal(Array.from(batch.sampleInnovation.subarray(0, 5)), [NaN, NaN, NaN, NaN, 3]);
  assert.is(assembler.counts().bad, 3);
  assert.equal(
    rowsOf(batch, 1).map((row) => [row.value[0], row.fresh[0]]),
    [
      [1, 1],
      [1, 0],
      [1, 0],
      [4, 1],
    ],
  );
});

test("[G4] row assembler of log returns keeps a value that is not positive but computes no return from it", () => {
  const assembler = new RowAssembler(groupOf(1, { innovation: "logReturn" }));
  const batch = assembler.consume(
    frameOf([
      [0, 0, 100],
      [SECOND, 0, -37],
      [2 * SECOND, 0, 110],
    ]),
  );
  assert.equal(Array.from(batch.rowValue.subarray(0, 3)), [100, -37, 110]);
  assert.ok(Number.isNaN(batch.sampleInnovation[1]!));
  assert.ok(Math.abs(batch.sampleInnovation[2]! - Math.log(1.1)) < 1e-15);
});

test("row assembler's log returns agree with the logarithm of the ratio, small and large", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
      fc.double({ min: 0.2, max: 5, noNaN: true }),
      (x, ratio) => {
        const assembler = new RowAssembler(groupOf(1, { innovation: "logReturn" }));
        const y = x * ratio;
        const batch = assembler.consume(
          frameOf([
            [0, 0, x],
            [1, 0, y],
          ]),
        );
        const expected = Math.log1p((y - x) / x);
        assert.ok(Math.abs(batch.sampleInnovation[1]! - expected) <= 4e-16 + 1e-14 * Math.abs(expected));
      },
    ),
  );
});

test("row assembler's AR(1) residuals are white for an AR(1) series", () => {
  const assembler = new RowAssembler(groupOf(1, { innovation: "ar1" }));
  let x = 0;
  let seed = 1;
  const samples: [number, number, number][] = [];
  for (let k = 0; k < 20_000; k++) {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    x = 0.8 * x + seed / 4_294_967_296 - 0.5;
    samples.push([k * SECOND, 0, x]);
  }
  const batch = assembler.consume(frameOf(samples));
  let product = 0;
  let square = 0;
  for (let k = 1001; k < 20_000; k++) {
    product += batch.sampleInnovation[k]! * batch.sampleInnovation[k - 1]!;
    square += batch.sampleInnovation[k]! ** 2;
  }
  assert.ok(Math.abs(product / square) < 0.05, `lag-1 correlation ${product / square}`);
});

test("[G5] row assembler counts a late sample and keeps it in the pending row", () => {
  const assembler = new RowAssembler(groupOf(2));
  const rows = rowsOf(
    assembler.consume(
      frameOf([
        [SECOND, 0, 1],
        [0, 1, 2],
      ]),
    ),
    2,
  );
  assert.equal(
    rows.map((row) => row.time),
    [SECOND],
  );
  assert.is(assembler.counts().late, 1);
});

const sample = fc.tuple(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 2 }),
  fc.integer({ min: 1, max: 50 }),
);
for (const sampling of ["rows", "ticks"] as const) {
  test(`[G6] row assembler of ${sampling} makes the same rows for any division of the samples into frames`, () => {
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 60 }),
        fc.array(fc.nat(60), { maxLength: 6 }),
        (steps, cuts) => {
          let time = 0;
          const samples = steps.map(([step, channel, value]) => {
            time += step * 400_000;
            return [time, channel, value] as const;
          });
          const edges = [
            0,
            ...cuts.map((cut) => Math.min(cut, samples.length)).sort((a, b) => a - b),
            samples.length,
          ];
          const whole = new RowAssembler(groupOf(3, { sampling }));
          const parts = new RowAssembler(groupOf(3, { sampling }));
          const expected = rowsOf(whole.consume(frameOf(samples)), 3);
          const got = edges
            .slice(1)
            .flatMap((edge, k) => rowsOf(parts.consume(frameOf(samples.slice(edges[k]!, edge))), 3));
          assert.equal(got, expected);
          assert.equal(
            Object.values(parts.fields).map((a) => Array.from(a)),
            Object.values(whole.fields).map((a) => Array.from(a)),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
}

test("row assembler continues identically from copied fields", () => {
  const frames: Frame[] = Array.from({ length: 8 }, (_, f) =>
    frameOf(
      Array.from({ length: 7 }, (_, k) => [(f * 7 + k) * 300_000, k % 3, Math.sqrt(f + k + 1)] as const),
    ),
  );
  const straight = new RowAssembler(groupOf(3, { innovation: "ar1", sampling: "ticks" }));
  const first = new RowAssembler(groupOf(3, { innovation: "ar1", sampling: "ticks" }));
  const second = new RowAssembler(groupOf(3, { innovation: "ar1", sampling: "ticks" }));
  frames.forEach((frame, f) => {
    const expected = rowsOf(straight.consume(frame), 3);
    if (f < 4) first.consume(frame);
    if (f === 3)
      for (const [name, array] of Object.entries(first.fields)) second.fields[name]!.set(array as never);
    if (f >= 4) assert.equal(rowsOf(second.consume(frame), 3), expected);
  });
});

test("[G4] row assembler rejects values whose squares overflow and innovations that overflow", () => {
  const values = [1, 1e200, -1.7e308, 3, 5];
  const assembler = new RowAssembler(groupOf(1));
  const rows = values.flatMap((value, t) => rowsOf(assembler.consume(frameOf([[t * SECOND, 0, value]])), 1));
  assert.equal(
    rows.map((row) => row.innovation[0]),
    [NaN, 0, 0, 2, 2],
  );
  assert.is(assembler.counts().bad, 2);

  const ratios = new RowAssembler(groupOf(1, { innovation: "logReturn" }));
  const tiny = [100, 5e-324, 100, 100].flatMap((value, t) =>
    rowsOf(ratios.consume(frameOf([[t * SECOND, 0, value]])), 1),
  );
  assert.is(tiny.filter((row) => Math.abs(row.innovation[0]!) === Infinity).length, 0);
  assert.is(tiny.at(-1)!.innovation[0], 0);
});

test.run();
