/** The stdin feed: a table on standard input, recorded, or live with `live=1`. */

import type { Clock } from "../ports/clock.ts";
import type { Feed } from "./feed.ts";
import type { StdinOptions } from "./kinds.ts";
import { createTableFeed } from "./table-feed.ts";

export interface StdinFeedOptions {
  source: string;
  group: string;
  stream: AsyncIterable<Uint8Array>;
  options: StdinOptions;
  clock: Clock;
}

export function createStdinFeed({ source, group, stream, options, clock }: StdinFeedOptions): Feed {
  const { live } = options;
  const feed = createTableFeed({
    source,
    group,
    name: "standard input",
    bytes: stream,
    live,
    options,
    clock,
  });
  return {
    ...feed,
    async stop() {
      await feed.stop();
      // A read that waits for bytes would keep the process alive.
      if ("destroy" in stream && typeof stream.destroy === "function") stream.destroy();
    },
  };
}
