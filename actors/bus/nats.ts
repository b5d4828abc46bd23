/**
 * The bus over NATS with JetStream: the Bus port (actors/ports/bus.ts) on real servers.
 *
 *   publish, subscribe, request, answer ─► core NATS; data of feeds, if asked for, over a connection of its own
 *   stream                              ─► a stream for each log          nats-stream.ts
 *   hints                               ─► a key-value bucket in memory    nats-hints.ts
 *   snapshots                           ─► a stream with pieces            nats-snapshots.ts
 *   queue                               ─► a stream that empties           nats-queue.ts
 *
 * nats-server 2.9 or newer. On one server (replicas 1) an acknowledged entry survives the process of the server, not the power: it is
 * written, not synced, before it is acknowledged.
 */
import * as v from "valibot";
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import type { Bus, LogStream, RequestHandler } from "../ports/bus.ts";
import { CountedLines } from "../ports/counted-lines.ts";
import type { WorkQueue } from "../ports/work-queue.ts";
import { bytesOf, NatsLink, TRACE_HEADER, traceOf } from "./nats-connection.ts";
import { NatsHints } from "./nats-hints.ts";
import type { NatsOptions } from "./nats-options.ts";
import { NatsQueue } from "./nats-queue.ts";
import { checkRights } from "./nats-rights.ts";
import { NatsSnapshots } from "./nats-snapshots.ts";
import { NatsStream, type StorageUse } from "./nats-stream.ts";
import { matches } from "./subject-match.ts";

export type { NatsCredentials, NatsOptions, NatsTls } from "./nats-options.ts";
export type { StorageUse } from "./nats-stream.ts";

export interface NatsBus extends Bus {
  /** Version of the server that this process is connected to. */
  readonly serverVersion: string;
  /** Jobs that any process of the session may do. */
  queue(name: string): WorkQueue;
  /** By how much the clock of this process is ahead of the server's, ms, to within a round trip. */
  clockErrorMs(): Promise<number>;
  /** Rejects with an EigenwatchError that names the first right which the user lacks for a session. */
  checkRights(session: string): Promise<void>;
  /** Names of the logs that the servers have, as `stream` takes them, of which the name matches: `*` for one part. Makes none. */
  streams(pattern: string): Promise<string[]>;
  /** What these streams and the whole account store. Rejects when the servers do not answer. */
  storage(streams: readonly string[]): Promise<StorageUse[]>;
  /**
   * Makes these streams and buckets unless they are there. Rejects with an EigenwatchError when the servers will not make them as they are asked for;
   * when they do not answer for the moment, whoever uses a stream makes it.
   */
  prepare(names: { readonly streams: readonly string[]; readonly hints: readonly string[] }): Promise<void>;
  /** Ends the connection and everything that was asked through it. */
  close(): Promise<void>;
}

/** Connects. Rejects with an EigenwatchError when there is no server, it refuses us, or it has no JetStream. */
export async function createNatsBus(options: NatsOptions): Promise<NatsBus> {
  const link = await NatsLink.open(options);
  const data = options.dataConnection === true ? await openedBeside(link) : link;
  const streams = new Map<string, NatsStream>();
  const streamOf = (name: string): NatsStream => {
    const stream = streams.get(name) ?? new NatsStream(link, name);
    streams.set(name, stream);
    return stream;
  };
  return {
    get connected() {
      return link.connected;
    },
    serverVersion: link.version,
    onConnection: (change) => link.onConnection(change),
    publish: (subject, bytes, traceparent) => link.publish(subject, bytes, traceHeaders(link, traceparent)),
    subscribe: (pattern, take, flow) => subscribe(flow === "data" ? data : link, pattern, take),
    async request(subject, bytes, timeoutMs, traceparent) {
      // The library sends later, and the bytes are the caller's.
      const copy = new Uint8Array(bytes);
      return bytesOf(await link.request(subject, copy, timeoutMs, traceHeaders(link, traceparent)));
    },
    answer: (pattern, handle) => answer(link, pattern, handle),
    stream: (name): LogStream => streamOf(name),
    hints: (bucket) => new NatsHints(link, bucket),
    snapshots: (bucket) => new NatsSnapshots(link, bucket),
    queue: (name) => new NatsQueue(link, name),
    clockErrorMs: () => link.clockErrorMs(),
    checkRights: (session) => checkRights(link, session),
    streams: (pattern) => streamNames(link, pattern),
    storage: async (names) => [
      ...(await Promise.all(names.map((name) => streamOf(name).storage()))),
      await accountStorage(link),
    ],
    async prepare({ streams: names, hints }) {
      const made = await Promise.allSettled([
        ...names.map((name) => streamOf(name).ensure()),
        ...hints.map((bucket) => new NatsHints(link, bucket).ensure()),
      ]);
      for (const each of made)
        if (each.status === "rejected" && each.reason instanceof EigenwatchError) throw each.reason;
    },
    async close() {
      await link.close();
      await data.close();
    },
  };
}

async function openedBeside(link: NatsLink): Promise<NatsLink> {
  const { name } = link.options;
  try {
    return await NatsLink.open({ ...link.options, ...(name === undefined ? {} : { name: `${name} data` }) });
  } catch (error) {
    await link.close();
    throw error;
  }
}

const streamPage = v.looseObject({
  total: v.number(),
  streams: v.nullish(
    v.array(v.looseObject({ config: v.looseObject({ subjects: v.nullish(v.array(v.string())) }) })),
  ),
});

/** The subject of a log is its name. The servers answer page by page. */
async function streamNames(link: NatsLink, pattern: string): Promise<string[]> {
  const names: string[] = [];
  for (let offset = 0; ; ) {
    const { total, streams } = await link.api("STREAM.LIST", { offset, subject: pattern }, streamPage);
    const found = (streams ?? []).flatMap(({ config }) => config.subjects ?? []);
    names.push(...found.filter((subject) => matches(pattern, subject)));
    offset += streams?.length ?? 0;
    if (offset >= total || (streams ?? []).length === 0) return names;
  }
}

const accountInfo = v.looseObject({
  storage: v.number(),
  limits: v.looseObject({ max_storage: v.number() }),
});

/** The limit of the server's disk is not among what it tells. */
async function accountStorage(link: NatsLink): Promise<StorageUse> {
  const { storage, limits } = await link.api("INFO", null, accountInfo);
  const limitBytes = limits.max_storage > 0 ? limits.max_storage : null;
  return { what: "JetStream of this account", usedBytes: storage, limitBytes };
}

function traceHeaders(link: NatsLink, traceparent: string | undefined) {
  if (traceparent === undefined) return undefined;
  const headers = link.nats.headers();
  headers.set(TRACE_HEADER, traceparent);
  return headers;
}

function subscribe(
  link: NatsLink,
  pattern: string,
  take: (subject: string, bytes: Uint8Array, traceparent?: string) => void,
): () => void {
  // A pattern that begins with a wildcard matches what the servers and the library say to each other as well.
  const isWide = /^[*>]/.test(pattern);
  return link.subscribe(pattern, (message) => {
    const { subject } = message;
    if (!isWide || !/^(\$|_INBOX\.)/.test(subject)) take(subject, bytesOf(message), traceOf(message));
  });
}

function answer(link: NatsLink, pattern: string, handle: RequestHandler): () => void {
  const lines = new CountedLines(link.options.clock, (message) => link.options.log(message));
  return link.subscribe(pattern, (message) => {
    const { reply, subject } = message;
    if (!reply) return;
    handle(subject, bytesOf(message), traceOf(message)).then(
      (bytes) => bytes !== null && link.publish(reply, bytes),
      (error: unknown) => lines.say("answer", `nats: cannot answer ${subject}: ${errorText(error)}`),
    );
  });
}
