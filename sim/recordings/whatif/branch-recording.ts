/**
 * The branch as a recording: what retention would have left of a log that continued differently.
 *
 *   snapshot after the last shared block │ later blocks, the first names the hash of the shared one │ derived records, checkpoints
 *
 * So the chain of parent and branch is one chain that forks, and nothing of the parent is copied. The folder gets its name when all of
 * it is durable: whoever finds the name finds a whole recording.
 */
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { openRecordingForWriting, type WritableLog } from "../../../actors/mod.ts";
import type { DerivedRecord, Journal, JournalBlock, StoredSnapshot } from "../../../actors/ports/journal.ts";
import { EigenwatchError, errorText } from "../../../protocol/errors.ts";

/** Bytes handed over before the disk is waited for: well below what the journal lets wait. */
const AHEAD_BYTES_MAX = 4 << 20;

export class BranchRecording implements WritableLog {
  readonly directory: string;
  private readonly partial: string;
  private readonly journal: Journal;
  /** The state after the last shared block; null once it is saved, after the first block. */
  private base: StoredSnapshot | null;
  private lastAppend: Promise<void> | null = null;
  private lastSnapshot: Promise<void> = Promise.resolve();
  private bytesAhead = 0;
  private failure: unknown = null;

  static async create(
    directory: string,
    partition: string,
    createdFrom: unknown,
    base: StoredSnapshot | null,
  ): Promise<BranchRecording> {
    checkFree(directory);
    const partial = `${resolve(directory)}.partial-${process.pid}`;
    try {
      await mkdir(dirname(partial), { recursive: true });
      const journal = await openRecordingForWriting(partial, { partition, createdFrom });
      return new BranchRecording(resolve(directory), partial, journal, base);
    } catch (error) {
      // Where no folder can be, there is none to take away either.
      await rm(partial, { recursive: true, force: true }).catch(() => {});
      throw cannotWrite(directory, errorText(error));
    }
  }

  private constructor(directory: string, partial: string, journal: Journal, base: StoredSnapshot | null) {
    this.directory = directory;
    this.partial = partial;
    this.journal = journal;
    this.base = base;
  }

  append(block: JournalBlock): Promise<void> | null {
    this.bytesAhead += block.bytes.length;
    this.lastAppend = this.journal.append(block);
    this.lastAppend?.catch((error: unknown) => this.failed(error));
    return this.lastAppend;
  }

  appendDerived(record: DerivedRecord): void {
    this.journal.appendDerived(record);
  }

  /** Waits for the disk when enough is on its way. */
  async settle(): Promise<void> {
    if (this.base !== null && this.bytesAhead > 0) {
      const { block, timeUs, sequence, bytes } = this.base;
      this.base = null;
      await this.journal.saveSnapshot(block, timeUs, sequence, bytes);
    }
    if (this.bytesAhead < AHEAD_BYTES_MAX) return;
    this.bytesAhead = 0;
    await this.lastAppend;
  }

  /** Waits for the previous snapshot only: the branch runs on while this one is stored. */
  async saveSnapshot(block: number, timeUs: number, sequence: number, bytes: Uint8Array): Promise<void> {
    await this.lastSnapshot;
    this.lastSnapshot = this.journal.saveSnapshot(block, timeUs, sequence, bytes);
    this.lastSnapshot.catch((error: unknown) => this.failed(error));
  }

  /** Everything becomes durable and gets its name. */
  async finish(): Promise<void> {
    await this.settle();
    await this.lastSnapshot;
    await this.journal.flush();
    await this.journal.close();
    if (this.failure !== null) throw this.failure;
    checkFree(this.directory);
    await rename(this.partial, this.directory);
  }

  /** Leaves nothing. */
  async discard(): Promise<void> {
    await this.journal.close().catch(() => {});
    await rm(this.partial, { recursive: true, force: true });
  }

  private failed(error: unknown): void {
    this.failure ??= error;
  }
}

/** The first name beside a recording that is free: PATH.whatif-1, PATH.whatif-2, … */
export function freeName(recording: string): string {
  const stem = resolve(recording);
  for (let k = 1; ; k++) if (!existsSync(`${stem}.whatif-${k}`)) return `${stem}.whatif-${k}`;
}

export function checkFree(directory: string): void {
  if (existsSync(directory)) throw cannotWrite(directory, "it exists", "a new folder");
}

function cannotWrite(directory: string, value: string, expected = ""): EigenwatchError {
  return new EigenwatchError({ action: `write the branch to ${directory}`, value, expected });
}
