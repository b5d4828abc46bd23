/**
 * A feed in a process of its own that sends to the cluster of a benchmark. Arguments: URL of the server, spec of the feed.
 *
 * `begin` starts it; `end` stops it and answers with the samples that it sent, when they are delivered.
 */
import process from "node:process";
import { publishFeed } from "../../actors/feeds/mod.ts";
import { createFeeds, createNatsBus, type Feed, systemClock } from "../../actors/mod.ts";
import { answerRequests } from "./child.ts";

const [url, spec] = process.argv.slice(2) as [string, string];
const bus = await createNatsBus({ servers: [url], name: "feed", clock: systemClock, log: () => {} });
const [feed] = createFeeds([spec], { clock: systemClock, seed: 1 });
let samples = 0;
let published: Promise<void> | null = null;

answerRequests(
  {
    begin() {
      const place = { bus, session: "bench", partition: "p0", clock: systemClock };
      published = publishFeed(counted(feed!), place);
    },
    async end(): Promise<number> {
      await feed!.stop();
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
