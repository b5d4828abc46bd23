/** Reading a partition's log from the newest snapshot on: how much is read, and that it is the same log. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { claim } from "../../actors/cluster/claim.ts";
import type { LogStart } from "../../actors/cluster/log-reader.ts";
import { StreamJournal } from "../../actors/cluster/stream-journal.ts";
import { logStarts } from "../../actors/cluster/stream-snapshots.ts";
import type { LogStream } from "../../actors/ports/bus.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { range } from "../journal/builders.ts";
import { createManualClock } from "../support/clock.ts";
import { Chain, openStreamJournal, PARTITION } from "./streamed.ts";

const clock = createManualClock(1_000_000);
const report = (message: string) => assert.unreachable(message);

/** A log of `blocks` blocks under two owners, each block with a derived record, and snapshots after some of them. */
async function given({ blocks, snapshots }: { blocks: number; snapshots: readonly number[] }) {
  const bus = createMemoryBus(clock);
  const chain = new Chain();
  let journal: StreamJournal | null = null;
  for (const number of range(1, blocks)) {
    if (journal === null || number === Math.ceil(blocks / 4)) {
      await journal?.close();
      const opened = await openStreamJournal({ bus, clock, owner: `n@${number}` });
      journal = opened.journal;
      chain.epoch = opened.epoch;
    }
    const block = chain.block(number);
    await journal.append(block);
    journal.appendDerived({ kind: "derived", block: number, bytes: Uint8Array.of(number) });
    if (snapshots.includes(number))
      await journal.saveSnapshot(number, block.timeUs, block.lastSequence, Uint8Array.of(number));
  }
  await journal!.close();
  const store = bus.snapshots("snapshots");
  let read = 0;
  const stream: LogStream = {
    append: (bytes, options) => bus.stream("log").append(bytes, options),
    follow: (from, take) => bus.stream("log").follow(from, take),
    lastSequence: () => bus.stream("log").lastSequence(),
    async *read(from) {
      for await (const entry of bus.stream("log").read(from)) {
        read++;
        yield entry;
      }
    },
  };
  const starts = await logStarts(store, PARTITION, report);
  return {
    starts,
    readSoFar: () => read,
    open: (from: readonly LogStart[]) => AdmittedLog.open(stream, PARTITION, null, from),
    async takeOver(from: readonly LogStart[], owner: string) {
      const log = await AdmittedLog.open(stream, PARTITION, null, from);
      const epoch = await claim({ log, owner, clock, retryMs: 250, report }).settled;
      return new StreamJournal({ log, epoch, snapshots: store, clock, retryMs: 250, report });
    },
  };
}

async function numbersRead(journal: Journal, from: number): Promise<string[]> {
  const read: string[] = [];
  for await (const entry of journal.read(from)) {
    assert.not(entry.kind === "damage");
    read.push(
      entry.kind === "block" ? `block ${entry.block.number}` : `${entry.kind} ${JSON.stringify(entry)}`,
    );
  }
  return read;
}

test("what is read grows with what follows the newest snapshot, and not with the log", async () => {
  const counts: number[] = [];
  for (const blocks of [20, 80]) {
    const { open, starts, readSoFar } = await given({ blocks, snapshots: [5, blocks - 6] });
    const log = await open(starts);
    counts.push(readSoFar());
    assert.is(log.index.first, blocks - 6);
    assert.is(log.last?.number, blocks);
    log.end();
  }
  assert.is(counts[0], counts[1]);
});

test("begun at a snapshot it is the log that it is from its first entry on", async () => {
  const { open, starts } = await given({ blocks: 40, snapshots: [30] });
  const [whole, late] = [await open([]), await open(starts)];
  assert.is(whole.index.first, 1);
  assert.is(late.index.first, 30);
  const { epoch, lastBlock, lastHash, derivedRecords } = whole.state;
  assert.equal(
    { epoch, lastBlock, lastHash, derivedRecords },
    {
      epoch: late.state.epoch,
      lastBlock: late.state.lastBlock,
      lastHash: late.state.lastHash,
      derivedRecords: late.state.derivedRecords,
    },
  );
  for (const number of range(30, 40)) assert.equal(late.index.get(number), whole.index.get(number));
  await late.complete();
  assert.equal(late.first, whole.first);
  for (const number of range(1, 40)) assert.equal(late.index.get(number), whole.index.get(number));
});

test("an owner that began at a snapshot finds what stands before it", async () => {
  const { takeOver, starts } = await given({ blocks: 40, snapshots: [3, 30] });
  const late = await takeOver(starts, "late");
  assert.equal((await late.loadSnapshot({}))?.bytes, Uint8Array.of(30));
  assert.is(await late.locate({ sequence: 315 }), 32);
  assert.is(await late.locate({ sequence: 95 }), 10);
  assert.equal((await late.loadSnapshot({ block: 29 }))?.bytes, Uint8Array.of(3));
  const other = await takeOver([], "other");
  for (const from of [1, 12, 30, 35])
    assert.equal(await numbersRead(late, from), await numbersRead(other, from), `from ${from}`);
});

test("a block that the stream does not have at its place is passed over for an older one, or for the first entry", async () => {
  const { open, starts } = await given({ blocks: 20, snapshots: [5, 15] });
  const [newest, older] = starts as [LogStart, LogStart];
  const wrong: LogStart[] = [
    { ...newest, hash: "0".repeat(16) },
    { ...newest, block: 14 },
    { ...newest, streamSequence: newest.streamSequence + 1 },
    { ...newest, streamSequence: 10_000 },
    { ...newest, streamSequence: 1 },
  ];
  const log = await open([...wrong, older]);
  assert.is(log.index.first, 5);
  assert.is(log.last?.number, 20);
  const first = await open(wrong);
  assert.is(first.index.first, 1);
  assert.is(first.last?.number, 20);
});

test.run();
