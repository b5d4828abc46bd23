/**
 * The sidecar of a sealed segment, `NNNNNNNNNN.idx`: what scanning it would find, so that opening need not read it.
 *
 *    0  8 bytes  "EWIDX", 0, CR, LF
 *    8  u32      bytes of the file
 *   12  u32      CRC-32 of the rest, from byte 16
 *   16  u16      version (1), u16 zero
 *   20  u32      entries
 *   24  i64 × 4  bytes of the segment, of its header, blocks, derived records
 *   56  64 bytes first block: i64 number, firstSequence, lastSequence, timeUs, 32 bytes hash
 *  120  64 bytes last block, likewise
 *  184  i64 × 4  per entry: block number, firstSequence, timeUs, file offset of the record
 *
 * It is a cache: missing, damaged or of another size than its segment, it is built again. A damaged segment gets none, so
 * that its damage is found and reported at each opening.
 */

import { crc32 } from "node:zlib";
import { HASH_BYTES } from "../../protocol/limits.ts";
import type { BlockPosition } from "../ports/journal.ts";
import { readI64, writeI64 } from "./record.ts";
import type { Segment } from "./segment.ts";
import { emptySegment, segmentFirstBlock } from "./segment.ts";

const MAGIC = new Uint8Array([0x45, 0x57, 0x49, 0x44, 0x58, 0x00, 0x0d, 0x0a]);
const VERSION = 1;
const POSITION_BYTES = 4 * 8 + HASH_BYTES;
const ENTRIES_AT = 56 + 2 * POSITION_BYTES;
const ENTRY_BYTES = 32;

export function indexName(segmentFile: string): string {
  return segmentFile.replace(/\.seg$/, ".idx");
}

/** First block by the name, or null when it is no index. */
function indexFirstBlock(name: string): number | null {
  const match = /^(\d{10,16})\.idx$/.exec(name);
  return match === null ? null : Number(match[1]);
}

/**
 * Indexes before the first segment. Retention removes a segment and then its index; a process that ends in between leaves the index, which is
 * of no use. The next opening for writing removes it. Retention keeps the newest segment: in a folder without any, no file is of a recording.
 */
export function orphanedIndexes(names: readonly string[]): string[] {
  const segments = names.map(segmentFirstBlock).filter((block) => block !== null);
  if (segments.length === 0) return [];
  const first = Math.min(...segments);
  return names.filter((name) => (indexFirstBlock(name) ?? Number.POSITIVE_INFINITY) < first);
}

/** The segment must have a block. */
export function encodeIndex(segment: Segment): Uint8Array {
  const { index } = segment;
  const bytes = new Uint8Array(ENTRIES_AT + ENTRY_BYTES * index.length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, bytes.length, true);
  view.setUint16(16, VERSION, true);
  view.setUint32(20, index.length, true);
  writeI64(view, 24, segment.size);
  writeI64(view, 32, segment.recordsAt);
  writeI64(view, 40, segment.blocks);
  writeI64(view, 48, segment.derivedRecords);
  writePosition(view, bytes, 56, segment.first!);
  writePosition(view, bytes, 56 + POSITION_BYTES, segment.last!);
  let at = ENTRIES_AT;
  for (const { number, firstSequence, timeUs, offset } of index) {
    writeI64(view, at, number);
    writeI64(view, at + 8, firstSequence);
    writeI64(view, at + 16, timeUs);
    writeI64(view, at + 24, offset);
    at += ENTRY_BYTES;
  }
  view.setUint32(12, crc32(bytes.subarray(16)), true);
  return bytes;
}

/** The segment as described by the index, or null when these bytes are no index of the segment that starts at `firstBlock`. */
export function decodeIndex(bytes: Uint8Array, firstBlock: number, segmentBytes: number): Segment | null {
  if (bytes.length < ENTRIES_AT || MAGIC.some((byte, i) => bytes[i] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const entries = view.getUint32(20, true);
  if (view.getUint32(8, true) !== bytes.length || bytes.length !== ENTRIES_AT + ENTRY_BYTES * entries)
    return null;
  if (crc32(bytes.subarray(16)) !== view.getUint32(12, true)) return null;
  if (view.getUint16(16, true) !== VERSION || readI64(view, 24) !== segmentBytes) return null;
  const segment = emptySegment(firstBlock, readI64(view, 32));
  segment.size = segmentBytes;
  segment.blocks = readI64(view, 40);
  segment.derivedRecords = readI64(view, 48);
  segment.first = readPositionAt(view, bytes, 56);
  segment.last = readPositionAt(view, bytes, 56 + POSITION_BYTES);
  if (segment.first.number !== firstBlock) return null;
  for (let at = ENTRIES_AT; at < bytes.length; at += ENTRY_BYTES)
    segment.index.push({
      number: readI64(view, at),
      firstSequence: readI64(view, at + 8),
      timeUs: readI64(view, at + 16),
      offset: readI64(view, at + 24),
    });
  return segment;
}

function writePosition(view: DataView, bytes: Uint8Array, at: number, position: BlockPosition): void {
  writeI64(view, at, position.number);
  writeI64(view, at + 8, position.firstSequence);
  writeI64(view, at + 16, position.lastSequence);
  writeI64(view, at + 24, position.timeUs);
  bytes.set(position.hash, at + 32);
}

function readPositionAt(view: DataView, bytes: Uint8Array, at: number): BlockPosition {
  return {
    number: readI64(view, at),
    firstSequence: readI64(view, at + 8),
    lastSequence: readI64(view, at + 16),
    timeUs: readI64(view, at + 24),
    hash: new Uint8Array(bytes.subarray(at + 32, at + 32 + HASH_BYTES)),
  };
}
