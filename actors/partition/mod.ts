/** The public face of actors/partition/ beyond actors/mod.ts: what a replayed session shares with a live one. */
export { areApart, type TimeRange } from "./logical-time.ts";
export { Outbox, type OutboxOptions } from "./outbox.ts";
export { Past } from "./past.ts";
