/**
 * What is known of one segment file: its blocks' first and last position, and a sparse index for lookups.
 *
 * An index entry names a block whose record begins at least INDEX_EVERY_BYTES after the one before: a lookup reads at
 * most that much, and a 64 MiB segment has at most 1,024 entries.
 */
import type { BlockPosition, JournalEntry } from "../ports/journal.ts";
import type { DiskFile } from "./disk.ts";
import { RECORD } from "./record.ts";
import { SegmentScanner } from "./scanner.ts";
import type { SegmentHeader } from "./segment-header.ts";
import { decodeSegmentHeader, SEGMENT_PREFIX_BYTES, segmentHeaderBytes } from "./segment-header.ts";

export const INDEX_EVERY_BYTES = 65_536;

export type Damage = Extract<JournalEntry, { kind: "damage" }>;

export interface Segment {
  /** Name in the recording's folder. */
  file: string;
  /** By its name. */
  firstBlock: number;
  /** Bytes that count: a torn tail is not part of it. */
  size: number;
  /** File offset of the first record. */
  recordsAt: number;
  blocks: number;
  derivedRecords: number;
  first: BlockPosition | null;
  last: BlockPosition | null;
  index: IndexEntry[];
  /** Found when the file was scanned; empty when its index was trusted. */
  damage: Damage[];
}

export interface IndexEntry {
  number: number;
  firstSequence: number;
  timeUs: number;
  offset: number;
}

const SEGMENT_NAME = /^(\d{10,16})\.seg$/;

export function segmentName(firstBlock: number): string {
  return `${String(firstBlock).padStart(10, "0")}.seg`;
}

/** First block by the name, or null when it is no segment. */
export function segmentFirstBlock(name: string): number | null {
  const match = SEGMENT_NAME.exec(name);
  return match === null ? null : Number(match[1]);
}

export function emptySegment(firstBlock: number, headerBytes: number): Segment {
  return {
    file: segmentName(firstBlock),
    firstBlock,
    size: headerBytes,
    recordsAt: headerBytes,
    blocks: 0,
    derivedRecords: 0,
    first: null,
    last: null,
    index: [],
    damage: [],
  };
}

/** Enters a block whose record begins at `offset`. */
export function enterBlock(segment: Segment, position: BlockPosition, offset: number): void {
  segment.first ??= position;
  segment.last = position;
  segment.blocks++;
  const before = segment.index.at(-1);
  if (before !== undefined && offset - before.offset < INDEX_EVERY_BYTES) return;
  const { number, firstSequence, timeUs } = position;
  segment.index.push({ number, firstSequence, timeUs, offset });
}

/** The header of a segment, or null when it is damaged (the records may still be read). */
export async function readSegmentHeader(
  file: DiskFile,
  name: string,
): Promise<{ header: SegmentHeader; bytes: number } | null> {
  const prefix = new Uint8Array(SEGMENT_PREFIX_BYTES);
  const length = segmentHeaderBytes(prefix.subarray(0, await file.read(prefix, 0)));
  if (length === null) return null;
  const bytes = new Uint8Array(length);
  const header = decodeSegmentHeader(bytes.subarray(0, await file.read(bytes, 0)), name);
  return header === null ? null : { header, bytes: length };
}

export interface SegmentScan {
  segment: Segment;
  header: SegmentHeader | null;
  /** Bytes after `segment.size` that cannot contain an acknowledged record. Only the newest segment can have some. */
  tornBytes: number;
  tornReason: string;
  /** Where the last batch begins: what a crash may have left in the system's cache only. */
  lastBatchAt: number;
}

/**
 * Reads a whole segment and checks every record.
 *
 * `newest`: damage after which no batch begins is a torn tail: that batch was being written and was never acknowledged.
 */
export async function scanSegment(file: DiskFile, firstBlock: number, newest: boolean): Promise<SegmentScan> {
  const name = segmentName(firstBlock);
  const fileSize = await file.size();
  const start = await readSegmentHeader(file, name);
  const headerBytes = start?.bytes ?? 0;
  const header = start?.header ?? null;
  const segment = emptySegment(firstBlock, headerBytes);
  const scanner = new SegmentScanner(file, headerBytes, fileSize, firstBlock);
  const order = new BlockOrder(firstBlock);
  // Before the first batch the header itself is what may not have reached the disk.
  let lastBatchAt = 0;
  /** The segment as it was before damage that may turn out to be a torn tail: its lists only grow, so their lengths suffice. */
  let before: { segment: Segment; entries: number; damages: number; damage: Damage } | null = null;

  for (;;) {
    const step = scanner.step();
    if (step === "end") break;
    if (step === "more") {
      await scanner.fill();
      continue;
    }
    if (step === "damage") {
      const damage = damageEntry(name, scanner);
      before ??= {
        segment: { ...segment },
        entries: segment.index.length,
        damages: segment.damage.length,
        damage,
      };
      order.damaged();
      segment.damage.push(damage);
      continue;
    }
    if (scanner.startsBatch) {
      before = null;
      lastBatchAt = scanner.offset;
    }
    if (scanner.type === RECORD.block) {
      const odd = order.check(scanner.block);
      if (odd !== null)
        segment.damage.push({ kind: "damage", file: name, offset: scanner.offset, length: 0, reason: odd });
      if (order.accepted) enterBlock(segment, scanner.position(), scanner.offset);
    } else if (scanner.type === RECORD.derived || scanner.type === RECORD.checkpoint)
      segment.derivedRecords++;
  }
  segment.size = fileSize;
  if (!newest || before === null) return { segment, header, tornBytes: 0, tornReason: "", lastBatchAt };
  before.segment.size = before.damage.offset;
  before.segment.index.length = before.entries;
  before.segment.damage.length = before.damages;
  return {
    segment: before.segment,
    header,
    tornBytes: fileSize - before.damage.offset,
    tornReason: before.damage.reason,
    lastBatchAt: Math.min(lastBatchAt, before.damage.offset),
  };
}

export function damageEntry(file: string, scanner: SegmentScanner): Damage {
  const { damageOffset: offset, damageLength: length, damageReason: reason } = scanner;
  return { kind: "damage", file, offset, length, reason };
}

/**
 * Checks that block numbers follow one another. Blocks missing right after damage are the damaged ones, and were
 * reported with it; missing ones elsewhere are damage of their own.
 */
export class BlockOrder {
  #next: number | null;
  #damaged = false;
  /** Whether the block last checked belongs to the log. */
  accepted = false;

  constructor(next: number | null) {
    this.#next = next;
  }

  damaged(): void {
    this.#damaged = true;
  }

  /** What is odd about this block number, or null. */
  check(number: number): string | null {
    const expected = this.#next ?? number;
    this.accepted = number >= expected;
    if (!this.accepted) return `block ${number} stands where block ${expected} was expected`;
    const explained = this.#damaged;
    this.#next = number + 1;
    this.#damaged = false;
    return number === expected || explained ? null : missing(expected, number - 1);
  }

  /** The same before a segment that begins with block `number`. */
  checkSegment(number: number): string | null {
    const expected = this.#next ?? number;
    if (number <= expected || this.#damaged) return null;
    this.#damaged = true;
    return missing(expected, number - 1);
  }
}

/** Blocks missing between two segments, unless damage to the one before explains them. */
export function gapBetween(before: Segment | undefined, segment: Segment): Damage | null {
  if (before === undefined || before.damage.length > 0) return null;
  const next = (before.last?.number ?? before.firstBlock - 1) + 1;
  if (next >= segment.firstBlock) return null;
  const reason = missing(next, segment.firstBlock - 1);
  return { kind: "damage", file: segment.file, offset: 0, length: 0, reason };
}

function missing(from: number, to: number): string {
  return from === to ? `block ${from} is missing` : `blocks ${from} to ${to} are missing`;
}
