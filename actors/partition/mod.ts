/** The public face of actors/partition/ beyond actors/mod.ts: what a replayed session shares with a live one. */
export { Outbox, type OutboxOptions } from "./outbox.ts";
