/**
 * An ordered log in a stream of JetStream: one stream for each, with one subject.
 *
 *   append ─► publish with id and expected end ─┬─ acknowledged: its sequence (of an id that is known: of the first)
 *                                               ├─ refused ─► AppendRefused, without room LogFull
 *                                               └─ no answer ─► AppendUncertain
 *   follow ─► one consumer for all who stand at the same place (nats-followers.ts)
 *   read ─► a consumer from the sequence on (nats-delivery.ts)
 *
 * The stream is made when it is first used. It may neither be purged nor lose single entries, nor its oldest ones when it is full: readers know
 * its entries by their number.
 */
import * as v from "valibot";
import {
  type AppendedAs,
  AppendRefused,
  AppendUncertain,
  DEDUPE_MS,
  LogFull,
  type LogStream,
  NoAnswer,
  type StreamEntry,
} from "../ports/bus.ts";
import { type NatsLink, NatsRefused, NS_PER_MS, TRACE_HEADER, traceOf } from "./nats-connection.ts";
import { type Delivered, NatsDelivery } from "./nats-delivery.ts";
import { NatsFollowers } from "./nats-followers.ts";
import { natsName } from "./nats-names.ts";
import { NatsStore } from "./nats-store.ts";

/** A reader that is slower than the servers lets them wait beyond so much. */
const QUEUE_BYTES = 4 * 1024 * 1024;

/** A reading that brings nothing for so long has failed: the stream was cut off, or its end was lost. */
const READ_MS = 5_000;

/**
 * Errors of the servers that a limit is reached: of the stream (bytes, messages) or the disk under it, of the account, of the server. Of the first
 * two there may be others that a person must look at as well.
 */
const NO_ROOM: ReadonlySet<number> = new Set([10077, 10047, 10023, 10002]);

const streamInfo = v.looseObject({
  config: v.looseObject({ max_bytes: v.optional(v.number(), -1) }),
  state: v.looseObject({ last_seq: v.number(), bytes: v.number() }),
});

export interface StorageUse {
  /** In words. */
  readonly what: string;
  readonly usedBytes: number;
  /** Null: none is set. */
  readonly limitBytes: number | null;
}

export class NatsStream implements LogStream {
  readonly #link: NatsLink;
  readonly #subject: string;
  readonly #stream: string;
  readonly #store: NatsStore;
  readonly #followers: NatsFollowers;

  /** `name` is also the subject of its entries. */
  constructor(link: NatsLink, name: string) {
    this.#link = link;
    this.#subject = name;
    this.#stream = natsName(name);
    this.#store = new NatsStore(link, {
      name: this.#stream,
      subjects: [name],
      storage: "file",
      duplicate_window: DEDUPE_MS * NS_PER_MS,
      // A log that is full refuses what comes: without its beginning nobody could read it.
      discard: "new",
      deny_delete: true,
      deny_purge: true,
    });
    this.#followers = new NatsFollowers(
      (from, take) => {
        const delivery = this.#deliver({ from, take: (delivered) => take(entryOf(delivered)) });
        return () => delivery.end();
      },
      () => this.lastSequence(),
    );
  }

  /** Resolves when the stream is there. */
  ensure(): Promise<void> {
    return this.#store.ensure();
  }

  async append(bytes: Uint8Array, options: AppendedAs): Promise<number> {
    const copy = new Uint8Array(bytes);
    const what = `append ${options.id} to ${this.#subject}`;
    try {
      return await this.#store.use(() => this.#publish(what, copy, options));
    } catch (cause) {
      if (cause instanceof NatsRefused && NO_ROOM.has(cause.code))
        throw new LogFull(
          `stream ${this.#stream} takes nothing (${cause.description}): raise its limit (nats stream edit) or that of the account, or begin another session`,
          { cause },
        );
      if (cause instanceof NatsRefused)
        throw new AppendRefused(`Cannot ${what}: ${cause.message}`, { cause });
      // Also where nobody takes it for the moment: servers that elect a leader, or start, may be there at once.
      if (cause instanceof NoAnswer) throw new AppendUncertain(`Cannot ${what}: ${cause.message}`, { cause });
      throw cause;
    }
  }

  follow(fromSequence: number, take: (entry: StreamEntry) => void): () => void {
    return this.#followers.add(fromSequence, take);
  }

  async *read(fromSequence: number): AsyncGenerator<StreamEntry> {
    const last = await this.lastSequence();
    let next = Math.max(1, fromSequence);
    if (next > last) return;
    const queue = new EntryQueue();
    const delivery = this.#deliver({
      from: () => (queue.newest === 0 ? next : queue.newest + 1),
      take: (delivered) => queue.put(entryOf(delivered)),
      ready: () => queue.room(),
    });
    try {
      while (next <= last) {
        const entry = await queue.take(this.#link);
        next = entry.sequence + 1;
        yield entry;
      }
    } finally {
      delivery.end();
    }
  }

  async lastSequence(): Promise<number> {
    return (await this.#info()).state.last_seq;
  }

  /** What it takes of what it may take. Rejects when the server cannot be reached. */
  async storage(): Promise<StorageUse> {
    const { config, state } = await this.#info();
    const limitBytes = config.max_bytes > 0 ? config.max_bytes : null;
    return { what: `stream ${this.#stream}`, usedBytes: state.bytes, limitBytes };
  }

  #info(): Promise<v.InferOutput<typeof streamInfo>> {
    return this.#store.use(() => this.#link.api(`STREAM.INFO.${this.#stream}`, null, streamInfo));
  }

  #publish(what: string, bytes: Uint8Array, { id, expectedLast, traceparent }: AppendedAs): Promise<number> {
    const headers = this.#link.nats.headers();
    // Names may have any characters, header values have not.
    headers.set("Nats-Msg-Id", encodeURIComponent(id));
    headers.set("Nats-Expected-Stream", this.#stream);
    if (expectedLast !== undefined) headers.set("Nats-Expected-Last-Sequence", String(expectedLast));
    if (traceparent !== undefined) headers.set(TRACE_HEADER, traceparent);
    return this.#link.store(what, this.#subject, bytes, headers);
  }

  #deliver(options: {
    from(): number | Promise<number>;
    take(delivered: Delivered): void;
    ready?(): Promise<void>;
  }): NatsDelivery {
    const { from, ...rest } = options;
    return new NatsDelivery({
      ...rest,
      link: this.#link,
      store: this.#store,
      from: async () => ({ deliver_policy: "by_start_sequence", opt_start_seq: await from() }),
    });
  }
}

function entryOf({ sequence, bytes, storedUs, message }: Delivered): StreamEntry {
  const traceparent = traceOf(message);
  return { sequence, bytes, storedUs, ...(traceparent === undefined ? {} : { traceparent }) };
}

/** Entries between the connection and a reader. */
class EntryQueue {
  /** Sequence of the newest entry that came; 0 for none. */
  newest = 0;
  readonly #entries: StreamEntry[] = [];
  #bytes = 0;
  #wake: () => void = () => {};
  readonly #waiting: (() => void)[] = [];

  put(entry: StreamEntry): void {
    if (entry.sequence <= this.newest) return;
    this.newest = entry.sequence;
    this.#entries.push(entry);
    this.#bytes += entry.bytes.length;
    this.#wake();
  }

  /** Rejects with NoAnswer when nothing comes. */
  async take(link: NatsLink): Promise<StreamEntry> {
    if (this.#entries.length === 0) await this.#more(link);
    const entry = this.#entries.shift()!;
    this.#bytes -= entry.bytes.length;
    if (this.#bytes < QUEUE_BYTES) for (const go of this.#waiting.splice(0)) go();
    return entry;
  }

  /** Resolves when more may come. */
  room(): Promise<void> {
    if (this.#bytes < QUEUE_BYTES) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #more(link: NatsLink): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = link.options.clock.after(READ_MS, () =>
        reject(new NoAnswer(`Cannot read a stream: nothing came for ${READ_MS} ms`)),
      );
      this.#wake = () => {
        cancel();
        this.#wake = () => {};
        resolve();
      };
    });
  }
}
