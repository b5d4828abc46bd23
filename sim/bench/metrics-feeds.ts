/**
 * Speed of the feeds of servers' metrics: scrapes of a large exporter, StatsD packets of another process, batches of OpenTelemetry, and what another
 * process pushes over HTTP (pushes.ts).
 */
import { fileURLToPath } from "node:url";
import { BadSamples } from "../../actors/feeds/bad-samples.ts";
import { MOST_CHANNELS } from "../../actors/feeds/channel-groups.ts";
import { FeedWriter } from "../../actors/feeds/feed-writer.ts";
import { readExposition } from "../../actors/feeds/metrics/exposition.ts";
import { OtlpMetrics } from "../../actors/feeds/metrics/otlp-metrics.ts";
import { readJson } from "../../actors/feeds/metrics/otlp-request.ts";
import { EVERYTHING } from "../../actors/feeds/metrics/selection.ts";
import { SeriesReader } from "../../actors/feeds/metrics/series.ts";
import { ReadingRows } from "../../actors/feeds/reading-rows.ts";
import { StatsdFeed } from "../../actors/feeds/statsd-feed.ts";
import { systemClock as clock } from "../../actors/mod.ts";
import { Child } from "./child.ts";
import { countingSink } from "./counting-sink.ts";
import { check, cpuSeconds, secondsOf } from "./measure.ts";
import { benchPushes } from "./pushes.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { inTurns } from "./turns.ts";

export async function benchMetricsFeeds(): Promise<BenchRow[]> {
  return [await benchPrometheus(), await benchStatsd(), await benchOtlp(), await benchPushes()];
}

const SERIES = 10_000;

async function benchPrometheus(): Promise<BenchRow> {
  const text = ["# TYPE requests_total counter", ...exposed()].join("\n");
  const sink = countingSink();
  const writer = new FeedWriter("bench", sink);
  const bad = new BadSamples(() => {});
  const rows = new ReadingRows(writer, bad, { group: "bench", everyUs: 10e6, seriesMax: MOST_CHANNELS });
  const series = new SeriesReader(EVERYTHING);
  let timeUs = 0;
  const { own, plain } = await inTurns({
    own: async () =>
      SERIES /
      (await secondsOf(() => {
        timeUs += 10e6;
        const readings = series.read(readExposition(text), timeUs);
        check(readings.length === SERIES, "a reading of each series");
        rows.declare(readings);
        rows.take(readings, timeUs);
      })),
    plain: async () => SERIES / (await secondsOf(() => check(plainSum(text) === 10 * SERIES, "all values"))),
  });
  check(sink.samples > 0 && sink.samples % MOST_CHANNELS === 0, "a sample of each channel in a row");
  return compared(
    {
      name: `Prometheus exposition of ${SERIES} series → rows`,
      unit: "series/s",
      runs: own,
      note: `${MOST_CHANNELS} channels have room; at 10 s between scrapes 1,000 series/s come`,
    },
    { "String.split and Number of each line": plain },
    { atLeast: 1_000 },
  );
}

function exposed(): string[] {
  return Array.from(
    { length: SERIES },
    (_, k) => `requests_total{method="get",path="/api/v1/items/${k}",code="200"} 10`,
  );
}

function plainSum(text: string): number {
  let sum = 0;
  for (const line of text.split("\n").slice(1)) sum += Number(line.slice(line.lastIndexOf(" ")));
  return sum;
}

const POINTS = 8_192;
const POINTS_PER_SECOND = 50_000;

/** A batch as a collector sends it, in JSON and so without a protobuf writer; protobuf of the same is read in less time. */
async function benchOtlp(): Promise<BenchRow> {
  const metrics = new OtlpMetrics(POINTS);
  const text = (second: number) => otlpBatch(second);
  let second = 0;
  const { own, plain } = await inTurns({
    own: async () => {
      second += 10;
      const batch = text(second);
      return (
        POINTS /
        (await secondsOf(() => {
          check(metrics.take(readJson(batch), clock.nowUs()).noRoom.length === 0, "room for every series");
          check(metrics.readings().length === POINTS, "a reading of each point");
        }))
      );
    },
    plain: async () => {
      const batch = text(1);
      return POINTS / (await secondsOf(() => JSON.parse(batch)));
    },
  });
  return compared(
    {
      name: `OTLP batches of ${POINTS} sums in JSON → readings`,
      unit: "points/s",
      runs: own,
      note: "the request's text is there; HTTP is not in it",
    },
    { "JSON.parse of the same": plain },
    { atLeast: POINTS_PER_SECOND },
  );
}

function otlpBatch(second: number): string {
  const dataPoints = Array.from({ length: POINTS }, (_, k) => ({
    attributes: [
      { key: "path", value: { stringValue: `/api/v1/items/${k}` } },
      { key: "code", value: { intValue: "200" } },
    ],
    startTimeUnixNano: "1",
    timeUnixNano: `${second}000000000`,
    asInt: String(10 * second),
  }));
  const sum = { aggregationTemporality: 2, isMonotonic: true, dataPoints };
  return JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: "requests", sum }] }] }] });
}

const PACKETS_PER_SECOND = 200_000;
const SECONDS = 5;

async function benchStatsd(): Promise<BenchRow> {
  let port = "";
  let lost = 0;
  let taken = 0;
  const sink = countingSink({
    status({ detail, counts }) {
      port ||= /^UDP .*?:(\d+)/.exec(detail)?.[1] ?? "";
      lost += counts["lost"] ?? 0;
    },
    frame({ value, count }) {
      for (let k = 0; k < count; k++) taken += value[k]! * EVERY_SECONDS;
    },
  });
  const feed = new StatsdFeed({
    source: "bench",
    group: "bench",
    host: "127.0.0.1",
    port: 0,
    everyUs: EVERY_SECONDS * 1e6,
    seriesMax: 1_024,
    clock,
  });
  const running = feed.run(sink);
  while (port === "") await new Promise((resolve) => setImmediate(resolve));
  const sender = new Child(fileURLToPath(new URL("./statsd-sender.ts", import.meta.url)), [port]);
  await sender.ask("send", { packetsPerSecond: 1_000, seconds: 0.5 });
  const before = cpuSeconds();
  const sent = await sender.ask<number>("send", {
    packetsPerSecond: 1.01 * PACKETS_PER_SECOND,
    seconds: SECONDS,
  });
  const share = (cpuSeconds() - before) / SECONDS;
  await sender.stop();
  await feed.stop();
  await running;
  return limited(
    {
      name: "StatsD packets of another process, sent",
      unit: "packets/s",
      runs: [sent / SECONDS],
      note: `${Math.round(100 * share)} % of a core; about ${Math.round(taken / 1000)} thousand taken, ${lost} dropped by the system and counted`,
    },
    { atLeast: PACKETS_PER_SECOND },
  );
}

const EVERY_SECONDS = 0.1;
