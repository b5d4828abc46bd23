/**
 * Throughput of the whole system: walk feed → sequencer → journal on disk → actors at n = 16 → gateway → a client in another process.
 *
 * The figure is what the client received, by the client's clock. The walk feeds as fast as the client reads: it waits when it is AHEAD of
 * it. A run in which the client lagged, missed a sample or received one out of order has no figure.
 */
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createFeeds, type Feed, systemClock } from "../../actors/mod.ts";
import type { Totals } from "./counting-client.ts";
import { type Live, startLive } from "./live.ts";
import { check, cpuSeconds, median, pauseMs } from "./measure.ts";
import { partitionRow } from "./partitions.ts";
import { startScript } from "./program.ts";
import { PUBLISH_EVERY_US } from "./publish-interval.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { BARE_LOOP, bareLoop, inTurns } from "./turns.ts";

const CLIENT = fileURLToPath(new URL("./counting-client.ts", import.meta.url));

const SECONDS = 5;
const WARM_UP_SECONDS = 2;

/** Samples on the way: two full blocks of frames of 256, less than the gateway and the kernel hold for one client. */
const AHEAD = 2 * 58 * 256;

export async function benchPipeline(): Promise<BenchRow[]> {
  const turn = (detectors: boolean) => () => measurePipeline({ detectors });
  const { spine, all, loop } = await inTurns(
    { spine: turn(false), all: turn(true), loop: bareLoop },
    { warmUpMs: 0 },
  );
  return [
    ...rowsOf("without detectors", spine, loop, 5_000_000),
    ...rowsOf("all actors, n = 16", all, loop, 1_000_000),
    await partitionRow(),
  ];
}

function rowsOf(name: string, runs: PipelineRun[], loop: number[], atLeast: number): BenchRow[] {
  const { samples, states } = runs.at(-1)!.received;
  const cores = median(runs.map((run) => run.cores));
  return [
    compared(
      {
        name: `pipeline: ${name}, file journal, one client`,
        unit: "samples/s received",
        runs: runs.map(({ rate }) => rate),
        note: `all of ${samples.toLocaleString("en-US")} samples and ${states} states in the last run; ${cores.toFixed(2)} cores`,
      },
      { [BARE_LOOP]: loop },
      { atLeast },
    ),
    limited(
      {
        name: `pipeline: ${name}, streaming buffers`,
        unit: "MB",
        runs: runs.map(({ buffersMax }) => buffersMax / 1e6),
      },
      { atMost: 100 },
    ),
  ];
}

interface PipelineRun {
  /** Samples a second at the client. */
  rate: number;
  buffersMax: number;
  cores: number;
  received: Totals;
}

interface PipelineOptions {
  detectors: boolean;
  warmUpSeconds?: number;
  seconds?: number;
  /** Samples that the feed may be ahead of the client. */
  ahead?: number;
  /** Called when the measured time begins. */
  running?(client: ChildProcess, live: Live): Promise<void>;
}

export async function measurePipeline(options: PipelineOptions): Promise<PipelineRun> {
  const { detectors, warmUpSeconds = WARM_UP_SECONDS, seconds = SECONDS, ahead = AHEAD, running } = options;
  const live = await startLive({ durability: "file", detectors, set: { publishEveryUs: PUBLISH_EVERY_US } });
  const client = new CountingClient(live.socketUrl);
  try {
    await client.report();
    const [feed] = createFeeds(["walk?channels=16&rate=max&frame=256"], { clock: systemClock, seed: 1 });
    live.partition.startFeeds([pacedBy(client, feed!, ahead)]);
    await pauseMs(1000 * warmUpSeconds);
    const [start, cpu] = [await client.report(), cpuSeconds()];
    await running?.(client.process, live);
    let buffersMax = 0;
    for (let second = 0; second < seconds; second++) {
      await pauseMs(1000);
      buffersMax = Math.max(buffersMax, live.partition.gauges()["bufferBytes"] ?? 0);
    }
    const end = await client.report();
    const measuredSeconds = (end.atMs - start.atMs) / 1000;
    const cores = (cpuSeconds() - cpu) / measuredSeconds;
    client.unpace();
    await live.partition.close();
    const received = await client.afterAll(live.partition.core.samples);
    checkReceived(received, live.partition.core.samples);
    return { rate: (end.samples - start.samples) / measuredSeconds, buffersMax, cores, received };
  } finally {
    client.stop();
    await live.close();
  }
}

/** The figure is refused unless the client received every sample, in order. */
function checkReceived(received: Totals, samples: number): void {
  const { missed, lagging, outOfOrder } = received;
  check(
    received.samples === samples && missed === 0 && lagging === 0 && outOfOrder === 0,
    "a client that receives every sample in order and never lags",
    `it received ${received.samples} of ${samples} samples, ${outOfOrder} frames out of order, missed some ${missed} times and lagged ${lagging} times`,
  );
}

/** Reports of the client after the last sample was sent: it prints one twice a second. */
const LAST_REPORTS = 20;

class CountingClient {
  readonly process: ChildProcess;
  #last: Totals | null = null;
  #waiting: { resolve(totals: Totals): void; reject(error: Error): void }[] = [];
  #paces = true;

  constructor(url: string) {
    this.process = startScript(CLIENT, [url], ["pipe", "pipe", "inherit"]);
    createInterface({ input: this.process.stdout! }).on("line", (line) => {
      const totals = JSON.parse(line) as Totals;
      this.#last = totals;
      for (const { resolve } of this.#waiting.splice(0)) resolve(totals);
    });
    this.process.once("exit", (code) => {
      const error = new Error(`the client ended with ${code}`);
      for (const { reject } of this.#waiting.splice(0)) reject(error);
    });
  }

  get samples(): number {
    return this.#paces ? (this.#last?.samples ?? 0) : Number.POSITIVE_INFINITY;
  }

  /** The next report. */
  report(): Promise<Totals> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  async afterAll(samples: number): Promise<Totals> {
    let totals = await this.report();
    for (let k = 0; k < LAST_REPORTS && totals.samples < samples; k++) totals = await this.report();
    return totals;
  }

  /** A feed that waits for the client could not be stopped. */
  unpace(): void {
    this.#paces = false;
  }

  stop(): void {
    this.process.stdin!.end();
  }
}

/** The feed, which waits when it has sent more than `ahead` samples that the client has not received. */
function pacedBy(client: CountingClient, feed: Feed, ahead: number): Feed {
  let sent = 0;
  return {
    source: feed.source,
    kind: feed.kind,
    stop: () => feed.stop(),
    run: (sink) =>
      feed.run({
        channels: (declaration) => sink.channels(declaration),
        quantum: (input) => sink.quantum(input),
        status: (status) => sink.status(status),
        frame(frame) {
          sent += frame.count;
          return sink.frame(frame) && sent - client.samples < ahead;
        },
        async drained() {
          await sink.drained();
          while (sent - client.samples >= ahead) await client.report();
        },
      }),
  };
}
