/**
 * Throughput of the whole system: walk feed → sequencer → journal on disk → actors at n = 16 → gateway → a client in another process.
 *
 * The walk feeds as fast as the session admits. A run fails unless the client receives all samples in order.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createFeeds, systemClock } from "../../actors/mod.ts";
import { startLive } from "./live.ts";
import { cpuSeconds, pauseMs } from "./measure.ts";
import { startScript } from "./program.ts";
import type { BenchRow } from "./row.ts";

const CLIENT = fileURLToPath(new URL("./counting-client.ts", import.meta.url));

const SECONDS = 6;
const WARMUP_SECONDS = 2;

/** The walk's rows are 1 ms apart and arrive some sixty times as fast: this interval gives about 20 states a second of real time. */
const PUBLISH_EVERY_US = 3_000_000;

export async function benchPipeline(): Promise<BenchRow[]> {
  return [
    ...(await run("spine alone (detectors off)", false, 5_000_000)),
    ...(await run("all actors, n = 16", true, 1_000_000)),
  ];
}

interface Totals {
  samples: number;
  states: number;
  outOfOrder: number;
  missed: number;
  lagging: number;
  lastInput: number;
}

async function run(name: string, detectors: boolean, target: number): Promise<BenchRow[]> {
  const live = await startLive({ durability: "file", detectors, set: { publishEveryUs: PUBLISH_EVERY_US } });
  const client = startScript(CLIENT, [live.socketUrl], ["pipe", "pipe", "inherit"]);
  let totals: Totals | null = null;
  const waiting: (() => void)[] = [];
  createInterface({ input: client.stdout! }).on("line", (line) => {
    totals = JSON.parse(line) as Totals;
    for (const resolve of waiting.splice(0)) resolve();
  });
  const next = () => new Promise<void>((resolve) => waiting.push(resolve));
  await next();
  live.partition.startFeeds(
    createFeeds(["walk?channels=16&rate=max&frame=256"], { clock: systemClock, seed: 1 }),
  );
  await pauseMs(1000 * WARMUP_SECONDS);
  const start = { samples: live.partition.core.samples, ms: performance.now(), cpu: cpuSeconds() };
  let buffersMax = 0;
  for (let second = 0; second < SECONDS; second++) {
    await pauseMs(1000);
    buffersMax = Math.max(buffersMax, live.partition.gauges()["bufferBytes"] ?? 0);
  }
  const seconds = (performance.now() - start.ms) / 1000;
  const rate = (live.partition.core.samples - start.samples) / seconds;
  const cores = (cpuSeconds() - start.cpu) / seconds;
  const { partition } = live;
  await partition.close();
  const expected = partition.core.samples;
  for (let i = 0; i < 20 && totals!.samples < expected; i++) await next();
  client.stdin!.end();
  await live.close();
  const received = totals as unknown as Totals;
  const lost = received.lagging > 0 || received.missed > 0 ? "; the client lagged and was conflated" : "";
  if (received.outOfOrder > 0) throw new Error(`${name}: ${received.outOfOrder} frames came out of order`);
  if (received.samples !== expected && lost === "") {
    throw new Error(`${name}: the client got ${received.samples} of ${expected} samples`);
  }
  return [
    {
      name: `pipeline: ${name}, file journal, one client`,
      value: rate,
      unit: "samples/s",
      target,
      ratioTo: "target",
      ratio: rate / target,
      note: `client got ${received.samples} of ${expected} samples, ${received.states} states${lost}; ${cores.toFixed(2)} cores`,
    },
    {
      name: `pipeline: ${name}, streaming buffers`,
      value: buffersMax / 1e6,
      unit: "MB",
      target: 100,
      note: `resident ${Math.round(process.memoryUsage().rss / 1e6)} MB`,
    },
  ];
}
