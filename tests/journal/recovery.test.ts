// runtime: either
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readWhole } from "../../actors/journal/disk.ts";
import type { JournalReport } from "../../actors/journal/file.ts";
import { openJournal } from "../../actors/journal/file.ts";
import { SimulatedDisk } from "../../sim/cluster/simulated-disk.ts";
import {
  appendAll,
  block,
  blockNumbers,
  changeByte,
  collect,
  copyFiles,
  cutFile,
  damageOf,
  note,
  range,
} from "./builders.ts";

const DIRECTORY = "/recording";
const SEGMENT_BYTES = 1000;
/** Length, CRC, fields; block() has 40 bytes. */
const RECORD_BYTES = 8 + 65 + 40;
const HEADER_BYTES = 28 + 4 + 2 + 4 + 4;

/** Twenty blocks in segments of eight, closed or killed. */
async function recording(closed: boolean): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk(1);
  const journal = await openJournal(DIRECTORY, { disk, segmentBytes: SEGMENT_BYTES, partition: "p0" });
  await appendAll(journal, 1, 20);
  if (closed) await journal.close();
  return disk.kill();
}

async function copyOf(disk: SimulatedDisk): Promise<SimulatedDisk> {
  const copy = new SimulatedDisk(2);
  await copyFiles(disk, copy, DIRECTORY);
  return copy;
}

test("[J3] recording cut at any byte of its newest segment opens with the whole blocks before it and a clean tail", async () => {
  const disk = await recording(false);
  const newest = join(DIRECTORY, "0000000017.seg");
  const size = (await readWhole(disk, newest)).length;
  assert.is(size, HEADER_BYTES + 4 * RECORD_BYTES);
  for (let cut = 0; cut <= size; cut++) {
    const copy = await copyOf(disk);
    await cutFile(copy, newest, cut);
    const journal = await openJournal(DIRECTORY, { disk: copy, segmentBytes: SEGMENT_BYTES });
    const wholeBlocks = Math.max(0, Math.floor((cut - HEADER_BYTES) / RECORD_BYTES));
    const last = 16 + wholeBlocks;
    assert.is(journal.last?.number, last, `cut at ${cut}`);
    const clean = HEADER_BYTES + wholeBlocks * RECORD_BYTES;
    if (cut === clean || cut === 0) assert.is(journal.recovered, null, `cut at ${cut}`);
    else {
      assert.is(journal.recovered?.file, "0000000017.seg");
      assert.is(journal.recovered?.offset, cut < HEADER_BYTES ? 0 : clean);
      assert.is(journal.recovered?.droppedBytes, cut < HEADER_BYTES ? cut : cut - clean);
    }
    await appendAll(journal, last + 1, last + 2);
    assert.equal(
      await collect(journal),
      range(1, last + 2).map((number) => ({ kind: "block", block: block(number) })),
    );
    await journal.close();
    const again = await openJournal(DIRECTORY, { disk: copy });
    assert.is(again.recovered, null);
    assert.equal(again.damage, []);
    assert.is(again.last?.number, last + 2);
    await again.close();
  }
});

test("[J4] recording with any byte of an acknowledged record changed reports the place, keeps all other records and continues", async () => {
  const disk = await recording(true);
  for (const [file, firstBlock, records] of [
    ["0000000009.seg", 9, 8],
    ["0000000017.seg", 17, 4],
  ] as const) {
    for (let at = HEADER_BYTES; at < HEADER_BYTES + records * RECORD_BYTES; at++) {
      const record = Math.floor((at - HEADER_BYTES) / RECORD_BYTES);
      const lost = firstBlock + record;
      const copy = await copyOf(disk);
      await changeByte(copy, join(DIRECTORY, file), at);
      const reports: JournalReport[] = [];
      const journal = await openJournal(DIRECTORY, {
        disk: copy,
        onReport: (report) => reports.push(report),
      });
      assert.is(journal.recovered, null);
      // A sealed segment is trusted by its index when opening; the newest is scanned.
      assert.is(reports.length, firstBlock === 17 ? 1 : 0);
      assert.is(journal.last?.number, 20 === lost ? 19 : 20);
      const next = journal.last!.number + 1;
      await journal.append(block(next));
      const [damage, ...more] = await damageOf(journal);
      assert.equal(more, [], `byte ${at} of ${file}`);
      assert.is(damage!.file, file);
      assert.is(damage!.offset, HEADER_BYTES + record * RECORD_BYTES);
      assert.is(damage!.length, RECORD_BYTES, damage!.reason);
      assert.equal(
        await blockNumbers(journal),
        range(1, next).filter((number) => number !== lost || lost === 20),
      );
      // A reader that starts after the damage need not get the report.
      assert.equal(await damageOf(journal, lost + 1), []);
      await journal.close();
    }
  }
});

test("[J4] recording with a damaged segment header is read by its records, and reports the header", async () => {
  const disk = await recording(true);
  for (let at = 0; at < HEADER_BYTES; at++) {
    // A changed version is not damage.
    for (const file of ["0000000001.seg", "0000000017.seg"]) {
      const copy = await copyOf(disk);
      await changeByte(copy, join(DIRECTORY, file), at);
      await copy.remove(join(DIRECTORY, "0000000001.idx"));
      const journal = await openJournal(DIRECTORY, { disk: copy });
      assert.equal(await blockNumbers(journal), range(1, 20), `byte ${at} of ${file}`);
      const [damage] = await damageOf(journal);
      assert.equal([damage!.file, damage!.offset, damage!.length], [file, 0, HEADER_BYTES]);
      await journal.append(block(21));
      assert.is(journal.partition, "p0");
      await journal.close();
    }
  }
});

test("[J4] recording without one of its segments names the missing blocks", async () => {
  const disk = await recording(true);
  await disk.remove(join(DIRECTORY, "0000000009.seg"));
  const journal = await openJournal(DIRECTORY, { disk });
  const missing = { file: "0000000017.seg", offset: 0, length: 0, reason: "blocks 9 to 16 are missing" };
  assert.equal(await damageOf(journal), [missing]);
  assert.equal(journal.damage, [{ kind: "damage", ...missing }]);
  assert.equal(await blockNumbers(journal), [...range(1, 8), ...range(17, 20)]);
  assert.equal(await damageOf(journal, 12), [missing]);
  assert.equal(await damageOf(journal, 17), []);
  assert.is(await journal.locate({ block: 12 }), 17);
  await journal.close();
});

test("[J4] recording with a sealed segment cut short names the missing blocks", async () => {
  const disk = await recording(true);
  await cutFile(disk, join(DIRECTORY, "0000000009.seg"), HEADER_BYTES + 3 * RECORD_BYTES + 50);
  const journal = await openJournal(DIRECTORY, { disk });
  assert.is(journal.recovered, null);
  const [damage, ...more] = await damageOf(journal);
  assert.equal(more, []);
  assert.is(damage!.offset, HEADER_BYTES + 3 * RECORD_BYTES);
  assert.is(damage!.length, 50);
  assert.equal(await blockNumbers(journal), [...range(1, 11), ...range(17, 20)]);
  await journal.close();
});

test("[J4] recording reports damage each time it is opened, until the damage is gone", async () => {
  const disk = await recording(true);
  await changeByte(disk, join(DIRECTORY, "0000000001.seg"), HEADER_BYTES + 200);
  await disk.remove(join(DIRECTORY, "0000000001.idx"));
  for (let opening = 0; opening < 3; opening++) {
    const journal = await openJournal(DIRECTORY, { disk });
    assert.is(journal.damage.length, 1);
    await journal.close();
  }
});

test("[J4] recording finds its next record when a damaged length leads astray", async () => {
  const disk = await recording(true);
  const path = join(DIRECTORY, "0000000009.seg");
  for (const length of [0, 1, 9, 0xff, 105, 700, 0xffff, 0xff_ffff, 0x7fff_ffff, 0xffff_ffff]) {
    const copy = await copyOf(disk);
    const file = await copy.open(path, "write");
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, length, true);
    await file.write(bytes, HEADER_BYTES + 2 * RECORD_BYTES);
    await file.sync();
    const journal = await openJournal(DIRECTORY, { disk: copy });
    const numbers = await blockNumbers(journal);
    const damage = await damageOf(journal);
    if (length === 105) assert.equal([numbers.length, damage.length], [20, 0], "this is the right length");
    else
      assert.equal(
        [numbers.length, damage.length, damage[0]!.length],
        [19, 1, RECORD_BYTES],
        `length ${length}`,
      );
    await journal.close();
  }
});

test("recording passes over zeros and noise at its end", async () => {
  for (const fill of [0, 1, 0xff, null]) {
    const disk = await recording(false);
    const file = await disk.open(join(DIRECTORY, "0000000017.seg"), "write");
    const size = await file.size();
    const tail = new Uint8Array(100_000).map((_, i) => fill ?? Math.imul(i, 2_654_435_761) >>> 13);
    await file.write(tail, size);
    const journal = await openJournal(DIRECTORY, { disk });
    assert.is(journal.last?.number, 20);
    assert.is(journal.recovered?.droppedBytes, 100_000);
    assert.equal(await damageOf(journal), []);
    await journal.close();
    const again = await openJournal(DIRECTORY, { disk });
    assert.is(again.recovered, null);
    await again.close();
  }
});

test("recording does not take records inside a damaged block's bytes for its own", async () => {
  const inner = await readWhole(await recording(true), join(DIRECTORY, "0000000009.seg"));
  const disk = new SimulatedDisk(1);
  const journal = await openJournal(DIRECTORY, { disk });
  await journal.append(block(1));
  await journal.append({ ...block(2), bytes: inner });
  await journal.append(block(3));
  await journal.close();
  const path = join(DIRECTORY, "0000000001.seg");
  const length = new Uint8Array([0xff, 0xff, 0xff, 0xff]);
  const file = await disk.open(path, "write");
  await file.write(length, journal.segments[0]!.recordsAt + RECORD_BYTES);
  const again = await openJournal(DIRECTORY, { disk });
  assert.equal(await blockNumbers(again), [1, 3]);
  assert.is((await damageOf(again)).length, 1);
  await again.close();
});

test("recording drops whole blocks that follow a hole in the batch that was being written", async () => {
  const disk = new SimulatedDisk(1);
  const journal = await openJournal(DIRECTORY, { disk });
  await appendAll(journal, 1, 2);
  // One batch of three blocks and a note; its first sector never reached the platter.
  const batch = [3, 4, 5].map((number) => journal.append(block(number)));
  journal.appendDerived(note(5));
  await Promise.all(batch);
  const at = journal.segments[0]!.recordsAt + 2 * RECORD_BYTES;
  const after = disk.kill();
  await changeByte(after, join(DIRECTORY, "0000000001.seg"), at + 20);
  const again = await openJournal(DIRECTORY, { disk: after });
  assert.is(again.last?.number, 2);
  assert.is(again.recovered?.offset, at);
  assert.equal(await blockNumbers(again), [1, 2]);
  assert.equal(await damageOf(again), []);
  await again.close();
});

test("recording drops a snapshot that is newer than its last block, and says so", async () => {
  const disk = new SimulatedDisk(1);
  const journal = await openJournal(DIRECTORY, { disk });
  await appendAll(journal, 1, 10);
  await journal.saveSnapshot(5, 0, 50, Uint8Array.of(5));
  await journal.saveSnapshot(10, 0, 100, Uint8Array.of(10));
  const after = disk.kill();
  await cutFile(after, join(DIRECTORY, "0000000001.seg"), journal.segments[0]!.recordsAt + 7 * RECORD_BYTES);
  const reports: JournalReport[] = [];
  const again = await openJournal(DIRECTORY, { disk: after, onReport: (report) => reports.push(report) });
  assert.is((await again.loadSnapshot({}))?.block, 5);
  assert.equal(
    reports.find(({ kind }) => kind === "badSnapshot"),
    {
      kind: "badSnapshot",
      file: "snap-0000000010.snap",
      reason: "it is newer than block 7, the last of the log",
    },
  );
  // Nor does it come back when other blocks have got those numbers.
  await appendAll(again, 8, 12);
  const later = await openJournal(DIRECTORY, { disk: after.kill() });
  assert.is((await later.loadSnapshot({}))?.block, 5);
  await later.close();
});

test("recording whose first block was never finished starts again, with any block number", async () => {
  const disk = new SimulatedDisk(1);
  const journal = await openJournal(DIRECTORY, { disk });
  await journal.append(block(1));
  const after = disk.kill();
  await cutFile(after, join(DIRECTORY, "0000000001.seg"), journal.segments[0]!.recordsAt + 30);
  const again = await openJournal(DIRECTORY, { disk: after });
  assert.is(again.last, null);
  assert.is(again.recovered?.droppedBytes, 30);
  await appendAll(again, 7, 8);
  assert.equal(await blockNumbers(again), [7, 8]);
  assert.equal(await damageOf(again), []);
  await again.close();
});

test("recording sets aside segments without a readable block, and continues after the last block", async () => {
  const disk = await recording(true);
  await disk.remove(join(DIRECTORY, "0000000009.idx"));
  for (const [file, records] of [
    ["0000000009.seg", 8],
    ["0000000017.seg", 4],
  ] as const)
    for (let i = 0; i < records; i++)
      await changeByte(disk, join(DIRECTORY, file), HEADER_BYTES + i * RECORD_BYTES + 50);
  const journal = await openJournal(DIRECTORY, { disk });
  assert.is(journal.last?.number, 8);
  assert.ok(journal.damage.length >= 2);
  const names = await disk.list(DIRECTORY);
  for (const name of ["0000000009.seg", "0000000017.seg"])
    assert.ok(names.includes(`${name}.unreadable`), name);
  await appendAll(journal, 9, 20);
  await journal.close();
  const again = await openJournal(DIRECTORY, { disk });
  assert.equal(await blockNumbers(again), range(1, 20));
  await again.close();
});

test("recording uses the snapshot before a bad one, and says so", async () => {
  const disk = new SimulatedDisk(1);
  const journal = await openJournal(DIRECTORY, { disk });
  await appendAll(journal, 1, 10);
  await journal.saveSnapshot(4, 0, 40, new Uint8Array(10));
  await journal.saveSnapshot(8, 0, 80, new Uint8Array(10));
  await journal.close();
  // Every byte but the two zero fields is under a checksum, so is their length.
  for (let at = 0; at < 66; at++) {
    const copy = await copyOf(disk);
    await changeByte(copy, join(DIRECTORY, "snap-0000000008.snap"), at);
    const reports: JournalReport[] = [];
    const again = await openJournal(DIRECTORY, { disk: copy, onReport: (report) => reports.push(report) });
    assert.is((await again.loadSnapshot({}))?.block, 4, `byte ${at}`);
    assert.equal(
      reports.map(({ kind }) => kind),
      ["badSnapshot"],
    );
    assert.is((await again.loadSnapshot({ block: 9 }))?.block, 4);
    await again.close();
  }
});

test.run();
