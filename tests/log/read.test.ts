// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ChainBroken, RecordingDamaged } from "../../actors/log/damage.ts";
import type { Place } from "../../actors/log/place.ts";
import { blocks, derivedEvents, firstInput, inputs } from "../../actors/log/read.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { impaired, writtenLog } from "../support/written-log.ts";

// Block 1 holds inputs 1 and 2 at 0; block n holds inputs 2n - 1 at 1000 n - 500 and 2n at 1000 n.

test("[I1] inputs come in order from the beginning to the end", async () => {
  const { journal } = await writtenLog({ blocks: 4 });
  assert.equal(await sequences(journal), [1, 2, 3, 4, 5, 6, 7, 8]);
});

test("[I1] inputs begin at a place and end before another", async () => {
  const { journal } = await writtenLog({ blocks: 4 });
  assert.equal(await sequences(journal, { sequence: 4 }, { sequence: 6 }), [4, 5]);
  assert.equal(await sequences(journal, { timeUs: 2_000 }, { timeUs: 3_000 }), [4, 5]);
  assert.equal(await sequences(journal, { timeUs: 2_001 }, { block: 4 }), [5, 6]);
  assert.equal(await sequences(journal, { block: 3 }, { timeUs: 3_001 }), [5, 6]);
  assert.equal(await sequences(journal, { sequence: 9 }), []);
});

test("an input knows its block and time, and decodes its message when asked", async () => {
  const { journal } = await writtenLog({ blocks: 3, rowValue: (block) => block * 10 });
  const input = await firstInput(journal, { timeUs: 1_600 });
  assert.is(input!.sequence, 4);
  assert.is(input!.block, 2);
  assert.is(input!.timeUs, 2_000);
  assert.is(input!.input.type === "frame" && input!.input.value[0], 20);
  assert.is(input!.input, input!.input);
});

test("there is no first input after the end", async () => {
  const { journal } = await writtenLog({ blocks: 2 });
  assert.is(await firstInput(journal, { timeUs: 2_001 }), null);
});

test("events are read with the block that they were derived from", async () => {
  const { journal } = await writtenLog({ blocks: 5, rowValue: (block) => (block === 3 ? 120 : 0) });
  const found: string[] = [];
  for await (const { block, events } of derivedEvents(journal))
    for (const { kind } of events) found.push(`${block} ${kind}`);
  assert.equal(found, ["3 toy.passed", "4 toy.rested"]);
});

test("[I2] reading refuses a block that names another one before it", async () => {
  const { journal } = await writtenLog({ blocks: 4 });
  const { journal: other } = await writtenLog({ blocks: 4, rowValue: () => 2 });
  await refuses(joined(journal, other, 3), ChainBroken, "block 3");
});

test("[D1] reading ends at damage, named with file, offset and reason", async () => {
  const { journal } = await writtenLog({ blocks: 4 });
  const error = await refuses(impaired(journal, { damaged: [3] }), RecordingDamaged, "0000000001.seg");
  assert.match(error.message, "4711");
  assert.match(error.message, "bad checksum");
  assert.is((error as RecordingDamaged).kind, "failed");
});

test("[D1] a block whose bytes cannot be decoded is damage", async () => {
  const { journal } = await writtenLog({ blocks: 3 });
  const cut: Journal = {
    ...impaired(journal, {}),
    async *read(from) {
      for await (const entry of journal.read(from))
        yield entry.kind === "block" && entry.block.number === 2
          ? { ...entry, block: { ...entry.block, bytes: entry.block.bytes.subarray(0, 40) } }
          : entry;
    },
  };
  await refuses(cut, RecordingDamaged, "block 2");
});

test("[D3] a reader that skips damage receives a report of it", async () => {
  const { journal } = await writtenLog({ blocks: 5, rowValue: (block) => (block === 2 ? 120 : 0) });
  const passed: string[] = [];
  const found: number[] = [];
  const log = impaired(journal, { damaged: [1] });
  for await (const { block } of derivedEvents(log, 1, ({ reason }) => passed.push(reason))) found.push(block);
  assert.equal(passed, ["bad checksum"]);
  assert.equal(found, [2, 3]);
});

async function sequences(journal: Journal, from?: Place, to?: Place): Promise<number[]> {
  const found: number[] = [];
  for await (const { sequence } of inputs(journal, from, to)) found.push(sequence);
  return found;
}

async function refuses(
  journal: Journal,
  kind: new (...args: never[]) => Error,
  text: string,
): Promise<Error> {
  try {
    for await (const _ of blocks(journal)) {
      // Read to the error.
    }
  } catch (error) {
    assert.instance(error, kind);
    assert.match((error as Error).message, text);
    return error as Error;
  }
  return assert.unreachable("read to the end") as never;
}

/** `one` with the blocks of `other` from a number on. */
function joined(one: Journal, other: Journal, from: number): Journal {
  return {
    ...impaired(one, {}),
    async *read() {
      for await (const entry of one.read())
        if (entry.kind === "block" && entry.block.number < from) yield entry;
      yield* other.read(from);
    },
  };
}

test.run();
