/**
 * One record of a segment file, little-endian:
 *
 *   u32 length of the body │ u32 CRC-32 of the body │ body: u8 type │ fields │ payload
 *
 * Fields of a block: i64 number, firstSequence, lastSequence, timeUs, 32 bytes hash; of a derived record and of a mark: i64 block.
 *
 * The CRC starts from the segment's first block number instead of 0, so that bytes left over from another segment never pass.
 * Bit 7 of the type marks the first record of a batch: when it was written, everything before it was durable. This is how
 * opening can distinguish a torn tail (no marked record follows) from damage to acknowledged records (a marked record follows).
 */

import { crc32 } from "node:zlib";
import { HASH_BYTES } from "../../protocol/limits.ts";
import type { BlockPosition, DerivedRecord } from "../ports/journal.ts";

/** Records by type. A reader skips types it does not know when their CRC holds. */
export const RECORD = {
  block: 1,
  derived: 2,
  checkpoint: 3,
  closed: 4,
  snapshotStored: 5,
  snapshotGivenUp: 6,
  beginsAfter: 7,
} as const;

/** Records that say something of a block by their type alone. */
export type MarkType = (typeof RECORD)["closed" | "snapshotStored" | "snapshotGivenUp" | "beginsAfter"];

export const BATCH_MARK = 0x80;

/** Length and CRC. */
export const RECORD_HEADER_BYTES = 8;

/** Type and block number: no body is shorter. */
export const BODY_BYTES_MIN = 9;

/** From the body's start to a block's payload. */
export const BLOCK_FIELDS_BYTES = 1 + 4 * 8 + HASH_BYTES;

/** Far above the largest block (MAX_BLOCK_BYTES) and its events; a larger length is damage. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Types known or not yet known: what resynchronising takes for plausible. */
export const TYPE_MAX = 15;

/** Writes a whole record except its CRC, which `sealRecords` adds; returns the offset after it. */
export function writeBlockRecord(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  position: BlockPosition,
  payload: Uint8Array,
): number {
  const body = writeHead(view, at, BLOCK_FIELDS_BYTES + payload.length, RECORD.block, position.number);
  writeI64(view, body + 9, position.firstSequence);
  writeI64(view, body + 17, position.lastSequence);
  writeI64(view, body + 25, position.timeUs);
  bytes.set(position.hash, body + 33);
  bytes.set(payload, body + BLOCK_FIELDS_BYTES);
  return body + BLOCK_FIELDS_BYTES + payload.length;
}

export function writeDerivedRecord(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  record: DerivedRecord,
): number {
  const body = writeHead(view, at, BODY_BYTES_MIN + record.bytes.length, RECORD[record.kind], record.block);
  bytes.set(record.bytes, body + BODY_BYTES_MIN);
  return body + BODY_BYTES_MIN + record.bytes.length;
}

/**
 * `closed`: the journal was closed in order after the block, everything before it was durable. `snapshotStored`, `snapshotGivenUp`: the snapshot
 * after the block is in the folder, or will be removed so that fewer are kept. `beginsAfter`: nobody need miss the block and those before it,
 * because retention removes them, or because the recording was made without them.
 */
export function writeMark(view: DataView, at: number, type: MarkType, block: number): number {
  return writeHead(view, at, BODY_BYTES_MIN, type, block) + BODY_BYTES_MIN;
}

export function blockRecordBytes(payloadBytes: number): number {
  return RECORD_HEADER_BYTES + BLOCK_FIELDS_BYTES + payloadBytes;
}

export function derivedRecordBytes(payloadBytes: number): number {
  return RECORD_HEADER_BYTES + BODY_BYTES_MIN + payloadBytes;
}

/** Marks the first record as the start of a batch and fills in the CRC of each, for the segment that starts at `firstBlock`. */
export function sealRecords(view: DataView, bytes: Uint8Array, end: number, firstBlock: number): void {
  view.setUint8(RECORD_HEADER_BYTES, view.getUint8(RECORD_HEADER_BYTES) | BATCH_MARK);
  for (let at = 0; at < end; ) {
    const end = at + RECORD_HEADER_BYTES + view.getUint32(at, true);
    view.setUint32(at + 4, bodyCrc(bytes, at + RECORD_HEADER_BYTES, end, firstBlock), true);
    at = end;
  }
}

export function bodyCrc(bytes: Uint8Array, start: number, end: number, firstBlock: number): number {
  return crc32(bytes.subarray(start, end), firstBlock >>> 0);
}

/** The position fields of a block record whose body starts at `body`. */
export function readPosition(view: DataView, bytes: Uint8Array, body: number): BlockPosition {
  return {
    number: readI64(view, body + 1),
    firstSequence: readI64(view, body + 9),
    lastSequence: readI64(view, body + 17),
    timeUs: readI64(view, body + 25),
    hash: new Uint8Array(bytes.subarray(body + 33, body + 33 + HASH_BYTES)),
  };
}

/** Whole numbers within ±2^53, as two's complement: no BigInt is allocated. */
export function writeI64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}

export function readI64(view: DataView, at: number): number {
  return view.getInt32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}

function writeHead(view: DataView, at: number, length: number, type: number, block: number): number {
  const body = at + RECORD_HEADER_BYTES;
  view.setUint32(at, length, true);
  view.setUint8(body, type);
  writeI64(view, body + 1, block);
  return body;
}
