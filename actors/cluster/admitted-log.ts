/**
 * A reader of a partition's stream: applies the rule of admission to every entry and knows the places of the admitted blocks.
 *
 *   read ──► stored entries, to the end reported by the server ──► follow ──► new entries ──► watcher
 *     ▲                                                                     └─ the stream went back ─► broken
 *     └── from the first one, or from a block that a snapshot names, where the stream still has it
 *
 * D1  Every reader of the same stream comes to the same log (actors/cluster/admission.ts).
 * D2  An entry, or a part of a stored one, reaches the watcher after it was folded: `state` is the log including it.
 *     Begun at a block, it is that of the whole log, except the name of the owner and the counts of what was skipped before.
 * D3  A stream that goes back or leaves a gap breaks the log: the folded entries differ from those of the server and must not be used.
 */

import { LogRewound } from "../journal/errors.ts";
import type { Slices } from "../log/slices.ts";
import type { LogStream, StreamEntry } from "../ports/bus.ts";
import type { BlockPosition, JournalEntry } from "../ports/journal.ts";
import { type Admission, admit, emptyLog, type Verdict } from "./admission.ts";
import { BlockIndex } from "./block-index.ts";
import { entriesOf, type StreamedEntry } from "./log-entry.ts";
import { beforeBlock, LogReader, type LogStart, logBefore, positionOf } from "./log-reader.ts";

export interface LogWatcher {
  entry(entry: StreamedEntry, verdict: Verdict, stored: StreamEntry): void;
  /** Nothing more comes. */
  broken(error: LogRewound): void;
}

export class AdmittedLog {
  readonly partition: string;
  readonly stream: LogStream;
  readonly #slices: Slices | null;
  #index = new BlockIndex();
  #completing: Promise<void> | null = null;
  #state: Admission;
  #sequence = 0;
  #first: BlockPosition | null = null;
  #last: BlockPosition | null = null;
  #lastStoredUs: number | null = null;
  #watcher: LogWatcher | null = null;
  #broken: LogRewound | null = null;
  #ended = false;
  #unfollow: () => void = () => {};

  /**
   * Reads the stream to its end and then follows it. Rejects when the server cannot be reached. `watcher`: gets the entries from the first
   * one that is read; default: nobody does until `watch`. `starts`: blocks to begin at, the best first; those that the stream does not have at
   * their place are passed over. Default: the first entry. `slices`: gives others turns while it is read; default: nobody needs one.
   */
  static async open(
    stream: LogStream,
    partition: string,
    watcher: LogWatcher | null = null,
    starts: readonly LogStart[] = [],
    slices: Slices | null = null,
  ): Promise<AdmittedLog> {
    const log = new AdmittedLog(stream, partition, slices);
    log.#watcher = watcher;
    for (const start of starts) if (await log.#beginAt(start)) break;
    await log.#readToEnd();
    log.#unfollow = stream.follow(log.#sequence + 1, (entry) => log.#take(entry));
    return log;
  }

  private constructor(stream: LogStream, partition: string, slices: Slices | null) {
    this.#slices = slices;
    this.stream = stream;
    this.partition = partition;
    this.#state = emptyLog(partition);
  }

  get state(): Admission {
    return this.#state;
  }

  /** Sequence of the last entry folded. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Begins later than the log until `complete`, if the log was read from a block on. */
  get index(): BlockIndex {
    return this.#index;
  }

  /** Null also while it was not read. */
  get first(): BlockPosition | null {
    return this.#first;
  }

  get last(): BlockPosition | null {
    return this.#last;
  }

  /** When the last block was stored, by the clock of the servers, µs; null where that is not known. */
  get lastStoredUs(): number | null {
    return this.#lastStoredUs;
  }

  /** This watcher, and no other, gets the entries that follow. */
  watch(watcher: LogWatcher): void {
    this.#watcher = watcher;
    if (this.#broken !== null) watcher.broken(this.#broken);
  }

  /** Resolves when the index has all blocks: what was not read so far is read now. Rejects when the server cannot be reached. */
  complete(): Promise<void> {
    if (this.#index.first === 1) return Promise.resolve();
    this.#completing ??= this.#readBeginning().finally(() => {
      this.#completing = null;
    });
    return this.#completing;
  }

  /** The server says that its last entry is `sequence`: less than was folded means that it forgot. */
  checkEnd(sequence: number): void {
    if (sequence < this.#sequence)
      this.#break(`it ends with entry ${sequence} after entry ${this.#sequence} was read`);
  }

  /** The server says that it stored at `sequence` what was not met there. */
  missed(sequence: number): void {
    this.#break(`entry ${sequence} is another than the one that was read there`);
  }

  end(): void {
    this.#ended = true;
    this.#watcher = null;
    this.#unfollow();
  }

  /** Admitted blocks and derived records, from block `from` to the last one read so far. */
  async *entries(from: number): AsyncGenerator<JournalEntry> {
    const until = this.#sequence;
    if (from > this.index.count) return;
    if (from < this.index.first) await this.complete();
    const { streamSequence: fromEntry, derivedRecords } = this.index.get(from);
    const { stream, partition } = this;
    const before = (entry: StreamedEntry) => this.#before(entry, derivedRecords);
    const reader = new LogReader({ stream, partition, fromEntry, before });
    for await (const entry of reader.entries(until))
      if (entry.kind === "block" || entry.kind === "damage" || entry.block >= from) yield entry;
  }

  /** The log right before an indexed block; null when the index has another entry there. */
  #before(entry: StreamedEntry, derivedRecords: number): Admission | null {
    if (entry.kind !== "block" || !this.index.holds(entry)) return null;
    return beforeBlock(entry, derivedRecords);
  }

  /** Puts the log right before a block; false when the stream has another entry there, or none. */
  async #beginAt(start: LogStart): Promise<boolean> {
    const state = await logBefore(this.stream, this.partition, start);
    if (state === null) return false;
    this.#state = state;
    this.#sequence = start.streamSequence - 1;
    this.#index = new BlockIndex(start.block);
    return true;
  }

  async #readBeginning(): Promise<void> {
    const { first } = this.#index;
    const whole = new BlockIndex();
    let state = emptyLog(this.partition);
    for await (const stored of this.stream.read(1)) {
      for (const entry of entriesOf(stored)) {
        const { log, verdict } = admit(state, entry);
        state = log;
        if (verdict !== "block" || entry.kind !== "block" || entry.number >= first) continue;
        this.#first ??= positionOf(entry);
        whole.add(entry, stored.sequence, log.derivedRecords);
      }
      if (state.lastBlock >= first) break;
      await this.#slices?.next();
    }
    if (whole.count !== first - 1)
      throw new LogRewound({
        action: `read log of ${this.partition}`,
        value: `it has ${whole.count} blocks before block ${first}`,
      });
    whole.append(this.#index);
    this.#index = whole;
  }

  async #readToEnd(): Promise<void> {
    for (;;) {
      const before = this.#sequence;
      for await (const entry of this.stream.read(before + 1)) {
        this.#take(entry);
        if (this.#broken !== null) throw this.#broken;
        await this.#slices?.next();
      }
      const end = await this.stream.lastSequence();
      if (this.#sequence >= end) return;
      if (this.#sequence === before)
        throw new LogRewound({
          action: `read log of ${this.partition}`,
          value: `it ends with entry ${end}, reading stopped after entry ${before}`,
        });
    }
  }

  #take(stored: StreamEntry): void {
    const { sequence } = stored;
    if (this.#ended || this.#broken !== null) return;
    if (sequence !== this.#sequence + 1) {
      this.#break(`entry ${sequence} came after entry ${this.#sequence}`);
      return;
    }
    this.#sequence = sequence;
    for (const entry of entriesOf(stored)) {
      const { log, verdict } = admit(this.#state, entry);
      this.#state = log;
      if (verdict === "block" && entry.kind === "block") {
        const position = positionOf(entry);
        this.index.add(position, sequence, log.derivedRecords);
        if (position.number === 1) this.#first = position;
        this.#last = position;
        this.#lastStoredUs = stored.storedUs ?? null;
      }
      this.#watcher?.entry(entry, verdict, stored);
    }
  }

  #break(reason: string): void {
    if (this.#broken !== null || this.#ended) return;
    this.#broken = new LogRewound({ action: `follow log of ${this.partition}`, value: reason });
    this.#unfollow();
    this.#watcher?.broken(this.#broken);
  }
}
