/**
 * A journal in memory, for sessions without a recording. It keeps J1 to J5 of ports/journal.ts for the life of the process, except that the
 * oldest data is dropped above `retainBytes`: snapshots, and blocks with their records.
 *
 * The newest block and the newest snapshot always stay, even if they are larger. On disk the blocks after the newest snapshot are kept; here
 * they may be dropped, so that memory stays bounded.
 */
import { ByteQueue } from "../../protocol/byte-queue.ts";
import { HASH_BYTES } from "../../protocol/limits.ts";
import type {
  BlockPosition,
  DerivedRecord,
  Journal,
  JournalBlock,
  JournalEntry,
  LogPlace,
  StoredSnapshot,
} from "../ports/journal.ts";
import { firstReaching, placeOf } from "./locate.ts";
import { checkDerivedRecord, checkNextBlock, checkSnapshot, copyPosition } from "./order.ts";

/** 48 MiB: some minutes of a busy session. */
const RETAIN_BYTES = 48 * 1024 * 1024;

/** Memory for a record or snapshot in addition to its bytes: objects, array headers. */
const OVERHEAD_BYTES = 400;

/** The numbers of each block in the queue. Its bytes come after its hash. */
const COLUMN = { firstSequence: 0, lastSequence: 1, timeUs: 2 } as const;

export interface MemoryJournalOptions {
  /** Blocks, records and snapshots together; the newest block and the newest snapshot stay in any case. */
  retainBytes?: number;
}

export function createMemoryJournal({
  retainBytes = RETAIN_BYTES,
}: MemoryJournalOptions = {}): MemoryJournal {
  if (!(retainBytes > 0))
    throw new RangeError(`Cannot keep a journal of ${retainBytes} bytes: expected more than 0`);
  return new MemoryJournal(retainBytes);
}

export class MemoryJournal implements Journal {
  readonly durability = "memory";
  readonly #retainBytes: number;
  readonly #blocks = new ByteQueue(Object.keys(COLUMN).length);
  /** By the block that was the last one when they came. Most blocks have none. */
  readonly #records = new Map<number, DerivedRecord[]>();
  /** Number of the block with index 0. */
  #start = 1;
  #last: BlockPosition | null = null;
  /** Oldest first. */
  readonly #snapshots: StoredSnapshot[] = [];
  #bytes = 0;
  #closed = false;

  constructor(retainBytes: number) {
    this.#retainBytes = retainBytes;
  }

  get last(): BlockPosition | null {
    return this.#last === null ? null : copyPosition(this.#last);
  }

  get first(): BlockPosition | null {
    return this.#last === null ? null : this.#position(this.#first);
  }

  /** Bytes held now, objects estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  append(block: JournalBlock): Promise<void> | null {
    try {
      this.#checkOpen("append a block");
      checkNextBlock(this.#last, block);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#keep(block);
    return null;
  }

  appendDerived(record: DerivedRecord): void {
    this.#checkOpen("append a derived record");
    const last = checkDerivedRecord(this.#last, record);
    const { kind, block, bytes } = record;
    const records = this.#records.get(last.number) ?? [];
    records.push({ kind, block, bytes: new Uint8Array(bytes) });
    this.#records.set(last.number, records);
    this.#grow(bytes.length + OVERHEAD_BYTES);
  }

  async saveSnapshot(block: number, timeUs: number, sequence: number, bytes: Uint8Array): Promise<void> {
    this.#checkOpen("save a snapshot");
    checkSnapshot(this.#last, block);
    const same = this.#snapshots.findIndex((other) => other.block === block);
    if (same >= 0) this.#dropSnapshot(same);
    this.#snapshots.push({ block, timeUs, sequence, bytes: new Uint8Array(bytes) });
    this.#snapshots.sort((a, b) => a.block - b.block);
    this.#grow(bytes.length + OVERHEAD_BYTES);
  }

  async loadSnapshot({ block, timeUs, sequence }: LogPlace): Promise<StoredSnapshot | null> {
    // A field that is absent sets no limit.
    const found = this.#snapshots.findLast(
      (each) =>
        each.block <= (block ?? Infinity) &&
        each.timeUs <= (timeUs ?? Infinity) &&
        each.sequence <= (sequence ?? Infinity),
    );
    return found === undefined ? null : { ...found, bytes: new Uint8Array(found.bytes) };
  }

  async locate(at: LogPlace): Promise<number | null> {
    const { field, value } = placeOf(at);
    if (this.#last === null) return null;
    const end = this.#last.number + 1;
    const found = firstReaching(this.#first, end, (number) => this.#position(number), field, value);
    return found === end ? null : found;
  }

  async *read(from = 0): AsyncGenerator<JournalEntry> {
    let number = Math.max(from, this.#first);
    while (this.#last !== null && number <= this.#last.number) {
      if (number < this.#first) {
        yield droppedWhileRead(number, this.#first - 1);
        number = this.#first;
      }
      const records = this.#records.get(number) ?? [];
      yield { kind: "block", block: this.#block(number) };
      // A record is stored with the block that was last when it came, so it may belong to one before `from`.
      for (const record of records)
        if (record.block >= from) yield { ...record, bytes: new Uint8Array(record.bytes) };
      number++;
    }
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** Number of the oldest block kept. */
  get #first(): number {
    return this.#start + this.#blocks.first;
  }

  /** A copy of one that is kept. */
  #block(number: number): JournalBlock {
    const bytes = this.#blocks.get(number - this.#start).slice(HASH_BYTES);
    return { ...this.#position(number), bytes };
  }

  #position(number: number): BlockPosition {
    const index = number - this.#start;
    return {
      number,
      firstSequence: this.#blocks.number(index, COLUMN.firstSequence),
      lastSequence: this.#blocks.number(index, COLUMN.lastSequence),
      timeUs: this.#blocks.number(index, COLUMN.timeUs),
      hash: this.#blocks.get(index).slice(0, HASH_BYTES),
    };
  }

  #keep(block: JournalBlock): void {
    const { firstSequence, lastSequence, timeUs, hash, bytes } = block;
    if (this.#last === null) this.#start = block.number;
    this.#blocks.add([firstSequence, lastSequence, timeUs], hash, bytes);
    this.#last = copyPosition(block);
    this.#grow(HASH_BYTES + bytes.length + this.#blocks.overheadBytes);
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    while (this.#bytes > this.#retainBytes) if (!this.#dropOldest()) return;
  }

  /** Drops a snapshot older than the first block, else the first block; false when only the newest of each is left. */
  #dropOldest(): boolean {
    if (this.#snapshots.length > 1 && this.#snapshots[0]!.block < this.#first) {
      this.#dropSnapshot(0);
      return true;
    }
    if (this.#last === null || this.#first === this.#last.number) return false;
    const number = this.#first;
    this.#bytes -= this.#blocks.lengthOf(this.#blocks.first) + this.#blocks.overheadBytes;
    for (const { bytes } of this.#records.get(number) ?? []) this.#bytes -= bytes.length + OVERHEAD_BYTES;
    this.#blocks.drop();
    this.#records.delete(number);
    return true;
  }

  #dropSnapshot(index: number): void {
    const [dropped] = this.#snapshots.splice(index, 1);
    this.#bytes -= dropped!.bytes.length + OVERHEAD_BYTES;
  }

  #checkOpen(action: string): void {
    if (this.#closed) throw new Error(`Cannot ${action}: the journal is closed`);
  }
}

function droppedWhileRead(from: number, to: number): JournalEntry {
  // To a reader every gap is damage, also one that retention made.
  const reason = `blocks ${from} to ${to} were dropped by retention while being read`;
  return { kind: "damage", file: "memory", offset: 0, length: 0, reason };
}
