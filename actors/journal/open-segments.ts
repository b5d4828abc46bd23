/**
 * Opens the segments of a recording's folder, also after a crash or damage.
 *
 * R1  Sealed segments are taken from their index; one without a good index is scanned, and its index written again.
 * R2  The newest segment is scanned whole. Its torn tail is cut off: the bytes of a batch that was being written and was never acknowledged.
 * R3  What was found is synced before it is used: the last batch may be only in the system's cache, or be
 *     what an earlier failed sync left there, so it is written once more and synced.
 * R4  Damage elsewhere is reported and left as it is.
 */

import { join } from "node:path";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { readWhole, writeWhole } from "./disk.ts";
import { decodeIndex, encodeIndex, indexName } from "./index-file.ts";
import type { Damage, Segment } from "./segment.ts";
import { gapBetween, readSegmentHeader, scanSegment, segmentFirstBlock, segmentName } from "./segment.ts";

/** The tail that was cut off (or, opened for reading, passed over). */
export interface TornTail {
  file: string;
  /** The file ends here now. */
  offset: number;
  droppedBytes: number;
  reason: string;
}

/** A segment at the end in which no block can be read, set aside. */
const UNREADABLE_SUFFIX = ".unreadable";

export interface OpenedSegments {
  /** Oldest first. */
  segments: Segment[];
  /** The newest segment opened for writing; null when a new one must be made. */
  active: DiskFile | null;
  partition: string | null;
  createdFrom: unknown;
  recovered: TornTail | null;
  damage: Damage[];
}

export async function openSegments(
  disk: Disk,
  directory: string,
  names: readonly string[],
  writable: boolean,
): Promise<OpenedSegments> {
  const firstBlocks = names.map(segmentFirstBlock).filter((block) => block !== null);
  firstBlocks.sort((a, b) => a - b);
  const found: OpenedSegments = {
    segments: [],
    active: null,
    partition: null,
    createdFrom: null,
    recovered: null,
    damage: [],
  };
  for (const [i, firstBlock] of firstBlocks.entries()) {
    const newest = i === firstBlocks.length - 1;
    const segment = newest
      ? await recoverNewest(disk, directory, firstBlock, writable, found)
      : await recoverSealed(disk, directory, firstBlock, writable);
    if (segment === null) continue;
    const gap = gapBetween(found.segments.at(-1), segment);
    if (gap !== null) found.damage.push(gap);
    for (const damage of segment.damage) found.damage.push(damage);
    found.segments.push(segment);
  }
  await readOrigin(disk, directory, found);
  if (writable) await setAsideBlockless(disk, directory, found);
  return found;
}

/**
 * The log continues after its last block. Later segments in which no block can be read would collide with new ones;
 * only the newest may have no block, if the next block will be its first. Their damage is already reported.
 */
async function setAsideBlockless(disk: Disk, directory: string, found: OpenedSegments): Promise<void> {
  const { segments } = found;
  for (;;) {
    const newest = segments.at(-1);
    if (newest === undefined || newest.blocks > 0) return;
    const before = segments.findLast((segment) => segment.last !== null)?.last?.number;
    if (found.active !== null && before !== undefined && newest.firstBlock === before + 1) return;
    await found.active?.close();
    found.active = null;
    const path = join(directory, newest.file);
    // A header alone says nothing: the next block decides the name of its segment.
    if (newest.size === newest.recordsAt) await disk.remove(path);
    else await disk.rename(path, `${path}${UNREADABLE_SUFFIX}`);
    segments.pop();
  }
}

/** Names in an existing recording's folder. */
export async function listRecording(disk: Disk, directory: string): Promise<string[]> {
  try {
    return await disk.list(directory);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    const action = `read recording ${directory}`;
    throw new EigenwatchError(
      code === "ENOENT"
        ? { action, value: "there is no such folder", kind: "notFound" }
        : { action, value: "it is a file", expected: "a folder with segment files" },
      { cause: error },
    );
  }
}

async function recoverSealed(
  disk: Disk,
  directory: string,
  firstBlock: number,
  writable: boolean,
): Promise<Segment | null> {
  const name = segmentName(firstBlock);
  let file: DiskFile;
  try {
    file = await disk.open(join(directory, name), "read");
  } catch (error) {
    // The writer's retention may remove old segments while we read the folder.
    if (!writable && (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  try {
    const index = await readIndex(disk, directory, name);
    const known = index === null ? null : decodeIndex(index, firstBlock, await file.size());
    if (known !== null) return known;
    const { segment } = await scanSegment(file, firstBlock, false);
    if (writable) await writeIndex(disk, directory, segment);
    return segment;
  } finally {
    await file.close();
  }
}

async function recoverNewest(
  disk: Disk,
  directory: string,
  firstBlock: number,
  writable: boolean,
  found: OpenedSegments,
): Promise<Segment | null> {
  const path = join(directory, segmentName(firstBlock));
  const file = await disk.open(path, writable ? "write" : "read");
  let keep = false;
  try {
    const { segment, header, tornBytes, tornReason, lastBatchAt } = await scanSegment(file, firstBlock, true);
    if (tornBytes > 0)
      found.recovered = {
        file: segment.file,
        offset: segment.size,
        droppedBytes: tornBytes,
        reason: tornReason,
      };
    const empty = header === null && segment.size === 0;
    if (writable && !empty) {
      if (tornBytes > 0) await file.truncate(segment.size);
      await writeAgain(file, lastBatchAt, segment.size);
      await file.sync();
      await disk.syncDirectory(directory);
      found.active = file;
      keep = true;
    }
    if (!empty) return segment;
  } finally {
    if (!keep) await file.close();
  }
  // Nothing in it can be read: the crash came while its header was written. What if not? It is set aside, not deleted.
  if (writable && found.recovered === null) await disk.remove(path);
  else if (writable) await disk.rename(path, `${path}${UNREADABLE_SUFFIX}`);
  return null;
}

async function writeAgain(file: DiskFile, from: number, to: number): Promise<void> {
  const bytes = new Uint8Array(to - from);
  if (bytes.length > 0) await file.write(bytes.subarray(0, await file.read(bytes, from)), from);
}

/** Best effort: without it the next opening scans the segment. A damaged segment gets none (index-file.ts). */
export async function writeIndex(disk: Disk, directory: string, segment: Segment): Promise<void> {
  if (segment.damage.length > 0 || segment.first?.number !== segment.firstBlock) return;
  await writeWhole(disk, directory, indexName(segment.file), encodeIndex(segment), false).catch(() => {});
}

async function readIndex(disk: Disk, directory: string, segmentFile: string): Promise<Uint8Array | null> {
  try {
    return await readWhole(disk, join(directory, indexName(segmentFile)));
  } catch {
    // Missing or unreadable is the same: it is made again.
    return null;
  }
}

/** Every segment contains partition and settings; the oldest readable header is used. */
async function readOrigin(disk: Disk, directory: string, found: OpenedSegments): Promise<void> {
  for (const segment of found.segments) {
    const file = await disk.open(join(directory, segment.file), "read");
    try {
      const start = await readSegmentHeader(file, segment.file);
      if (start === null) continue;
      found.partition = start.header.partition;
      found.createdFrom = start.header.createdFrom;
      return;
    } finally {
      await file.close();
    }
  }
}
