/** A sink that keeps what a feed delivers, and tables written by tests. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FeedContext } from "../../actors/feeds/feed-kind.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import type { Feed, FeedSink } from "../../actors/ports/feed.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import { createManualClock } from "../support/clock.ts";

export interface Sample {
  source: string;
  channel: string;
  time: number;
  value: number;
  size: number | null;
}

export interface Collected {
  samples: Sample[];
  /** Samples of each frame. */
  frames: { source: string; group: string; sequence: number; count: number }[];
  groups: Map<string, Channels>;
  /** States and records. */
  quanta: QuantumInput[];
  statuses: FeedStatus[];
  /** What arrived, in order: "channels prices", "frame 3", "running". */
  order: string[];
}

export interface CollectingSink extends FeedSink, Collected {
  /** The sink is full after this many frames, until `release`. */
  fullAfter: number;
  release(): void;
}

export function collectingSink(): CollectingSink {
  let waiting: (() => void)[] = [];
  const sink: CollectingSink = {
    samples: [],
    frames: [],
    groups: new Map(),
    quanta: [],
    statuses: [],
    order: [],
    fullAfter: Number.POSITIVE_INFINITY,
    channels(declaration) {
      sink.groups.set(declaration.group, structuredClone(declaration));
      sink.order.push(`channels ${declaration.group}`);
    },
    frame(frame) {
      const channels = sink.groups.get(frame.group)?.channels;
      if (channels === undefined) throw new Error(`frame of ${frame.group} before its channels`);
      for (let k = 0; k < frame.count; k++) {
        const channel = channels[frame.channel[k]!];
        if (channel === undefined)
          throw new Error(`channel ${frame.channel[k]} of ${frame.group} is not declared`);
        const size = frame.size === null ? null : frame.size[k]!;
        sink.samples.push({
          source: frame.source,
          channel: channel.name,
          time: frame.time[k]!,
          value: frame.value[k]!,
          size,
        });
      }
      sink.frames.push({
        source: frame.source,
        group: frame.group,
        sequence: frame.sequence,
        count: frame.count,
      });
      sink.order.push(`frame ${frame.count}`);
      return sink.frames.length < sink.fullAfter;
    },
    quantum(input) {
      sink.quanta.push(structuredClone(input));
      sink.order.push(input.type);
      return true;
    },
    status(status) {
      sink.statuses.push(structuredClone(status));
      sink.order.push(status.status);
    },
    drained: () =>
      sink.frames.length < sink.fullAfter
        ? Promise.resolve()
        : new Promise((resolve) => waiting.push(resolve)),
    release() {
      sink.fullAfter = Number.POSITIVE_INFINITY;
      const all = waiting;
      waiting = [];
      for (const resolve of all) resolve();
    },
  };
  return sink;
}

export async function collect(feed: Feed): Promise<CollectingSink> {
  const sink = collectingSink();
  await feed.run(sink);
  return sink;
}

export function collectSpec(spec: string, context: Partial<FeedContext> = {}): Promise<CollectingSink> {
  return collect(createFeed(spec, { clock: createManualClock(), seed: 1, ...context }));
}

/** Runs `use` with the path of a file of this content. */
export async function withFile<T>(
  name: string,
  content: string | Uint8Array,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "eigenwatch-feeds-"));
  try {
    const path = join(folder, name);
    writeFileSync(path, content);
    return await use(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The feed of a CSV text. */
export function collectText(
  text: string | Uint8Array,
  query = "",
  name = "table.csv",
): Promise<CollectingSink> {
  return withFile(name, text, (path) => collectSpec(`file:${path}${query === "" ? "" : `?${query}`}`));
}

/** Counts of all reports together. */
export function totalCounts(collected: Collected): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { counts } of collected.statuses)
    for (const [reason, count] of Object.entries(counts)) totals[reason] = (totals[reason] ?? 0) + count;
  return totals;
}

/** Bytes in pieces, as a stream gives them. */
export async function* pieces(...chunks: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk;
}
