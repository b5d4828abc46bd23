// runtime: either
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { admit, emptyLog, type LogEntry } from "../../actors/cluster/admission.ts";
import {
  blockBytes,
  encodeBlockEntry,
  encodeDerivedRecord,
  encodeTakeover,
  entriesOf,
  readEntries,
  recordsThatFit,
} from "../../actors/cluster/log-entry.ts";
import { GENESIS_HASH } from "../../protocol/block.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import { MAX_ENTRY_RECORDS, MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import { trueBlock } from "./streamed.ts";
import { fold, LAWLESS, PARTITION, type Written, write, writerScript } from "./writers.ts";

const RUNS = { numRuns: 500 };

/** The rule once more, slow and as it is written down: an entry is held against the list of all that counted before it. */
function admittedSlowly(stream: readonly Written[]): Written[] {
  const counted: Written[] = [];
  for (const written of stream) {
    const { entry } = written;
    const before = counted.map((each) => each.entry);
    const takeovers = before.filter(({ kind }) => kind === "takeover");
    const blocks = before.flatMap((each) => (each.kind === "block" ? [each] : []));
    const epoch = takeovers.length;
    const sinceTakeover = epoch === 0 ? before : before.slice(before.lastIndexOf(takeovers.at(-1)!) + 1);
    const derivedRecords = sinceTakeover.filter(({ kind }) => kind === "derivedRecord").length;
    const last = String(blocks.at(-1)?.hash ?? GENESIS_HASH);
    const counts =
      (entry.kind === "block" &&
        entry.epoch === epoch &&
        entry.number === blocks.length + 1 &&
        String(entry.previousHash) === last) ||
      (entry.kind === "takeover" &&
        entry.epoch === epoch + 1 &&
        entry.lastBlock === blocks.length &&
        String(entry.lastHash) === last) ||
      (entry.kind === "derivedRecord" &&
        entry.epoch === epoch &&
        entry.number === derivedRecords + 1 &&
        entry.block <= blocks.length);
    if (counts && entry.partition === PARTITION) counted.push(written);
  }
  return counted;
}

function admitted(stream: readonly Written[]): Written[] {
  let log = emptyLog(PARTITION);
  return stream.filter(({ entry }) => {
    const { log: next, verdict } = admit(log, entry);
    log = next;
    return verdict === entry.kind && verdict !== "undecodable";
  });
}

test("[A1] the admitted blocks are one chain, for any writers and any order of entries", () => {
  fc.assert(
    fc.property(writerScript, (script) => {
      let previous = GENESIS_HASH;
      let number = 0;
      for (const { entry } of admitted(write(script))) {
        if (entry.kind !== "block") continue;
        assert.is(entry.number, ++number);
        assert.equal([...entry.previousHash], [...previous]);
        previous = entry.hash;
      }
    }),
    RUNS,
  );
});

test("[A2] an epoch has one owner, and no other node that follows the rules has blocks admitted in it", () => {
  fc.assert(
    fc.property(writerScript, (any) => {
      const script = any.filter((step) => !("writer" in step) || step.writer !== LAWLESS);
      let owner: number | null = null;
      let epoch = 0;
      for (const { entry, writer } of admitted(write(script))) {
        if (entry.kind === "takeover") {
          assert.is(entry.epoch, ++epoch);
          owner = writer;
        } else if (entry.kind === "block") {
          assert.is(entry.epoch, epoch);
          assert.is(writer, owner, `block ${entry.number} of epoch ${epoch}`);
        }
      }
    }),
    RUNS,
  );
});

test("the rule is the one that is written down", () => {
  fc.assert(
    fc.property(writerScript, (script) => {
      const stream = write(script);
      assert.equal(admitted(stream), admittedSlowly(stream));
    }),
    RUNS,
  );
});

test("[A3] an admitted entry changes nothing when it comes again, however often and late", () => {
  fc.assert(
    fc.property(writerScript, fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 20 }), (script, again) => {
      // The server may have stored an entry twice: of its copies only the one that counted is repeated.
      const stream = write(script).map((written) => ({ ...written }));
      const counted = new Set(admitted(stream));
      const repeated = [...stream];
      for (const [which, where] of again) {
        const from = which % Math.max(1, repeated.length);
        const entry = repeated[from];
        if (entry === undefined || !counted.has(entry) || repeated.indexOf(entry) !== from) continue;
        repeated.splice(from + 1 + (where % (repeated.length - from)), 0, entry);
      }
      const { skipped: _, ...plain } = fold(stream.map(({ entry }) => entry));
      const { skipped: __, ...twice } = fold(repeated.map(({ entry }) => entry));
      assert.equal(twice, plain);
    }),
    RUNS,
  );
});

test("every entry counts or is counted as skipped", () => {
  fc.assert(
    fc.property(writerScript, (script) => {
      const stream = write(script);
      const { skipped } = fold(stream.map(({ entry }) => entry));
      const total = Object.values(skipped).reduce((sum, count) => sum + count, 0);
      assert.is(admitted(stream).length + total, stream.length);
    }),
    RUNS,
  );
});

test("the scripts reach every verdict", () => {
  const met = new Set<string>();
  for (const script of fc.sample(writerScript, { numRuns: 300, seed: 1 })) {
    let log = emptyLog(PARTITION);
    for (const { entry } of write(script)) {
      const next = admit(log, entry);
      log = next.log;
      met.add(next.verdict);
    }
  }
  const expected =
    "block takeover derivedRecord undecodable foreign fenced unclaimed duplicate gap fork lost outrun";
  assert.equal([...met].sort(), expected.split(" ").sort());
});

test("[A2] of two take-overs that the server accepted the first in its order wins, and a woken owner's block is skipped", () => {
  const one = block(1, 0, GENESIS_HASH, 1);
  const claim = (owner: string): LogEntry => ({
    kind: "takeover",
    partition: PARTITION,
    epoch: 1,
    lastBlock: 1,
    lastHash: one.hash,
    owner,
  });
  const woken = block(2, 0, one.hash, 2);
  const log = fold([one, claim("b"), claim("a"), woken, block(2, 1, one.hash, 3)]);
  assert.is(log.owner, "b");
  assert.is(log.lastBlock, 2);
  assert.equal([...log.lastHash], [3]);
  assert.equal(log.skipped, { lost: 1, fenced: 1 });
});

test("a take-over that names an end which the log has left is skipped", () => {
  const one = block(1, 0, GENESIS_HASH, 1);
  const stale: LogEntry = {
    kind: "takeover",
    partition: PARTITION,
    epoch: 1,
    lastBlock: 0,
    lastHash: GENESIS_HASH,
    owner: "a",
  };
  assert.equal(fold([one, stale]).skipped, { outrun: 1 });
  assert.equal(fold([one, { ...stale, lastHash: one.hash }]).skipped, { outrun: 1 });
  assert.equal(fold([one, { ...stale, lastBlock: 1 }]).skipped, { outrun: 1 });
  assert.is(fold([stale, one]).lastBlock, 0);
});

test("blocks, take-overs and derived records are read as they were written", () => {
  const { bytes, hash, ...position } = trueBlock(3, 2, new Uint8Array(32).fill(7));
  const previousHash = new Uint8Array(32).fill(7);
  const block = { kind: "block", partition: "p0", epoch: 2, previousHash, hash, ...position };
  assert.equal(readEntries(bytes), [{ ...block, from: 0, to: bytes.length }]);
  const takeover = { partition: "p0", epoch: 3, lastBlock: 9, lastHash: new Uint8Array(32), owner: "n@1" };
  const [read] = readEntries(encodeTakeover(takeover));
  assert.is(read!.kind, "takeover");
  for (const [field, value] of Object.entries(takeover))
    assert.equal(read![field as keyof typeof read], value);
  const record = { kind: "derived", block: 4, bytes: Uint8Array.of(1, 2) } as const;
  const place = { kind: "derivedRecord", partition: "p0", epoch: 2, block: 4, record, bytesToCome: 0 };
  const [encoded] = encodeDerivedRecord("p0", 2, 5, record);
  assert.equal(readEntries(encoded!), [{ ...place, number: 5 }]);
  const [next] = encodeDerivedRecord("p0", 2, 6, record);
  const entry = { sequence: 1, bytes: encodeBlockEntry(bytes, [encoded!, next!]) };
  const [withRecords, ...records] = readEntries(entry.bytes);
  assert.equal(records, [
    { ...place, number: 5 },
    { ...place, number: 6 },
  ]);
  assert.is(withRecords!.kind, "block");
  if (withRecords!.kind !== "block") return;
  assert.equal([...blockBytes(withRecords!, entry)], [...bytes]);
  const { from, to, ...rest } = withRecords!;
  assert.is(to - from, bytes.length);
  assert.equal(rest, block);
});

test("a block with records is an entry of at most MAX_MESSAGE_BYTES, and a block alone stays as it is", () => {
  const { bytes } = trueBlock(1, 1, GENESIS_HASH, 200_000);
  assert.is(encodeBlockEntry(bytes, []), bytes);
  fc.assert(
    fc.property(fc.array(fc.nat(200_000), { maxLength: 12 }), (lengths) => {
      const records = lengths.map((length) => new Uint8Array(length));
      const count = recordsThatFit(bytes, records);
      const fit = records.slice(0, count);
      if (count > 0) assert.ok(encodeBlockEntry(bytes, fit).length <= MAX_MESSAGE_BYTES);
      const next = records[count];
      if (next === undefined || count === MAX_ENTRY_RECORDS) return;
      const total = [bytes, next, ...fit].reduce((sum, { length }) => sum + length, 0);
      assert.ok(total > MAX_MESSAGE_BYTES - 200);
    }),
  );
});

test("an entry whose parts are not a block and its records is skipped whole", () => {
  const { bytes } = trueBlock(1, 1, GENESIS_HASH);
  const [record] = encodeDerivedRecord("p0", 1, 1, { kind: "derived", block: 1, bytes: Uint8Array.of(1) });
  for (const [block, records] of [
    [bytes, [bytes]],
    [record!, [record!]],
    [bytes, [record!, Uint8Array.of(1, 2)]],
    [Uint8Array.of(), [record!]],
  ] as const)
    assert.equal(readEntries(encodeMessage({ type: "blockWithRecords", block, records: [...records] })), [
      { kind: "undecodable" },
    ]);
});

test("any bytes in a stream are read as an entry or skipped, and never fail", () => {
  const { bytes } = trueBlock(1, 1, GENESIS_HASH);
  assert.equal(readEntries(encodeMessage({ type: "measurement", gauges: {} })), [{ kind: "undecodable" }]);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (any) => void readEntries(any)));
  fc.assert(
    fc.property(
      fc.nat(bytes.length - 1),
      fc.integer({ min: 1, max: 255 }),
      fc.nat(bytes.length),
      (at, flip, cut) => {
        const changed = bytes.slice(0, cut < 20 ? cut : bytes.length);
        if (at < changed.length) changed[at]! ^= flip;
        readEntries(changed);
      },
    ),
  );
});

function block(
  number: number,
  epoch: number,
  previousHash: Uint8Array,
  id: number,
): Extract<LogEntry, { kind: "block" }> {
  return { kind: "block", partition: PARTITION, epoch, number, previousHash, hash: Uint8Array.of(id) };
}

test("an entry that a bus hands out again is decoded once, and another with the same bytes for itself", () => {
  const bytes = encodeTakeover({
    partition: "p0",
    epoch: 2,
    owner: "n1",
    lastBlock: 0,
    lastHash: new Uint8Array(32),
  });
  let asked = 0;
  const stored = {
    sequence: 1,
    get bytes() {
      asked++;
      return bytes;
    },
  };
  const first = entriesOf(stored);
  assert.equal(first, readEntries(bytes));
  assert.is(entriesOf(stored), first);
  assert.is(asked, 1);
  assert.is.not(entriesOf({ sequence: 2, bytes }), first);
});

test.run();
