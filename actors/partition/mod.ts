/** The public face of actors/partition/ beyond actors/mod.ts: what a replayed session shares with a live one. */
export { EventHistory } from "./event-history.ts";
export { RecentBlocks } from "./recent-blocks.ts";
