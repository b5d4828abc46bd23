/**
 * A recording: the journal of one partition in a folder (docs/recording.md has the bytes).
 *
 *   0000000001.seg  0000000001.idx      a sealed segment and its index
 *   0000004711.seg                      the segment being written
 *   snap-0000004800.snap                the core's state after a block
 *   journal.lock                        the process that writes
 *
 *   append ─► group commit ─► segment, fdatasync ─► resolved
 *
 * An appended block is copied before `append` returns: the caller may use its bytes again.
 */

import { join, resolve } from "node:path";
import { EigenwatchError } from "../../protocol/errors.ts";
import type {
  BlockPosition,
  DerivedRecord,
  Journal,
  JournalBlock,
  JournalEntry,
  LogPlace,
  StoredSnapshot,
} from "../ports/journal.ts";
import type { Batch } from "./batch.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { realDisk } from "./disk.ts";
import { type JournalHalted, RecordingTaken } from "./errors.ts";
import { GroupCommit } from "./group-commit.ts";
import { indexName, orphanedIndexes } from "./index-file.ts";
import type { Lock } from "./lock.ts";
import { lockDirectory } from "./lock.ts";
import type { OpenedSegments, TornTail } from "./open-segments.ts";
import { listRecording, openSegments, writeIndex } from "./open-segments.ts";
import { checkDerivedRecord, checkNextBlock, checkSnapshot } from "./order.ts";
import { locateBlock, readEntries } from "./reader.ts";
import { RECORD } from "./record.ts";
import type { RetentionLimits, RetentionPlan } from "./retention.ts";
import { planRetention } from "./retention.ts";
import type { Damage, Segment } from "./segment.ts";
import { emptySegment, enterBlock } from "./segment.ts";
import { encodeSegmentHeader } from "./segment-header.ts";
import type { SnapshotInfo } from "./snapshots.ts";
import { SnapshotStore, thinnest } from "./snapshots.ts";

/** One file to copy, check or lose; scanning it at opening takes a tenth of a second. */
const SEGMENT_BYTES = 64 * 1024 * 1024;

/** Sixty-four of the largest blocks: with more than that waiting, the disk has stalled. */
const PENDING_BYTES = 16 * 1024 * 1024;

/** As `writeWhole` names them. */
const UNFINISHED_FILE = /^(\d{10,16}\.idx|snap-\d{10,16}\.snap)\.tmp$/;

export interface JournalOptions {
  /** Read only: takes no lock and changes nothing. Another process may write; what it appends later is not seen. */
  readOnly?: boolean;
  /** Kept in each segment. Opening an existing recording of another partition fails. */
  partition?: string;
  /** Plain JSON kept in each segment: the settings a new recording starts from. */
  createdFrom?: unknown;
  /** A segment is sealed when the next batch would exceed this. */
  segmentBytes?: number;
  /** Bound of what waits in memory for the disk; beyond it `append` rejects with JournalBusy. */
  pendingBytes?: number;
  /** Bounds of what is kept (retention.ts); default: everything. */
  retainBytes?: number;
  retainUs?: number;
  /** Snapshots kept for seeking; default: all whose blocks are kept. At least 2. */
  keepSnapshots?: number;
  onReport?: (report: JournalReport) => void;
  disk?: Disk;
  /** Resolves after so many ms; default: the system's time. */
  wait?: (ms: number) => Promise<unknown>;
}

/** What an operator should see. */
export type JournalReport =
  | ({ kind: "recovered" } & TornTail)
  | Damage
  | { kind: "badSnapshot"; file: string; reason: string }
  | { kind: "staleLock"; pid: number }
  /** Segments and snapshots were removed; the first kept block, the bytes kept. */
  | { kind: "retention"; removed: readonly string[]; firstBlock: number; bytes: number }
  /** More is kept than the limits ask for. */
  | { kind: "overLimit"; bytes: number; heldBy: string }
  /** The disk will be full soon. */
  | { kind: "diskLow"; freeBytes: number };

/** Opens or creates a recording. Rejects with JournalLocked when another process writes it. */
export async function openJournal(directory: string, options: JournalOptions = {}): Promise<FileJournal> {
  const disk = options.disk ?? realDisk;
  const path = resolve(directory);
  const report = options.onReport ?? ignore;
  const writable = options.readOnly !== true;
  let lock: Lock | null = null;
  if (writable) {
    lock = await lockFolder(disk, path, options.wait);
    if (lock.takenFrom !== null) report({ kind: "staleLock", pid: lock.takenFrom });
  }
  let opened: OpenedSegments | null = null;
  try {
    const names = await listRecording(disk, path);
    if (writable)
      for (const name of [...unfinishedFiles(names), ...orphanedIndexes(names)])
        await disk.remove(join(path, name));
    opened = await openSegments(disk, path, names, writable);
    checkPartition(path, opened.partition, options.partition);
    const snapshots = new SnapshotStore(disk, path, (file, reason) =>
      report({ kind: "badSnapshot", file, reason }),
    );
    await snapshots.open(names, lastOf(opened.segments)?.number ?? 0, writable);
    if (opened.recovered !== null) report({ kind: "recovered", ...opened.recovered });
    for (const damage of opened.damage) report(damage);
    return new FileJournal(disk, path, options, lock, opened, snapshots);
  } catch (error) {
    await opened?.active?.close();
    await lock?.release();
    throw error;
  }
}

async function lockFolder(disk: Disk, path: string, wait: JournalOptions["wait"]): Promise<Lock> {
  try {
    await disk.makeDirectory(path);
    return await lockDirectory(disk, path, wait);
  } catch (error) {
    if (error instanceof EigenwatchError) throw error;
    // A file system that is full, read-only, or another user's.
    throw new EigenwatchError({ action: `write ${path}`, value: (error as Error).message }, { cause: error });
  }
}

/** Indexes and snapshots of a writer that ended while it wrote them: this process is the only writer now. Other names are not ours. */
function unfinishedFiles(names: readonly string[]): string[] {
  return names.filter((name) => UNFINISHED_FILE.test(name));
}

export class FileJournal implements Journal {
  readonly durability = "file";
  readonly directory: string;
  readonly readOnly: boolean;
  readonly partition: string;
  readonly createdFrom: unknown;
  /** The torn tail found when opening, or null. */
  readonly recovered: TornTail | null;
  /** Damage known since opening: in the newest segment, and in segments without a usable index. Reading finds the rest. */
  readonly damage: readonly Damage[];

  readonly #disk: Disk;
  readonly #lock: Lock | null;
  readonly #report: (report: JournalReport) => void;
  readonly #segmentBytes: number;
  readonly #limits: RetentionLimits;
  readonly #keepSnapshots: number;
  readonly #snapshots: SnapshotStore;
  readonly #commit: GroupCommit;
  /** Oldest first; the last one is written while #file is not null. */
  #segments: Segment[];
  #file: DiskFile | null;
  /** Id of that file, asked once. */
  #fileId: string | null = null;
  /** The last block handed over, durable or not. */
  #queued: BlockPosition | null;
  #last: BlockPosition | null;
  #first: BlockPosition | null;
  /** Something was written since the last `closed` record. */
  #unclosed = false;
  #closing: Promise<void> | null = null;
  /** Settles when the snapshots asked for so far are stored: one after the other, and before closing. */
  #saving: Promise<void> = Promise.resolve();
  #heldBy: string | null = null;

  /** Use `openJournal`. */
  constructor(
    disk: Disk,
    directory: string,
    options: JournalOptions,
    lock: Lock | null,
    opened: OpenedSegments,
    snapshots: SnapshotStore,
  ) {
    this.#disk = disk;
    this.directory = directory;
    this.readOnly = options.readOnly === true;
    this.partition = opened.partition ?? options.partition ?? "";
    this.createdFrom = opened.segments.length > 0 ? opened.createdFrom : (options.createdFrom ?? null);
    this.recovered = opened.recovered;
    this.damage = opened.damage;
    this.#lock = lock;
    this.#report = options.onReport ?? ignore;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    const { retainBytes = Infinity, retainUs = Infinity } = options;
    this.#limits = { retainBytes, retainUs };
    this.#keepSnapshots = Math.max(2, options.keepSnapshots ?? Infinity);
    this.#snapshots = snapshots;
    this.#segments = opened.segments;
    this.#file = opened.active;
    this.#last = lastOf(opened.segments);
    this.#first = firstOf(opened.segments);
    this.#queued = this.#last;
    this.#commit = new GroupCommit(
      (batch) => this.#write(batch),
      (cause) => this.#dropUnfinished(cause),
      options.pendingBytes ?? PENDING_BYTES,
    );
  }

  /** The last durable block. */
  get last(): BlockPosition | null {
    return this.#last;
  }

  get first(): BlockPosition | null {
    return this.#first;
  }

  /** Bytes handed over and not yet durable. */
  get pendingBytes(): number {
    return this.#commit.pendingBytes;
  }

  get pendingBytesMax(): number {
    return this.#commit.pendingBytesMax;
  }

  /** Why the journal takes nothing more, or null. */
  get halted(): JournalHalted | null {
    return this.#commit.halted;
  }

  get snapshots(): readonly SnapshotInfo[] {
    return this.#snapshots.kept;
  }

  get segments(): readonly Segment[] {
    return this.#segments;
  }

  /** How much is kept, and what it may be: bytes of segments and snapshots, µs between the first and last block. Bounds are Infinity where there are none. */
  get keeps(): {
    readonly bytes: number;
    readonly spanUs: number;
    readonly limits: Readonly<RetentionLimits>;
  } {
    const { bytes } = this.#planRetention(NO_LIMITS);
    const spanUs = (this.#last?.timeUs ?? 0) - firstTimeOf(this.#segments);
    return { bytes, spanUs, limits: this.#limits };
  }

  async append(block: JournalBlock): Promise<void> {
    this.#checkWritable(`append block ${block.number}`);
    checkNextBlock(this.#queued, block);
    const durable = this.#commit.append(block);
    const { number, firstSequence, lastSequence, timeUs, hash } = block;
    this.#queued = { number, firstSequence, lastSequence, timeUs, hash };
    return durable;
  }

  /** A halted journal ignores the record: it can be derived again, and `append` reports the halt. */
  appendDerived(record: DerivedRecord): void {
    if (this.halted !== null) return;
    this.#checkWritable(`append ${record.kind} of block ${record.block}`);
    checkDerivedRecord(this.#queued, record);
    this.#commit.appendDerived(record);
  }

  /** Waits until the block is durable: a snapshot is never newer than the log. A failure does not halt the journal. */
  async saveSnapshot(block: number, timeUs: number, sequence: number, bytes: Uint8Array): Promise<void> {
    this.#checkWritable(`save a snapshot after block ${block}`);
    checkSnapshot(this.#queued, block);
    const saved = this.#save({ block, timeUs, sequence, bytes }, this.#saving);
    this.#saving = saved.catch(() => {});
    return saved;
  }

  async #save(snapshot: StoredSnapshot, before: Promise<void>): Promise<void> {
    await before;
    if (snapshot.block > (this.#last?.number ?? 0)) await this.#commit.flush();
    await this.#lock?.check();
    await this.#snapshots.save(snapshot);
    this.#commit.mark(RECORD.snapshotStored, snapshot.block);
    while (this.#snapshots.kept.length > this.#keepSnapshots) {
      const givenUp = thinnest(this.#snapshots.kept)!;
      this.#commit.mark(RECORD.snapshotGivenUp, givenUp.block);
      // The log must not expect a snapshot that is not there.
      await this.#commit.flush();
      await this.#snapshots.remove(givenUp);
    }
    const plan = this.#planRetention();
    if (plan.upTo > 0) {
      this.#commit.mark(RECORD.beginsAfter, plan.upTo);
      await this.#commit.flush();
    }
    await this.#retain(plan);
  }

  loadSnapshot(at: LogPlace): Promise<StoredSnapshot | null> {
    return this.#snapshots.load(at);
  }

  locate(at: LogPlace): Promise<number | null> {
    return locateBlock(this.#disk, this.directory, this.#segments, at);
  }

  async *read(from = 0): AsyncGenerator<JournalEntry> {
    if (!this.readOnly && this.#closing === null && this.halted === null) await this.#commit.flush();
    yield* readEntries(this.#disk, this.directory, () => this.#segments, from);
  }

  async flush(): Promise<void> {
    if (!this.readOnly) await this.#commit.flush();
  }

  /** Everything handed over becomes durable; then the recording may be opened by others. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    try {
      if (this.readOnly || this.halted !== null) return;
      await this.#commit.flush();
      if (!this.#unclosed || this.#last === null) return;
      this.#commit.mark(RECORD.closed, this.#last.number);
      await this.#commit.flush();
    } finally {
      await this.#saving;
      await this.#file?.close();
      this.#file = null;
      await this.#lock?.release();
    }
  }

  async #write(batch: Batch): Promise<void> {
    await this.#checkOwn();
    const active = this.#segments.at(-1);
    const full = active !== undefined && active.blocks > 0 && active.size + batch.length > this.#segmentBytes;
    const rolls = this.#file === null || active === undefined || full;
    if (rolls) await this.#roll(batch);
    const segment = this.#segments.at(-1)!;
    const file = this.#file!;
    // Nothing is missing of a recording that is made without the blocks before its first.
    if (active === undefined && segment.firstBlock > 1)
      batch.addMark(RECORD.beginsAfter, segment.firstBlock - 1);
    const plan = rolls ? this.#planRetention() : null;
    if (plan !== null && plan.upTo > 0) batch.addMark(RECORD.beginsAfter, plan.upTo);
    await file.write(batch.seal(segment.firstBlock), segment.size);
    await file.sync();
    for (const [i, position] of batch.positions.entries())
      enterBlock(segment, position, segment.size + batch.offsets[i]!);
    segment.size += batch.length;
    segment.derivedRecords += batch.derivedRecords;
    this.#last = segment.last ?? this.#last;
    this.#first ??= segment.first;
    this.#unclosed = true;
    if (plan !== null) await this.#retain(plan);
  }

  /** That nobody else has become the writer, as far as that shows. Both questions take a call to the system, so they are asked at once. */
  async #checkOwn(): Promise<void> {
    const answers = await Promise.allSettled([this.#lock?.check(), this.#checkSegment()]);
    for (const answer of answers) if (answer.status === "rejected") throw answer.reason;
  }

  /** That the active segment is the file in the folder, and as long as this process has made it. */
  async #checkSegment(): Promise<void> {
    const segment = this.#segments.at(-1);
    if (this.#file === null || segment === undefined) return;
    this.#fileId ??= await this.#file.id();
    const found = await this.#disk.stat(join(this.directory, segment.file));
    if (found?.id === this.#fileId && found.size === segment.size) return;
    const isOther = found !== null && found.id !== this.#fileId;
    throw new RecordingTaken({
      action: `write ${this.directory}`,
      value: `${segment.file} ${found === null ? "is gone" : isOther ? "is another file" : `has ${found.size} bytes`}`,
      expected: `${segment.size} bytes, as this process left it`,
    });
  }

  /** Seals the active segment and starts the next: it is in the folder, synced, before anything in it is acknowledged. */
  async #roll(batch: Batch): Promise<void> {
    const sealed = this.#segments.at(-1);
    if (this.#file !== null && sealed !== undefined) {
      await this.#file.close();
      this.#file = this.#fileId = null;
      await writeIndex(this.#disk, this.directory, sealed);
    }
    const firstBlock = batch.positions[0]?.number ?? this.#last!.number + 1;
    const { partition, createdFrom } = this;
    const header = encodeSegmentHeader({ partition, firstBlock, createdFrom });
    const segment = emptySegment(firstBlock, header.length);
    this.#file = await this.#create(segment.file, header);
    this.#segments.push(segment);
    await this.#checkFree();
  }

  async #create(name: string, header: Uint8Array): Promise<DiskFile> {
    const path = join(this.directory, name);
    const file = await this.#disk.open(path, "create");
    try {
      await file.write(header, 0);
      await file.sync();
      await this.#disk.syncDirectory(this.directory);
      return file;
    } catch (error) {
      await file.close();
      // Best effort, as the disk has just failed: opening sets an unfinished segment aside.
      await this.#disk.remove(path).catch(() => {});
      throw error;
    }
  }

  /** After a failed write: cuts off the bytes after the last durable record, if the disk still permits it. What others wrote stays. */
  async #dropUnfinished(cause: unknown): Promise<void> {
    if (cause instanceof RecordingTaken) return;
    const segment = this.#segments.at(-1);
    try {
      if (segment === undefined) return;
      await this.#file?.truncate(segment.size);
      await this.#file?.sync();
    } catch {
      // Opening again cuts it off; the cause of the halt is what matters now.
    }
  }

  #planRetention(limits = this.#limits): RetentionPlan {
    return planRetention(this.#segments, this.#snapshots.kept, limits);
  }

  /** Carries out a plan of which the log durably says how far it goes. Another one may have been carried out meanwhile. */
  async #retain(plan: RetentionPlan): Promise<void> {
    const remove = plan.remove.filter((segment) => this.#segments.includes(segment));
    const removeSnapshots = plan.removeSnapshots.filter((each) => this.#snapshots.kept.includes(each));
    if (remove.length > 0) {
      // Removed from the list first: a reader that looks for the next segment must not find a deleted one.
      this.#segments = this.#segments.filter((segment) => !remove.includes(segment));
      this.#first = firstOf(this.#segments);
      for (const { file } of remove) {
        await this.#disk.remove(join(this.directory, file));
        await this.#disk.remove(join(this.directory, indexName(file)));
      }
      for (const snapshot of removeSnapshots) await this.#snapshots.remove(snapshot);
      const removed = [...remove, ...removeSnapshots].map(({ file }) => file);
      this.#report({ kind: "retention", removed, firstBlock: this.#first?.number ?? 0, bytes: plan.bytes });
    }
    if (plan.heldBy !== null && plan.heldBy !== this.#heldBy)
      this.#report({ kind: "overLimit", bytes: plan.bytes, heldBy: plan.heldBy });
    this.#heldBy = plan.heldBy;
  }

  async #checkFree(): Promise<void> {
    const freeBytes = await this.#disk.freeBytes(this.directory).catch(() => null);
    // Two more segments: enough time to act on it.
    if (freeBytes !== null && freeBytes < 2 * this.#segmentBytes)
      this.#report({ kind: "diskLow", freeBytes });
  }

  #checkWritable(action: string): void {
    if (this.readOnly) throw new Error(`Cannot ${action}: ${this.directory} is opened for reading`);
    if (this.#closing !== null) throw new Error(`Cannot ${action}: the journal is closed`);
    if (this.halted !== null) throw this.halted;
  }
}

function checkPartition(directory: string, found: string | null, expected: string | undefined): void {
  if (found !== null && expected !== undefined && found !== expected)
    throw new EigenwatchError({
      action: `open ${directory}`,
      value: `it records partition "${found}"`,
      expected: `"${expected}"`,
    });
}

const NO_LIMITS: RetentionLimits = { retainBytes: Infinity, retainUs: Infinity };

function lastOf(segments: readonly Segment[]): BlockPosition | null {
  return segments.findLast((segment) => segment.last !== null)?.last ?? null;
}

function firstOf(segments: readonly Segment[]): BlockPosition | null {
  return segments.find((segment) => segment.first !== null)?.first ?? null;
}

/** Of the first block that has a time, as far as the index knows it: what opens a session has none yet. */
function firstTimeOf(segments: readonly Segment[]): number {
  for (const { index, last } of segments) {
    const first = index.find(({ timeUs }) => timeUs > 0) ?? last;
    if (first !== null && first.timeUs > 0) return first.timeUs;
  }
  return 0;
}

function ignore(): void {}
