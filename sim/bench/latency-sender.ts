/**
 * The sending process of a latency run. Argument: a `SenderOptions` as JSON.
 *
 *   push    a bare `ws` server sends the bytes of each frame to its clients and does nothing else
 *   echo    the same, and the client sends them back: arrivals are stamped here
 *   system  feed → sequencer → journal → all actors → gateway, in one process as in `up`
 *   cluster feed → NATS → owner, all actors → stream → gateway of the same node, which is a process of its own
 *   request a bare request over NATS and its answer by another process: arrivals of answers are stamped here
 *   moleculer the same as a call between two brokers of Moleculer over NATS
 */
import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { constants, PerformanceObserver } from "node:perf_hooks";
import process from "node:process";
import { getHeapStatistics } from "node:v8";
import { WebSocketServer } from "ws";
import { encodeMessage } from "../../protocol/codec.ts";
import { encodeSamples } from "../../protocol/samples.ts";
import { answerRequests } from "./child.ts";
import { startAskingSender } from "./cluster-asking-sender.ts";
import { startClusterSender } from "./cluster-sender.ts";
import type { Received } from "./latency-client.ts";
import {
  type Carrier,
  createLoadFrame,
  fillFrame,
  LAST_ARRIVAL_MS,
  type Load,
  loadFeed,
  onSchedule,
  type Sender,
  type SentTimes,
} from "./latency-load.ts";
import { startLive } from "./live.ts";
import { machineNowUs } from "./machine-clock.ts";
import { cpuSeconds, pauseMs } from "./measure.ts";

export interface SenderOptions {
  kind: Carrier;
  load: Load;
  /** Of a system. */
  durability?: "memory" | "file";
  /** A second process executes the recording again. */
  shadow?: boolean;
}

/** What the sending process used in a run. */
export interface Spent {
  readonly cpuSeconds: number;
  /** Allocated on the heap of JavaScript. */
  readonly heapBytes: number;
  readonly collections: Collections;
}

/** Garbage collections during a run, ms; null where the runtime does not report them. */
export type Collections = { major: number[]; minor: number } | null;

/** Any sequence of four bytes, as in a session that runs for a while. */
const SOME_SEQUENCE = 4_000_000;

const options = JSON.parse(process.argv[2]!) as SenderOptions;
const sender = await start(options);
const collections = observeCollections();
let sent: SentTimes | null = null;
let used = { cpuSeconds: 0, heapBytes: 0 };

answerRequests(
  {
    url: () => sender.url,
    now: machineNowUs,
    async run({ seconds }: { seconds: number }): Promise<number> {
      sender.thirds.length = 0;
      collections?.reset();
      const heap = new HeapGrowth();
      const cpu = cpuSeconds();
      sent = await onSchedule(options.load, seconds, sender.send, () => heap.look());
      used = { cpuSeconds: cpuSeconds() - cpu, heapBytes: heap.bytes };
      return sent.due.length;
    },
    /** Waits for the frames that are still to come back. */
    async finish(): Promise<Received> {
      const frames = sent!.due.length;
      const untilMs = performance.now() + LAST_ARRIVAL_MS;
      const came = () => sender.thirds.filter((stamp) => stamp !== undefined).length;
      while (came() < frames && performance.now() < untilMs) await pauseMs(10);
      return { frames: came(), bytes: came() * (sender.bytesPerFrame ?? 0), outOfOrder: 0, lagging: 0 };
    },
    /** Writes due, offered and third times to a file, in columns. */
    times({ out }: { out: string }): Spent {
      const { due, offered } = sent!;
      const thirds = Float64Array.from(due, (_, k) => sender.thirds[k] ?? Number.NaN);
      writeFileSync(out, Buffer.concat([due, offered, thirds].map(({ buffer }) => new Uint8Array(buffer))));
      return { ...used, collections: collections?.seen() ?? null };
    },
  },
  () => sender.close(),
);

function start(options: SenderOptions): Promise<Sender> {
  switch (options.kind) {
    case "system":
      return startSystem(options);
    case "cluster":
      return startClusterSender(options.load);
    case "request":
    case "moleculer":
      return startAskingSender(options.kind, options.load);
    default:
      return startBare(options);
  }
}

async function startBare({ kind, load }: SenderOptions): Promise<Sender> {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1", perMessageDeflate: false });
  await new Promise((resolve) => server.once("listening", resolve));
  const thirds: number[] = [];
  if (kind === "echo")
    server.on("connection", (peer) => peer.on("message", () => thirds.push(machineNowUs())));
  const frame = createLoadFrame(load);
  fillFrame(frame, SOME_SEQUENCE, load);
  const bytes = encodeSamples(SOME_SEQUENCE, encodeMessage(frame));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    send() {
      for (const client of server.clients) client.send(bytes, { binary: true, compress: false });
    },
    thirds,
    async close() {
      for (const client of server.clients) client.terminate();
      server.close();
    },
  };
}

async function startSystem({ load, durability = "memory", shadow = false }: SenderOptions): Promise<Sender> {
  const live = await startLive({ durability, detectors: true, shadow });
  const thirds: number[] = [];
  let pending = 0;
  live.partition.subscribe({
    frame: () => void pending++,
    // The gateway subscribed first: it has written.
    flush() {
      for (const now = machineNowUs(); pending > 0; pending--) thirds.push(now);
    },
  });
  const { feed, sink: started } = loadFeed(load);
  live.partition.startFeeds([feed]);
  const sink = await started;
  const frame = createLoadFrame(load);
  let number = 0;
  return {
    url: live.socketUrl,
    send() {
      fillFrame(frame, ++number, load);
      sink.frame(frame);
    },
    thirds,
    close: () => live.close(),
  };
}

/** Sum of what the heap grows between looks, a millisecond apart: what was allocated but for the millisecond before each collection. */
class HeapGrowth {
  bytes = 0;
  private last = getHeapStatistics().used_heap_size;

  look(): void {
    const now = getHeapStatistics().used_heap_size;
    this.bytes += Math.max(0, now - this.last);
    this.last = now;
  }
}

function observeCollections(): { reset(): void; seen(): NonNullable<Collections> } | null {
  if (!supportedTypes().includes("gc")) return null;
  let all: { kind: number; ms: number }[] = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // The types of Node leave the detail out.
      const { detail } = entry as unknown as { detail: { kind: number } };
      all.push({ kind: detail.kind, ms: entry.duration });
    }
  }).observe({ entryTypes: ["gc"] });
  const isMinor = ({ kind }: { kind: number }) => kind === constants.NODE_PERFORMANCE_GC_MINOR;
  return {
    reset() {
      all = [];
    },
    seen: () => ({
      major: all.filter((each) => !isMinor(each)).map(({ ms }) => ms),
      minor: all.filter(isMinor).length,
    }),
  };
}

/** The types of Node leave this list out. */
function supportedTypes(): readonly string[] {
  return (
    (PerformanceObserver as unknown as { supportedEntryTypes?: readonly string[] }).supportedEntryTypes ?? []
  );
}
