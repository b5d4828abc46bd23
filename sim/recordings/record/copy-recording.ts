/**
 * Copies a recording, also while it is written: the copy is the recording as it was at some moment, and can be opened as it can.
 *
 *   partitions, the shared document last ─► for each: snapshots, then segments from the oldest ─► end cut at a whole block, where it was being written
 *
 * Y1  Segments only grow: what is read of one is its beginning. The end that was cut off in the middle of a block is no part of the copy.
 * Y2  What a partition has of the shared document is in the copy of the document, which is made later: whoever goes on from the copy gives no number of
 *     the document's log twice.
 * Y3  Old segments may be removed meanwhile (retention): then the copy begins later, and is without a gap.
 * Y4  The files are on the disk when this resolves, and the folder has its name only then.
 */
import { copyFile, mkdir, open, readdir, rm, stat } from "node:fs/promises";
import { dirname, join, relative, resolve } from "node:path";
import {
  indexName,
  isBeingWritten,
  isLockFile,
  realDisk,
  segmentFirstBlock,
  TEMPORARY_SUFFIX,
} from "../../../actors/journal/mod.ts";
import { openRecording, openRecordingForWriting, recordedPartitions } from "../../../actors/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { ROOM_PARTITION } from "../../../protocol/room-document.ts";
import { wholeOrNot } from "../unfinished-files.ts";

export interface CopiedPartition {
  readonly partition: string;
  readonly segments: number;
  readonly bytes: number;
  /** The last whole block of the copy, and its place; null for a partition that has none yet. */
  readonly lastBlock: number | null;
  readonly lastSequence: number | null;
  readonly lastUs: number | null;
  /** Whether a process wrote it meanwhile, as far as can be seen. */
  readonly wasBeingWritten: boolean;
}

export interface CopyOptions {
  /** Bytes that were copied, and all that there were at the beginning. */
  progress?(bytes: number, total: number): void;
}

/** How often segments are listed anew when all that were listed are gone. */
const LISTINGS = 5;

/** Only for their owner, as the recording itself. */
const FOLDER_MODE = 0o700;

/** Rejects with an EigenwatchError where there is no recording, or `to` is there already. */
export async function copyRecording(
  from: string,
  to: string,
  { progress }: CopyOptions = {},
): Promise<CopiedPartition[]> {
  if (to === "")
    throw new EigenwatchError({ action: `copy ${from}`, value: '--to ""', expected: "a new folder" });
  if ((await stat(to).catch(() => null)) !== null)
    throw new EigenwatchError({
      action: `copy ${from} to ${to}`,
      value: "it is there already",
      expected: "a new folder",
    });
  const folders = [...(await recordedPartitions(from))].sort(
    (a, b) => Number(a.partition === ROOM_PARTITION) - Number(b.partition === ROOM_PARTITION),
  );
  const total = (await Promise.all(folders.map(({ directory }) => bytesIn(directory)))).reduce(
    (a, b) => a + b,
    0,
  );
  let done = 0;
  const copied = (bytes: number): void => {
    done += bytes;
    progress?.(done, Math.max(total, done));
  };
  const copies = await wholeOrNot(to, async (unfinished) => {
    await mkdir(unfinished, { mode: FOLDER_MODE });
    const partitions: CopiedPartition[] = [];
    for (const { partition, directory } of folders) {
      const target = join(unfinished, relative(from, directory));
      await mkdir(target, { recursive: true, mode: FOLDER_MODE });
      partitions.push(await copyPartition(partition, directory, target, copied));
      await realDisk.syncDirectory(target);
    }
    await realDisk.syncDirectory(unfinished);
    return partitions;
  });
  await realDisk.syncDirectory(dirname(resolve(to)));
  return copies;
}

async function copyPartition(
  partition: string,
  from: string,
  to: string,
  copied: (bytes: number) => void,
): Promise<CopiedPartition> {
  const wasBeingWritten = await isBeingWritten(realDisk, from);
  // A snapshot follows a block that is stored already: the segments that are copied after it have the block.
  for (const name of (await filesIn(from)).filter((each) => !isOfLog(each)))
    copied((await copyInto(from, to, name)) ?? 0);
  let segments: string[] = [];
  for (let tries = 0; segments.length === 0 && tries < LISTINGS; tries++)
    segments = await copySegments(from, to, copied);
  if (segments.length === 0)
    throw new EigenwatchError({
      action: `copy ${from}`,
      value: "its segments are removed faster than they are copied",
      expected: "a larger retainBytes, or a faster disk to copy to",
      kind: "unavailable",
    });
  for (const name of segments) copied((await copyInto(from, to, indexName(name))) ?? 0);
  const journal = wasBeingWritten
    ? await openRecordingForWriting(to, { partition, log() {} })
    : await openRecording(to, { log() {} });
  const { last } = journal;
  await journal.close();
  return {
    partition,
    segments: segments.length,
    bytes: await bytesIn(to),
    lastBlock: last?.number ?? null,
    lastSequence: last?.lastSequence ?? null,
    lastUs: last?.timeUs ?? null,
    wasBeingWritten,
  };
}

/** Names of those that were copied, without a gap to the newest. Empty when all that were listed are gone. */
async function copySegments(from: string, to: string, copied: (bytes: number) => void): Promise<string[]> {
  const listed = (await filesIn(from)).filter((name) => segmentFirstBlock(name) !== null).sort(byFirstBlock);
  let segments: string[] = [];
  for (const name of listed) {
    const bytes = await copyInto(from, to, name);
    if (bytes === null) {
      // The oldest go first: those that were copied before it are gone as well.
      for (const older of segments) await rm(join(to, older), { force: true });
      segments = [];
    } else {
      segments.push(name);
      copied(bytes);
    }
  }
  return segments;
}

/** Bytes of the copy, which is on the disk; null for a file that is gone. */
async function copyInto(from: string, to: string, name: string): Promise<number | null> {
  try {
    await copyFile(join(from, name), join(to, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  const file = await open(join(to, name), "r+");
  try {
    await file.sync();
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}

/** What is copied: no locks and no file that is being made. */
async function filesIn(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter(
      (entry) =>
        (entry.isFile() || entry.isSymbolicLink()) &&
        !isLockFile(entry.name) &&
        !entry.name.endsWith(TEMPORARY_SUFFIX),
    )
    .map(({ name }) => name);
}

/** A segment, or the index of one. */
function isOfLog(name: string): boolean {
  return segmentFirstBlock(name) !== null || name.endsWith(".idx");
}

function byFirstBlock(a: string, b: string): number {
  return segmentFirstBlock(a)! - segmentFirstBlock(b)!;
}

async function bytesIn(directory: string): Promise<number> {
  const sizes = (await filesIn(directory)).map((name) =>
    stat(join(directory, name)).then(
      ({ size }) => size,
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
