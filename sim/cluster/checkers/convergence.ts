import type { WorldEnd } from "../observation.ts";
import type { Checker, Observed } from "./checker.ts";
import type { Retelling } from "./retelling.ts";

/**
 * When the faults have ended the world comes to rest: each partition has one owner who stands at the end of its log, and what feeds
 * sent from then on is in it. That clients hold every event is in delivered-once.ts.
 */
export function convergence(): Checker {
  let healed = false;
  /** By partition and source: frames sent since, and distinct ones applied. */
  const offered = new Map<string, number>();
  const applied = new Map<string, Set<number>>();

  return {
    name: "convergence",
    rule: "after healing each partition has an owner at the end of its log, and takes what is offered",
    hears: ["healed", "offered", "applied"],
    observe(observation) {
      if (observation.kind === "healed") healed = true;
      if (observation.kind === "offered") {
        const key = `${observation.partition} ${observation.source}`;
        offered.set(key, (offered.get(key) ?? 0) + 1);
      }
      if (observation.kind === "applied" && healed) note(observation);
      return null;
    },
    finish({ healed: whole, live }: WorldEnd, { partitions }: Retelling) {
      if (!whole) return null;
      for (const [partition, { log }] of partitions) {
        const owner = live.get(partition);
        const last = log.blocks.at(-1)?.block.number ?? 0;
        if (owner === undefined) return `${partition} has no owner after healing`;
        if (owner.block !== last)
          return `${owner.node} owns ${partition} and stands behind block ${owner.block}, the log behind ${last}`;
        if (owner.epoch !== log.epoch)
          return `${owner.node} owns ${partition} in epoch ${owner.epoch}, the log is in ${log.epoch}`;
      }
      for (const [key, frames] of offered) {
        const taken = applied.get(key)?.size ?? 0;
        if (taken < frames)
          return `${frames} frames of ${key} were sent after healing, ${taken} are in the log`;
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
