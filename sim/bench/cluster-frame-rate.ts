/**
 * What goes through a cluster: a feed in one process, the owner in another, and a gateway here, which reads the partition's log. The server of NATS
 * is a fourth. The feed offers its frames and waits for the answer that they are durable.
 *
 * The figure is what the gateway received. It is refused unless that was every sample of the feed, in order.
 */
import { fileURLToPath } from "node:url";
import { Child } from "./child.ts";
import { ClusterWorld } from "./cluster-world.ts";
import { check, pauseMs } from "./measure.ts";
import { PUBLISH_EVERY_US } from "./pipeline.ts";

const FEED = fileURLToPath(new URL("./cluster-feed-child.ts", import.meta.url));
const SPEC = "walk?channels=16&rate=max&frame=256";

const WARM_UP_SECONDS = 2;
const SECONDS = 5;

/** The last frames are durable when the feed has ended; the gateway reads them a delivery later, on a busy machine much later. */
const LAST_ARRIVAL_MS = 60_000;

export interface FrameRate {
  /** Samples a second at the gateway. */
  readonly rate: number;
  readonly samples: number;
}

export interface FrameRateOptions {
  readonly detectors: boolean;
  readonly warmUpSeconds?: number;
  readonly seconds?: number;
}

export async function measureFrames(options: FrameRateOptions): Promise<FrameRate> {
  const { detectors, warmUpSeconds = WARM_UP_SECONDS, seconds = SECONDS } = options;
  const world = await ClusterWorld.start({ detectors, publishEveryUs: PUBLISH_EVERY_US });
  const { session, close } = await world.openSession();
  const feed = new Child(FEED, [world.server.url, SPEC]);
  let samples = 0;
  let last = 0;
  let outOfOrder = 0;
  session.subscribe({
    frame({ frame }) {
      if (frame.sequence !== last + 1) outOfOrder++;
      last = frame.sequence;
      samples += frame.count;
    },
    event() {},
    state() {},
    metrics() {},
    channels() {},
    flush() {},
  });
  try {
    await feed.ask("begin");
    await pauseMs(1_000 * warmUpSeconds);
    const [before, startMs] = [samples, performance.now()];
    await pauseMs(1_000 * seconds);
    const rate = ((samples - before) * 1_000) / (performance.now() - startMs);
    const sent = await feed.ask<number>("end");
    const untilMs = performance.now() + LAST_ARRIVAL_MS;
    while (samples < sent && performance.now() < untilMs) await pauseMs(10);
    check(
      samples === sent && outOfOrder === 0,
      "a gateway that receives every sample in order",
      `it received ${samples} of ${sent} samples, ${outOfOrder} frames out of order`,
    );
    return { rate, samples };
  } finally {
    await feed.stop();
    await close();
    await world.close();
  }
}
