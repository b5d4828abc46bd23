/** Streams of Redis: each field of an entry is a message, called `STREAM.FIELD`, at the time in the entry's id. */
import type { RedisClientOptions } from "@redis/client";
import type { Clock } from "../ports/clock.ts";
import {
  ANSWER_MS_MAX,
  Ended,
  ending,
  MESSAGE_BYTES_MAX,
  type MessageSink,
  type Origin,
} from "./message-origin.ts";
import type { Ending } from "./stay-connected.ts";

export interface RedisOptions {
  readonly url: string;
  readonly streams: readonly string[];
  /** Entries after this id; "new": from now on. */
  readonly from: string;
  readonly user: string | null;
  readonly password: string | null;
  /** Certificates that are trusted instead of the system's. */
  readonly ca: string | undefined;
  readonly clock: Clock;
}

/** Entries of one answer. */
const ENTRIES_MAX = 1_000;
/** The server answers after so long though nothing came: a sign of life. */
const BLOCK_MS = 5_000;

/** Words with which errors begin that come again at each attempt. */
const FOR_GOOD = /^(WRONGPASS|NOAUTH|NOPERM|WRONGTYPE|ERR(?! max number of clients))/;

interface Entry {
  readonly id: string;
  readonly message: Readonly<Record<string, string>>;
}

/** What is used of the library's client, whose own type has a thousand commands. */
interface Client {
  connect(): Promise<unknown>;
  destroy(): void;
  on(event: "error" | "end", listener: (error?: Error) => void): unknown;
  xRead(streams: { key: string; id: string }[], options: { COUNT: number; BLOCK?: number }): Promise<unknown>;
  xRange(key: string, start: string, end: string, options: { COUNT: number }): Promise<Entry[]>;
  xInfoStream(key: string): Promise<{ "last-generated-id": string }>;
  xRevRange(key: string, end: string, start: string, options: { COUNT: number }): Promise<Entry[]>;
}

export class RedisOrigin implements Origin {
  readonly name: string;
  /** Entries stay in the stream. */
  readonly forgets = false;
  readonly waits = true;
  private readonly options: RedisOptions;
  /** Last id that was read, by stream. */
  private readonly last = new Map<string, string>();

  constructor(options: RedisOptions) {
    this.options = options;
    this.name = `${options.url}: ${options.streams.join(", ")}`;
  }

  async connection(sink: MessageSink, signal: AbortSignal): Promise<Ending> {
    const library = await import("@redis/client");
    // Whether a CommonJS library is its own default export differs between loaders.
    const { createClient } = library.default ?? library;
    const client = createClient(this.clientOptions()) as unknown as Client;
    const ended = new Ended(signal);
    const failed = (error: unknown): void => {
      const reason = error instanceof Error ? error.message || error.constructor.name : String(error);
      ended.give(ending(`Cannot read ${this.options.url}: ${reason}`, FOR_GOOD.test(reason)));
    };
    client.on("error", failed);
    client.on("end", () => ended.give(ending(`${this.options.url} closed the connection`)));
    this.read(client, sink, signal).catch(failed);
    try {
      return await ended.given;
    } finally {
      client.destroy();
    }
  }

  private clientOptions(): RedisClientOptions {
    const { url, user, password, ca } = this.options;
    return {
      url,
      ...(user === null ? {} : { username: user }),
      ...(password === null ? {} : { password }),
      disableOfflineQueue: true,
      // Attempts are counted by the feed. A server that does not answer in time to a question that waits for five seconds is gone.
      socket: {
        ...{ reconnectStrategy: false, connectTimeout: ANSWER_MS_MAX, socketTimeout: ANSWER_MS_MAX },
        ...(url.startsWith("rediss:") ? ({ tls: true, ...(ca === undefined ? {} : { ca }) } as const) : {}),
      },
    };
  }

  /** Until the connection ends, which rejects what is under way. */
  private async read(client: Client, sink: MessageSink, signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    await client.connect();
    let checkedMs = clock.monotonicMs();
    for (const stream of this.options.streams) await this.begin(client, stream, sink);
    for (let isFirst = true; !signal.aborted; isFirst = false) {
      const streams = Array.from(this.last, ([key, id]) => ({ key, id }));
      // The first answer comes at once: it shows that the streams can be read.
      const answer = await client.xRead(streams, {
        COUNT: ENTRIES_MAX,
        ...(isFirst ? {} : { BLOCK: BLOCK_MS }),
      });
      sink.heard();
      if (clock.monotonicMs() - checkedMs >= BLOCK_MS) {
        checkedMs = clock.monotonicMs();
        for (const stream of this.options.streams) await this.beginsAnew(client, stream, sink);
      }
      for (const { name, messages } of (answer ?? []) as { name: string; messages: Entry[] }[])
        for (const entry of messages) {
          if (!this.take(name, entry, sink)) await sink.drained();
          // The rest is read again.
          if (signal.aborted) return;
        }
      await sink.drained();
    }
  }

  /** Where a stream is read from; what was removed before it was read is a gap. */
  private async begin(client: Client, stream: string, sink: MessageSink): Promise<void> {
    const { from } = this.options;
    const last = this.last.get(stream);
    if (last === undefined) {
      const newest = from === "new" ? await client.xRevRange(stream, "+", "-", { COUNT: 1 }) : [];
      this.last.set(stream, from === "new" ? (newest[0]?.id ?? "0-0") : from);
      return;
    }
    if (last === from || (await this.beginsAnew(client, stream, sink))) return;
    const isThere = last === "0-0" || (await client.xRange(stream, last, last, { COUNT: 1 })).length > 0;
    if (!isThere) sink.bad("gap", 1, () => `${stream}: entries may have been removed before they were read`);
  }

  /** Whether the stream was removed, or made again with lower ids. It is then read from its begin; without that nothing would ever be read of it. */
  private async beginsAnew(client: Client, stream: string, sink: MessageSink): Promise<boolean> {
    const last = this.last.get(stream)!;
    if (last === this.options.from || last === "0-0") return false;
    const newestId = await client.xInfoStream(stream).then(
      (about) => about["last-generated-id"],
      (error: Error) => {
        if (/no such key/i.test(error.message)) return "0-0";
        throw error;
      },
    );
    if (!isBefore(newestId, last)) return false;
    this.last.set(stream, "0-0");
    sink.bad("gap", 1, () => `${stream} began anew: entries may have been removed before they were read`);
    return true;
  }

  /** False: the sink is full. */
  private take(stream: string, { id, message }: Entry, sink: MessageSink): boolean {
    let ready = true;
    this.last.set(stream, id);
    const timeUs = Number(id.split("-")[0]) * 1_000;
    if (!Number.isSafeInteger(timeUs)) {
      sink.bad("badTime", 1, () => `${stream} has an entry ${id}, whose time is none`);
      return ready;
    }
    for (const [field, text] of Object.entries(message))
      if (text.length > MESSAGE_BYTES_MAX)
        sink.bad("malformed", 1, () => `${stream}.${field} of ${id} has ${text.length} characters`);
      else if (!sink.message(`${stream}.${field}`, text, timeUs)) ready = false;
    return ready;
  }
}

/** By both numbers of an id, of 64 bits each. */
function isBefore(a: string, b: string): boolean {
  const [[aMs = 0n, aCount = 0n], [bMs = 0n, bCount = 0n]] = [a, b].map((id) =>
    id.split("-").map(BigInt),
  ) as [bigint[], bigint[]];
  return aMs === bMs ? aCount < bCount : aMs < bMs;
}
