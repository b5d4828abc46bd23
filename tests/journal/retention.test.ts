import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime } from "../../.ci/runtime.mjs";
import type { JournalReport } from "../../actors/journal/file.ts";
import { openJournal } from "../../actors/journal/file.ts";
import { SimulatedDisk } from "../../sim/cluster/simulated-disk.ts";
import { verifyRecording } from "../../sim/recordings/seal/command.ts";
import { scriptCommand } from "../support/bundles.ts";
import { appendAll, block, blockNumbers, damageOf, range, withFolder } from "./builders.ts";

/** Nine blocks of 1,000 bytes to a segment. */
const SEGMENT_BYTES = 10_000;

function retaining(options: { retainBytes?: number; retainUs?: number; keepSnapshots?: number }) {
  const reports: JournalReport[] = [];
  const open = (disk: SimulatedDisk) =>
    openJournal("/recording", {
      disk,
      segmentBytes: SEGMENT_BYTES,
      ...options,
      onReport: (each) => reports.push(each),
    });
  return { reports, open };
}

test("retention by size removes whole sealed segments, oldest first, and says so", async () => {
  await withFolder(async (directory) => {
    const reports: JournalReport[] = [];
    const journal = await openJournal(directory, {
      segmentBytes: SEGMENT_BYTES,
      retainBytes: 35_000,
      onReport: (each) => reports.push(each),
    });
    for (const number of range(1, 100)) {
      await journal.append(block(number, 1000));
      if (number % 9 === 0)
        await journal.saveSnapshot(number, block(number).timeUs, number * 10, new Uint8Array(10));
      const bytes = journal.segments.reduce((sum, { size }) => sum + size, 0);
      assert.ok(bytes <= 35_000 + SEGMENT_BYTES, `${bytes} bytes after block ${number}`);
    }
    const first = journal.first!.number;
    assert.is((first - 1) % 9, 0);
    assert.ok(first > 60, `first kept block ${first}`);
    assert.equal(await blockNumbers(journal), range(first, 100));
    assert.equal(await damageOf(journal), []);
    assert.ok(journal.snapshots.every(({ block: of }) => of >= first - 1));
    const removed = reports.flatMap((report) => (report.kind === "retention" ? report.removed : []));
    assert.equal(
      removed.filter((name) => name.endsWith(".seg")),
      range(0, (first - 1) / 9 - 1).map((i) => `${String(1 + 9 * i).padStart(10, "0")}.seg`),
    );
    for (const name of removed) assert.not(existsSync(join(directory, name)));
    await journal.close();
    const kept = readdirSync(directory);
    assert.is(kept.filter((name) => name.endsWith(".seg")).length, journal.segments.length);
    const again = await openJournal(directory);
    assert.is(again.first?.number, first);
    assert.equal(await blockNumbers(again), range(first, 100));
    await again.close();
  });
});

test("retention by age counts in logical time", async () => {
  // 1 ms a block: nine blocks a segment.
  const { open } = retaining({ retainUs: 20_000 });
  const journal = await open(new SimulatedDisk(1));
  await appendAll(journal, 1, 60, 1000);
  await journal.saveSnapshot(60, block(60).timeUs, 600, new Uint8Array(10));
  // The segment of blocks 37 to 45 has a block that is 15 ms old.
  assert.is(journal.first?.number, 37);
  await journal.close();
});

test("retention never removes what the newest snapshot needs, and reports that more is kept", async () => {
  const { open, reports } = retaining({ retainBytes: 25_000 });
  const journal = await open(new SimulatedDisk(1));
  await appendAll(journal, 1, 20, 1000);
  await journal.saveSnapshot(20, block(20).timeUs, 200, new Uint8Array(10));
  await appendAll(journal, 21, 80, 1000);
  assert.is(journal.first?.number, 19);
  assert.equal(await blockNumbers(journal), range(19, 80));
  const over = reports.filter(({ kind }) => kind === "overLimit");
  assert.is(over.length, 1, "reported once, not at each segment");
  assert.match((over[0] as { heldBy: string }).heldBy, "the newest snapshot is of block 20");
  await journal.saveSnapshot(80, block(80).timeUs, 800, new Uint8Array(10));
  assert.ok(journal.first!.number > 60);
  assert.equal(
    journal.snapshots.map(({ block: of }) => of),
    [80],
  );
  await journal.close();
});

test("retention keeps everything while there is no snapshot, and reports it", async () => {
  const { open, reports } = retaining({ retainBytes: 25_000 });
  const journal = await open(new SimulatedDisk(1));
  await appendAll(journal, 1, 40, 1000);
  assert.is(journal.first?.number, 1);
  assert.equal(
    reports.map((report) => ("heldBy" in report ? report.heldBy : report.kind)),
    ["there is no snapshot to start from without them"],
  );
  await journal.close();
});

test("retention during a read leaves the reader a named gap or nothing missing", async () => {
  const { open } = retaining({ retainBytes: 30_000 });
  const journal = await open(new SimulatedDisk(1));
  await appendAll(journal, 1, 27, 1000);
  const reader = journal.read();
  const numbers: number[] = [];
  const reasons: string[] = [];
  for await (const entry of reader) {
    if (entry.kind === "damage") reasons.push(entry.reason);
    if (entry.kind !== "block") continue;
    numbers.push(entry.block.number);
    if (entry.block.number !== 5) continue;
    await journal.saveSnapshot(27, block(27).timeUs, 270, new Uint8Array(10));
    await appendAll(journal, 28, 50, 1000);
  }
  assert.ok(journal.first!.number > 18);
  // The first segment was open; the next ones were gone when it was read to its end.
  assert.equal(numbers.slice(0, 9), range(1, 9));
  const next = numbers[9];
  assert.equal(reasons, next === undefined ? [] : [`blocks 10 to ${next - 1} are missing`]);
  await journal.close();
});

test("retention thins snapshots out so that the rest stays spread", async () => {
  const { open } = retaining({ keepSnapshots: 5 });
  const journal = await open(new SimulatedDisk(1));
  for (const number of range(1, 64)) {
    await journal.append(block(number));
    await journal.saveSnapshot(number, block(number).timeUs, number * 10, new Uint8Array(10));
  }
  const kept = journal.snapshots.map(({ block: of }) => of);
  assert.is(kept.length, 5);
  assert.equal([kept[0], kept.at(-1)], [1, 64]);
  const gaps = kept.slice(1).map((of, i) => of - kept[i]!);
  assert.ok(Math.max(...gaps) <= 40, `gaps ${gaps}`);
  await journal.close();
});

test("a snapshot is stored after those that were handed over before it, also one that waits for its block", async () => {
  const { open } = retaining({ keepSnapshots: 3 });
  const journal = await open(new SimulatedDisk(1));
  await appendAll(journal, 1, 9);
  const appended = journal.append(block(10));
  const save = (number: number) =>
    journal.saveSnapshot(number, block(number).timeUs, number * 10, new Uint8Array(10));
  const later = save(10);
  await save(5);
  assert.equal(
    journal.snapshots.map(({ block: of }) => of),
    [5, 10],
  );
  await Promise.all([appended, later]);
  await journal.close();
});

test("files named like indexes in a folder without a recording are left alone", async () => {
  await withFolder(async (directory) => {
    writeFileSync(join(directory, "2026112216.idx"), "of another program");
    const journal = await openJournal(directory);
    await appendAll(journal, 1, 1);
    await journal.close();
    assert.is(readFileSync(join(directory, "2026112216.idx"), "utf8"), "of another program");
  });
});

test("a process killed between the removal of a segment and that of its index leaves an index that the next writer removes", async () => {
  await withFolder(async (directory) => {
    const [path, ...args] = scriptCommand(ownRuntime(), "tests/journal/retention-killed.ts");
    const killed = spawnSync(path!, [...args, directory], { encoding: "utf8" });
    assert.is(killed.signal, "SIGKILL", killed.stderr);
    const orphans = () =>
      readdirSync(directory).filter(
        (name) => name.endsWith(".idx") && !existsSync(join(directory, name.replace(".idx", ".seg"))),
      );
    assert.equal(orphans(), ["0000000001.idx"]);
    // Neither reading nor verification minds it: nothing of the log is missing. (These blocks are no blocks of the protocol.)
    const { findings } = await verifyRecording(directory);
    assert.equal(
      findings.filter(({ file }) => file.endsWith(".idx")),
      [],
    );
    await (await openJournal(directory)).close();
    assert.equal(orphans(), []);
  });
});

test.run();
