/** Disks that fail while they are written. */
import { spawnSync } from "node:child_process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { JournalHalted } from "../../actors/journal/errors.ts";
import { openJournal } from "../../actors/journal/file.ts";
import { SimulatedDisk } from "../../sim/cluster/simulated-disk.ts";
import { skip } from "../support/skip.ts";
import {
  appendAll,
  block,
  blockNumbers,
  damageOf,
  makeFolder,
  note,
  range,
  rejection,
  removeFolder,
} from "./builders.ts";

const BLOCKS = 12;

/** Every byte in long runs; else a step that is prime to the sizes of records, so that it meets all their parts. */
const STEP = process.env["EIGENWATCH_LONG"] === "1" ? 1 : 5;

/** Appends until the journal halts or all is done; returns the number of acknowledged blocks and the rejections. */
async function appendUntilHalted(disk: SimulatedDisk): Promise<{ acknowledged: number; rejected: Error[] }> {
  const rejected: Error[] = [];
  let acknowledged = 0;
  let journal: Awaited<ReturnType<typeof openJournal>>;
  try {
    journal = await openJournal("/recording", { disk, segmentBytes: 500 });
  } catch (error) {
    return { acknowledged, rejected: [error as Error] };
  }
  for (let number = 1; number <= BLOCKS; number += 3) {
    const three = range(number, number + 2).map((each) => journal.append(block(each)));
    journal.appendDerived(note(number));
    for (const result of await Promise.allSettled(three)) {
      if (result.status === "fulfilled") acknowledged++;
      else rejected.push(result.reason as Error);
    }
    if (rejected.length > 0) break;
  }
  if (rejected.length > 0) {
    assert.instance(journal.halted, JournalHalted);
    assert.instance(await rejection(journal.append(block(acknowledged + 1))), JournalHalted);
    assert.instance(await rejection(journal.flush()), JournalHalted);
    // Notes are let go in silence: nobody waits for them.
    journal.appendDerived(note(1));
    assert.is(journal.last?.number ?? 0, acknowledged);
    assert.equal(await blockNumbers(journal), range(1, acknowledged));
  }
  // The closing mark may find the disk full as well.
  await journal.close().catch((error: unknown) => assert.instance(error, JournalHalted));
  return { acknowledged, rejected };
}

async function checkReopened(disk: SimulatedDisk, acknowledged: number): Promise<void> {
  const journal = await openJournal("/recording", { disk, segmentBytes: 500 });
  const last = journal.last?.number ?? 0;
  assert.ok(last >= acknowledged, `${last} is the last, ${acknowledged} acknowledged`);
  await appendAll(journal, last + 1, last + 3);
  assert.equal(await blockNumbers(journal), range(1, last + 3));
  assert.equal(await damageOf(journal), []);
  await journal.close();
}

test("[J5] journal whose disk is full at any byte halts, loses nothing acknowledged, and opens again clean", async () => {
  const whole = new SimulatedDisk(1, { bytesLeft: 1_000_000 });
  assert.is((await appendUntilHalted(whole)).acknowledged, BLOCKS);
  const bytes = 1_000_000 - whole.faults.bytesLeft!;
  let halts = 0;
  let runs = 0;
  for (let left = 0; left < bytes; left += STEP) {
    runs++;
    const disk = new SimulatedDisk(left, { bytesLeft: left });
    const { acknowledged, rejected } = await appendUntilHalted(disk);
    // Writing an index or the closing mark may fail without harm.
    if (rejected.length > 0) halts++;
    for (const error of rejected) assert.match(error.message, "ENOSPC");
    await checkReopened(disk.kill(), acknowledged);
    if (runs % 7 === 0) await checkReopened(disk.crash(), acknowledged);
  }
  assert.ok(halts > runs / 2, `${halts} halts in ${runs} runs`);
});

test("[J5] journal whose disk fails to sync halts, loses nothing acknowledged, and opens again clean", async () => {
  for (let left = 0; left < 12; left++) {
    const disk = new SimulatedDisk(left, { syncsLeft: left });
    const { acknowledged, rejected } = await appendUntilHalted(disk);
    if (rejected.length > 0) assert.match(rejected[0]!.message, "EIO");
    await checkReopened(disk.crash(), acknowledged);
  }
});

test("[J5] journal rejects everything that waits when a write fails, with the cause", async () => {
  const disk = new SimulatedDisk(1, { bytesLeft: 800 });
  const journal = await openJournal("/recording", { disk });
  await journal.append(block(1));
  const waiting = range(2, 20).map((number) => journal.append(block(number)));
  const results = await Promise.allSettled(waiting);
  assert.ok(results.every(({ status }) => status === "rejected"));
  const [first] = results as PromiseRejectedResult[];
  assert.instance(first!.reason, JournalHalted);
  assert.match(first!.reason.message, "nothing acknowledged is lost");
  assert.is((first!.reason.cause as NodeJS.ErrnoException).code, "ENOSPC");
  assert.is(journal.pendingBytes, 0);
  await journal.close();
});

test("journal continues when a snapshot cannot be stored", async () => {
  const disk = new SimulatedDisk(1, { bytesLeft: 10_000 });
  const journal = await openJournal("/recording", { disk });
  await appendAll(journal, 1, 2);
  await journal.saveSnapshot(1, 0, 10, new Uint8Array(100));
  assert.match((await rejection(journal.saveSnapshot(2, 0, 20, new Uint8Array(20_000)))).message, "ENOSPC");
  assert.is(journal.halted, null);
  disk.faults.bytesLeft = 10_000;
  await appendAll(journal, 3, 4);
  assert.is((await journal.loadSnapshot({}))?.block, 1);
  await journal.close();
  const again = await openJournal("/recording", { disk: disk.kill() });
  assert.is((await again.loadSnapshot({}))?.block, 1);
  assert.equal(await blockNumbers(again), range(1, 4));
  await again.close();
});

test("[J5] journal on a full file system warns, then halts, and continues when there is space again", async () => {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return skip("a small file system needs Linux and root");
  const directory = makeFolder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", directory]);
  if (mounted.status !== 0) {
    removeFolder(directory);
    return skip(`mount -t tmpfs: ${String(mounted.stderr).trim()}`);
  }
  try {
    const reports: string[] = [];
    const journal = await openJournal(directory, {
      segmentBytes: 200_000,
      onReport: ({ kind }) => reports.push(kind),
    });
    let acknowledged = 0;
    let halted: Error | null = null;
    while (halted === null) {
      try {
        await journal.append(block(acknowledged + 1, 30_000));
        acknowledged++;
      } catch (error) {
        halted = error as Error;
      }
    }
    assert.instance(halted, JournalHalted);
    // Node and Deno word it differently.
    assert.match(halted.message, /ENOSPC|No space left on device/);
    assert.ok(acknowledged >= 30, `${acknowledged} blocks of 30,000 bytes fitted into 1 MiB`);
    assert.ok(reports.includes("diskLow"));
    await journal.close();
    assert.is(spawnSync("mount", ["-o", "remount,size=4m", directory]).status, 0);
    const again = await openJournal(directory, { segmentBytes: 200_000 });
    assert.is(again.last?.number, acknowledged);
    await appendAll(again, acknowledged + 1, acknowledged + 20, 30_000);
    assert.equal(await blockNumbers(again), range(1, acknowledged + 20));
    assert.equal(await damageOf(again), []);
    await again.close();
  } finally {
    // Lazily: on a busy machine a descriptor may be closed a moment later.
    spawnSync("umount", ["-l", directory]);
    removeFolder(directory);
  }
});

test.run();
