import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { describeRecording } from "../../actors/journal/describe.ts";
import { JournalBusy } from "../../actors/journal/errors.ts";
import { openJournal } from "../../actors/journal/file.ts";
import { openRecording } from "../../actors/journal/recording.ts";
import { SimulatedDisk } from "../../sim/cluster/simulated-disk.ts";
import { journalContract } from "../contracts/journal.ts";
import { skip } from "../support/skip.ts";
import {
  appendAll,
  block,
  blockNumbers,
  collect,
  damageOf,
  makeFolder,
  note,
  pattern,
  range,
  rejection,
  removeFolder,
  withFolder,
} from "./builders.ts";

/** Small segments, so that everything also happens across their borders. */
const SMALL = { segmentBytes: 10_000, partition: "p0" };

journalContract("file journal", async () => {
  const directory = makeFolder();
  return {
    open: () => openJournal(directory, SMALL),
    lasting: true,
    dispose: async () => removeFolder(directory),
  };
});

journalContract("file journal on a simulated disk", async () => {
  let disk = new SimulatedDisk(1);
  return {
    open: () => openJournal("/recording", { ...SMALL, disk }),
    lasting: true,
    kill: async () => {
      disk = disk.kill();
    },
    dispose: async () => {},
  };
});

test("file journal seals segments at their size and names them by their first block", async () => {
  await withFolder(async (directory) => {
    const journal = await openJournal(directory, SMALL);
    await appendAll(journal, 1, 30, 1000);
    await journal.close();
    const segments = readdirSync(directory)
      .filter((name) => name.endsWith(".seg"))
      .sort();
    // Header 43 bytes, record 1,073: nine to a segment.
    assert.equal(segments, ["0000000001.seg", "0000000010.seg", "0000000019.seg", "0000000028.seg"]);
    const indexes = readdirSync(directory)
      .filter((name) => name.endsWith(".idx"))
      .sort();
    assert.equal(indexes, ["0000000001.idx", "0000000010.idx", "0000000019.idx"]);
    assert.not(readdirSync(directory).includes("journal.lock"));
  });
});

test("file journal keeps the partition and the settings a recording was created from", async () => {
  await withFolder(async (directory) => {
    const createdFrom = { seed: 7, name: "Łódź" };
    const journal = await openJournal(directory, { ...SMALL, createdFrom });
    await appendAll(journal, 1, 1);
    await journal.close();
    const again = await openJournal(directory, { createdFrom: { seed: 8 } });
    assert.is(again.partition, "p0");
    assert.equal(again.createdFrom, createdFrom);
    await again.close();
    const error = await rejection(openJournal(directory, { partition: "p1" }));
    assert.match(error.message, 'it records partition "p0"; expected "p1"');
    await (await openJournal(directory)).close();
  });
});

test("file journal may begin at a later block, as after a take-over", async () => {
  await withFolder(async (directory) => {
    const journal = await openJournal(directory, SMALL);
    await appendAll(journal, 500, 520, 1000);
    await journal.close();
    const again = await openJournal(directory);
    assert.is(again.first?.number, 500);
    assert.equal(await blockNumbers(again), range(500, 520));
    assert.equal(await damageOf(again), []);
    await again.close();
  });
});

test("file journal opens sealed segments from their index, and makes a missing or wrong index again", async () => {
  await withFolder(async (directory) => {
    const journal = await openJournal(directory, SMALL);
    await appendAll(journal, 1, 30, 1000);
    await journal.close();
    const before = indexFiles(directory);
    assert.is(before.length, 3);
    rmSync(join(directory, "0000000001.idx"));
    const [, second, third] = before;
    writeFileSync(join(directory, second!.name), second!.bytes.subarray(0, 100));
    const broken = new Uint8Array(third!.bytes);
    broken[190]! ^= 1;
    writeFileSync(join(directory, third!.name), broken);
    const reading = await openJournal(directory, { readOnly: true });
    assert.equal(await blockNumbers(reading), range(1, 30));
    await reading.close();
    assert.is(indexFiles(directory).length, 2, "reading changes nothing");
    const again = await openJournal(directory);
    await again.close();
    assert.equal(indexFiles(directory), before);
  });
});

test("file journal is read while it is written, without a lock and without a change", async () => {
  await withFolder(async (directory) => {
    const writer = await openJournal(directory, SMALL);
    await appendAll(writer, 1, 15, 1000);
    // An unfinished write, as a reader may meet it.
    const newest = "0000000010.seg";
    const { size } = writer.segments.at(-1)!;
    const before = readFileSync(join(directory, newest));
    appendFileSync(join(directory, newest), before.subarray(43, 543));
    const reader = await openJournal(directory, { readOnly: true });
    assert.is(reader.last?.number, 15);
    assert.equal(await collect(reader), await collect(writer));
    assert.equal(reader.recovered?.offset, size);
    assert.is(readFileSync(join(directory, newest)).length, before.length + 500);
    truncateSync(join(directory, newest), size);
    await appendAll(writer, 16, 40, 1000);
    assert.equal(await blockNumbers(reader), range(1, 15));
    assert.match((await rejection(reader.append(block(16)))).message, "opened for reading");
    await reader.close();
    const later = await openRecording(directory);
    assert.equal(await blockNumbers(later), range(1, 40));
    await later.close();
    await writer.close();
  });
});

test("file journal refuses to read a recording that does not exist", async () => {
  await withFolder(async (directory) => {
    const missing = join(directory, "none");
    assert.match(
      (await rejection(openRecording(missing))).message,
      `Cannot read recording ${missing}: there is no such folder`,
    );
    assert.match((await rejection(openRecording(directory))).message, "holds no segment file");
    writeFileSync(join(directory, "file"), "x");
    assert.match((await rejection(openRecording(join(directory, "file")))).message, "expected a folder");
  });
});

test("file journal refuses a segment of a later format by its version", async () => {
  await withFolder(async (directory) => {
    const journal = await openJournal(directory);
    await appendAll(journal, 1, 1);
    await journal.close();
    const path = join(directory, "0000000001.seg");
    const bytes = readFileSync(path);
    bytes[16] = 2;
    const { crc32 } = await import("node:zlib");
    bytes.writeUInt32LE(crc32(bytes.subarray(16, bytes.readUInt32LE(8))), 12);
    writeFileSync(path, bytes);
    assert.match((await rejection(openJournal(directory))).message, "its format has version 2; expected 1");
  });
});

test("file journal limits the bytes that wait for the disk, and accepts the block after a flush", async () => {
  const journal = await openJournal("/recording", { disk: new SimulatedDisk(1), pendingBytes: 5000 });
  const taken = range(1, 4).map((number) => journal.append(block(number, 1000)));
  const busy = await rejection(journal.append(block(5, 1000)));
  assert.instance(busy, JournalBusy);
  assert.match(busy.message, "Cannot append block 5: 4292 bytes wait for the disk");
  assert.is(journal.pendingBytes, 4292);
  await Promise.all(taken);
  assert.is(journal.pendingBytes, 0);
  await journal.append(block(5, 1000));
  // Larger than the bound, but nothing else waits.
  await journal.append(block(6, 20_000));
  assert.equal(await blockNumbers(journal), range(1, 6));
  await journal.close();
});

test("file journal writes many notes without waiting for a block", async () => {
  const disk = new SimulatedDisk(1);
  const journal = await openJournal("/recording", { disk });
  await journal.append(block(1));
  for (let i = 0; i < 100; i++) journal.appendDerived(note(1, 10_000));
  assert.ok(journal.pendingBytes > 900_000);
  await journal.flush();
  assert.is(journal.pendingBytes, 0);
  assert.is((await collect(journal)).length, 101);
  await journal.close();
});

test("recording is described with its segments, ranges, snapshots and damage", async () => {
  await withFolder(async (directory) => {
    const journal = await openJournal(directory, { ...SMALL, createdFrom: { seed: 1 } });
    for (const number of range(1, 30)) {
      await journal.append(block(number, 1000));
      if (number <= 9) journal.appendDerived(note(number, 0));
    }
    for (const number of [10, 20])
      await journal.saveSnapshot(number, block(number).timeUs, number * 10, new Uint8Array(99));
    const writing = await describeRecording(directory);
    assert.is(writing.writer?.pid, process.pid);
    await journal.close();
    const whole = await describeRecording(directory);
    assert.equal(JSON.parse(JSON.stringify(whole)), whole);
    assert.equal(whole.damage, []);
    assert.is(whole.writer, null);
    assert.is(whole.tornTail, null);
    assert.is(whole.partition, "p0");
    assert.equal(whole.createdFrom, { seed: 1 });
    assert.equal([whole.blocks, whole.firstBlock, whole.lastBlock], [30, 1, 30]);
    assert.equal([whole.firstSequence, whole.lastSequence], [1, 300]);
    assert.equal([whole.fromUs, whole.toUs], [block(1).timeUs, block(30).timeUs]);
    assert.is(whole.notes, 9);
    assert.is(whole.lastHash, Buffer.from(block(30).hash).toString("hex"));
    assert.equal(
      whole.snapshots.map((snapshot) => [snapshot.file, snapshot.block, snapshot.sequence]),
      [
        ["snap-0000000010.snap", 10, 100],
        ["snap-0000000020.snap", 20, 200],
      ],
    );
    const sizes = readdirSync(directory)
      .filter((name) => !name.endsWith(".idx"))
      .map((name) => readFileSync(join(directory, name)).length);
    assert.is(
      whole.bytes,
      sizes.reduce((sum, size) => sum + size, 0),
    );

    const path = join(directory, whole.segments[1]!.file);
    const bytes = readFileSync(path);
    bytes[5000]! ^= 1;
    writeFileSync(path, bytes);
    const snapshot = join(directory, "snap-0000000020.snap");
    const state = readFileSync(snapshot);
    state[80]! ^= 1;
    writeFileSync(snapshot, state);
    const damaged = await describeRecording(directory);
    const [record, bad] = damaged.damage;
    assert.is(damaged.damage.length, 2);
    assert.is(record!.file, whole.segments[1]!.file);
    assert.ok(record!.offset <= 5000 && record!.offset + record!.length > 5000);
    assert.equal(bad, {
      file: "snap-0000000020.snap",
      offset: 0,
      length: 0,
      reason: "the checksum of its state does not hold",
    });
    assert.is(damaged.blocks, 29);
  });
});

test("file journal is readable by its owner only, in folders that it makes itself", async () => {
  if (process.platform === "win32") return skip("Windows has no such modes");
  await withFolder(async (folder) => {
    const directory = join(folder, "a", "b");
    const journal = await openJournal(directory, SMALL);
    await appendAll(journal, 1, 12, 1000);
    await journal.saveSnapshot(12, block(12).timeUs, 120, new Uint8Array(99));
    const modes = [join(folder, "a"), directory].map((path) => statSync(path).mode & 0o777);
    assert.equal(modes, [0o700, 0o700]);
    const files = readdirSync(directory).filter((name) => !name.endsWith(".sign"));
    assert.equal([...new Set(files.map((name) => name.replace(/.*[.]/, "")))].sort(), [
      "idx",
      "lock",
      "seg",
      "snap",
    ]);
    for (const name of files) assert.is(statSync(join(directory, name)).mode & 0o777, 0o600, name);
    await journal.close();
  });
});

test("file journal removes unfinished files of its own and nobody else's", async () => {
  await withFolder(async (directory) => {
    const own = ["0000000001.idx.tmp", "snap-0000000012.snap.tmp"];
    const others = ["report.tmp", "1.idx.tmp", "snap.tmp", "seal.json.tmp"];
    for (const name of [...own, ...others]) writeFileSync(join(directory, name), "x");
    await (await openJournal(directory)).close();
    assert.equal(readdirSync(directory).sort(), others.sort());
  });
});

test("recording whose only segment is garbage is described as damaged", async () => {
  await withFolder(async (directory) => {
    writeFileSync(join(directory, "0000000001.seg"), pattern(1, 5000));
    const { damage, tornTail } = await describeRecording(directory);
    assert.equal(
      [damage.map(({ file, length }) => [file, length]), tornTail],
      [[["0000000001.seg", 5000]], null],
    );
    assert.match(damage[0]!.reason, "garbage segment");
  });
});

test("file journal reports a read-only file system as that, for a new folder and for one that is there", async () => {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return skip("a read-only file system needs Linux and root");
  const directory = makeFolder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "ro", "tmpfs", directory]);
  try {
    if (mounted.status !== 0) return skip(`mount -t tmpfs: ${String(mounted.stderr).trim()}`);
    for (const path of [directory, join(directory, "new"), join(directory, "new", "below")]) {
      const { message } = await rejection(openJournal(path));
      assert.match(message, /^Cannot write /);
      // Node and Deno word it differently.
      assert.match(message, /EROFS|[Rr]ead-only file system/, path);
      assert.not.match(message, "ENOENT");
    }
  } finally {
    spawnSync("umount", ["-l", directory]);
    removeFolder(directory);
  }
});

function indexFiles(directory: string) {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".idx"))
    .sort()
    .map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(directory, name))) }));
}

test.run();
