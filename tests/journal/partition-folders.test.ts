/** A recording of several partitions: which there are, where they lie, and that an old one goes on as it is. */
import { mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { partitionFolder, partitionFolders } from "../../actors/journal/partition-folders.ts";
import {
  openPartitionForWriting,
  openRecording,
  openRecordingForWriting,
  recordedPartitions,
} from "../../actors/journal/recording.ts";
import { appendAll, blockNumbers, rejection, withFolder } from "./builders.ts";

async function write(recording: string, partition: string, from = 1, to = 3): Promise<void> {
  const journal = await openPartitionForWriting(recording, partition);
  await appendAll(journal, from, to);
  await journal.close();
}

async function names(recording: string): Promise<string[]> {
  return (await partitionFolders(recording)).map(({ partition }) => partition);
}

test("the first partition lies in the recording's folder, each other one in a sub-folder of its name", async () => {
  await withFolder(async (folder) => {
    const recording = join(folder, "new");
    await write(recording, "p0");
    assert.ok(readdirSync(recording).every((name) => !statSync(join(recording, name)).isDirectory()));
    await write(recording, "room");
    await write(recording, "p1");
    await write(recording, "a b");
    assert.equal(await partitionFolders(recording), [
      { partition: "p0", directory: recording },
      { partition: "a b", directory: join(recording, "a%20b") },
      { partition: "p1", directory: join(recording, "p1") },
      { partition: "room", directory: join(recording, "room") },
    ]);
  });
});

test("a recording of one partition, whatever its name, is continued where it lies", async () => {
  await withFolder(async (recording) => {
    const old = await openRecordingForWriting(recording, { partition: "plant" });
    await appendAll(old, 1, 3);
    await old.close();
    await write(recording, "plant", 4, 5);
    await write(recording, "room");
    assert.equal(await names(recording), ["plant", "room"]);
    const journal = await openRecording(recording);
    assert.is(journal.partition, "plant");
    assert.equal(await blockNumbers(journal), [1, 2, 3, 4, 5]);
    await journal.close();
    const error = await rejection(openPartitionForWriting(recording, "p0"));
    assert.match(error.message, 'it records partition "plant"; expected "p0"');
  });
});

test("a recording whose partitions all lie in sub-folders is read, and continued, as it is", async () => {
  await withFolder(async (recording) => {
    for (const partition of ["p1", "p0"]) {
      const journal = await openRecordingForWriting(join(recording, partition), { partition });
      await appendAll(journal, 1, 2);
      await journal.close();
    }
    assert.equal(await names(recording), ["p0", "p1"]);
    assert.is(await partitionFolder(recording, "p0"), join(recording, "p0"));
    await write(recording, "p0", 3, 4);
    const journal = await openRecording(recording, { partition: "p0" });
    assert.equal(await blockNumbers(journal), [1, 2, 3, 4]);
    await journal.close();
  });
});

test("a recording within another's folder is no part of it, nor are other folders and files", async () => {
  await withFolder(async (recording) => {
    await write(recording, "p0");
    await write(join(recording, "today"), "p0");
    await write(join(recording, "p0"), "p0");
    mkdirSync(join(recording, "room"));
    mkdirSync(join(recording, ".hidden"));
    writeFileSync(join(recording, "p1"), "a file");
    assert.equal(await partitionFolders(recording), [{ partition: "p0", directory: recording }]);
  });
});

test("a sub-folder of which no header can be read counts as the partition of its name", async () => {
  await withFolder(async (recording) => {
    await write(recording, "p0");
    await write(recording, "room");
    truncateSync(join(recording, "room", "0000000001.seg"), 20);
    assert.equal(await names(recording), ["p0", "room"]);
  });
});

test("each partition has its own writer, and its files are its owner's alone", async () => {
  await withFolder(async (recording) => {
    const first = await openPartitionForWriting(recording, "p0");
    const room = await openPartitionForWriting(recording, "room");
    assert.is((await rejection(openPartitionForWriting(recording, "room"))).name, "JournalLocked");
    await appendAll(room, 1, 1);
    await first.close();
    await room.close();
    if (process.platform === "win32") return;
    assert.is(statSync(join(recording, "room")).mode & 0o777, 0o700);
    assert.is(statSync(join(recording, "room", "0000000001.seg")).mode & 0o777, 0o600);
  });
});

test("a partition that is not in a recording is refused with those that are, and a folder without any as well", async () => {
  await withFolder(async (recording) => {
    assert.equal(await partitionFolders(recording), []);
    assert.match((await rejection(recordedPartitions(recording))).message, "it holds no segment file");
    await write(recording, "p0");
    await write(recording, "room");
    assert.match(
      (await rejection(openRecording(recording, { partition: "p7" }))).message,
      "it has no such partition; expected p0 or room",
    );
    assert.match((await rejection(partitionFolders(join(recording, "none")))).message, "no such folder");
  });
});

test.run();
