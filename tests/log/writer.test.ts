// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Core } from "../../actors/core/core.ts";
import { SILENT } from "../../actors/core/core-sink.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { BlockChain } from "../../actors/log/chain.ts";
import { LogWriter, type LogWriterOptions, type WritableLog } from "../../actors/log/writer.ts";
import type { JournalEntry } from "../../actors/ports/journal.ts";
import { decodeBlock, decodeCheckpoint, decodeDerived } from "../../protocol/block.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { CHECKPOINT_INPUTS, CHECKPOINT_SAMPLES, CHECKPOINT_US } from "../../protocol/limits.ts";
import type { Input } from "../../protocol/messages.ts";
import { channels, opened, row } from "../support/inputs.ts";
import { TOYS } from "../support/toy-actors.ts";

test("[W1] blocks are one chain, which continues after the last block of the log", async () => {
  const world = given();
  world.rows(1);
  const { number, hash } = world.writer.close();
  const next = given({ core: world.core, after: { number, hash }, journal: world.journal });
  next.rows(2);
  next.writer.close();
  const chain = new BlockChain();
  const numbers = (await world.entries()).map((entry) =>
    entry.kind === "block" ? chain.next(entry.block).number : 0,
  );
  assert.equal(numbers, [1, 2]);
});

test("[W2] the events of a block follow it in one record", async () => {
  const world = given();
  world.rows(120, 1);
  world.writer.close();
  world.rows(0, 1);
  world.writer.close();
  const entries = await world.entries();
  assert.equal(kinds(entries), ["block", "derived", "block", "derived"]);
  const [, first, , second] = entries;
  assert.equal(eventsIn(first!), [1, "toy.passed"]);
  assert.equal(eventsIn(second!), [2, "toy.rested"]);
});

test("[W3] a checkpoint is due after CHECKPOINT_SAMPLES samples, and waits until nothing is open", async () => {
  const world = given();
  const frameSamples = CHECKPOINT_SAMPLES / 32;
  for (let block = 1; block <= 32; block++) {
    assert.not(world.writer.isMaintenanceDue);
    world.frame(frameSamples);
    world.writer.close();
  }
  assert.ok(world.writer.isMaintenanceDue);
  world.frame(1);
  assert.not(world.writer.isMaintenanceDue);
  await world.writer.maintain();
  assert.equal(kinds(await world.entries()).slice(31), ["block"]);
  world.writer.close();
  await world.writer.maintain();
  const entries = await world.entries();
  assert.equal(kinds(entries).slice(31), ["block", "block", "checkpoint"]);
  const checkpoint = decodeCheckpoint((entries.at(-1) as { bytes: Uint8Array }).bytes);
  assert.is(checkpoint.block, 33);
  assert.is(checkpoint.sequence, world.core.sequence);
});

test("a thousand blocks of few samples within CHECKPOINT_US get no checkpoint", () => {
  const world = given();
  for (let block = 1; block <= 1000; block++) {
    world.rows(0, 1);
    world.writer.close();
  }
  assert.ok(world.core.now < CHECKPOINT_US);
  assert.not(world.writer.isMaintenanceDue);
});

test("a slow session gets a checkpoint after CHECKPOINT_US, if that time holds CHECKPOINT_INPUTS inputs", async () => {
  for (const everyUs of [CHECKPOINT_US / 1000, CHECKPOINT_US]) {
    const world = given();
    const checkpoints: number[] = [];
    for (let block = 1; block <= 2000; block++) {
      world.rows(0, 1, everyUs);
      world.writer.close();
      if (!world.writer.isMaintenanceDue) continue;
      checkpoints.push(world.core.sequence);
      await world.writer.maintain();
    }
    // Two inputs open the session.
    const apart = everyUs === CHECKPOINT_US ? CHECKPOINT_INPUTS : 1000;
    const first = everyUs === CHECKPOINT_US ? CHECKPOINT_INPUTS : 1002;
    assert.equal(checkpoints.slice(0, 2), [first, first + apart], `a row every ${everyUs} µs`);
  }
});

test("[W3] a snapshot is due after so many samples, with a checkpoint", async () => {
  const snapshots: number[] = [];
  const world = given({ snapshotSamples: 3, onSnapshot: (block) => snapshots.push(block) });
  for (let block = 1; block <= 6; block++) {
    world.rows(1, 1);
    world.writer.close();
    await world.writer.maintain();
  }
  assert.equal(snapshots, [3, 6]);
  assert.is((await world.journal.loadSnapshot({ block: 9 }))?.block, 6);
  assert.equal(kinds(await world.entries()).filter((kind) => kind === "checkpoint").length, 2);
});

test("[W4] a snapshot waits until its block is durable", async () => {
  let release!: () => void;
  const durable = new Promise<void>((resolve) => {
    release = resolve;
  });
  const saved: number[] = [];
  const world = given({
    journal: {
      append: () => durable,
      appendDerived() {},
      saveSnapshot: async (block) => void saved.push(block),
    },
  });
  world.rows(1);
  world.writer.close();
  const finished = world.writer.finish();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(saved, []);
  release();
  await finished;
  assert.equal(saved, [1]);
});

test("the end of a log is a checkpoint and a snapshot after its last block", async () => {
  const world = given();
  world.rows(1);
  world.writer.close();
  await world.writer.finish();
  assert.equal(kinds(await world.entries()), ["block", "checkpoint"]);
  assert.is((await world.journal.loadSnapshot({ block: 1 }))?.sequence, world.core.sequence);
});

test("a log without a new block ends without a record", async () => {
  const world = given();
  await world.writer.finish();
  assert.equal(await world.entries(), []);
});

test("a state that has a checkpoint gets no second one: not by maintenance, and not at the end", async () => {
  const world = given({ snapshotSamples: 2 });
  world.rows(1);
  world.writer.close();
  assert.ok(world.writer.isMaintenanceDue);
  await world.writer.maintain();
  assert.not(world.writer.isMaintenanceDue);
  await world.writer.maintain();
  await world.writer.finish();
  assert.equal(kinds(await world.entries()), ["block", "checkpoint"]);
});

test("the open block knows its number, its inputs and their bytes, and may begin anew for another owner", async () => {
  const world = given({ after: { number: 7, hash: new Uint8Array(32).fill(1) }, epoch: 3 });
  const { writer } = world;
  const empty = writer.openBytes;
  assert.equal([writer.openBlock, writer.openInputs], [8, 0]);
  writer.belongTo({ partition: "p1", epoch: 4 });
  world.rows(1);
  assert.is(writer.openInputs, 4);
  assert.ok(writer.openBytes > empty);
  const { number, inputs, bytes, inputsAt } = writer.close();
  assert.equal([number, inputs, writer.openBlock, writer.openInputs], [8, 4, 9, 0]);
  const { partition, epoch, previousHash } = decodeBlock(bytes);
  assert.equal([partition, epoch, previousHash[0]], ["p1", 4, 1]);
  assert.ok(inputsAt > 0 && inputsAt < bytes.length);
});

test("without anybody to report to, a record that the journal does not take throws", () => {
  const world = given({ journal: refusing });
  world.rows(120);
  assert.throws(() => world.writer.close(), /full/);
});

const refusing: WritableLog = {
  append: async () => {},
  appendDerived() {
    throw new Error("full");
  },
  saveSnapshot: async () => {},
};

test("a record that the journal does not take is reported", () => {
  const failures: unknown[] = [];
  const world = given({ journal: refusing, onRecordFailure: (error) => failures.push(error) });
  world.rows(120);
  world.writer.close();
  assert.match(String(failures[0]), "full");
});

function given(options: Partial<LogWriterOptions> = {}) {
  const memory = createMemoryJournal();
  const { core = new Core(TOYS, SILENT), journal = memory } = options;
  const writer = new LogWriter({ partition: "p0", ...options, journal, core });
  core.sink = { ...SILENT, event: (event) => writer.event(event) };
  const enter = (timeUs: number, input: Input): void => {
    writer.add(timeUs, encodeMessage(input));
    core.apply(core.sequence + 1, timeUs, input);
  };
  const open = (): void => {
    if (core.sequence > 0) return;
    enter(0, opened());
    enter(0, channels(1));
  };
  return {
    core,
    writer,
    journal: journal as typeof memory,
    /** Two rows; before the first ones what opens a session. */
    rows(value: number, count = 2, everyUs = 1_000) {
      open();
      for (let k = 0; k < count; k++) enter(core.now + everyUs, row(core.now + everyUs, [value]));
    },
    /** A frame of so many samples, at one time. */
    frame(samples: number) {
      open();
      const time = core.now + 1;
      enter(time, { ...row(time, new Array(samples).fill(0)), channel: new Uint16Array(samples) });
    },
    async entries(): Promise<JournalEntry[]> {
      const found: JournalEntry[] = [];
      for await (const entry of (journal as typeof memory).read()) found.push(entry);
      return found;
    },
  };
}

function kinds(entries: readonly JournalEntry[]): string[] {
  return entries.map(({ kind }) => kind);
}

function eventsIn(entry: JournalEntry): (number | string)[] {
  if (entry.kind !== "derived") return [];
  const { block, events } = decodeDerived(entry.bytes);
  return [block, ...events.map(({ kind }) => kind)];
}

test.run();
