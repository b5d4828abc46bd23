import type { Checker, Observed } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/**
 * After the faults the world converges: each partition has one owner, which is at the end of its log, and the log contains every frame
 * that feeds have sent since then. That clients hold every event is checked in delivered-once.ts.
 */
export function convergence(): Checker {
  let healed = false;
  /** By partition and source: frames sent since, and distinct ones applied. */
  const offered = new Map<string, number>();
  const applied = new Map<string, Set<number>>();

  return {
    name: "convergence",
    rule: "after healing each partition has an owner at the end of its log and admits what is offered",
    observes: ["healed", "offered", "applied"],
    observe(observation) {
      if (observation.kind === "healed") healed = true;
      if (observation.kind === "offered") {
        const key = `${observation.partition} ${observation.source}`;
        offered.set(key, (offered.get(key) ?? 0) + 1);
      }
      if (observation.kind === "applied" && healed) note(observation);
      return null;
    },
    finish({ healed: whole, live }: WorldEnd, { partitions }: ReplayedLogs) {
      if (!whole) return null;
      for (const [partition, { log }] of partitions) {
        const owner = live.get(partition);
        const last = log.blocks.at(-1)?.block.number ?? 0;
        if (owner === undefined) return `${partition} has no owner after healing`;
        if (owner.block !== last)
          return `${owner.node} owns ${partition} and is at block ${owner.block}; expected ${last}, the last of the log`;
        if (owner.epoch !== log.epoch)
          return `${owner.node} owns ${partition} in epoch ${owner.epoch}; expected ${log.epoch}, the epoch of the log`;
      }
      for (const [key, frames] of offered) {
        const admitted = applied.get(key)?.size ?? 0;
        if (admitted < frames)
          return `${frames} frames of ${key} were sent after healing, ${admitted} are in the log`;
      }
      return null;
    },
  };

  function note({ partition, source, sourceSequence }: Observed<"applied">): void {
    if (source === "") return;
    const key = `${partition} ${source}`;
    const known = applied.get(key);
    if (known) known.add(sourceSequence);
    else applied.set(key, new Set([sourceSequence]));
  }
}
