/** File feeds: being built. */
import type { Clock } from "../ports/clock.ts";
import type { Feed } from "./feed.ts";
import type { FileOptions } from "./kinds.ts";

export function createFileFeed(options: {
  source: string;
  group: string;
  path: string;
  options: FileOptions;
  clock: Clock;
}): Feed {
  throw new Error(`Cannot open ${options.path}: file feeds are not there yet`);
}
