/** The stdin feed: a table on standard input, recorded, or live with `live=1`. */

import type { Clock } from "../ports/clock.ts";
import type { Feed } from "../ports/feed.ts";
import { badSpec, feedKind } from "./feed-kind.ts";
import { flag } from "./options.ts";
import { createTableFeed } from "./table-feed.ts";
import { type TableFeedOptions, tableOptions, tableSpeed } from "./table-options.ts";

export const stdinKind = feedKind({
  target: null,
  help: "the same table, or states, from standard input",
  options: {
    speed: tableSpeed,
    live: flag("rows happen as they arrive; without a time column, a row has the time of its arrival"),
    ...tableOptions,
  },
  speed: ({ live, speed }) => (live ? null : speed),
  create({ spec, source, group, options, context: { stdin, clock } }) {
    if (stdin === undefined) throw badSpec(spec, "there is no standard input here", "another kind of feed");
    return createStdinFeed({ source, group, stream: stdin, options, clock });
  },
});

interface StdinFeedOptions {
  readonly source: string;
  readonly group: string;
  readonly stream: AsyncIterable<Uint8Array>;
  readonly options: TableFeedOptions & { readonly live: boolean };
  readonly clock: Clock;
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
