import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";

/**
 * Nothing leaves before its block is durable: who releases has been promised it, and what was promised is there.
 *
 * The second half needs to see the stream; of a journal in files only the next crash tells (acknowledged-survives.ts).
 */
export function durableFirst(stored: StoredLogs): Checker {
  /** By node and partition, the last block it was promised since it opened. */
  const promised = new Map<string, number>();

  return {
    name: "durable-first",
    rule: "nothing is released before its block is durable and admitted",
    hears: ["opened", "acknowledged", "released"],
    observe(observation) {
      switch (observation.kind) {
        case "opened":
          promised.set(`${observation.node}/${observation.partition}`, observation.block);
          return null;
        case "acknowledged":
          return acknowledged(observation);
        default:
          return released(observation as Observed<"released">);
      }
    },
  };

  function acknowledged({ node, partition, block, hash, epoch }: Observed<"acknowledged">): string | null {
    promised.set(`${node}/${partition}`, block);
    const log = stored.of(partition);
    if (log === null || log.block(block)?.hash === hash || log.forgotten.has(hash)) return null;
    return `${node} was promised block ${block} of ${partition} in epoch ${epoch} (${hash}), which no reader admits`;
  }

  function released({ node, partition, block, event }: Observed<"released">): string | null {
    const last = promised.get(`${node}/${partition}`) ?? 0;
    if (block <= last) return null;
    return `${node} released event ${event.sequence} of ${partition} with block ${block}; durable is block ${last}`;
  }
}
