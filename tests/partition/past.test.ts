// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { inputs } from "../../actors/log/read.ts";
import { Past, type PastLog } from "../../actors/partition/past.ts";
import { reachUs } from "../../actors/partition/past-groups.ts";
import type { LogPlace } from "../../actors/ports/journal.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { StateMessage } from "../../protocol/messages.ts";
import { row } from "../support/inputs.ts";
import { rowsOf } from "../support/interval-rows.ts";
import { writtenLog } from "../support/written-log.ts";

// The log's block 1 holds inputs 1 and 2; block n has the rows 2n - 1 and 2n, of n, at 1000 n - 500 and 1000 n µs (tests/support/written-log.ts).
const BLOCKS = 40;
const RANGE = { fromUs: 10_000, toUs: 20_000, columns: 20 };

test("[Z2] a range finer than memory keeps it is read from the log, sample by sample", async () => {
  const { past } = await given();
  const { groups } = await past.range(RANGE);
  const rows = rowsOf(groups[0]!.samples);
  assert.equal(
    rows.map(([fromUs, , , , last]) => [fromUs, last]),
    Array.from({ length: 21 }, (_, k) => [10_000 + 500 * k, Math.ceil(10 + k / 2)]),
  );
});

test("[Z2] a range that memory keeps has the same rows as the log", async () => {
  const { past, log } = await given();
  const range = { fromUs: 0, toUs: 1_000_000, columns: 16 };
  const remembered = await past.range(range);
  const fresh = new Past({ log, input: past.through });
  const read = await fresh.range(range);
  assert.is(remembered.groups[0]!.samples.everyUs, 62_500);
  assert.equal(rowsOf(remembered.groups[0]!.samples), rowsOf(read.groups[0]!.samples));
});

test("measures alone are answered from memory: no sample is read, from the log or from memory", async () => {
  const { log } = await given();
  let read = 0;
  const counted: PastLog = {
    first: log.first,
    locate: (at: LogPlace) => log.locate(at),
    async *read(from?: number) {
      read++;
      yield* log.read(from);
    },
  };
  const past = new Past({ log: counted, input: 0 });
  for await (const { sequence, input, bytes } of inputs(log))
    if (input.type === "frame") past.frame({ inputSequence: sequence, bytes });
  past.state(stateAt(0.015));
  const all = await past.range(RANGE);
  assert.is(read, 1, "with samples the log is read");
  const { groups, work } = await past.range({ ...RANGE, onlyMeasures: true });
  assert.is(read, 1);
  assert.is(groups[0]!.samples.length, 0);
  assert.equal(rowsOf(groups[0]!.measures.rows), rowsOf(all.groups[0]!.measures.rows));
  assert.is(work, 2, "a row of each measure, and no samples");
});

test("[Z1] an answer ends with the last delivery, whether it is in memory or read from a log that goes on", async () => {
  const { past } = await given({ through: 30 });
  for (const range of [RANGE, { fromUs: 0, toUs: 1_000_000, columns: 16 }]) {
    const { input, groups } = await past.range(range);
    assert.is(input, 30);
    assert.is(rowsOf(groups[0]!.samples).at(-1)![4], 15);
  }
});

test("what was in the log before the first delivery is known as soon as it was read", async () => {
  const { log } = await given();
  const past = new Past({ log, input: 2 * BLOCKS, readSamplesMax: 10 });
  const whole = { fromUs: 0, toUs: 1_000_000, columns: 16 };
  assert.equal((await past.range(whole)).groups, []);
  const reading = past.readBefore(() => false);
  assert.is((await past.range(whole)).complete, false, "more will be known");
  await reading;
  past.frame({ inputSequence: 2 * BLOCKS + 1, bytes: encodeMessage(row(41_000, [41])) });
  const { input, complete, groups } = await past.range(whole);
  assert.equal([input, complete], [2 * BLOCKS + 1, true]);
  assert.equal(rowsOf(groups[0]!.samples), [[0, 0, 2, 41, 41, 2 * BLOCKS - 1]]);
});

test("[Z3] what a recording's actors published is known up to the place, also of parts that were passed over", async () => {
  const { log } = await given();
  const past = new Past({ log, input: 0 });
  await past.readRecording(40_000_000, () => false);
  for (let second = 1; second <= 40; second++) past.recordedState(stateAt(second));
  past.recordedStatesEnd();
  past.rewind({ timeUs: 30_000_000, input: 60 });
  past.state(stateAt(30));
  const { groups } = await past.range({ fromUs: 0, toUs: 30_000_000, columns: 30, isOpen: true });
  const { names, rows } = groups[0]!.measures;
  const column = names.indexOf("purity");
  const values = rowsOf(rows).flatMap(([, of, , , last]) => (of === column ? [last] : []));
  assert.equal(
    values,
    Array.from({ length: 30 }, (_, k) => k + 1),
  );
  assert.is(past.stateBefore("g", 12_400_000)!.timeUs, 12_000_000);
  assert.is(past.stateBefore("g", Number.POSITIVE_INFINITY)!.timeUs, 30_000_000);
});

test("the log before the first delivery is read as far back as the longest intervals reach, and what is older when it is asked for", async () => {
  const { log } = await given();
  let read = 0;
  const counted = {
    first: log.first,
    locate: (at: LogPlace) => log.locate(at),
    async *read(from?: number) {
      for await (const entry of log.read(from)) {
        if (entry.kind === "block") read++;
        yield entry;
      }
    },
  };
  const input = 2 * BLOCKS;
  const channels = 1_000_000;
  const at = { timeUs: reachUs(channels) + 1_000 * (BLOCKS - 5), channels };
  const past = new Past({ log: counted, input, at });
  await past.readBefore(() => false);
  assert.is(read, 6, "the blocks 35 to 40");
  const { groups } = await past.range({ fromUs: 0, toUs: 1_000_000, columns: 16 });
  assert.is(rowsOf(groups[0]!.samples).at(-1)!.at(-1), 2 * (BLOCKS - 1));
});

test("a range with more samples than may be read for an answer comes as coarse as memory has it", async () => {
  const { past } = await given({ readSamplesMax: 10 });
  const { groups, work } = await past.range(RANGE);
  assert.is(groups[0]!.samples.everyUs, 62_500);
  assert.is(work, 1);
});

test("a range that nobody waits for any more is read no further, and who waits after it is answered", async () => {
  const { log } = await given();
  const gone = new AbortController();
  let blocks = 0;
  const counted: PastLog = {
    first: log.first,
    locate: (at: LogPlace) => log.locate(at),
    async *read(from?: number) {
      for await (const entry of log.read(from)) {
        if (entry.kind === "block" && ++blocks === 3) gone.abort();
        yield entry;
      }
    },
  };
  const past = new Past({ log: counted, input: 2 * BLOCKS });
  const [, , answered] = await Promise.all([
    past.range(RANGE, gone.signal),
    past.range(RANGE, gone.signal),
    past.range(RANGE),
  ]);
  assert.ok(rowsOf(answered.groups[0]!.samples).length > 20);
  const whole = blocks - 3;
  assert.ok(whole > 10 && whole < 15, `${blocks} blocks: three of the first, none of the second`);
});

test("a range whose beginning the log no longer has comes as coarse as memory has it", async () => {
  const { past, log } = await given();
  Object.assign(log, { first: { ...log.first!, number: 30, timeUs: 30_000 } });
  const { groups } = await past.range(RANGE);
  assert.is(groups[0]!.samples.everyUs, 62_500);
});

test("[Z3] after a rewind samples, measures and states are those before the place", async () => {
  const { past } = await given();
  for (const second of [1, 2, 3]) past.state(stateAt(second));
  past.rewind({ timeUs: 2_500_000, input: 30 });
  const { input, groups } = await past.range({ fromUs: 0, toUs: 10_000_000, columns: 10 });
  assert.is(input, 30);
  assert.equal(
    rowsOf(groups[0]!.measures.rows).map(([fromUs]) => fromUs),
    [1e6, 1e6, 2e6, 2e6],
  );
  assert.is(past.stateBefore("g", 9e9)?.timeUs, 2e6);
});

test("[Z1] while a recording goes to a place, an answer has its samples up to there, and names the input that they end with", async () => {
  const { past } = await given();
  past.rewind({ timeUs: 10_000, input: 20, through: { timeUs: 15_000, input: 30 } });
  const lastOf = async () => {
    const { input, groups } = await past.range({ fromUs: 5_000, toUs: 90_000, columns: 170 });
    return [input, rowsOf(groups[0]!.samples).at(-1)![0]];
  };
  assert.equal(await lastOf(), [30, 15_000]);
  past.rewind({ timeUs: 10_000, input: 20 });
  assert.equal(await lastOf(), [20, 10_000]);
});

test("[Z1] what a recording has in memory of the interval of a place ends with the place", async () => {
  const { log } = await given();
  const past = new Past({ log, input: 0 });
  await past.readRecording(1_000 * BLOCKS, () => false);
  past.rewind({ timeUs: 10_000, input: 20, through: { timeUs: 15_000, input: 30 } });
  for (const isOpen of [true, false]) {
    const { input, groups } = await past.range({ fromUs: 0, toUs: 90_000, columns: 2, isOpen });
    assert.is(input, 30);
    // Block 1 has no row; input 30 is the last one of block 15.
    assert.equal(rowsOf(groups[0]!.samples), [[0, 0, 2, 15, 15, 28]]);
  }
});

test("[Z2] a recording answers from memory as the log does, and reads of the log what has come of the interval of the place", async () => {
  const { journal } = await writtenLog({ blocks: BLOCKS, rowValue: (block) => block, blockUs: 1_000_000 });
  let read = 0;
  const log: PastLog = {
    first: journal.first,
    locate: (at) => journal.locate(at),
    async *read(from?: number) {
      for await (const entry of journal.read(from)) {
        read++;
        yield entry;
      }
    },
  };
  const past = new Past({ log, input: 0 });
  await past.readRecording(1_000_000 * BLOCKS, () => false);
  const fresh = new Past({ log, input: 0 });
  // In the middle of an interval of 2 s.
  const place = { timeUs: 20_000_000, input: 40, through: { timeUs: 30_500_000, input: 61 } };
  for (const each of [past, fresh]) each.rewind(place);
  const range = { fromUs: 10_000_000, toUs: 30_000_000, columns: 10 };
  for (const [asked, blocks] of [
    [{ ...range, isOpen: true }, 3],
    [{ ...range, toUs: 27_999_999, columns: 9 }, 0],
  ] as const) {
    read = 0;
    const remembered = await past.range(asked);
    assert.ok(read <= blocks, `${read} blocks read`);
    const { groups, input } = await fresh.range(asked);
    assert.is(remembered.input, input);
    assert.equal(rowsOf(remembered.groups[0]!.samples), rowsOf(groups[0]!.samples));
  }
});

test("measures of published states come by their names, and whether they are significant as 0 or 1", async () => {
  const past = new Past({ input: 0 });
  for (const second of [1, 2, 3]) past.state(stateAt(second));
  const { groups } = await past.range({ fromUs: 1e6, toUs: 3e6, columns: 1 });
  const { names, rows } = groups[0]!.measures;
  assert.equal(names, ["purity", "significant"]);
  assert.equal(
    rowsOf(rows).map((each) => each.slice(1)),
    [
      [0, 1, 1, 1, 1],
      [1, 0, 0, 0, 1],
      [0, 2, 3, 3, 2],
      [1, 0, 1, 1, 2],
    ],
  );
});

test("the state of a moment is the last one published before it, of long ago the last of its interval, and none before the first", () => {
  const past = new Past({ input: 0 });
  // Of 100 kB each: a minute of them is more than the ring of the shortest intervals keeps.
  for (let second = 10; second < 200; second++) past.state(stateAt(second, 112));
  assert.is(past.stateBefore("g", 199.5e6)?.timeUs, 199e6);
  assert.is(past.stateBefore("g", 190e6)?.timeUs, 190e6);
  assert.is(past.stateBefore("g", 70e6)?.timeUs, 63e6);
  assert.is(past.stateBefore("g", 9e6), null);
  assert.is(past.stateBefore("other", 190e6), null);
  assert.ok(past.bytes < 20 << 20, `${past.bytes} bytes`);
});

function stateAt(second: number, n = 2): StateMessage {
  return {
    type: "state",
    group: "g",
    timeUs: second * 1e6,
    n,
    modes: Array.from({ length: n }, (_, k) => `c${k}`),
    source: "estimated",
    reading: "single-excitation",
    norm: "unit",
    re: new Uint8Array(4 * n * n),
    im: new Uint8Array(4 * n * n),
    populations: [],
    spectrum: [],
    pointer: [],
    pointerPhase: [],
    measures: { purity: second },
    significant: second === 3,
  };
}

async function given({ through = 2 * BLOCKS, readSamplesMax = 1_000 } = {}) {
  const { journal } = await writtenLog({
    blocks: BLOCKS,
    rowValue: (block) => block,
    journal: createMemoryJournal(),
  });
  const log: PastLog = {
    first: journal.first,
    locate: (at) => journal.locate(at),
    read: (from) => journal.read(from),
  };
  const past = new Past({ log, input: 0, readSamplesMax });
  for await (const { sequence, input, bytes } of inputs(journal))
    if (sequence <= through && input.type === "frame") past.frame({ inputSequence: sequence, bytes });
  return { past, log };
}

test.run();
