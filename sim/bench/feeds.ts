/**
 * Speed of feeds on one core into a sink that only counts: reading and delivering tables, merging, walks, and the cost of the host feed.
 * Each bench checks its own result.
 */
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { parseFeedSpec } from "../../actors/feeds/feed-spec.ts";
import { openMeters } from "../../actors/feeds/host/meters.ts";
import { createHostFeed } from "../../actors/feeds/host.ts";
import { createMerge } from "../../actors/feeds/merge.ts";
import { createStdinFeed } from "../../actors/feeds/stdin.ts";
import { readTable } from "../../actors/feeds/table/table.ts";
import { Walk } from "../../actors/feeds/walk.ts";
import { systemClock as clock } from "../../actors/mod.ts";
import type { Feed, FeedSink } from "../../actors/ports/feed.ts";
import { createFrame } from "../../protocol/frame.ts";
import { check, cpuSeconds, p50AndP99, pauseMs } from "./measure.ts";
import type { BenchRow } from "./row.ts";

/** Takes about ten seconds. */
export async function benchFeeds(): Promise<BenchRow[]> {
  return [
    benchWalk(),
    await benchParsing(),
    await benchGzip(),
    await benchLongFeed(),
    await benchMerge(),
    await benchHost(),
    benchMeters(),
  ];
}

function benchWalk(): BenchRow {
  const walk = new Walk(16, 1, 0, 1000);
  const frame = createFrame("walk", "walk", 256);
  const fills = 100_000;
  for (let k = 0; k < 10_000; k++) walk.fill(frame, 256);
  const before = performance.now();
  for (let k = 0; k < fills; k++) walk.fill(frame, 256);
  const seconds = (performance.now() - before) / 1000;
  check(walk.samples === (fills + 10_000) * 256, "the walk to count its samples");
  return { name: "walk, 16 channels", value: (fills * 256) / seconds, unit: "samples/s", target: 20e6 };
}

const WIDE_ROWS = 60_000;
const WIDE_COLUMNS = 20;

function wideTable(): Uint8Array {
  const walk = new Walk(WIDE_COLUMNS, 1, 0, 1);
  const frame = createFrame("walk", "walk", WIDE_COLUMNS);
  let text = `ts,${Array.from({ length: WIDE_COLUMNS }, (_, k) => `c${k}`).join(",")}\n`;
  for (let r = 0; r < WIDE_ROWS; r++) {
    walk.fill(frame, WIDE_COLUMNS);
    text += `${1_600_000_000 + r}`;
    for (let k = 0; k < WIDE_COLUMNS; k++) text += `,${frame.value[k]!.toFixed(5)}`;
    text += "\n";
  }
  return Buffer.from(text);
}

async function benchParsing(): Promise<BenchRow> {
  const bytes = wideTable();
  const cells = WIDE_ROWS * (WIDE_COLUMNS + 1);
  await sumOf(bytes);
  const before = performance.now();
  const sum = await sumOf(bytes);
  const seconds = (performance.now() - before) / 1000;
  const plainBefore = performance.now();
  const plain = plainSum(bytes);
  const plainSeconds = (performance.now() - plainBefore) / 1000;
  check(sum === plain, "the table reader to read what split and Number read");
  return {
    name: "table reader, wide CSV",
    value: cells / seconds,
    unit: "cells/s",
    target: 1.5e6,
    ratioTo: "String.split and Number of the whole text",
    ratio: plainSeconds / seconds,
  };
}

async function sumOf(bytes: Uint8Array): Promise<number> {
  const table = await readTable(chunksOf(bytes));
  let sum = 0;
  for await (const batch of table.batches()) {
    const used = batch.rows * table.valueColumns.length;
    for (let k = 0; k < used; k++) sum += batch.values[k]!;
  }
  return sum;
}

function plainSum(bytes: Uint8Array): number {
  let sum = 0;
  for (const line of new TextDecoder().decode(bytes).split("\n").slice(1, -1))
    for (const cell of line.split(",").slice(1)) sum += Number(cell);
  return sum;
}

async function benchGzip(): Promise<BenchRow> {
  const bytes = gzipSync(wideTable(), { level: 1 });
  const before = performance.now();
  await sumOf(bytes);
  const seconds = (performance.now() - before) / 1000;
  const cells = WIDE_ROWS * (WIDE_COLUMNS + 1);
  return { name: "table reader, wide CSV gzipped", value: cells / seconds, unit: "cells/s", target: 1.5e6 };
}

const TRADES = 300_000;

function trades(): Uint8Array {
  let text = "ts_ms,symbol,price,size\n";
  for (let k = 0; k < TRADES; k++)
    text += `${1_600_000_000_000 + 10 * k},S${(k * 7919) % 16},${100 + (k % 97) / 100},100\n`;
  return Buffer.from(text);
}

async function benchLongFeed(): Promise<BenchRow> {
  const bytes = trades();
  await timed(tableFeed("warm-up", bytes));
  const { samples, seconds } = await timed(tableFeed("trades", bytes));
  check(samples === TRADES, "every trade to be delivered");
  return { name: "table feed, long CSV of trades", value: samples / seconds, unit: "samples/s" };
}

async function benchMerge(): Promise<BenchRow> {
  const bytes = trades();
  const feeds = [tableFeed("a", bytes), tableFeed("b", bytes)];
  const { samples, frames, seconds } = await timed(
    createMerge(feeds, { clock, speed: Number.POSITIVE_INFINITY }),
  );
  check(samples === 2 * TRADES, "every trade of both tables to be delivered");
  return {
    name: "merge of two tables, alternating samples",
    value: samples / seconds,
    unit: "samples/s",
    note: `worst case: ${(samples / frames).toFixed(1)} samples in a frame`,
  };
}

async function benchHost(): Promise<BenchRow> {
  const feed = createHostFeed({ source: "host", group: "host", everyUs: 100_000, clock });
  const sink = countingSink();
  const running = feed.run(sink);
  await pauseMs(500);
  const frames = sink.frames;
  const [cpuBefore, before] = [cpuSeconds(), performance.now()];
  await pauseMs(3000);
  const share = (1000 * (cpuSeconds() - cpuBefore)) / (performance.now() - before);
  const rows = sink.frames - frames;
  await feed.stop();
  await running;
  check(rows >= 15, "the host feed to keep its cadence");
  return {
    name: "host feed at 10 Hz, whole process",
    value: 100 * share,
    unit: "% of a core",
    target: 2,
    note: `${rows} rows of ${sink.channelCount} channels`,
  };
}

function benchMeters(): BenchRow {
  const { meters } = openMeters();
  const row = new Float64Array(256);
  const times: number[] = [];
  for (let k = 0; k < 400; k++) {
    const before = performance.now();
    for (const meter of meters) meter.read(row, 0, 0.1);
    times.push((performance.now() - before) * 1000);
  }
  for (const meter of meters) meter.close();
  const { p50, p99 } = p50AndP99(times.slice(100));
  return { name: "host meters, one reading", value: p50, unit: "µs", p50, p99 };
}

interface CountingSink extends FeedSink {
  samples: number;
  frames: number;
  channelCount: number;
}

function countingSink(): CountingSink {
  const sink: CountingSink = {
    samples: 0,
    frames: 0,
    channelCount: 0,
    channels(declaration) {
      sink.channelCount = declaration.channels.length;
    },
    frame(frame) {
      sink.samples += frame.count;
      sink.frames++;
      return true;
    },
    quantum: () => true,
    status(status) {
      check(status.status !== "failed", `no failure of the feed: ${status.detail}`);
    },
    drained: () => Promise.resolve(),
  };
  return sink;
}

async function timed(feed: Feed): Promise<{ samples: number; frames: number; seconds: number }> {
  const sink = countingSink();
  const before = performance.now();
  await feed.run(sink);
  return { samples: sink.samples, frames: sink.frames, seconds: (performance.now() - before) / 1000 };
}

function tableFeed(source: string, bytes: Uint8Array): Feed {
  const spec = parseFeedSpec("stdin");
  if (spec.kind !== "stdin") throw new Error("Cannot bench: stdin is no stdin");
  return createStdinFeed({
    source,
    group: source,
    stream: chunksOf(bytes),
    options: spec.options,
    clock,
  });
}

/** Bytes in chunks, as a file delivers them. */
async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}
