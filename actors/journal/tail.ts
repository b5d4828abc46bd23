/**
 * Follows a recording that another process writes: its entries in order, each as soon as it is in the file.
 *
 *   reading ──no more bytes──► waiting ──more bytes, a new segment──► reading
 *                                 └──the writer has closed it, or `signal`──► end
 *
 * T1  No lock is taken and nothing is changed: the writer does not notice.
 * T2  Bytes at the end that are no whole record are a write in progress. They are read again when there are more of them, and are damage
 *     only when a later batch or segment follows (record.ts: a batch begins when everything before it is durable).
 * T3  Damage before the first block asked for is not returned: what it destroyed was not asked for.
 * T4  A block is returned when it is written, perhaps before it is durable: a reader must not act for the writer.
 */
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { JournalEntry } from "../ports/journal.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { realDisk } from "./disk.ts";
import { isBeingWritten } from "./lock.ts";
import { BLOCK_FIELDS_BYTES, BODY_BYTES_MIN, RECORD, RECORD_HEADER_BYTES } from "./record.ts";
import { SegmentScanner } from "./scanner.ts";
import { BlockOrder, damageEntry, readSegmentHeader, segmentFirstBlock, segmentName } from "./segment.ts";

/** How late a reader may be that has read everything: less than a person notices. */
const POLL_MS = 5;

/** New segments and the end of the writer are looked for less often: each look reads the folder. */
const LOOK_MS = 50;

export interface TailOptions {
  /** First block to return. */
  readonly from: number;
  /** Ends the reading at its current place. */
  readonly signal?: AbortSignal;
  readonly disk?: Disk;
  readonly wait?: (ms: number) => Promise<unknown>;
}

export class RecordingTail {
  /** Bytes that were written and not yet returned, as of the last look. */
  bytesBehind = 0;
  private readonly directory: string;
  private readonly options: TailOptions;
  private readonly disk: Disk;
  private lookedMs = Number.NEGATIVE_INFINITY;

  constructor(directory: string, options: TailOptions) {
    this.directory = directory;
    this.options = options;
    this.disk = options.disk ?? realDisk;
  }

  /** Ends when the writer has closed the recording and everything was returned. */
  async *entries(): AsyncGenerator<JournalEntry> {
    const { from } = this.options;
    let firstBlock = await this.firstSegment();
    const order = new BlockOrder(firstBlock);
    while (firstBlock !== null) {
      const segment = await this.open(firstBlock, order);
      if (segment === null) {
        const reason = "it was removed before it was read";
        yield { kind: "damage", file: segmentName(firstBlock), offset: 0, length: 0, reason };
        return;
      }
      let next: number | null = null;
      try {
        next = yield* segment.follow(from);
      } finally {
        await segment.close();
      }
      if (next !== null) {
        const gap = order.checkSegment(next);
        if (gap !== null)
          yield { kind: "damage", file: segmentName(next), offset: 0, length: 0, reason: gap };
      }
      firstBlock = next;
    }
  }

  /** The segment that holds the first block to return; null when the writer ended without one. */
  private async firstSegment(): Promise<number | null> {
    for (;;) {
      const isWritten = await isBeingWritten(this.disk, this.directory);
      const segments = await this.segments();
      const { from } = this.options;
      const found = segments.findLast((firstBlock) => firstBlock <= from) ?? segments[0];
      if (found !== undefined) return found;
      if (!isWritten || this.isStopped) return null;
      await this.pause();
    }
  }

  /** Null when the file is gone: retention removes old segments even while they are read. */
  private async open(firstBlock: number, order: BlockOrder): Promise<SegmentTail | null> {
    try {
      const file = await this.disk.open(join(this.directory, segmentName(firstBlock)), "read");
      return new SegmentTail(this, file, firstBlock, order);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
      throw error;
    }
  }

  /** First block of each segment, ascending. */
  private async segments(): Promise<number[]> {
    const names = await this.disk.list(this.directory);
    return names
      .map(segmentFirstBlock)
      .filter((block) => block !== null)
      .sort((a, b) => a - b);
  }

  get isStopped(): boolean {
    return this.options.signal?.aborted === true;
  }

  pause(): Promise<unknown> {
    return (this.options.wait ?? setTimeout)(POLL_MS);
  }

  /** What there is besides this segment's bytes, now and then; undefined in between. */
  async look(firstBlock: number): Promise<{ isWritten: boolean; next: number | null } | undefined> {
    const nowMs = performance.now();
    if (nowMs - this.lookedMs < LOOK_MS) return undefined;
    this.lookedMs = nowMs;
    // In this order: a segment or a record that was written before the lock went is seen.
    const isWritten = await isBeingWritten(this.disk, this.directory);
    const next = (await this.segments()).find((block) => block > firstBlock) ?? null;
    return { isWritten, next };
  }
}

/** One segment file, from its beginning to its end. */
class SegmentTail {
  private readonly tail: RecordingTail;
  private readonly file: DiskFile;
  private readonly firstBlock: number;
  private readonly order: BlockOrder;
  /** Everything before this offset was returned. */
  private at = 0;
  /** A batch begins at this offset. */
  private batchAt = -1;
  /** Damage whose place among the blocks is not known before the next block (T3). */
  private held: JournalEntry[] = [];

  constructor(tail: RecordingTail, file: DiskFile, firstBlock: number, order: BlockOrder) {
    this.tail = tail;
    this.file = file;
    this.firstBlock = firstBlock;
    this.order = order;
  }

  close(): Promise<void> {
    return this.file.close();
  }

  /** Returns the first block of the next segment, or null at the end of the recording. */
  async *follow(from: number): AsyncGenerator<JournalEntry, number | null> {
    let scanned = -1;
    for (;;) {
      if (this.tail.isStopped) return null;
      const seen = await this.tail.look(this.firstBlock);
      const size = await this.file.size();
      this.tail.bytesBehind = Math.max(0, size - this.at);
      if (size !== scanned) {
        scanned = size;
        yield* this.scan(from, size, false);
        continue;
      }
      if (seen !== undefined) {
        // When the writer has left this segment, bytes that are no record will never be one.
        if (this.at < size) yield* this.scan(from, size, seen.next !== null);
        if (seen.next !== null || !seen.isWritten) {
          yield* this.release(from, seen.next);
          return seen.next;
        }
      }
      await this.tail.pause();
    }
  }

  private async *scan(from: number, size: number, isLeft: boolean): AsyncGenerator<JournalEntry> {
    if (this.at === 0 && !(await this.skipHeader()) && !isLeft && !(await this.batchFollows(0, size))) return;
    const scanner = new SegmentScanner(this.file, this.at, size, this.firstBlock);
    for (;;) {
      const step = scanner.step();
      if (step === "end") return;
      if (step === "more") await scanner.fill();
      else if (step === "record") {
        yield* this.record(scanner, from);
        if (this.tail.isStopped) return;
      } else {
        const end = scanner.damageOffset + scanner.damageLength;
        if (!isLeft && !(await this.batchFollows(end, size))) return;
        this.order.damaged();
        this.advance(end, size);
        this.held.push(damageEntry(segmentName(this.firstBlock), scanner));
      }
    }
  }

  private async skipHeader(): Promise<boolean> {
    const start = await readSegmentHeader(this.file, segmentName(this.firstBlock));
    this.at = start?.bytes ?? 0;
    return start !== null;
  }

  private async *record(scanner: SegmentScanner, from: number): AsyncGenerator<JournalEntry> {
    const { type, block, offset } = scanner;
    const bytes = scanner.payload();
    const fields = type === RECORD.block ? BLOCK_FIELDS_BYTES : BODY_BYTES_MIN;
    this.at = offset + RECORD_HEADER_BYTES + fields + bytes.length;
    this.tail.bytesBehind -= RECORD_HEADER_BYTES + fields + bytes.length;
    if (type === RECORD.block) {
      const odd = this.order.check(block);
      if (odd !== null)
        this.held.push({
          kind: "damage",
          file: segmentName(this.firstBlock),
          offset,
          length: 0,
          reason: odd,
        });
      yield* this.release(from, block);
      if (this.order.accepted && block >= from)
        yield { kind: "block", block: { ...scanner.position(), bytes } };
    } else if (block >= from && type === RECORD.derived) yield { kind: "derived", block, bytes };
    else if (block >= from && type === RECORD.checkpoint) yield { kind: "checkpoint", block, bytes };
  }

  /** Damage that was held, unless everything from the first block asked for comes after it. `next`: the block that follows it. */
  private *release(from: number, next: number | null): Generator<JournalEntry> {
    const { held } = this;
    this.held = [];
    if (next === null || next > from) yield* held;
  }

  private advance(to: number, size: number): void {
    this.at = to;
    this.tail.bytesBehind = size - to;
  }

  /** Whether a batch begins at or after an offset: then everything before it was durable once. */
  private async batchFollows(offset: number, size: number): Promise<boolean> {
    // Found for damage before: each part of the file is searched once.
    if (this.batchAt >= offset) return true;
    const scanner = new SegmentScanner(this.file, offset, size, this.firstBlock);
    for (;;) {
      const step = scanner.step();
      if (step === "end") return false;
      if (step === "more") await scanner.fill();
      else if (step === "record" && scanner.startsBatch) {
        this.batchAt = scanner.offset;
        return true;
      }
    }
  }
}
