/**
 * The start of a segment file, little-endian:
 *
 *    0  8 bytes  "EWSEG", 0, CR, LF
 *    8  u32      bytes of this header, to the first record
 *   12  u32      CRC-32 of the rest of it, from byte 16
 *   16  u16      version (1)
 *   18  u16      bit 0: the log says which blocks it begins after (`beginsAfter` in record.ts), so others are missing; the rest zero
 *   20  i64      number of the first block
 *   28  u32, …   partition, UTF-8 with its length before it
 *       u32, …   what the recording was created from, JSON in UTF-8 with its length before it
 */

import { crc32 } from "node:zlib";
import { EigenwatchError } from "../../protocol/errors.ts";
import { readI64, writeI64 } from "./record.ts";

export interface SegmentHeader {
  partition: string;
  firstBlock: number;
  /** Plain JSON from the starter of the recording; the journal only keeps it. */
  createdFrom: unknown;
  /** Its writer noted what retention removed. Programs before did not. */
  notesBeginning: boolean;
}

export const SEGMENT_VERSION = 1;

/** Magic, length, CRC. */
export const SEGMENT_PREFIX_BYTES = 16;

/** Room for a long configuration; a larger length is damage. */
export const MAX_SEGMENT_HEADER_BYTES = 1024 * 1024;

/** CR LF shows a transfer that changed line ends, 0 keeps editors from taking it for text. */
const MAGIC = new Uint8Array([0x45, 0x57, 0x53, 0x45, 0x47, 0x00, 0x0d, 0x0a]);

const FIXED_BYTES = 28;

const NOTES_BEGINNING = 1;

export function encodeSegmentHeader(header: Omit<SegmentHeader, "notesBeginning">): Uint8Array {
  const partition = new TextEncoder().encode(header.partition);
  const createdFrom = new TextEncoder().encode(JSON.stringify(header.createdFrom ?? null));
  const bytes = new Uint8Array(FIXED_BYTES + 4 + partition.length + 4 + createdFrom.length);
  if (bytes.length > MAX_SEGMENT_HEADER_BYTES)
    throw new RangeError(
      `Cannot start a segment: its header has ${bytes.length} bytes; expected at most MAX_SEGMENT_HEADER_BYTES (${MAX_SEGMENT_HEADER_BYTES})`,
    );
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC, 0);
  view.setUint32(8, bytes.length, true);
  view.setUint16(16, SEGMENT_VERSION, true);
  view.setUint16(18, NOTES_BEGINNING, true);
  writeI64(view, 20, header.firstBlock);
  view.setUint32(FIXED_BYTES, partition.length, true);
  bytes.set(partition, FIXED_BYTES + 4);
  view.setUint32(FIXED_BYTES + 4 + partition.length, createdFrom.length, true);
  bytes.set(createdFrom, FIXED_BYTES + 8 + partition.length);
  view.setUint32(12, crc32(bytes.subarray(SEGMENT_PREFIX_BYTES)), true);
  return bytes;
}

/** Length of the header by its first 16 bytes, or null when these do not begin a segment. */
export function segmentHeaderBytes(prefix: Uint8Array): number | null {
  if (prefix.length < SEGMENT_PREFIX_BYTES || MAGIC.some((byte, i) => prefix[i] !== byte)) return null;
  const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(8, true);
  return length < FIXED_BYTES + 8 || length > MAX_SEGMENT_HEADER_BYTES ? null : length;
}

/** The header, or null when it is damaged. Throws for a version this program does not know. */
export function decodeSegmentHeader(bytes: Uint8Array, file: string): SegmentHeader | null {
  const length = segmentHeaderBytes(bytes);
  if (length === null || bytes.length < length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (crc32(bytes.subarray(SEGMENT_PREFIX_BYTES, length)) !== view.getUint32(12, true)) return null;
  const version = view.getUint16(16, true);
  if (version !== SEGMENT_VERSION)
    throw new EigenwatchError({
      action: `read ${file}`,
      value: `its format has version ${version}`,
      expected: String(SEGMENT_VERSION),
      kind: "input",
    });
  const partitionBytes = view.getUint32(FIXED_BYTES, true);
  const settingsAt = FIXED_BYTES + 8 + partitionBytes;
  const text = new TextDecoder();
  return {
    partition: text.decode(bytes.subarray(FIXED_BYTES + 4, FIXED_BYTES + 4 + partitionBytes)),
    firstBlock: readI64(view, 20),
    createdFrom: JSON.parse(text.decode(bytes.subarray(settingsAt, length))),
    notesBeginning: (view.getUint16(18, true) & NOTES_BEGINNING) !== 0,
  };
}
