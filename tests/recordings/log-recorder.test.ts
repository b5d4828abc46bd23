// runtime: either
/** The log of a cluster's partition as a folder: each part once, from wherever a folder ends, and no other log. */
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { claim } from "../../actors/cluster/claim.ts";
import { StreamJournal } from "../../actors/cluster/stream-journal.ts";
import { LogRewound } from "../../actors/journal/errors.ts";
import {
  openRecording,
  openRecordingForWriting,
  recordedPartitions,
} from "../../actors/journal/recording.ts";
import { sha256 } from "../../actors/log/chain.ts";
import type { Bus, LogStream } from "../../actors/ports/bus.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { BlockBuilder, GENESIS_HASH } from "../../protocol/block.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { LogRecorder } from "../../sim/recordings/record/log-recorder.ts";
import { recordSession } from "../../sim/recordings/record/record-session.ts";
import { Chain, openStreamJournal, PARTITION, trueBlock } from "../cluster/streamed.ts";
import { range } from "../journal/builders.ts";
import { createManualClock } from "../support/clock.ts";
import { FaultyStream } from "../support/faulty-stream.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

const folder = temporaryDirectory();
let folders = 0;
const newFolder = () => join(folder, String(++folders));
const unsaid = (message: string) => assert.unreachable(message);

interface Log {
  readonly bus: Bus;
  readonly stream: LogStream;
  /** Of the present owner. */
  readonly journal: StreamJournal;
  write(from: number, to: number): Promise<void>;
  contents(): Promise<string[]>;
}

/** A log under two owners, the second from the middle on, with entries that do not count; snapshots after some blocks. */
async function given({
  blocks = 12,
  snapshots = [] as readonly number[],
  size = 40,
  stream = undefined as FaultyStream | undefined,
} = {}): Promise<Log> {
  const clock = createManualClock(1_000_000);
  const bus = createMemoryBus(clock);
  const log = stream ?? bus.stream("log");
  const chain = new Chain();
  const begin = async (owner: string) => {
    const opened = await openStreamJournal({ bus, clock, owner, stream: log });
    chain.epoch = opened.epoch;
    return opened.journal;
  };
  let journal = await begin("n1@1");
  const write = async (from: number, to: number) => {
    for (const number of range(from, to)) {
      const block = chain.block(number, size);
      await journal.append(block);
      journal.appendDerived({ kind: "derived", block: number, bytes: Uint8Array.of(number, 1) });
      if (number % 3 === 0)
        journal.appendDerived({ kind: "checkpoint", block: number, bytes: Uint8Array.of(number, 2) });
      await journal.flush();
      if (snapshots.includes(number))
        await journal.saveSnapshot(number, block.timeUs, block.lastSequence, Uint8Array.of(number));
    }
  };
  const middle = Math.floor(blocks / 2);
  await write(1, middle);
  await journal.close();
  journal = await begin("n2@1");
  await log.append(Uint8Array.of(1, 2, 3), { id: "garbage" });
  await log.append(trueBlock(middle + 1, 1, chain.block(middle).hash).bytes, { id: "of the first owner" });
  await write(middle + 1, blocks);
  return { bus, stream: log, journal, write, contents: () => contentsOf(journal) };
}

async function contentsOf(journal: Journal): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of journal.read()) {
    if (entry.kind === "damage") throw new Error(entry.reason);
    const { kind } = entry;
    const bytes = kind === "block" ? entry.block.bytes : entry.bytes;
    found.push(`${kind} ${kind === "block" ? entry.block.number : entry.block} ${bytes}`);
  }
  return found;
}

async function contents(directory: string): Promise<string[]> {
  const journal = await openRecording(directory);
  try {
    return await contentsOf(journal);
  } finally {
    await journal.close();
  }
}

/** Records what there is. Returns the blocks that were written. */
async function recordTo(directory: string, { bus, stream }: Pick<Log, "bus" | "stream">): Promise<number> {
  const journal = await openRecordingForWriting(directory, { partition: PARTITION, log: () => {} });
  const snapshots = bus.snapshots("snapshots");
  const recorder = new LogRecorder({
    session: "s",
    partition: PARTITION,
    stream,
    snapshots,
    journal,
    report: unsaid,
  });
  try {
    await recorder.toPresent(new AbortController().signal);
    await recorder.keepSnapshot();
    return recorder.blocks;
  } finally {
    await journal.close();
  }
}

/** What the servers have after they removed the entries before `first`. */
function withoutBeginning(stream: LogStream, first: number): LogStream {
  return {
    append: (bytes, options) => stream.append(bytes, options),
    follow: (from, take) => stream.follow(from, take),
    lastSequence: () => stream.lastSequence(),
    read: (from) => stream.read(Math.max(first, from)),
  };
}

async function refusal(act: Promise<unknown>): Promise<string> {
  try {
    await act;
  } catch (error) {
    return (error as Error).message;
  }
  return "nothing was refused";
}

test("[E1] a folder gets each block and record of the log once, whoever owned it, and nothing that does not count", async () => {
  const log = await given();
  const directory = newFolder();
  assert.is(await recordTo(directory, log), 12);
  const found = await contents(directory);
  assert.equal(found, await log.contents());
  assert.is(found.length, 12 + 12 + 4);
});

test("[E1] a folder goes on where it ends, after blocks and after records, and nothing comes twice", async () => {
  const log = await given({ blocks: 6 });
  const directory = newFolder();
  await recordTo(directory, log);
  for (const number of range(7, 12)) {
    await log.write(number, number);
    assert.is(await recordTo(directory, log), 1);
    assert.is(await recordTo(directory, log), 0);
  }
  assert.equal(await contents(directory), await log.contents());
});

test("[E1] a folder whose writer was killed in the middle of any byte goes on as if it had not been", async () => {
  const log = await given();
  const whole = newFolder();
  await recordTo(whole, log);
  const expected = await log.contents();
  const segment = readdirSync(whole).find((name) => name.endsWith(".seg"))!;
  const { length } = readFileSync(join(whole, segment));
  // A prime: it meets all kinds of places.
  for (let bytes = 0; bytes < length; bytes += 61) {
    const directory = newFolder();
    cpSync(whole, directory, { recursive: true });
    truncateSync(join(directory, segment), bytes);
    await recordTo(directory, log);
    assert.equal(await contents(directory), expected, `cut off after ${bytes} of ${length} bytes`);
    rmSync(directory, { recursive: true });
  }
});

test("[E1] a long log is written while it is read, and is the same", async () => {
  const log = await given({ blocks: 40, size: 250_000 });
  const directory = newFolder();
  assert.is(await recordTo(directory, log), 40);
  assert.equal(await contents(directory), await log.contents());
});

test("[E2] a folder of another log is refused, naming where it differs, and stays as it was", async () => {
  const directory = newFolder();
  await recordTo(directory, await given({ blocks: 8, size: 41 }));
  const before = await contents(directory);
  const said = await refusal(recordTo(directory, await given({ blocks: 12 })));
  assert.match(said, `Cannot go on in ${directory} with partition p0 of session s`);
  assert.match(said, "the log has another one in the place of block 8");
  assert.equal(await contents(directory), before);
});

test("[E2] a folder that has more than the log is refused", async () => {
  const directory = newFolder();
  await recordTo(directory, await given({ blocks: 12 }));
  const said = await refusal(recordTo(directory, await given({ blocks: 8 })));
  assert.match(said, "the log ends before block 12 of it; expected a folder that was recorded from this log");
});

test("[E3] where the beginning of the log is gone, a folder begins with the oldest snapshot after which everything is there", async () => {
  const log = await given({ snapshots: [2, 4, 9] });
  const entries: number[] = [];
  for await (const { sequence } of log.stream.read(1)) entries.push(sequence);
  const short = { ...log, stream: withoutBeginning(log.stream, 8) };
  const directory = newFolder();
  await recordTo(directory, short);
  const journal = await openRecording(directory);
  const first = journal.first!.number;
  assert.ok(first > 2 && first <= 10, `begins with block ${first}`);
  assert.equal((await journal.loadSnapshot({ block: first - 1 }))?.bytes, Uint8Array.of(first - 1));
  assert.is(journal.last?.number, 12);
  await journal.close();
  const expected = (await log.contents()).filter((line) => Number(line.split(" ")[1]) >= first);
  assert.equal(await contents(directory), expected);
  // Of a process that was killed before it stored the snapshot.
  for (const name of readdirSync(directory)) if (name.endsWith(".snap")) rmSync(join(directory, name));
  await log.write(13, 14);
  await recordTo(directory, short);
  const again = await openRecording(directory);
  assert.equal((await again.loadSnapshot({ block: first - 1 }))?.bytes, Uint8Array.of(first - 1));
  assert.is(again.last?.number, 14);
  await again.close();
});

test("[E3] a log without its beginning and without a snapshot is refused, naming the first block that there is", async () => {
  const log = await given();
  const said = await refusal(recordTo(newFolder(), { ...log, stream: withoutBeginning(log.stream, 6) }));
  assert.match(
    said,
    /Cannot record partition p0 of session s: block \d+ is the first that its log still has; expected block 1, or a snapshot/,
  );
});

test("the folder has the newest snapshot of what is recorded, so that it opens as fast at its end as the cluster does", async () => {
  const log = await given({ snapshots: [2, 9] });
  const directory = newFolder();
  await recordTo(directory, log);
  const journal = await openRecording(directory);
  assert.equal(
    journal.snapshots.map(({ block }) => block),
    [9],
  );
  assert.equal((await journal.loadSnapshot({}))?.bytes, Uint8Array.of(9));
  await journal.close();
});

test("[R2] a reader that goes on notices a stream that went back, even if it has grown as long again", async () => {
  for (const regrown of [0, 1, 2, 3]) {
    const stream = new FaultyStream();
    const log = await given({ blocks: 4, stream });
    const directory = newFolder();
    const journal = await openRecordingForWriting(directory, { partition: PARTITION });
    const snapshots = log.bus.snapshots("snapshots");
    const recorder = new LogRecorder({
      session: "s",
      partition: PARTITION,
      stream,
      snapshots,
      journal,
      report: unsaid,
    });
    const { signal } = new AbortController();
    await recorder.toPresent(signal);
    const end = await stream.lastSequence();
    stream.loseTail(end - 2);
    for (let k = 0; k < regrown; k++) stream.put(Uint8Array.of(k));
    try {
      await recorder.toPresent(signal);
      assert.unreachable(`${regrown} entries came instead`);
    } catch (error) {
      assert.instance(error, LogRewound);
    }
    // Met again from the folder's end: its records are gone from the log.
    assert.match(await refusal(recorder.toPresent(signal)), "Cannot go on in");
    await journal.close();
  }
});

/** A session of which partitions begin one after the other, each with one block. */
function oneBlockSession() {
  const clock = createManualClock(1_000_000);
  const bus = createMemoryBus(clock);
  const names: string[] = [];
  /** Takes the partition over. The returned function writes its block. */
  const begin = async (partition: string): Promise<() => Promise<void>> => {
    const name = subjectOf("s", partition, "log");
    const log = await AdmittedLog.open(bus.stream(name), partition);
    const epoch = await claim({ log, owner: "n1@1", clock, retryMs: 250, report: unsaid }).settled;
    names.push(name);
    const snapshots = bus.snapshots("snapshots");
    const journal = new StreamJournal({ log, epoch, snapshots, clock, retryMs: 250, report: unsaid });
    const place = { partition, epoch: 1, number: 1, previousHash: GENESIS_HASH, firstSequence: 1 };
    const builder = new BlockBuilder(place);
    builder.add(1, Uint8Array.of(1));
    const { bytes, lastSequence, timeUs } = builder.close();
    const hash = new Uint8Array(sha256(bytes));
    return () => journal.append({ number: 1, firstSequence: 1, lastSequence, timeUs, hash, bytes });
  };
  return { clock, begin, bus: { ...bus, streams: async () => [...names] }, session: "s" };
}

test("a partition that begins while a session is recorded is recorded as well, from its beginning", async () => {
  const { begin, ...place } = oneBlockSession();
  await (await begin(PARTITION))();
  const directory = newFolder();
  const stopping = new AbortController();
  const said: string[] = [];
  const recorded = recordSession({
    ...place,
    directory,
    once: false,
    signal: stopping.signal,
    report: (message) => said.push(message),
    // Take-over and block of the first, take-over of the second: its block is on the way.
    progress: (entries) => entries === 3 && stopping.abort(),
  });
  await (await begin("p1"))();
  let isOver = false;
  const over = recorded.finally(() => {
    isOver = true;
  });
  while (!isOver) await place.clock.advance(5_000);
  const partitions = await over;
  assert.equal(
    partitions.map(({ partition, lastBlock }) => [partition, lastBlock]),
    [
      ["p0", 1],
      ["p1", 1],
    ],
  );
  assert.equal(said, ["partition p1 has begun, and is recorded as well"]);
  assert.equal(
    (await recordedPartitions(directory)).map(({ partition }) => partition),
    ["p0", "p1"],
  );
});

test("a partition that cannot go on ends the recording of all others, and its reason is what is said", async () => {
  const { begin, ...place } = oneBlockSession();
  for (const partition of [PARTITION, "p1"]) await (await begin(partition))();
  const options = { ...place, directory: newFolder(), signal: new AbortController().signal, report: unsaid };
  await recordSession({ ...options, once: true });
  const empty = createMemoryBus(place.clock);
  const stream = (name: string) =>
    name === subjectOf("s", "p1", "log") ? empty.stream(name) : place.bus.stream(name);
  const said = await refusal(recordSession({ ...options, bus: { ...place.bus, stream }, once: false }));
  assert.match(said, "with partition p1 of session s: the log ends before block 1 of it");
});

test.run();
