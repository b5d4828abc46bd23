/**
 * What goes through a cluster: a feed in one process, the owner in another, and a gateway here, which reads the partition's log. The server of NATS
 * is a fourth. The feed offers its frames and waits for the answer that they are durable.
 *
 * The figure is what the gateway received. It is refused unless that was every sample of the feed, in order.
 */
import { fileURLToPath } from "node:url";
import type { RemoteSession } from "../../actors/cluster/mod.ts";
import { Child } from "./child.ts";
import { ClusterWorld } from "./cluster-world.ts";
import { check, pauseMs } from "./measure.ts";
import { PUBLISH_EVERY_US } from "./publish-interval.ts";

const FEED = fileURLToPath(new URL("./cluster-feed-child.ts", import.meta.url));
const CHANNELS = 16;

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
  readonly channels?: number;
  /** Default 1 of each. */
  readonly nodes?: number;
  readonly partitions?: number;
  readonly warmUpSeconds?: number;
  readonly seconds?: number | undefined;
}

export async function measureFrames(options: FrameRateOptions): Promise<FrameRate> {
  const { detectors, nodes = 1, partitions = 1 } = options;
  const { channels = CHANNELS, warmUpSeconds = WARM_UP_SECONDS, seconds = SECONDS } = options;
  const world = await ClusterWorld.start({
    detectors,
    nodes,
    partitions,
    publishEveryUs: PUBLISH_EVERY_US,
  });
  const received = { samples: 0, outOfOrder: 0 };
  const sessions = await Promise.all(world.partitions.map((partition) => world.openSession(partition)));
  for (const { session } of sessions) count(session, received);
  const spec = `walk?channels=${channels}&rate=max&frame=256`;
  const feed = new Child(FEED, [world.server.url, spec, world.partitions.join(",")]);
  try {
    await feed.ask("begin");
    await pauseMs(1_000 * warmUpSeconds);
    const [before, startMs] = [received.samples, performance.now()];
    await pauseMs(1_000 * seconds);
    const rate = ((received.samples - before) * 1_000) / (performance.now() - startMs);
    const sent = await feed.ask<number>("end");
    const untilMs = performance.now() + LAST_ARRIVAL_MS;
    while (received.samples < sent && performance.now() < untilMs) await pauseMs(10);
    check(
      received.samples === sent && received.outOfOrder === 0,
      "a gateway that receives every sample in order",
      `it received ${received.samples} of ${sent} samples, ${received.outOfOrder} frames out of order`,
    );
    return { rate, samples: received.samples };
  } finally {
    await feed.stop();
    for (const { close } of sessions) await close();
    await world.close();
  }
}

function count(session: RemoteSession, received: { samples: number; outOfOrder: number }): void {
  let last = 0;
  session.subscribe({
    frame({ frame }) {
      if (frame.sequence !== last + 1) received.outOfOrder++;
      last = frame.sequence;
      received.samples += frame.count;
    },
  });
}
