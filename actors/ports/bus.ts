/**
 * What nodes of a cluster share: messages, ordered logs, hints and snapshots. NATS has all four; the simulator has a false one of each.
 *
 * B1  `publish` is at most once and promises no order between subjects; no caller may rely on more.
 * B2  A stream is totally ordered: every reader sees the same entries under the same sequences 1, 2, 3 …
 * B3  A stream does not decide who may write. Two writers that expect the same last entry may both be accepted, and an entry may be
 *     stored twice: readers apply the rule of admission (actors/cluster/admission.ts).
 * B4  A rejected `append` may have been stored or not.
 * B5  Hints may be stale, lost, or differ between nodes. Nothing of safety rests on them.
 * B6  A request that was not answered may have been carried out, and one that was answered by several. Only the first answer arrives.
 */

export interface Bus {
  /** `traceparent`: of the span (trace.ts) that whoever gets the message goes on from. A bus may leave it out. */
  publish(subject: string, bytes: Uint8Array, traceparent?: string): void;
  /**
   * `pattern` with `*` for one part and `>` for the rest. `flow`: "data" for what may come faster than it is taken. The bus may bring it on a way of its
   * own, so that nothing else waits behind it; what is published right after `subscribe` may then be missed. The returned function ends it.
   */
  subscribe(
    pattern: string,
    take: (subject: string, bytes: Uint8Array, traceparent?: string) => void,
    flow?: "messages" | "data",
  ): () => void;
  /**
   * Resolves with the first answer. Rejects with NoAnswer when none came in time, and with NobodyAsked at once when the request reached nobody: no
   * process takes requests of this subject, or there is no connection. (A bus that cannot tell says NoAnswer.)
   */
  request(subject: string, bytes: Uint8Array, timeoutMs: number, traceparent?: string): Promise<Uint8Array>;
  /** `handle` resolves with the answer to a request, or with null to leave it to others. The returned function ends it. */
  answer(pattern: string, handle: RequestHandler): () => void;
  stream(name: string): LogStream;
  hints(bucket: string): Hints;
  snapshots(bucket: string): SnapshotStore;
  /** False while the servers cannot be reached, as far as we know. */
  readonly connected: boolean;
  onConnection(change: (connected: boolean) => void): () => void;
}

export type RequestHandler = (
  subject: string,
  bytes: Uint8Array,
  traceparent?: string,
) => Promise<Uint8Array | null>;

/** How long a hint lives after it was put: three heartbeats a second apart may be lost. Buckets of hints are created with this time. */
export const HINT_TTL_MS = 3_500;

/** For how long a server at least knows an id again. */
export const DEDUPE_MS = 120_000;

export interface AppendedAs {
  readonly id: string;
  readonly expectedLast?: number;
  /** Readers get it with the entry, unless the bus leaves it out. */
  readonly traceparent?: string;
}

export interface LogStream {
  /**
   * Resolves with the entry's sequence when the server has acknowledged it. `id` names the entry for the server's dedupe window;
   * `expectedLast` asks it to refuse when the stream's last sequence is another. Rejects with AppendRefused, with LogFull where there is no
   * room, or with AppendUncertain when no answer came.
   */
  append(bytes: Uint8Array, options: AppendedAs): Promise<number>;
  /** Hands over entries from `fromSequence` in order and without gaps, present and future ones. The returned function ends it. */
  follow(fromSequence: number, take: (entry: StreamEntry) => void): () => void;
  /** The present entries from `fromSequence`. Rejects when the server cannot be reached. */
  read(fromSequence: number): AsyncIterable<StreamEntry>;
  /** Sequence of the last entry, 0 for none, as the server says now. Rejects when it cannot be reached. */
  lastSequence(): Promise<number>;
}

/** Readers of one process may get one object: what one has found out about the entry may be kept by it. */
export interface StreamEntry {
  readonly sequence: number;
  /** The reader's own: it may be a copy at each access. */
  readonly bytes: Uint8Array;
  /** When it was stored, by the clock of the servers, µs; absent where the bus does not know. */
  readonly storedUs?: number;
  /** As it was appended with. */
  readonly traceparent?: string;
}

/** Small values with a time to live: which nodes run, and which partitions they own. */
export interface Hints {
  put(key: string, value: Uint8Array): Promise<void>;
  /**
   * Puts the value unless another one lives under the key, and resolves with the one that lives then. Of several that differ, put at the same moment,
   * exactly one lives, and all learn which. Keys that are also `put` promise nothing.
   */
  agree(key: string, value: Uint8Array): Promise<Uint8Array>;
  remove(key: string): Promise<void>;
  /** Hands over the present values, then every change; null for a value that ended. */
  watch(change: (key: string, value: Uint8Array | null) => void): () => void;
}

/** States of cores by block, in reach of every node. */
export interface SnapshotStore {
  /** Stores the parts, one after the other. */
  save(name: string, ...parts: readonly Uint8Array[]): Promise<void>;
  load(name: string): Promise<Uint8Array | null>;
  list(): Promise<string[]>;
  remove(name: string): Promise<void>;
}

/** The server has not stored it: the last sequence was not the expected one, or it does not take it at all. */
export class AppendRefused extends Error {
  override readonly name: string = "AppendRefused";
}

/** A limit of the servers is reached: the stream takes nothing until somebody makes room. The message says who may do what, without the entry. */
export class LogFull extends AppendRefused {
  override readonly name = "LogFull";
}

/** No answer in time: stored or not. */
export class AppendUncertain extends Error {
  override readonly name = "AppendUncertain";
}

/** No answer to a request in time: carried out or not. */
export class NoAnswer extends Error {
  override readonly name: string = "NoAnswer";
}

/** The request reached nobody: it was not and will not be carried out. */
export class NobodyAsked extends NoAnswer {
  override readonly name = "NobodyAsked";
}
