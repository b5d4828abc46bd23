/** The public interface of actors/core/: the core, its snapshots and timers, state hashes and random streams. */
export {
  actorVersions,
  haveSameActors,
  type OtherActor,
  OtherActorFile,
  OtherActors,
} from "./actor-versions.ts";
export { Core, type CoreDefinitions } from "./core.ts";
export { type CoreSink, SILENT } from "./core-sink.ts";
export { hex, StateHash } from "./hash.ts";
export type { LogicalTimers, Timer } from "./logical-timers.ts";
export { RandomStream } from "./random.ts";
export { OtherVersion, readSnapshot, type SavedCore } from "./snapshot.ts";
export { OLDER_STATES } from "./state-version.ts";
