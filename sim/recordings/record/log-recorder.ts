/**
 * Writes the log of a cluster's partition to a folder, as the recording that `up` would have written of it.
 *
 *   folder ──its end──► met in the log ──► what comes after it: blocks, derived records ──► durable at the log's present end ──► again …
 *
 * E1  The folder is a beginning of the log at any time: each block and record once, in order, byte for byte. A process that is killed loses
 *     nothing of that, for the end of the folder says where to go on.
 * E2  A folder whose end is not in the log is refused, and nothing is written to it.
 * E3  Where the servers no longer have the beginning, a new folder begins with the oldest snapshot after which they have everything.
 */
import {
  firstStoredBlock,
  hasBeginning,
  hashPrefixOf,
  LogReader,
  loadSnapshot,
  logBefore,
  type NamedSnapshot,
  namedSnapshots,
} from "../../../actors/cluster/mod.ts";
import type { FileJournal } from "../../../actors/journal/mod.ts";
import { RecordingDamaged, type SoundEntry, sameBytes, undamaged } from "../../../actors/mod.ts";
import type { LogStream, SnapshotStore } from "../../../actors/ports/bus.ts";
import type { StoredSnapshot } from "../../../actors/ports/journal.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";

/** Bytes handed over before the disk is waited for: well below what the journal lets wait. */
const AHEAD_BYTES_MAX = 4 << 20;

export interface LogRecorderOptions {
  readonly session: string;
  readonly partition: string;
  readonly stream: LogStream;
  readonly snapshots: SnapshotStore;
  /** Open for writing. */
  readonly journal: FileJournal;
  report(message: string): void;
}

export class LogRecorder {
  readonly options: LogRecorderOptions;
  /** Blocks that this process wrote. */
  blocks = 0;
  private reader: LogReader | null = null;
  /** What the folder has from its last block on, as long as it was not met in the log. */
  private known: SoundEntry[] = [];
  /** What a folder begins with that lacks the log's beginning; null once it is stored. */
  private base: StoredSnapshot | null = null;
  /** The block that it follows. */
  private baseBlock = 0;

  constructor(options: LogRecorderOptions) {
    this.options = options;
  }

  /** Entries of the stream that were read. */
  get entriesRead(): number {
    return this.reader?.sequence ?? 0;
  }

  /**
   * Writes what the log has beyond the folder, to the log's present end or until `signal`. Resolves when it is durable. Rejects with LogRewound, or when
   * the servers cannot be reached; may be called again then.
   */
  async toPresent(signal: AbortSignal, progress: () => void = () => {}): Promise<void> {
    const { journal } = this.options;
    try {
      this.reader ??= await this.begin();
      for await (const entry of undamaged(this.reader.entries())) {
        if (signal.aborted) break;
        if (!this.isRecorded(entry)) await this.write(entry);
        progress();
      }
    } catch (error) {
      this.reader = null;
      throw error;
    } finally {
      await journal.flush();
    }
    if (signal.aborted) this.reader = null;
    else if (this.known.length > 0)
      throw this.refused(`the log ends before block ${journal.last?.number} of it`);
  }

  /** Copies the newest snapshot of what is recorded, if it is newer than those of the folder: whoever opens the folder begins there. */
  async keepSnapshot(): Promise<void> {
    const { journal, partition, snapshots, report } = this.options;
    const newest = journal.snapshots.at(-1)?.block ?? 0;
    const last = journal.last?.number ?? 0;
    const named = await namedSnapshots(snapshots, partition);
    for (const each of named.filter(({ block }) => block > newest && block <= last).reverse()) {
      if (!(await this.belongs(each))) continue;
      const bytes = await loadSnapshot(snapshots, each.name, report);
      if (bytes === null) continue;
      await journal.saveSnapshot(each.block, each.timeUs, each.sequence, bytes);
      return;
    }
  }

  /** Where to read: at the folder's end or before it, the nearer the better; for a new folder as early as the log goes. */
  private async begin(): Promise<LogReader> {
    const { journal, stream, partition, snapshots } = this.options;
    const [damage] = journal.damage;
    if (damage !== undefined) throw new RecordingDamaged(damage);
    const { last } = journal;
    this.known = last === null ? [] : await this.tail(last.number);
    const isWhole = await hasBeginning(stream);
    if (last === null && isWhole) return new LogReader({ stream, partition });
    const named = await namedSnapshots(snapshots, partition);
    if (last !== null) await this.restoreBase(named);
    const usable = last === null ? named : named.filter(({ block }) => block <= last.number).reverse();
    for (const each of usable) {
      const before = each.start === null ? null : await logBefore(stream, partition, each.start);
      if (before === null || each.start === null) continue;
      if (last === null && !(await this.beginWith(each))) continue;
      return new LogReader({ stream, partition, fromEntry: each.start.streamSequence, before: () => before });
    }
    if (isWhole) return new LogReader({ stream, partition });
    throw await this.beginningGone();
  }

  /** The last block of the folder, and the records that follow it there. */
  private async tail(block: number): Promise<SoundEntry[]> {
    const entries: SoundEntry[] = [];
    for await (const entry of undamaged(this.options.journal.read(block))) entries.push(entry);
    return entries;
  }

  private async beginWith(named: NamedSnapshot): Promise<boolean> {
    const { snapshots, report } = this.options;
    const bytes = await loadSnapshot(snapshots, named.name, report);
    if (bytes === null) return false;
    const { block, timeUs, sequence } = named;
    this.base = { block, timeUs, sequence, bytes };
    this.baseBlock = block;
    return true;
  }

  /** A process that was killed may have left the first block without the snapshot before it. */
  private async restoreBase(named: readonly NamedSnapshot[]): Promise<void> {
    const { journal } = this.options;
    const before = (journal.first?.number ?? 1) - 1;
    if (before === 0 || journal.snapshots.length > 0) return;
    const found = named.find(({ block }) => block === before);
    if (found === undefined || !(await this.beginWith(found)))
      throw this.refused(`it begins after block ${before}, and the snapshot of that is gone`);
    await this.saveBase();
  }

  private async saveBase(): Promise<void> {
    if (this.base === null) return;
    const { block, timeUs, sequence, bytes } = this.base;
    this.base = null;
    await this.options.journal.saveSnapshot(block, timeUs, sequence, bytes);
  }

  /** Whether the folder has it. Throws for what the folder has otherwise. */
  private isRecorded(entry: SoundEntry): boolean {
    const [head] = this.known;
    if (head === undefined) return numberOf(entry) <= this.baseBlock;
    if (head.kind === "block" && (entry.kind !== "block" || entry.block.number < head.block.number))
      return true;
    if (!isSame(head, entry)) {
      const what = head.kind === "block" ? `block ${numberOf(head)}` : `a record of block ${numberOf(head)}`;
      throw this.refused(`the log has another one in the place of ${what}`);
    }
    this.known.shift();
    return true;
  }

  private async write(entry: SoundEntry): Promise<void> {
    const { journal } = this.options;
    if (entry.kind === "block") {
      // Whether it became durable is heard from `flush`.
      journal.append(entry.block).catch(() => {});
      this.blocks++;
      await this.saveBase();
    } else journal.appendDerived(entry);
    if (journal.pendingBytes > AHEAD_BYTES_MAX) await journal.flush();
  }

  private async belongs({ block, hash }: NamedSnapshot): Promise<boolean> {
    for await (const entry of undamaged(this.options.journal.read(block)))
      if (entry.kind === "block")
        return entry.block.number === block && hashPrefixOf(entry.block.hash) === hash;
    return false;
  }

  private async beginningGone(): Promise<EigenwatchError> {
    const { session, partition, stream, journal } = this.options;
    const first = await firstStoredBlock(stream, partition);
    return new EigenwatchError({
      action: `record partition ${partition} of session ${session}`,
      value: first === null ? "its log has no block" : `block ${first} is the first that its log still has`,
      expected:
        journal.last === null
          ? "block 1, or a snapshot after which everything is there"
          : `block ${journal.last.number + 1}, with which ${journal.directory} would go on`,
      kind: "failed",
    });
  }

  private refused(value: string): EigenwatchError {
    const { journal, session, partition } = this.options;
    return new EigenwatchError({
      action: `go on in ${journal.directory} with partition ${partition} of session ${session}`,
      value,
      expected: "a folder that was recorded from this log, or a new one",
    });
  }
}

function numberOf(entry: SoundEntry): number {
  return entry.kind === "block" ? entry.block.number : entry.block;
}

function isSame(a: SoundEntry, b: SoundEntry): boolean {
  if (a.kind === "block" || b.kind === "block")
    return a.kind === "block" && b.kind === "block" && sameBytes(a.block.hash, b.block.hash);
  return a.kind === b.kind && a.block === b.block && sameBytes(a.bytes, b.bytes);
}
