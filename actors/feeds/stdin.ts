/** The stdin feed: being built. */
import type { Clock } from "../ports/clock.ts";
import type { Feed } from "./feed.ts";
import type { StdinOptions } from "./kinds.ts";

export function createStdinFeed(options: {
  source: string;
  group: string;
  stream: AsyncIterable<Uint8Array>;
  options: StdinOptions;
  clock: Clock;
}): Feed {
  throw new Error(`Cannot open ${options.source}: stdin feeds are not there yet`);
}
