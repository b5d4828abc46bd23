/** The sender of a latency run whose frames go over NATS to a node in another process, and from its gateway to the clients. */
import { publishFeed } from "../../actors/feeds/mod.ts";
import { ClusterWorld } from "./cluster-world.ts";
import { createLoadFrame, fillFrame, type Load, loadFeed, type Sender } from "./latency-load.ts";

export async function startClusterSender(load: Load): Promise<Sender> {
  const world = await ClusterWorld.start({ detectors: true });
  const { feed, sink: started } = loadFeed(load);
  const published = publishFeed(feed, world.place);
  const sink = await started;
  const frame = createLoadFrame(load);
  let number = 0;
  return {
    url: await world.socketUrl(),
    send() {
      fillFrame(frame, ++number, load);
      sink.frame(frame);
    },
    thirds: [],
    async close() {
      await feed.stop();
      await published;
      await world.close();
    },
  };
}
