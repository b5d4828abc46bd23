/**
 * Reads the records of one segment file one by one, and continues after damage.
 *
 *   for (;;) switch (scanner.step()) {
 *     case "more":   await scanner.fill(); continue;     // the only wait: a step itself needs no promise
 *     case "record": …scanner.type, .block, .position(), .payload()
 *     case "damage": …scanner.damageOffset, .damageLength, .damageReason
 *     case "end":
 *   }
 *
 * After damage the scan continues at the next record whose CRC is correct. It looks first where the damaged record claims to end, then at
 * every byte. Undamaged files never need that search. It takes a time in proportion to the file, whatever the bytes claim:
 *
 * N1  A checksum reads bytes that none has read before, or few, or is computed from those of others (range-checksums.ts).
 * N2  Each `fill` reads half a window or more, or the rest: what is kept in memory is moved seldom.
 */
import type { BlockPosition } from "../ports/journal.ts";
import type { DiskFile } from "./disk.ts";
import { CHECKSUM_EVERY_BYTES, RangeChecksums, SHORT_BYTES } from "./range-checksums.ts";
import {
  BATCH_MARK,
  BLOCK_FIELDS_BYTES,
  BODY_BYTES_MIN,
  bodyCrc,
  MAX_BODY_BYTES,
  RECORD,
  RECORD_HEADER_BYTES,
  readI64,
  readPosition,
  TYPE_MAX,
} from "./record.ts";

export type Step = "more" | "record" | "damage" | "end";

/** Large enough that the cost of a read call does not matter, small enough for many readers at once. */
const WINDOW_BYTES = 1024 * 1024;

/** Window of a lookup, which reads from one index entry to the next. */
export const SMALL_WINDOW_BYTES = 96 * 1024;

/** No segment holds so many blocks. A higher block number is random bytes that look like a record. */
const SEGMENT_BLOCKS_MAX = 0x1_0000_0000;

/** The length field of a damaged record is used only up to this size. To look at the place where the record would end, everything up to
 * there must be in memory; a wrong length could otherwise claim a gigabyte. */
const CLAIM_BYTES_MAX = 1024 * 1024;

export class SegmentScanner {
  readonly #file: DiskFile;
  readonly #to: number;
  readonly #firstBlock: number;
  #bytes: Uint8Array;
  #view: DataView;
  /** File offsets of the window. */
  #start: number;
  #end: number;
  /** Up to where `fill` must read. */
  #neededTo = 0;
  #next: number;
  /** Where the search for a record has come to, or -1 outside damage. */
  #searchAt = -1;
  #claimedEnd = 0;
  #body = 0;
  #bodyEnd = 0;
  /** Checksums have read the file up to here. */
  #checkedTo = 0;
  readonly #ranges = new RangeChecksums();
  #work = 0;
  readonly #windowBytes: number;

  /** The record of the last step that returned "record": file offset, type without the mark, mark, block number. Valid until the next step. */
  offset = 0;
  type = 0;
  startsBatch = false;
  block = 0;

  /** The damage of the last step that returned "damage". Valid until the next step. */
  damageOffset = 0;
  damageLength = 0;
  damageReason = "";

  /** Scans the records from file offset `from` (a record's start) up to `to`. */
  constructor(
    file: DiskFile,
    from: number,
    to: number,
    firstBlock: number,
    windowBytes: number = WINDOW_BYTES,
  ) {
    this.#file = file;
    this.#next = from;
    this.#to = to;
    this.#firstBlock = firstBlock;
    this.#windowBytes = windowBytes;
    this.#bytes = new Uint8Array(Math.max(1, Math.min(windowBytes, to - from)));
    this.#view = new DataView(this.#bytes.buffer);
    this.#start = from;
    this.#end = from;
  }

  step(): Step {
    if (this.#searchAt >= 0) return this.#search();
    if (this.#next >= this.#to) return "end";
    const found = this.#recordAt(this.#next);
    if (found === "more") return "more";
    if (found === "record") return this.#take(this.#next);
    this.damageOffset = this.#next;
    this.damageReason = found;
    this.#searchAt = this.#next + 1;
    this.#claimedEnd = this.#claimAt(this.#next);
    return this.#search();
  }

  /** Position fields of the current record, which must be a block. */
  position(): BlockPosition {
    return readPosition(this.#view, this.#bytes, this.#body);
  }

  /** A copy of the current record's payload. */
  payload(): Uint8Array {
    const fields = this.type === RECORD.block ? BLOCK_FIELDS_BYTES : BODY_BYTES_MIN;
    return new Uint8Array(this.#bytes.subarray(this.#body + fields, this.#bodyEnd));
  }

  /** Bytes that were read from the file, moved in memory and checked so far: what a scan costs. */
  get work(): number {
    return this.#work + this.#ranges.work;
  }

  /** Reads more of the file, after a step that returned "more". */
  async fill(): Promise<void> {
    // A little before the place is kept for checksums.
    const keep = Math.min(this.#end, Math.max(this.#lowest - CHECKSUM_EVERY_BYTES, this.#start));
    const kept = this.#end - keep;
    const needed = this.#neededTo - keep;
    let bytes = this.#bytes;
    if (Math.min(needed + this.#windowBytes / 2, this.#to - keep) > bytes.length)
      bytes = new Uint8Array(Math.min(needed + this.#windowBytes, this.#to - keep));
    bytes.set(this.#bytes.subarray(keep - this.#start, keep - this.#start + kept));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
    this.#start = keep;
    this.#end = keep + kept;
    const room = Math.min(bytes.length - kept, this.#to - this.#end);
    const read = await this.#file.read(bytes.subarray(kept, kept + room), this.#end);
    this.#end += read;
    this.#work += kept + read;
    // A file that is shorter than expected is filled with zeros: the scan must reach its end, and reports them as damage.
    if (this.#end < this.#neededTo) {
      bytes.fill(0, this.#end - keep, this.#neededTo - keep);
      this.#end = this.#neededTo;
    }
  }

  /** No record before this offset is asked for any more. */
  get #lowest(): number {
    return this.#searchAt >= 0 ? this.#searchAt : this.#next;
  }

  /** "record", "more", or the reason why there is no record. */
  #recordAt(at: number): string {
    if (at + RECORD_HEADER_BYTES + BODY_BYTES_MIN > this.#to) return "the file ends inside a record";
    if (!this.#has(at, RECORD_HEADER_BYTES + BODY_BYTES_MIN)) return "more";
    const head = at - this.#start;
    const length = this.#view.getUint32(head, true);
    if (length < BODY_BYTES_MIN || length > MAX_BODY_BYTES) return `a record of ${length} bytes cannot be`;
    if (at + RECORD_HEADER_BYTES + length > this.#to) return "the file ends inside a record";
    if (!this.#has(at, RECORD_HEADER_BYTES + length)) return "more";
    const body = at - this.#start + RECORD_HEADER_BYTES;
    if (this.#crcOf(at + RECORD_HEADER_BYTES, length) !== this.#view.getUint32(body - 4, true))
      return "the checksum of a record does not hold";
    const type = this.#view.getUint8(body) & ~BATCH_MARK;
    if (type === RECORD.block && length < BLOCK_FIELDS_BYTES) return `a block of ${length} bytes cannot be`;
    return "record";
  }

  /** N1. The body must be in memory. */
  #crcOf(body: number, length: number): number {
    const end = body + length;
    if (length > SHORT_BYTES && body < this.#checkedTo)
      return this.#ranges.of(this.#bytes, this.#start, this.#lowest, body, end, this.#firstBlock >>> 0);
    this.#checkedTo = Math.max(this.#checkedTo, end);
    this.#work += length;
    return bodyCrc(this.#bytes, body - this.#start, end - this.#start, this.#firstBlock);
  }

  #take(at: number): "record" {
    this.offset = at;
    this.#body = at - this.#start + RECORD_HEADER_BYTES;
    this.#bodyEnd = this.#body + this.#view.getUint32(this.#body - RECORD_HEADER_BYTES, true);
    const type = this.#view.getUint8(this.#body);
    this.type = type & ~BATCH_MARK;
    this.startsBatch = (type & BATCH_MARK) !== 0;
    this.block = readI64(this.#view, this.#body + 1);
    this.#next = at + (this.#bodyEnd - this.#body) + RECORD_HEADER_BYTES;
    return "record";
  }

  /** Looks for the next record: where the damaged one claims to end, then at every byte. */
  #search(): Step {
    if (this.#claimedEnd > 0) {
      const found = this.#recordAt(this.#claimedEnd);
      if (found === "more") return "more";
      const end = this.#claimedEnd;
      this.#claimedEnd = 0;
      if (found === "record") return this.#resume(end);
    }
    for (; this.#searchAt + RECORD_HEADER_BYTES + BODY_BYTES_MIN <= this.#to; this.#searchAt++) {
      if (!this.#has(this.#searchAt, RECORD_HEADER_BYTES + BODY_BYTES_MIN)) return "more";
      if (!this.#plausibleAt(this.#searchAt)) continue;
      const found = this.#recordAt(this.#searchAt);
      if (found === "more") return "more";
      if (found === "record") return this.#resume(this.#searchAt);
    }
    return this.#resume(this.#to);
  }

  /** Cheap tests before a CRC over what may be megabytes. */
  #plausibleAt(at: number): boolean {
    const head = at - this.#start;
    const length = this.#view.getUint32(head, true);
    if (length < BODY_BYTES_MIN || length > MAX_BODY_BYTES) return false;
    const type = this.#view.getUint8(head + RECORD_HEADER_BYTES) & ~BATCH_MARK;
    if (type < 1 || type > TYPE_MAX) return false;
    const block = readI64(this.#view, head + RECORD_HEADER_BYTES + 1);
    return block >= this.#firstBlock - 1 && block <= this.#firstBlock + SEGMENT_BLOCKS_MAX;
  }

  /** Where the record at `at` claims to end, or 0 when its length is not usable. */
  #claimAt(at: number): number {
    if (at < this.#start || at + RECORD_HEADER_BYTES > this.#end) return 0;
    const length = this.#view.getUint32(at - this.#start, true);
    const end = at + RECORD_HEADER_BYTES + length;
    return length >= BODY_BYTES_MIN && length <= CLAIM_BYTES_MAX && end < this.#to ? end : 0;
  }

  #resume(at: number): "damage" {
    this.damageLength = at - this.damageOffset;
    this.#searchAt = -1;
    this.#claimedEnd = 0;
    this.#next = at;
    return "damage";
  }

  #has(at: number, bytes: number): boolean {
    if (at >= this.#start && at + bytes <= this.#end) return true;
    this.#neededTo = at + bytes;
    return false;
  }
}
