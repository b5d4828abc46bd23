/**
 * Reads the admitted log of a partition in order, from an entry of its stream to the end that the stream has now; asked again, it goes on there.
 *
 *   first entry, or a block ──entries──► blocks, whole derived records ──► present end ──entries──► what came since …
 *
 * R1  Each block and each record comes once, in the order of the log (actors/cluster/admission.ts), and what is not admitted does not.
 * R2  A reading that goes on meets the last entry again and compares it: a stream that lost its end, or leaves a gap, ends it with LogRewound.
 * R3  Memory does not grow with the log: a slow reader is sent slowly.
 */
import { LogRewound } from "../journal/errors.ts";
import { sameBytes } from "../log/chain.ts";
import type { LogStream, StreamEntry } from "../ports/bus.ts";
import type { BlockPosition, JournalEntry } from "../ports/journal.ts";
import { type Admission, admit, emptyLog, type Verdict } from "./admission.ts";
import { hashPrefixOf } from "./block-index.ts";
import {
  blockBytes,
  entriesOf,
  RecordAssembler,
  type StreamedBlock,
  type StreamedEntry,
} from "./log-entry.ts";

/** An admitted block, at which reading may begin. */
export interface LogStart {
  readonly block: number;
  /** First bytes of its hash, as the index has them. */
  readonly hash: string;
  readonly streamSequence: number;
  /** Derived records of its epoch before it. */
  readonly derivedRecords: number;
}

export interface LogReaderOptions {
  readonly stream: LogStream;
  readonly partition: string;
  /** Of the stream; default: the first one. */
  readonly fromEntry?: number;
  /** The log right before the first entry, or null when another was expected there; default: the empty log. */
  before?(first: StreamedEntry): Admission | null;
}

export class LogReader {
  private readonly options: LogReaderOptions;
  private readonly records = new RecordAssembler();
  private log: Admission | null = null;
  private last: StreamEntry | null = null;

  constructor(options: LogReaderOptions) {
    this.options = options;
  }

  /** Sequence of the last entry that was read. */
  get sequence(): number {
    return this.last?.sequence ?? (this.options.fromEntry ?? 1) - 1;
  }

  /**
   * Up to the entry `until` at most. Whoever stops in the middle gives the reader up. Rejects with LogRewound, or when the server cannot be reached;
   * damage: the first entry is not the expected one.
   */
  async *entries(until = Number.POSITIVE_INFINITY): AsyncGenerator<JournalEntry> {
    const again = this.last;
    let isMet = again === null;
    for await (const stored of this.options.stream.read(again?.sequence ?? this.sequence + 1)) {
      if (stored.sequence > until) return;
      if (!isMet && again !== null) {
        this.checkSame(again, stored);
        isMet = true;
        continue;
      }
      if (stored.sequence !== this.sequence + 1)
        throw this.rewound(`entry ${stored.sequence} came after entry ${this.sequence}`);
      yield* this.entriesIn(stored);
      if (this.log === null) return;
      this.last = stored;
    }
    if (!isMet) throw this.rewound(`it ends before entry ${this.sequence}, which was read`);
  }

  private *entriesIn(stored: StreamEntry): Generator<JournalEntry> {
    const { partition, before = () => emptyLog(partition) } = this.options;
    for (const entry of entriesOf(stored)) {
      this.log ??= before(entry);
      if (this.log === null) {
        const { sequence: offset, bytes } = stored;
        const reason = "it is not the block that was read there before";
        yield { kind: "damage", file: `log of ${partition}`, offset, length: bytes.length, reason };
        return;
      }
      const { log, verdict } = admit(this.log, entry);
      this.log = log;
      const admitted = this.admitted(entry, verdict, stored);
      if (admitted !== null) yield admitted;
    }
  }

  /** Null for what is not part of a journal, and for a record of which parts are to come. */
  private admitted(entry: StreamedEntry, verdict: Verdict, stored: StreamEntry): JournalEntry | null {
    if (verdict === "block" && entry.kind === "block")
      return { kind: "block", block: { ...positionOf(entry), bytes: blockBytes(entry, stored) } };
    if (verdict === "takeover") this.records.forget();
    if (verdict === "derivedRecord" && entry.kind === "derivedRecord") return this.records.add(entry);
    return null;
  }

  private checkSame(before: StreamEntry, now: StreamEntry): void {
    if (now.sequence === before.sequence && (now === before || sameBytes(now.bytes, before.bytes))) return;
    throw this.rewound(`entry ${before.sequence} is another than the one that was read there`);
  }

  private rewound(value: string): LogRewound {
    return new LogRewound({ action: `follow log of ${this.options.partition}`, value });
  }
}

/** The log right before a block at which reading may begin; null when the stream has another entry at its place, or none. */
export async function logBefore(
  stream: LogStream,
  partition: string,
  start: LogStart,
): Promise<Admission | null> {
  if (start.streamSequence > (await stream.lastSequence())) return null;
  for await (const stored of stream.read(start.streamSequence)) {
    const [entry] = entriesOf(stored);
    const isThere = stored.sequence === start.streamSequence && entry !== undefined;
    return isThere && isStart(entry, partition, start) ? beforeBlock(entry, start.derivedRecords) : null;
  }
  return null;
}

function isStart(entry: StreamedEntry, partition: string, { block, hash }: LogStart): entry is StreamedBlock {
  if (entry.kind !== "block" || entry.partition !== partition) return false;
  return entry.number === block && hashPrefixOf(entry.hash) === hash;
}

/** Whether the servers still have the first entry; true as well before there is any. */
export async function hasBeginning(stream: LogStream): Promise<boolean> {
  for await (const { sequence } of stream.read(1)) return sequence === 1;
  return true;
}

/** Number of the first block of a partition that the servers have, admitted or not; null without any. */
export async function firstStoredBlock(stream: LogStream, partition: string): Promise<number | null> {
  for await (const stored of stream.read(1))
    for (const entry of entriesOf(stored))
      if (entry.kind === "block" && entry.partition === partition) return entry.number;
  return null;
}

/** The log right before an admitted block. */
export function beforeBlock(
  { partition, epoch, number, previousHash }: StreamedBlock,
  derivedRecords: number,
): Admission {
  return { ...emptyLog(partition), epoch, lastBlock: number - 1, lastHash: previousHash, derivedRecords };
}

export function positionOf({
  number,
  firstSequence,
  lastSequence,
  timeUs,
  hash,
}: StreamedBlock): BlockPosition {
  return { number, firstSequence, lastSequence, timeUs, hash };
}
