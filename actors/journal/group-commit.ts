/**
 * Group commit: while one batch is written and synced, what arrives gathers in the other, and goes out next, all of it at once.
 *
 *   idle ─append─► (rest of this turn joins) ─► writing ─durable─► writing the next batch, or idle
 *                                                  └─error─► halted: everything waiting and everything after is refused
 *
 * A batch is encoded in place: two buffers serve forever, and what waits is bounded by `pendingBytes`.
 */
import { errorText } from "../../protocol/errors.ts";
import type { DerivedRecord, JournalBlock } from "../ports/journal.ts";
import { Batch } from "./batch.ts";
import { JournalBusy, JournalHalted, RecordingTaken } from "./errors.ts";
import { copyPosition } from "./order.ts";
import { blockRecordBytes, derivedRecordBytes, MAX_BODY_BYTES, type MarkType } from "./record.ts";

/** Notes are not waited for, but so many bytes are worth a write of their own. */
const RECORDS_WRITE_BYTES = 256 * 1024;

/** Writes a batch and makes it durable. */
export type WriteBatch = (batch: Batch) => Promise<void>;

export class GroupCommit {
  readonly #write: WriteBatch;
  readonly pendingBytesMax: number;
  readonly #onHalt: (cause: unknown) => Promise<void>;
  #gathering = new Batch();
  #spare = new Batch();
  /** Bytes being written. */
  #writingBytes = 0;
  #running = false;
  #halted: JournalHalted | null = null;

  constructor(write: WriteBatch, onHalt: (cause: unknown) => Promise<void>, pendingBytesMax: number) {
    this.#write = write;
    this.#onHalt = onHalt;
    this.pendingBytesMax = pendingBytesMax;
  }

  get halted(): JournalHalted | null {
    return this.#halted;
  }

  /** Bytes handed over and not yet durable. */
  get pendingBytes(): number {
    return this.#writingBytes + this.#gathering.length;
  }

  append(block: JournalBlock): Promise<void> {
    this.#admit(`append block ${block.number}`, blockRecordBytes(block.bytes.length), this.pendingBytesMax);
    this.#gathering.addBlock(copyPosition(block), block);
    return this.flush();
  }

  /** Notes may fill twice the bound: they come from blocks that were let in. */
  appendDerived(record: DerivedRecord): void {
    const action = `append ${record.kind} of block ${record.block}`;
    this.#admit(action, derivedRecordBytes(record.bytes.length), 2 * this.pendingBytesMax);
    this.#gathering.addDerived(record);
    if (this.#gathering.length >= RECORDS_WRITE_BYTES) this.#start();
  }

  /** Written with what comes next, or with `flush`. A halted journal ignores it. */
  mark(type: MarkType, block: number): void {
    if (this.#halted === null) this.#gathering.addMark(type, block);
  }

  /** Resolves when everything handed over so far is durable. */
  flush(): Promise<void> {
    if (this.#halted !== null) return Promise.reject(this.#halted);
    const durable = this.#gathering.durable();
    this.#start();
    return durable;
  }

  #admit(action: string, bytes: number, pendingMax: number): void {
    if (this.#halted !== null) throw this.#halted;
    if (bytes > MAX_BODY_BYTES)
      throw new RangeError(`Cannot ${action}: ${bytes} bytes exceed MAX_BODY_BYTES (${MAX_BODY_BYTES})`);
    const pending = this.pendingBytes;
    // Something larger than the bound may pass when nothing else waits: it could never be written otherwise.
    if (pending > 0 && pending + bytes > pendingMax)
      throw new JournalBusy({
        action,
        value: `${pending} bytes wait for the disk`,
        expected: `at most ${pendingMax - bytes}; try again after flush()`,
      });
  }

  #start(): void {
    if (this.#running) return;
    this.#running = true;
    // What is handed over in the rest of this turn shares the first write.
    queueMicrotask(() => void this.#run());
  }

  async #run(): Promise<void> {
    while (
      this.#halted === null &&
      (this.#gathering.awaited || this.#gathering.length >= RECORDS_WRITE_BYTES)
    ) {
      const batch = this.#gathering;
      this.#gathering = this.#spare;
      this.#spare = batch;
      this.#writingBytes = batch.length;
      try {
        if (batch.length > 0) await this.#write(batch);
        this.#writingBytes = 0;
        batch.settle(null);
      } catch (error) {
        await this.#halt(batch, error);
      }
    }
    this.#running = false;
  }

  async #halt(batch: Batch, error: unknown): Promise<void> {
    this.#halted = new JournalHalted(haltParts(error), { cause: error });
    this.#writingBytes = 0;
    await this.#onHalt(error);
    batch.settle(this.#halted);
    this.#gathering.settle(this.#halted);
  }
}

function haltParts(error: unknown): { action: string; value: string; expected: string } {
  if (error instanceof RecordingTaken) {
    const { action, value, expected = "" } = error;
    return { action, value: `${value}; nothing was overwritten`, expected };
  }
  const reason = errorText(error);
  return {
    action: "write the journal",
    value: `${reason}; nothing acknowledged is lost`,
    expected: "the cause removed, and the journal opened again",
  };
}
