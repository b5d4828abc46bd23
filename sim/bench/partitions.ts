/**
 * What several partitions of one `up` bring: four in threads beside one without, the same feeds, journal on disk, all actors.
 *
 * The figure is what the thread with the gateway has received. It is refused unless that was every sample of the feeds, in order.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createFeeds, systemClock } from "../../actors/mod.ts";
import { readConfig } from "../../collab/live/config.ts";
import { SessionPartitions } from "../../collab/live/session-partitions.ts";
import { check, cpuSeconds, median, pauseMs } from "./measure.ts";
import { PUBLISH_EVERY_US } from "./publish-interval.ts";
import { type BenchRow, limited } from "./row.ts";
import { inTurns } from "./turns.ts";

const PARTITIONS = 4;
/** As the comparison of cluster nodes: nearly all the time is that of the cores, which is what partitions divide. */
const CHANNELS = 128;
const TIMES_ONE_PARTITION = 1.6;

const SECONDS = 5;
const WARM_UP_SECONDS = 3;
const WARM_UP_SAMPLES = 500_000;

const GROUPS = Array.from({ length: PARTITIONS }, (_, k) => `group${k}`);

interface Run {
  readonly rate: number;
  readonly cores: number;
}

export async function partitionRow(): Promise<BenchRow> {
  const turn = (partitions: number) => () => measurePartitions(partitions);
  const { four, one } = await inTurns({ four: turn(PARTITIONS), one: turn(1) }, { warmUpMs: 0 });
  const rate = (runs: readonly Run[]) =>
    Math.round(median(runs.map((run) => run.rate))).toLocaleString("en-US");
  const cores = (runs: readonly Run[]) => median(runs.map((run) => run.cores)).toFixed(2);
  return limited(
    {
      name: `pipeline: ${PARTITIONS} partitions ÷ one, all actors, n = ${CHANNELS}, file journal`,
      unit: "×",
      runs: four.map((run, k) => run.rate / one[k]!.rate),
      note: `${rate(four)} beside ${rate(one)} samples/s, ${cores(four)} beside ${cores(one)} cores`,
    },
    { atLeast: TIMES_ONE_PARTITION },
  );
}

export async function measurePartitions(
  count: number,
  { warmUpSeconds = WARM_UP_SECONDS, seconds = SECONDS } = {},
): Promise<Run> {
  const directory = await mkdtemp(join(tmpdir(), "eigenwatch-bench-"));
  const received = { samples: 0, outOfOrder: 0 };
  const names = Array.from({ length: count }, (_, k) => `p${k}`);
  const config = await readConfig(undefined, {
    feed: [],
    set: [["publishEveryUs", String(PUBLISH_EVERY_US)]],
    allowHost: [],
    allowOrigin: [],
    record: directory,
  });
  const partitions = await SessionPartitions.open({
    config: {
      ...config,
      partitionByGroup: Object.fromEntries(GROUPS.map((group, k) => [group, names[k % count]!])),
    },
    partitions: names,
    listener: () => counting(received),
    log: (message) => void process.stderr.write(`${message}\n`),
  });
  try {
    const feeds = GROUPS.map(
      (group, k) => `walk?channels=${CHANNELS}&rate=max&frame=256&seed=${k}&group=${group}`,
    );
    partitions.startFeeds(createFeeds(feeds, { clock: systemClock, seed: 1 }));
    await pauseMs(1_000 * warmUpSeconds);
    // Each thread compiles for itself.
    while (received.samples < WARM_UP_SAMPLES) await pauseMs(100);
    const [before, startMs, cpu] = [received.samples, performance.now(), cpuSeconds()];
    await pauseMs(1_000 * seconds);
    const measuredSeconds = (performance.now() - startMs) / 1_000;
    const rate = (received.samples - before) / measuredSeconds;
    const cores = (cpuSeconds() - cpu) / measuredSeconds;
    await partitions.close();
    const end = await partitions.end();
    const samples = end.reduce((sum, each) => sum + (each.samples ?? 0), 0);
    check(
      received.samples === samples && received.outOfOrder === 0,
      "every sample at the gateway, in order",
      `${received.samples} of ${samples} samples, ${received.outOfOrder} frames out of order`,
    );
    return { rate, cores };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function counting(received: { samples: number; outOfOrder: number }) {
  const last = new Map<string, number>();
  return {
    frame({
      frame: { group, sequence, count },
    }: {
      frame: { group: string; sequence: number; count: number };
    }) {
      if (sequence <= (last.get(group) ?? 0)) received.outOfOrder++;
      last.set(group, sequence);
      received.samples += count;
    },
  };
}
