/**
 * Feeds in a process of their own that send to the cluster of a benchmark, one to each partition. Arguments: URL of the server, spec of the feeds,
 * partitions with commas.
 *
 * `begin` starts them; `end` stops them and answers with the samples that they sent, when they are delivered.
 */
import process from "node:process";
import { publishFeed } from "../../actors/feeds/mod.ts";
import { createFeeds, createNatsBus, type Feed, systemClock } from "../../actors/mod.ts";
import { answerRequests } from "./child.ts";

const [url, spec, partitions] = process.argv.slice(2) as [string, string, string];
const bus = await createNatsBus({ servers: [url], name: "feed", clock: systemClock, log: () => {} });
const feeds = partitions
  .split(",")
  .map((partition) => ({ partition, feed: createFeeds([spec], { clock: systemClock, seed: 1 })[0]! }));
let samples = 0;
let published: Promise<unknown> = Promise.resolve();

answerRequests(
  {
    begin() {
      published = Promise.all(
        feeds.map(({ partition, feed }) =>
          publishFeed(counted(feed), { bus, session: "bench", partition, clock: systemClock }),
        ),
      );
    },
    async end(): Promise<number> {
      await Promise.all(feeds.map(({ feed }) => feed.stop()));
      await published;
      return samples;
    },
  },
  () => bus.close(),
);

function counted(source: Feed): Feed {
  return {
    ...source,
    stop: () => source.stop(),
    run: (sink) =>
      source.run({
        channels: (declaration) => sink.channels(declaration),
        quantum: (input) => sink.quantum(input),
        status: (status) => sink.status(status),
        drained: () => sink.drained(),
        frame(frame) {
          samples += frame.count;
          return sink.frame(frame);
        },
      }),
  };
}
