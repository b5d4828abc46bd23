/**
 * Cost of a shadow for its session: throughput and latency with and without one, in turns, so that a slower machine slows both.
 *
 * Nothing else runs: a second core is free for the shadow.
 */
import { createFeeds, systemClock } from "../../actors/mod.ts";
import { type Load, through } from "./latency.ts";
import { startLive } from "./live.ts";
import { median, pauseMs } from "./measure.ts";
import type { BenchRow } from "./row.ts";

const TURNS = 3;
const SECONDS = 4;
const WARMUP_SECONDS = 2;

/** As in pipeline.ts: about 20 states a second of real time. */
const PUBLISH_EVERY_US = 3_000_000;

const LOAD: Load = { name: "100,000 samples/s in rows of 16", framesPerSecond: 6_250, samplesPerFrame: 16 };

export async function benchShadow(): Promise<BenchRow[]> {
  return [await throughput(), await latency()];
}

async function throughput(): Promise<BenchRow> {
  const rates = { without: [] as number[], with: [] as number[] };
  let note = "";
  for (let turn = 0; turn < TURNS; turn++) {
    rates.without.push((await pass(false)).rate);
    const shadowed = await pass(true);
    rates.with.push(shadowed.rate);
    note = shadowed.note;
  }
  const [before, after] = [median(rates.without), median(rates.with)];
  return {
    name: "shadow: samples through a session, all actors at n = 16, file journal",
    value: after,
    unit: "samples/s",
    target: 0.7 * before,
    ratioTo: "without a shadow",
    ratio: after / before,
    note: `${Math.round(before).toLocaleString("en-US")} samples/s without; ${note}`,
  };
}

async function pass(shadow: boolean): Promise<{ rate: number; note: string }> {
  const live = await startLive({
    durability: "file",
    detectors: true,
    shadow,
    set: { publishEveryUs: PUBLISH_EVERY_US },
  });
  const feeds = createFeeds(["walk?channels=16&rate=max&frame=256"], { clock: systemClock, seed: 1 });
  live.partition.startFeeds(feeds);
  await pauseMs(1000 * WARMUP_SECONDS);
  const start = { samples: live.partition.core.samples, ms: performance.now() };
  await pauseMs(1000 * SECONDS);
  const rate = ((live.partition.core.samples - start.samples) * 1000) / (performance.now() - start.ms);
  await live.close();
  const { shadowed } = live;
  if (shadowed === null) return { rate, note: "" };
  const { blocks, skippedBlocks, hashes, differences } = shadowed;
  if (differences > 0) throw new Error(`the shadow found ${differences} differences`);
  return {
    rate,
    note: `${blocks} blocks and ${hashes} state hashes compared, ${skippedBlocks} blocks skipped`,
  };
}

async function latency(): Promise<BenchRow> {
  const p99s = { without: [] as number[], with: [] as number[] };
  for (let turn = 0; turn < TURNS; turn++) {
    p99s.without.push((await through(LOAD, "file")).p99);
    p99s.with.push((await through(LOAD, "file", true)).p99);
  }
  const [before, after] = [median(p99s.without), median(p99s.with)];
  return {
    name: `shadow: latency p99 at ${LOAD.name}, file`,
    value: after,
    unit: "µs",
    target: 1.1 * before,
    ratioTo: "without a shadow",
    ratio: after / before,
    note: `p99 ${before.toFixed(0)} µs without; medians of ${TURNS} turns`,
  };
}
