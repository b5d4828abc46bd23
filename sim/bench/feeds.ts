/**
 * Speed of feeds on one core into a sink that only counts: reading and delivering tables, merging, walks, and the cost of the host feed.
 * Each bench checks its own result.
 */
import { Buffer } from "node:buffer";
import { cpus } from "node:os";
import { gunzipSync, gzipSync } from "node:zlib";
import { parseFeedSpec } from "../../actors/feeds/feed-spec.ts";
import { openMeters } from "../../actors/feeds/host/meters.ts";
import { createHostFeed } from "../../actors/feeds/host.ts";
import { createMerge } from "../../actors/feeds/merge.ts";
import { createStdinFeed } from "../../actors/feeds/stdin.ts";
import { readTable } from "../../actors/feeds/table/table.ts";
import { Walk } from "../../actors/feeds/walk.ts";
import { systemClock as clock } from "../../actors/mod.ts";
import type { Feed } from "../../actors/ports/feed.ts";
import { createFrame } from "../../protocol/frame.ts";
import { benchBookFeeds } from "./book-feeds.ts";
import { countingSink } from "./counting-sink.ts";
import { check, cpuSeconds, pauseMs, secondsOf } from "./measure.ts";
import { benchMetricsFeeds } from "./metrics-feeds.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { BARE_LOOP, bareLoop, inTurns, perSecond, singleCalls } from "./turns.ts";

/** Takes about half a minute. */
export async function benchFeeds(): Promise<BenchRow[]> {
  return [
    await benchWalk(),
    ...(await benchParsing()),
    ...(await benchLongFeed()),
    await benchHost(),
    await benchMeters(),
    ...(await benchMetricsFeeds()),
    ...(await benchBookFeeds()),
  ];
}

async function benchWalk(): Promise<BenchRow> {
  const walk = new Walk(16, 1, 0, 1000);
  const frame = createFrame("walk", "walk", 256);
  let fills = 0;
  const { filling, loop } = await inTurns({
    filling: perSecond(() => {
      walk.fill(frame, 256);
      fills++;
    }, 256),
    loop: bareLoop,
  });
  check(walk.samples === fills * 256, "the walk to count its samples");
  return compared(
    { name: "walk, 16 channels", unit: "samples/s", runs: filling },
    { [BARE_LOOP]: loop },
    { atLeast: 20e6 },
  );
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

async function benchParsing(): Promise<BenchRow[]> {
  const bytes = wideTable();
  const zipped = gzipSync(bytes, { level: 1 });
  const cells = WIDE_ROWS * (WIDE_COLUMNS + 1);
  const expected = plainSum(bytes);
  const turn = (sum: () => number | Promise<number>) => async () => {
    let found = Number.NaN;
    const seconds = await secondsOf(async () => {
      found = await sum();
    });
    check(found === expected, "every reader to read the same numbers");
    return cells / seconds;
  };
  const { own, unzipping, plain, plainZipped } = await inTurns({
    own: turn(() => sumOf(bytes)),
    unzipping: turn(() => sumOf(zipped)),
    plain: turn(() => plainSum(bytes)),
    plainZipped: turn(() => plainSum(gunzipSync(zipped))),
  });
  const unit = "cells/s";
  const peer = "String.split and Number of the whole text";
  return [
    compared({ name: "table reader, wide CSV", unit, runs: own }, { [peer]: plain }, { atLeast: 1.5e6 }),
    compared(
      { name: "table reader, wide CSV gzipped", unit, runs: unzipping },
      { [`gunzipSync, ${peer}`]: plainZipped },
      { atLeast: 1.5e6 },
    ),
  ];
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

const TRADES = 300_000;

function trades(): Uint8Array {
  let text = "ts_ms,symbol,price,size\n";
  for (let k = 0; k < TRADES; k++)
    text += `${1_600_000_000_000 + 10 * k},S${(k * 7919) % 16},${100 + (k % 97) / 100},100\n`;
  return Buffer.from(text);
}

async function benchLongFeed(): Promise<BenchRow[]> {
  const bytes = trades();
  const forever = Number.POSITIVE_INFINITY;
  let perFrame = 0;
  const { table, merge, plain } = await inTurns({
    table: () => samplesPerSecond(tableFeed("trades", bytes), TRADES),
    merge: () =>
      samplesPerSecond(
        createMerge([tableFeed("a", bytes), tableFeed("b", bytes)], { clock, speed: forever }),
        2 * TRADES,
        (frames) => {
          perFrame = (2 * TRADES) / frames;
        },
      ),
    plain: async () => TRADES / (await secondsOf(() => plainSum(bytes))),
  });
  const peers = { "String.split and Number of the whole text": plain };
  const unit = "samples/s";
  return [
    compared({ name: "table feed, long CSV of trades", unit, runs: table }, peers),
    compared(
      {
        name: "merge of two tables, alternating samples",
        unit,
        runs: merge,
        note: `worst case: ${perFrame.toFixed(1)} samples in a frame`,
      },
      peers,
    ),
  ];
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
  return limited(
    {
      name: "host feed at 10 Hz, whole process",
      unit: "% of a core",
      runs: [100 * share],
      note: `${rows} rows of ${sink.channelCount} channels`,
    },
    { atMost: 2 },
  );
}

async function benchMeters(): Promise<BenchRow> {
  const { meters } = openMeters();
  const row = new Float64Array(256);
  const { own, plain } = await inTurns({
    own: singleCalls(() => {
      for (const meter of meters) meter.read(row, 0, 0.1);
    }),
    plain: singleCalls(() => void cpus()),
  });
  for (const meter of meters) meter.close();
  const p50s = (runs: { p50: number }[]) => runs.map(({ p50 }) => p50);
  return compared(
    { name: "host meters, one reading", unit: "µs", runs: p50s(own), p99: own.map(({ p99 }) => p99) },
    { "os.cpus()": p50s(plain) },
  );
}

/** Of the whole feed; `counted` gets its number of frames. */
async function samplesPerSecond(
  feed: Feed,
  expected: number,
  counted: (frames: number) => void = () => {},
): Promise<number> {
  const sink = countingSink();
  const seconds = await secondsOf(() => feed.run(sink));
  check(sink.samples === expected, `${expected} samples`, `${sink.samples} samples`);
  counted(sink.frames);
  return expected / seconds;
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
