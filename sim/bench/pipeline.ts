/**
 * Throughput of the whole: walk feed → sequencer → journal on disk → actors at n = 16 → gateway → a client in another process.
 *
 * The walk gives as much as is taken; a run counts what the client has received, and fails when that is not all, in order.
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { createFeeds, systemClock } from "../../actors/mod.ts";
import { startLive } from "./live.ts";
import { startBeside } from "./own-runtime.ts";
import type { BenchRow } from "./row.ts";

const SECONDS = 6;
const WARMUP_SECONDS = 2;

/** The walk's rows are 1 ms apart and come some sixty times as fast: so often states are published about 20 times a second of ours. */
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
  const client = startBeside(import.meta.url, "./counting-client.ts", [live.socketUrl]);
  let totals: Totals | null = null;
  const heard: (() => void)[] = [];
  createInterface({ input: client.stdout! }).on("line", (line) => {
    totals = JSON.parse(line) as Totals;
    for (const resolve of heard.splice(0)) resolve();
  });
  const next = () => new Promise<void>((resolve) => heard.push(resolve));
  await next();
  live.partition.startFeeds(
    createFeeds(["walk?channels=16&rate=max&frame=256"], { clock: systemClock, seed: 1 }),
  );
  await pause(WARMUP_SECONDS);
  const start = { samples: live.partition.core.samples, ms: performance.now(), cpu: process.cpuUsage() };
  let buffersMax = 0;
  for (let second = 0; second < SECONDS; second++) {
    await pause(1);
    buffersMax = Math.max(buffersMax, live.partition.gauges()["bufferBytes"] ?? 0);
  }
  const seconds = (performance.now() - start.ms) / 1000;
  const rate = (live.partition.core.samples - start.samples) / seconds;
  const cpu = process.cpuUsage(start.cpu);
  const { partition } = live;
  await partition.close();
  const expected = partition.core.samples;
  for (let i = 0; i < 20 && totals!.samples < expected; i++) await next();
  client.stdin!.end();
  await live.close();
  const got = totals as unknown as Totals;
  const lost = got.lagging > 0 || got.missed > 0 ? "; the client lagged and was conflated" : "";
  if (got.outOfOrder > 0) throw new Error(`${name}: ${got.outOfOrder} frames came out of order`);
  if (got.samples !== expected && lost === "") {
    throw new Error(`${name}: the client got ${got.samples} of ${expected} samples`);
  }
  return [
    {
      name: `pipeline: ${name}, file journal, one client`,
      value: rate,
      unit: "samples/s",
      target,
      ratioTo: "target",
      ratio: rate / target,
      note: `client got ${got.samples} of ${expected} samples, ${got.states} states${lost}; ${((cpu.user + cpu.system) / 1e6 / seconds).toFixed(2)} cores`,
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

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
