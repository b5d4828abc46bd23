/** The file feed: a recorded table on disk. */

import { feedKind } from "./feed-kind.ts";
import { createTableFeed } from "./table-feed.ts";
import { tableOptions, tableSpeed } from "./table-options.ts";

export const fileKind = feedKind({
  target: "PATH",
  help: "a recorded table: CSV (also tab, semicolon or bar separated) or one JSON object per line, plain or gzipped; or states of a quantum system",
  options: { speed: tableSpeed, ...tableOptions },
  speed: ({ speed }) => speed,
  create: ({ source, group, target, options, context: { clock } }) =>
    createTableFeed({ source, group, name: target, bytes: target, live: false, options, clock }),
});
