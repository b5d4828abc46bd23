/** The public face of actors/core/: the core, its snapshots and timers, state hashes and random streams. */
export { Core, type CoreDefinitions, type CoreSink, SILENT } from "./core.ts";
export { hex, StateHash } from "./hash.ts";
export { RandomStream } from "./random.ts";
export { readSnapshot, type SavedCore } from "./snapshot.ts";
export type { Timer, LogicalTimers } from "./logical-timers.ts";
