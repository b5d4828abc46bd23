/**
 * The journal of a partition in a stream that several nodes write: a block is durable when it was read back admitted.
 *
 *   append      ─► queue ─► one entry at a time ─► stream ─► read back ─┬─ admitted ─► resolved, the next one
 *   (derived records leave with their block)         ▲                   └─ another node took over ─► Fenced, halted
 *                                                    └── no answer: the same entry again, under the same id
 *
 * X1  `append` resolves when every reader of the stream will count the block, and not when the server says that it stored it.
 * X2  An entry is sent when the one before it was admitted. Sending it again is harmless: it is admitted once.
 * X3  After a take-over by another nothing more is admitted: what waits is rejected with `Fenced`, what comes later with `JournalHalted`.
 * X4  Notes travel in the same stream, numbered in the epoch: their order among the blocks is part of what a verifier reads, and one
 *     stream has one order. Those that wait behind their block share its entry; the rule of admission judges each as if it stood alone.
 * X5  A stream that has no room is tried until it has: nothing that was handed over is lost meanwhile, and `blocked` says why it waits.
 *
 * One entry at a time costs no throughput: a partition gathers inputs into the next block while one is on its way.
 */

import { Fenced, JournalBusy, JournalHalted } from "../journal/errors.ts";
import { firstReaching, placeOf } from "../journal/locate.ts";
import { checkDerivedRecord, checkNextBlock, checkSnapshot, copyPosition } from "../journal/order.ts";
import type { SnapshotStore } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type {
  BlockPosition,
  DerivedRecord,
  Journal,
  JournalBlock,
  JournalEntry,
  LogPlace,
  StoredSnapshot,
} from "../ports/journal.ts";
import type { Verdict } from "./admission.ts";
import type { AdmittedLog } from "./admitted-log.ts";
import { appendUntilStopped } from "./append-until-stopped.ts";
import { encodeBlockEntry, encodeDerivedRecord, recordsThatFit, type StreamedEntry } from "./log-entry.ts";
import { StreamSnapshots } from "./stream-snapshots.ts";

/** Bound of what waits to be read back, as for the disk (file.ts). */
const PENDING_BYTES = 16 * 1024 * 1024;

/** Memory for a waiting entry in addition to its bytes. */
const OVERHEAD_BYTES = 200;

export interface StreamJournalOptions {
  /** Read to its end, in an epoch that the caller took over. */
  readonly log: AdmittedLog;
  readonly epoch: number;
  readonly snapshots: SnapshotStore;
  readonly clock: Clock;
  /** Before an entry that was not answered or not read back is sent again. */
  readonly retryMs: number;
  /** Beyond it `append` rejects with JournalBusy. */
  readonly pendingBytes?: number;
  report(message: string): void;
  /** The stream has no room for what is written, and why; null: it has again. Each is said once. */
  full?(reason: string | null): void;
}

interface Waiting {
  readonly kind: "block" | "derivedRecord";
  /** Number of the block, or of the derived record in its epoch. */
  readonly number: number;
  /** Hash of a block. */
  readonly hash: Uint8Array | null;
  readonly bytes: Uint8Array;
  readonly traceparent?: string | undefined;
  readonly settled: Promise<void>;
  resolve(): void;
  reject(error: Error): void;
}

export class StreamJournal implements Journal {
  readonly durability = "stream";
  readonly #options: StreamJournalOptions;
  readonly #log: AdmittedLog;
  readonly #snapshots: StreamSnapshots;
  readonly #ending = resolvable<Error>();
  /** In order; the first `#underWay` of them are on their way, as one entry. */
  readonly #waiting: Waiting[] = [];
  #underWay = 0;
  #stopSending: (() => void) | null = null;
  #pendingBytes = 0;
  #blocked: string | null = null;
  /** Last block and number of derived records handed over. */
  #given: BlockPosition | null;
  #derivedRecords = 0;
  #halted: JournalHalted | null = null;
  #closed = false;

  constructor(options: StreamJournalOptions) {
    this.#options = options;
    this.#log = options.log;
    this.#given = options.log.last;
    this.#snapshots = new StreamSnapshots(options.snapshots, options.log, options.report);
    const { epoch, owner } = options.log.state;
    if (epoch !== options.epoch) this.#end(new Fenced(this.#log.partition, epoch, owner));
    this.#log.watch({
      entry: (entry, verdict) => this.#readBack(entry, verdict),
      broken: (error) => this.#end(error),
    });
  }

  get last(): BlockPosition | null {
    return this.#log.last;
  }

  get first(): BlockPosition | null {
    return this.#log.first;
  }

  get lastStoredUs(): number | null {
    return this.#log.lastStoredUs;
  }

  /** Why the stream has no room, or null. */
  get blocked(): string | null {
    return this.#blocked;
  }

  /** Bytes handed over and not yet read back. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get pendingBytesMax(): number {
    return this.#options.pendingBytes ?? PENDING_BYTES;
  }

  /** Resolves with the reason when the journal can take nothing more, `Fenced` above all; never otherwise. */
  whenEnded(): Promise<Error> {
    return this.#ending.promise;
  }

  async append(block: JournalBlock): Promise<void> {
    this.#checkUsable("append a block");
    checkNextBlock(this.#given, block);
    this.#checkRoom(`append block ${block.number}`, block.bytes.length, this.pendingBytesMax);
    this.#given = copyPosition(block);
    const { number, hash } = this.#given;
    const { bytes, traceparent } = block;
    await this.#hand({ kind: "block", number, hash, bytes, traceparent });
  }

  appendDerived(record: DerivedRecord): void {
    this.#checkUsable("append a derived record");
    checkDerivedRecord(this.#given, record);
    // Records may fill twice the bound: they come from blocks that were let in.
    this.#checkRoom(
      `append ${record.kind} of block ${record.block}`,
      record.bytes.length,
      2 * this.pendingBytesMax,
    );
    const { partition } = this.#log;
    const entries = encodeDerivedRecord(partition, this.#options.epoch, this.#derivedRecords + 1, record);
    for (const bytes of entries)
      this.#hand({ kind: "derivedRecord", number: ++this.#derivedRecords, hash: null, bytes }).catch(() => {
        // Not waited for: `whenEnded` and the next block report that the journal halted.
      });
  }

  async saveSnapshot(block: number, timeUs: number, sequence: number, bytes: Uint8Array): Promise<void> {
    this.#checkUsable("save a snapshot");
    checkSnapshot(this.#given, block);
    // Waits for the block and for its derived records: a recovery from the snapshot does not derive them again.
    await this.flush();
    await this.#snapshots.save({ block, timeUs, sequence, bytes });
  }

  loadSnapshot(at: LogPlace): Promise<StoredSnapshot | null> {
    return this.#snapshots.load(at);
  }

  async locate(at: LogPlace): Promise<number | null> {
    const { field, value } = placeOf(at);
    let { index } = this.#log;
    const search = () =>
      firstReaching(index.first, index.count + 1, (number) => index.get(number), field, value);
    let found = search();
    if (found === index.first && found > 1) {
      // An earlier one may reach it as well.
      await this.#log.complete();
      index = this.#log.index;
      found = search();
    }
    return found === index.count + 1 ? null : found;
  }

  async *read(from = 1): AsyncGenerator<JournalEntry> {
    // What was handed over before is part of what is read, unless it never will be.
    await this.#waiting.at(-1)?.settled.catch(() => {});
    yield* this.#log.entries(Math.max(1, from));
  }

  async flush(): Promise<void> {
    if (this.#halted !== null) throw this.#halted;
    await this.#waiting.at(-1)?.settled;
  }

  /** Waits for the appended blocks; a journal that halted is closed at once. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#waiting.at(-1)?.settled.catch(() => {});
    this.#log.end();
  }

  /** Gives up entries that were not read back yet, for an owner that must not wait. */
  abandon(reason: string): void {
    this.#end(
      new JournalHalted({ action: `write partition ${this.#log.partition} any more`, value: reason }),
    );
  }

  #hand(entry: Pick<Waiting, "kind" | "number" | "hash" | "bytes" | "traceparent">): Promise<void> {
    const { promise, resolve, reject } = resolvable<void>();
    this.#waiting.push({ ...entry, settled: promise, resolve, reject });
    this.#pendingBytes += entry.bytes.length + OVERHEAD_BYTES;
    // In a moment: the records of a block are handed over right after it.
    if (this.#underWay === 0) queueMicrotask(() => this.#send());
    return promise;
  }

  /** Sends the first that waits, a block with the records behind it, until all of it was read back. */
  #send(): void {
    const [head] = this.#waiting;
    if (head === undefined || this.#underWay > 0) return;
    const { clock, retryMs, report, epoch } = this.#options;
    const log = this.#log;
    const records = head.kind === "block" ? this.#recordsBehind(head) : [];
    this.#underWay = 1 + records.length;
    this.#stopSending = appendUntilStopped(
      encodeBlockEntry(head.bytes, records),
      `${log.partition}/${epoch}/${head.kind}/${head.number}`,
      {
        stream: log.stream,
        clock,
        retryMs,
        traceparent: head.traceparent,
        // Read already, and it was something else: the server gave the place out twice.
        stored: (sequence) => sequence <= log.sequence && log.missed(sequence),
        endsWith: (sequence) => log.checkEnd(sequence),
        report,
        full: (reason) => this.#setBlocked(reason),
      },
    );
  }

  #readBack(entry: StreamedEntry, verdict: Verdict): void {
    if (verdict === "takeover" && entry.kind === "takeover")
      this.#end(new Fenced(this.#log.partition, entry.epoch, entry.owner));
    if ((verdict !== "block" && verdict !== "derivedRecord") || this.#halted !== null) return;
    const [head] = this.#waiting;
    if (head === undefined || !isEntryOf(head, entry)) {
      this.#end(
        new JournalHalted({
          action: `write partition ${this.#log.partition}`,
          value: "another writer uses its epoch",
        }),
      );
      return;
    }
    this.#waiting.shift();
    this.#underWay--;
    this.#pendingBytes -= head.bytes.length + OVERHEAD_BYTES;
    head.resolve();
    if (this.#underWay > 0) return;
    this.#stopSending?.();
    // Stored earlier than the stream became full: only the answer was lost.
    this.#setBlocked(null);
    this.#send();
  }

  #setBlocked(reason: string | null): void {
    if (reason === this.#blocked) return;
    this.#blocked = reason;
    this.#options.full?.(reason);
  }

  /** Records that wait right behind a block and fit into its entry. */
  #recordsBehind(block: Waiting): Uint8Array[] {
    const next = this.#waiting.findIndex(({ kind }, k) => k > 0 && kind === "block");
    const records = this.#waiting.slice(1, next === -1 ? undefined : next).map(({ bytes }) => bytes);
    return records.slice(0, recordsThatFit(block.bytes, records));
  }

  #end(cause: Error): void {
    if (this.#halted !== null) return;
    this.#halted =
      cause instanceof JournalHalted
        ? cause
        : new JournalHalted({ action: "write the journal", value: cause.message }, { cause });
    this.#stopSending?.();
    for (const waiting of this.#waiting.splice(0)) waiting.reject(cause);
    this.#pendingBytes = 0;
    this.#ending.resolve(cause);
  }

  #checkUsable(action: string): void {
    if (this.#closed) throw new Error(`Cannot ${action}: the journal is closed`);
    if (this.#halted !== null) throw this.#halted;
  }

  #checkRoom(action: string, bytes: number, most: number): void {
    const pending = this.#pendingBytes;
    // Something larger than the bound may pass when nothing else waits: it could never be written otherwise.
    if (pending > 0 && pending + bytes > most)
      throw new JournalBusy({
        action,
        value: `${pending} bytes wait to be read back`,
        expected: `at most ${most - bytes}; try again after flush()`,
      });
  }
}

function isEntryOf(waiting: Waiting, entry: StreamedEntry): boolean {
  if (entry.kind !== waiting.kind || entry.number !== waiting.number) return false;
  return entry.kind === "derivedRecord" || entry.hash.every((byte, i) => byte === waiting.hash?.[i]);
}

function resolvable<T>(): { promise: Promise<T>; resolve(value: T): void; reject(error: Error): void } {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((settle, refuse) => {
    resolve = settle;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
