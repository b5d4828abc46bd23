/** The encoded records of the next write, and the callers that wait until they are durable. */
import type { BlockPosition, DerivedRecord, JournalBlock } from "../ports/journal.ts";
import {
  blockRecordBytes,
  derivedRecordBytes,
  type MarkType,
  sealRecords,
  writeBlockRecord,
  writeDerivedRecord,
  writeMark,
} from "./record.ts";

/** Holds a few usual blocks: a batch grows by doubling from here. */
const START_BYTES = 256 * 1024;

/** A buffer that grew beyond this in a burst is given back after it. */
const KEEP_BYTES = 4 * 1024 * 1024;

interface Waiter {
  resolve: () => void;
  reject: (cause: Error) => void;
}

export class Batch {
  bytes = new Uint8Array(START_BYTES);
  #view = new DataView(this.bytes.buffer);
  length = 0;
  derivedRecords = 0;
  /** Blocks in order, and where their records begin in `bytes`. */
  readonly positions: BlockPosition[] = [];
  readonly offsets: number[] = [];
  #waiters: Waiter[] = [];

  get awaited(): boolean {
    return this.#waiters.length > 0;
  }

  addBlock(position: BlockPosition, block: JournalBlock): void {
    const at = this.#reserve(blockRecordBytes(block.bytes.length));
    writeBlockRecord(this.#view, this.bytes, at, position, block.bytes);
    this.positions.push(position);
    this.offsets.push(at);
  }

  addDerived(record: DerivedRecord): void {
    const at = this.#reserve(derivedRecordBytes(record.bytes.length));
    writeDerivedRecord(this.#view, this.bytes, at, record);
    this.derivedRecords++;
  }

  addMark(type: MarkType, block: number): void {
    const at = this.#reserve(derivedRecordBytes(0));
    writeMark(this.#view, at, type, block);
  }

  /** Resolves when the batch is durable. */
  durable(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
    });
  }

  /** The bytes to write into the segment that starts at `firstBlock`. */
  seal(firstBlock: number): Uint8Array {
    sealRecords(this.#view, this.bytes, this.length, firstBlock);
    return this.bytes.subarray(0, this.length);
  }

  /** Answers the waiting callers and empties the batch for its next use. */
  settle(cause: Error | null): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    this.length = 0;
    this.derivedRecords = 0;
    this.positions.length = 0;
    this.offsets.length = 0;
    if (this.bytes.length > KEEP_BYTES) this.#replace(new Uint8Array(START_BYTES));
    for (const { resolve, reject } of waiters) {
      if (cause === null) resolve();
      else reject(cause);
    }
  }

  #reserve(bytes: number): number {
    const at = this.length;
    this.length += bytes;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, at));
      this.#replace(grown);
    }
    return at;
  }

  #replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}
