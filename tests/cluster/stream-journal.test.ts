// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { claim } from "../../actors/cluster/claim.ts";
import { encodeBlockEntry, encodeDerivedRecord } from "../../actors/cluster/log-entry.ts";
import { StreamJournal } from "../../actors/cluster/stream-journal.ts";
import { Fenced, JournalBusy, JournalHalted, LogRewound } from "../../actors/journal/errors.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import { MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import { journalContract } from "../contracts/journal.ts";
import { collect, note, range, rejection } from "../journal/builders.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { type AppendFault, FaultyStream } from "../support/faulty-stream.ts";
import { Chain, openStreamJournal, PARTITION, streamJournalWorld, trueBlock } from "./streamed.ts";

journalContract("stream journal", async () => {
  const clock = createManualClock();
  return streamJournalWorld(createMemoryBus(clock), clock, async () => {});
});

interface World {
  clock: ManualClock;
  bus: Bus;
  stream: FaultyStream;
  chain: Chain;
  /** Another owner each time. */
  open(pendingBytes?: number): Promise<StreamJournal>;
  reports: string[];
}

function world(): World {
  const clock = createManualClock();
  const bus = createMemoryBus(clock);
  const stream = new FaultyStream();
  const chain = new Chain();
  const reports: string[] = [];
  let lives = 0;
  return {
    clock,
    bus,
    stream,
    chain,
    reports,
    async open(pendingBytes) {
      const opened = await openStreamJournal({
        bus,
        clock,
        stream,
        owner: `n${++lives}@1`,
        report: (message) => reports.push(message),
        ...(pendingBytes === undefined ? {} : { pendingBytes }),
      });
      chain.epoch = opened.epoch;
      return opened.journal;
    },
  };
}

/** Whether a promise has settled by now. */
async function state(
  promise: Promise<unknown>,
  clock: ManualClock,
): Promise<"pending" | "resolved" | "rejected"> {
  let found: "pending" | "resolved" | "rejected" = "pending";
  promise.then(
    () => {
      found = "resolved";
    },
    () => {
      found = "rejected";
    },
  );
  await clock.advance(1);
  return found;
}

async function numbersOf(journal: StreamJournal): Promise<number[]> {
  return (await collect(journal)).flatMap((entry) => (entry.kind === "block" ? [entry.block.number] : []));
}

test("[X1] a block that the server stored is not durable before it was read back", async () => {
  const { clock, stream, chain, open } = world();
  const journal = await open();
  stream.hold();
  const appended = journal.append(chain.block(1));
  assert.is(await state(appended, clock), "pending");
  assert.is(journal.last, null);
  stream.release();
  assert.is(await state(appended, clock), "resolved");
  assert.is(journal.last?.number, 1);
});

for (const fault of ["lost", "unanswered", "refused", "twice"] as const) {
  test(`[X2] an append that is ${fault} counts once in the end, under one id`, async () => {
    const { clock, stream, chain, open, reports } = world();
    const journal = await open();
    let left = 3;
    stream.fault = () => (left-- > 0 ? fault : null);
    const appended = range(1, 3).map((number) => journal.append(chain.block(number)));
    await clock.advance(5_000);
    await Promise.all(appended);
    assert.equal(await numbersOf(journal), [1, 2, 3]);
    const ids = new Set(stream.attempts);
    assert.is(ids.size, 4, [...ids].join(" "));
    assert.is(reports.length > 0, fault === "lost" || fault === "refused");
  });
}

test("[X2] an entry leaves when the one before it was read back, notes between blocks as they came", async () => {
  const { clock, stream, chain, open } = world();
  const journal = await open();
  stream.hold();
  const appended = [journal.append(chain.block(1)), journal.append(chain.block(2))];
  journal.appendDerived(note(2));
  appended.push(journal.append(chain.block(3)));
  await clock.advance(100);
  assert.is(stream.attempts.filter((id) => !id.includes("takeover")).length, 1);
  stream.release();
  await clock.advance(5_000);
  await Promise.all(appended);
  const read = (await collect(journal)).map((entry) =>
    entry.kind === "block" ? entry.block.number : entry.kind,
  );
  assert.equal(read, [1, 2, "derived", 3]);
});

test("[X4] records that are handed over with their block share its entry, and are read in their order", async () => {
  const { clock, stream, chain, open } = world();
  const journal = await open();
  let left = 2;
  stream.fault = () => (left-- > 0 ? "unanswered" : null);
  const appended = range(1, 4).map((number) => {
    const block = journal.append(chain.block(number));
    if (number !== 3) journal.appendDerived({ ...note(number), kind: "derived" });
    if (number === 2) journal.appendDerived({ ...note(2), kind: "checkpoint" });
    return block;
  });
  await clock.advance(5_000);
  await Promise.all(appended);
  assert.is(await stream.lastSequence(), 1 + 4, "a take-over and four entries");
  const read = async (from: number) =>
    (await collect(journal, from)).map((entry) => (entry.kind === "block" ? entry.block.number : entry.kind));
  assert.equal(await read(1), [1, "derived", 2, "derived", "checkpoint", 3, 4, "derived"]);
  assert.equal(await read(2), [2, "derived", "checkpoint", 3, 4, "derived"]);
  const next = await open();
  assert.is(next.last?.number, 4);
});

test("[X4] records that do not fit behind their block leave in entries of their own", async () => {
  const { clock, stream, chain, open } = world();
  const journal = await open();
  const appended = [journal.append(chain.block(1, 200_000))];
  const large = { kind: "derived", block: 1, bytes: new Uint8Array(MAX_MESSAGE_BYTES) } as const;
  journal.appendDerived(large);
  appended.push(journal.append(chain.block(2)));
  await clock.advance(5_000);
  await Promise.all(appended);
  const entries = await collect(journal);
  assert.equal(
    entries.map((entry) => (entry.kind === "block" ? entry.block.number : entry.kind)),
    [1, "derived", 2],
  );
  assert.is(entries[1]!.kind === "derived" ? entries[1]!.bytes.length : 0, MAX_MESSAGE_BYTES);
  for await (const { bytes } of stream.read(1)) assert.ok(bytes.length <= MAX_MESSAGE_BYTES);
});

test("[X4] an owner that was succeeded has neither its block nor the records behind it in the log", async () => {
  const { stream, open } = world();
  const old = await open();
  const one = trueBlock(1, 1, new Uint8Array(32));
  await old.append(one);
  await open();
  const [record] = encodeDerivedRecord(PARTITION, 1, 1, note(2));
  stream.put(encodeBlockEntry(trueBlock(2, 1, one.hash).bytes, [record!]));
  const log = await AdmittedLog.open(stream, PARTITION);
  assert.is(log.state.skipped.fenced, 2);
  assert.is(log.last?.number, 1);
  assert.is(log.state.derivedRecords, 0);
});

test("[X3] an owner that was succeeded is refused, whether it waits or not", async () => {
  const { clock, stream, chain, open } = world();
  const idle = await open();
  const first = await open();
  assert.instance(await idle.whenEnded(), Fenced);
  await first.append(chain.block(1));
  stream.fault = (id) => (id.includes("block") ? "lost" : null);
  const waiting = first.append(chain.block(2));
  waiting.catch(() => {});
  await clock.advance(1_000);
  const third = await open();
  const fenced = (await rejection(waiting)) as Fenced;
  assert.instance(fenced, Fenced);
  assert.is(fenced.owner, "n3@1");
  assert.is(fenced.epoch, 3);
  assert.instance(await first.whenEnded(), Fenced);
  assert.instance(await rejection(first.append(chain.block(2))), JournalHalted);
  assert.throws(() => first.appendDerived(note(1)), /took it over with epoch 3/);
  assert.instance(await rejection(first.flush()), JournalHalted);
  await first.close();
  assert.is(third.last?.number, 1);
});

test("[A2] a paused owner that wakes and writes is refused by every reader, and the new owner's block stays", async () => {
  const { clock, stream, open } = world();
  const old = await open();
  const one = trueBlock(1, 1, new Uint8Array(32));
  await old.append(one);
  const owner = await open();
  const late = trueBlock(2, 1, one.hash, 10);
  const theirs = trueBlock(2, 2, one.hash, 20);
  stream.put(late.bytes);
  await owner.append(theirs);
  stream.put(late.bytes);
  await clock.advance(1);
  for (const log of [await AdmittedLog.open(stream, PARTITION), await AdmittedLog.open(stream, PARTITION)]) {
    assert.equal([...log.last!.hash], [...theirs.hash]);
    assert.is(log.state.skipped.fenced, 2);
  }
});

test("a journal refuses more than may wait, and takes it after flush", async () => {
  const { clock, stream, chain, open } = world();
  const journal = await open(1_000);
  stream.hold();
  const first = journal.append(chain.block(1, 900));
  assert.instance(await rejection(journal.append(chain.block(2, 900))), JournalBusy);
  assert.ok(journal.pendingBytes < 2_000);
  stream.release();
  await clock.advance(1);
  await first;
  await journal.append(chain.block(2, 900));
  assert.equal(await numbersOf(journal), [1, 2]);
});

test("[J5] [D3] a server that lost the acknowledged end of the log halts its owner, and the next owner continues from the rest", async () => {
  const { clock, stream, chain, open } = world();
  const journal = await open();
  for (const number of range(1, 5)) await journal.append(chain.block(number));
  stream.loseTail(4);
  const appended = journal.append(chain.block(6));
  appended.catch(() => {});
  await clock.advance(1_000);
  assert.instance(await rejection(appended), LogRewound);
  assert.instance(await rejection(journal.append(chain.block(6))), JournalHalted);
  const next = await open();
  assert.is(next.last?.number, 3);
  const four = trueBlock(4, 2, next.last!.hash);
  await next.append(four);
  assert.equal(await numbersOf(next), [1, 2, 3, 4]);
});

test("[D3] an entry that the server stores where another was read shows that it lost the end", async () => {
  const { stream, chain, open } = world();
  const journal = await open();
  for (const number of range(1, 5)) await journal.append(chain.block(number));
  stream.loseTail(4, "wait");
  assert.instance(await rejection(journal.append(chain.block(6))), LogRewound);
});

test("[D3] an entry that was stored and does not come back makes the owner ask where the log ends", async () => {
  const { clock, stream, chain, open } = world();
  const journal = await open();
  for (const number of range(1, 5)) await journal.append(chain.block(number));
  stream.hold();
  const appended = journal.append(chain.block(6));
  appended.catch(() => {});
  await clock.advance(100);
  stream.loseTail(3, "wait");
  await clock.advance(250);
  assert.is(await state(appended, clock), "rejected");
  assert.instance(await rejection(appended), LogRewound);
});

test("a log is read to the end that the server names, even when a lagging server returns less", async () => {
  const { stream, chain, open } = world();
  const journal = await open();
  for (const number of range(1, 5)) await journal.append(chain.block(number));
  stream.readsUpTo.push(2, 4);
  assert.is((await AdmittedLog.open(stream, PARTITION)).last?.number, 5);
  stream.readsUpTo.push(2, 2);
  assert.match((await rejection(AdmittedLog.open(stream, PARTITION))).message, "ends with entry 6");
});

test("a log returns the entries it has folded, and none that it has not yet judged", async () => {
  const { stream, chain, open } = world();
  const journal = await open();
  for (const number of range(1, 3)) await journal.append(chain.block(number));
  stream.hold();
  stream.put(chain.block(4).bytes);
  assert.equal(await numbersOf(journal), [1, 2, 3]);
});

test("[X3] a journal that is opened in an epoch that was just succeeded is fenced from the start", async () => {
  const { clock, bus, stream, chain, open } = world();
  const log = await AdmittedLog.open(stream, PARTITION);
  const epoch = await claim({ log, owner: "slow@1", clock, retryMs: 250, report() {} }).settled;
  await open();
  const snapshots = bus.snapshots("snapshots");
  const late = new StreamJournal({ log, epoch, snapshots, clock, retryMs: 250, report() {} });
  assert.instance(await late.whenEnded(), Fenced);
  assert.instance(await rejection(late.append(chain.block(1))), JournalHalted);
});

test("[A2] an owner in whose epoch somebody else's block counts halts, for one of the two breaks the rules", async () => {
  const { clock, stream, open } = world();
  const journal = await open();
  const genesis = new Uint8Array(32);
  stream.fault = () => "lost";
  const appended = journal.append(trueBlock(1, 1, genesis, 10));
  appended.catch(() => {});
  stream.put(trueBlock(1, 1, genesis, 20).bytes);
  await clock.advance(1);
  assert.match((await rejection(appended)).message, "another writer uses its epoch");
});

test("an abandoned journal lets go at once and says why", async () => {
  const { stream, chain, open } = world();
  const journal = await open();
  stream.fault = () => "lost";
  const appended = journal.append(chain.block(1));
  journal.abandon("the lease is lost");
  assert.match((await rejection(appended)).message, "any more: the lease is lost");
  await journal.close();
});

test("[H1] a snapshot of a block that is not in the log is not loaded, even if its number fits", async () => {
  const { clock, stream, chain, open } = world();
  const journal = await open();
  for (const number of range(1, 5)) await journal.append(chain.block(number));
  for (const number of [2, 5]) await journal.saveSnapshot(number, number, number, Uint8Array.of(number));
  stream.loseTail(4);
  const next = await open();
  const four = trueBlock(4, 2, next.last!.hash);
  await next.append(four);
  await next.append(trueBlock(5, 2, four.hash));
  await clock.advance(1);
  assert.equal((await next.loadSnapshot({}))?.block, 2);
});

test("[H2] when snapshots cannot be reached the log is read instead", async () => {
  const { bus, clock, stream, chain, reports, open } = world();
  const journal = await open();
  await journal.append(chain.block(1));
  await journal.saveSnapshot(1, 1, 1, Uint8Array.of(1));
  const gone = async () => {
    throw new Error("no connection");
  };
  const log = await AdmittedLog.open(stream, PARTITION);
  const report = (message: string) => void reports.push(message);
  const snapshots = { ...bus.snapshots("snapshots"), save: gone, list: gone, load: gone, remove: gone };
  const cut = new StreamJournal({ log, epoch: 1, snapshots, clock, retryMs: 250, report });
  assert.is(await cut.loadSnapshot({}), null);
  assert.match(reports.at(-1)!, "the log is read instead: Error: no connection");
});

test("[H2] a snapshot with a changed byte is passed over for an older one", async () => {
  const { bus, chain, open, reports } = world();
  const journal = await open();
  for (const number of range(1, 3)) await journal.append(chain.block(number));
  for (const number of [1, 3]) await journal.saveSnapshot(number, number, number, new Uint8Array(50));
  const store = bus.snapshots("snapshots");
  const name = (await store.list()).find((each) => each.startsWith(`${PARTITION}.3.`))!;
  const bytes = (await store.load(name))!;
  bytes[20]! ^= 1;
  await store.save(name, bytes);
  assert.is((await journal.loadSnapshot({}))?.block, 1);
  assert.match(reports.at(-1)!, "checksum");
});

test("a snapshot is stored after the derived records of its block were read back: a start from it does not derive them again", async () => {
  const { bus, clock, stream, chain, open } = world();
  const journal = await open();
  await journal.append(chain.block(1));
  journal.appendDerived(note(1));
  const saved = journal.saveSnapshot(1, 1, 1, Uint8Array.of(1));
  stream.fault = (id) => (id.includes("derivedRecord") ? "lost" : null);
  await clock.advance(1_000);
  assert.equal(await bus.snapshots("snapshots").list(), []);
  stream.fault = () => null;
  await clock.advance(1_000);
  await saved;
  assert.is((await bus.snapshots("snapshots").list()).length, 1);
});

test("a derived record that is larger than a message travels in parts, and is read as one", async () => {
  const { chain, stream, open } = world();
  const journal = await open();
  const large = note(1, 3 * MAX_MESSAGE_BYTES);
  await journal.append(chain.block(1));
  journal.appendDerived(large);
  journal.appendDerived(note(1));
  await journal.append(chain.block(2));
  const sizes: number[] = [];
  for await (const { bytes } of stream.read(1)) sizes.push(bytes.length);
  assert.ok(Math.max(...sizes) <= MAX_MESSAGE_BYTES, `${Math.max(...sizes)} bytes`);
  const read = await collect(journal);
  assert.equal(
    read.map(({ kind }) => kind),
    ["block", large.kind, note(1).kind, "block"],
  );
  const [, first] = read;
  assert.ok(first !== undefined && "bytes" in first && Buffer.from(large.bytes).equals(first.bytes));
});

test("a record whose author was succeeded before its last part is not read", async () => {
  const { chain, stream, open } = world();
  const journal = await open();
  await journal.append(chain.block(1));
  let parts = 0;
  stream.fault = (id) => (id.includes("derivedRecord") && ++parts > 1 ? "lost" : null);
  journal.appendDerived(note(1, 2 * MAX_MESSAGE_BYTES));
  while (parts < 2) await Promise.resolve();
  stream.fault = () => null;
  const next = await open();
  next.appendDerived(note(1));
  await next.flush();
  const derived = (await collect(next)).filter(({ kind }) => kind !== "block");
  assert.equal(derived, [note(1)]);
});

test("a snapshot is stored when its block was read back, and the newest eight are kept", async () => {
  const { bus, clock, stream, chain, open } = world();
  const journal = await open();
  const store = bus.snapshots("snapshots");
  stream.hold();
  const appended = journal.append(chain.block(1));
  const saved = journal.saveSnapshot(1, 1, 1, Uint8Array.of(1));
  await clock.advance(10);
  assert.equal(await store.list(), []);
  stream.release();
  await clock.advance(10);
  await Promise.all([appended, saved]);
  for (const number of range(2, 12)) {
    await journal.append(chain.block(number));
    await journal.saveSnapshot(number, number, number, Uint8Array.of(number));
  }
  const blocks = (await store.list()).map((name) => Number(name.split(".")[1])).sort((a, b) => a - b);
  assert.equal(blocks, range(5, 12));
});

test("[J3] [A3] under any faults of the connection, acknowledged blocks stay and all readers agree", async () => {
  const faults = fc.constantFrom<AppendFault>("lost", "unanswered", "twice", "refused", null, null, null);
  await fc.assert(
    fc.asyncProperty(
      fc.array(faults, { minLength: 1, maxLength: 40 }),
      fc.array(fc.constantFrom("append", "append", "append", "derivedRecord", "succeed", "garbage"), {
        maxLength: 40,
      }),
      async (script, steps) => {
        const { clock, stream, open } = world();
        let at = 0;
        // The last of a script of faults is none, or nothing would ever come through.
        stream.fault = () => (at < 4 * script.length ? script[at++ % script.length]! : null);
        const acknowledged: string[] = [];
        let journal = await settled(open(), clock);
        let epoch = 1;
        let given = journal.last;
        const under: Promise<void>[] = [];
        for (const step of steps) {
          if (step === "succeed") {
            journal = await settled(open(), clock);
            epoch++;
            given = journal.last;
          } else if (step === "garbage") stream.put(Uint8Array.of(1, 2, 3));
          else if (step === "derivedRecord" && given !== null)
            journal.appendDerived({ ...note(1), block: given.number });
          else if (step === "append") {
            const block = trueBlock((given?.number ?? 0) + 1, epoch, given?.hash ?? new Uint8Array(32));
            given = block;
            under.push(
              journal.append(block).then(
                () => void acknowledged.push(hexOf(block.hash)),
                () => {},
              ),
            );
          }
        }
        await settled(Promise.all(under), clock);
        const readers = [
          await AdmittedLog.open(stream, PARTITION),
          await AdmittedLog.open(stream, PARTITION),
        ];
        for (const reader of readers) {
          assert.equal(reader.state, readers[0]!.state);
          const hashes = new Set<string>();
          let previous = 0;
          for await (const entry of reader.entries(1)) {
            if (entry.kind !== "block") continue;
            assert.is(entry.block.number, previous + 1);
            previous = entry.block.number;
            hashes.add(hexOf(entry.block.hash));
          }
          for (const hash of acknowledged) assert.ok(hashes.has(hash), "an acknowledged block is gone");
          assert.is(reader.last?.number ?? 0, previous);
        }
        const all = await entriesOf(readers[0]!, 1);
        for (const from of range(1, readers[0]!.index.count)) {
          const start = all.findIndex((entry) => entry.kind === "block" && entry.block.number === from);
          const expected = all
            .slice(start)
            .filter((entry) => entry.kind === "block" || ("block" in entry && entry.block >= from));
          assert.equal(await entriesOf(readers[1]!, from), expected, `from block ${from}`);
        }
      },
    ),
    { numRuns: 150 },
  );
});

async function entriesOf(log: AdmittedLog, from: number) {
  const entries = [];
  for await (const entry of log.entries(from)) entries.push(entry);
  return entries;
}

/** Lets time pass until a promise has settled. */
async function settled<T>(promise: Promise<T>, clock: ManualClock): Promise<T> {
  let done = false;
  const watched = promise.finally(() => {
    done = true;
  });
  watched.catch(() => {});
  for (let k = 0; k < 2_000 && !done; k++) await clock.advance(250);
  return watched;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

test.run();
