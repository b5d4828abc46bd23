/** The file feed: a recorded table on disk. */

import type { Clock } from "../ports/clock.ts";
import type { Feed } from "./feed.ts";
import type { FileOptions } from "./kinds.ts";
import { createTableFeed } from "./table-feed.ts";

export interface FileFeedOptions {
  source: string;
  group: string;
  path: string;
  options: FileOptions;
  clock: Clock;
}

export function createFileFeed({ source, group, path, options, clock }: FileFeedOptions): Feed {
  return createTableFeed({ source, group, name: path, bytes: path, live: false, options, clock });
}
