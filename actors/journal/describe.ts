/** What is in a recording, read and checked from the first byte to the last: a plain object to print. */
import { Buffer } from "node:buffer";
import { join, resolve } from "node:path";
import type { Disk } from "./disk.ts";
import { realDisk } from "./disk.ts";
import { readLockOwner } from "./lock.ts";
import type { TornTail } from "./open-segments.ts";
import { listRecording } from "./open-segments.ts";
import type { Segment } from "./segment.ts";
import { gapBetween, scanSegment, segmentFirstBlock, segmentName } from "./segment.ts";
import type { SnapshotInfo } from "./snapshots.ts";
import { SnapshotStore } from "./snapshots.ts";

export interface RecordingDescription {
  directory: string;
  partition: string | null;
  createdFrom: unknown;
  /** Size of all segments and snapshots. */
  bytes: number;
  blocks: number;
  /** Derived records. */
  notes: number;
  firstBlock: number | null;
  lastBlock: number | null;
  /** Input sequences. */
  firstSequence: number | null;
  lastSequence: number | null;
  /** Logical time of the last input of the first and of the last block, µs. */
  fromUs: number | null;
  toUs: number | null;
  /** SHA-256 of the last block, hexadecimal. */
  lastHash: string | null;
  segments: SegmentDescription[];
  snapshots: SnapshotInfo[];
  damage: DamageDescription[];
  /** Bytes at the end that belong to an unfinished write; opening for writing cuts them off. */
  tornTail: TornTail | null;
  /** The process named in the lock file, alive or not. */
  writer: { pid: number; host: string } | null;
}

export interface SegmentDescription {
  file: string;
  bytes: number;
  blocks: number;
  /** Derived records. */
  notes: number;
  firstBlock: number | null;
  lastBlock: number | null;
  firstSequence: number | null;
  lastSequence: number | null;
  fromUs: number | null;
  toUs: number | null;
}

export interface DamageDescription {
  file: string;
  offset: number;
  length: number;
  reason: string;
}

/** A writer that ended while it began a segment leaves such a file too: without an acknowledged byte in either case. */
const NO_SEGMENT = "garbage segment: neither its header nor any record in it can be read";

/** Reads everything once. Another process may write the recording meanwhile. Rejects when the folder cannot be read. */
export async function describeRecording(
  directory: string,
  disk: Disk = realDisk,
): Promise<RecordingDescription> {
  const path = resolve(directory);
  const names = await listRecording(disk, path);
  const scanned: Segment[] = [];
  const damage: DamageDescription[] = [];
  const description: RecordingDescription = {
    directory: path,
    partition: null,
    createdFrom: null,
    bytes: 0,
    notes: 0,
    ...spanOf([]),
    lastHash: null,
    segments: [],
    snapshots: [],
    damage,
    tornTail: null,
    writer: await readLockOwner(disk, path),
  };
  const firstBlocks = names.map(segmentFirstBlock).filter((block) => block !== null);
  firstBlocks.sort((a, b) => a - b);
  for (const firstBlock of firstBlocks) {
    const newest = firstBlock === firstBlocks.at(-1);
    const scan = await scanFile(disk, path, firstBlock, newest);
    const { segment, header, tornBytes, tornReason } = scan;
    if (header !== null && description.partition === null) {
      description.partition = header.partition;
      description.createdFrom = header.createdFrom;
    }
    if (tornBytes > 0 && segment.size === 0 && description.writer === null)
      damage.push({ file: segment.file, offset: 0, length: tornBytes, reason: NO_SEGMENT });
    else if (tornBytes > 0)
      description.tornTail = {
        file: segment.file,
        offset: segment.size,
        droppedBytes: tornBytes,
        reason: tornReason,
      };
    for (const each of [gapBetween(scanned.at(-1), segment), ...segment.damage])
      if (each !== null)
        damage.push({ file: each.file, offset: each.offset, length: each.length, reason: each.reason });
    scanned.push(segment);
    description.segments.push({
      file: segment.file,
      bytes: segment.size,
      notes: segment.derivedRecords,
      ...spanOf([segment]),
    });
    description.bytes += segment.size;
    description.notes += segment.derivedRecords;
  }
  Object.assign(description, spanOf(scanned));
  description.lastHash = hex(scanned.findLast(({ last }) => last !== null)?.last?.hash);
  description.snapshots = await checkedSnapshots(disk, path, names, description.lastBlock ?? 0, damage);
  for (const { bytes } of description.snapshots) description.bytes += bytes;
  return description;
}

async function scanFile(disk: Disk, directory: string, firstBlock: number, newest: boolean) {
  const file = await disk.open(join(directory, segmentName(firstBlock)), "read");
  try {
    return await scanSegment(file, firstBlock, newest);
  } finally {
    await file.close();
  }
}

/** Snapshots whose state holds its checksum; the others are added to `damage`. */
async function checkedSnapshots(
  disk: Disk,
  directory: string,
  names: readonly string[],
  lastBlock: number,
  damage: DamageDescription[],
): Promise<SnapshotInfo[]> {
  const store = new SnapshotStore(disk, directory, (file, reason) => {
    damage.push({ file, offset: 0, length: 0, reason });
  });
  await store.open(names, lastBlock, false);
  // Loading passes over bad ones, so asking for each block once finds each bad one once.
  for (const { block } of [...store.kept]) await store.load({ block });
  return [...store.kept];
}

function spanOf(segments: readonly Segment[]) {
  const first = segments.find((segment) => segment.first !== null)?.first;
  const last = segments.findLast((segment) => segment.last !== null)?.last;
  return {
    blocks: segments.reduce((sum, { blocks }) => sum + blocks, 0),
    firstBlock: first?.number ?? null,
    lastBlock: last?.number ?? null,
    firstSequence: first?.firstSequence ?? null,
    lastSequence: last?.lastSequence ?? null,
    fromUs: first?.timeUs ?? null,
    toUs: last?.timeUs ?? null,
  };
}

function hex(bytes: Uint8Array | undefined): string | null {
  return bytes === undefined ? null : Buffer.from(bytes).toString("hex");
}
