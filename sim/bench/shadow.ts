/**
 * Cost of a shadow for its session: throughput and latency with and without one, in turns, so that a slower machine slows both.
 *
 * Nothing else runs: a second core is free for the shadow.
 */
import { createFeeds, systemClock } from "../../actors/mod.ts";
import { measureLatency } from "./latency.ts";
import { startLive } from "./live.ts";
import { check, median, pauseMs } from "./measure.ts";
import { PUBLISH_EVERY_US } from "./publish-interval.ts";
import { type BenchRow, compared } from "./row.ts";
import { inTurns } from "./turns.ts";

const SECONDS = 4;
const WARM_UP_SECONDS = 2;

const LOAD = { framesPerSecond: 6_250, samplesPerFrame: 16, channels: 16 };

export async function benchShadow(): Promise<BenchRow[]> {
  return [await throughput(), await latency()];
}

async function throughput(): Promise<BenchRow> {
  const { without, shadowed } = await inTurns(
    { without: () => pass(false), shadowed: () => pass(true) },
    { warmUpMs: 0 },
  );
  const before = without.map(({ rate }) => rate);
  return compared(
    {
      name: "shadow: samples through a session, all actors at n = 16, file journal",
      unit: "samples/s",
      runs: shadowed.map(({ rate }) => rate),
      note: shadowed.at(-1)!.note,
    },
    { "without a shadow": before },
    { atLeast: 0.7 * median(before) },
  );
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
  await pauseMs(1000 * WARM_UP_SECONDS);
  const start = { samples: live.partition.core.samples, ms: performance.now() };
  await pauseMs(1000 * SECONDS);
  const rate = ((live.partition.core.samples - start.samples) * 1000) / (performance.now() - start.ms);
  await live.close();
  const { shadowed } = live;
  if (shadowed === null) return { rate, note: "" };
  const { blocks, skippedBlocks, hashes, differences } = shadowed;
  check(
    differences === 0 && hashes > 0,
    "a shadow that compares and agrees",
    `${differences} differences in ${hashes} hashes`,
  );
  return {
    rate,
    note: `${blocks} blocks and ${hashes} state hashes compared, ${skippedBlocks} blocks skipped`,
  };
}

async function latency(): Promise<BenchRow> {
  const system = { kind: "system", load: LOAD, durability: "file" } as const;
  const { without, shadowed } = await measureLatency(
    { without: system, shadowed: { ...system, shadow: true } },
    { seconds: SECONDS },
  );
  const before = without.map(({ offered }) => offered.p99);
  return compared(
    {
      name: "shadow: latency p99 from offered, 100,000 samples/s in rows of 16, file",
      unit: "µs",
      runs: shadowed.map(({ offered }) => offered.p99),
    },
    { "without a shadow": before },
    { atMost: 1.1 * median(before) },
  );
}
