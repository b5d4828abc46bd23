import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";

/**
 * Nothing leaves before its block is durable: who releases has been promised it, and what was promised is there. And it leaves at once
 * then: nothing that a node has waits for what it has not.
 *
 * That it is there needs to see the stream; of a journal in files only the next crash tells (acknowledged-survives.ts).
 */
export function durableFirst(stored: StoredLogs): Checker {
  /** By node and partition: when it was promised its blocks since it opened, the last ones. */
  const promised = new Map<string, Map<number, number>>();

  return {
    name: "durable-first",
    rule: "nothing is released before its block is durable and admitted, and then at once",
    hears: ["opened", "acknowledged", "released"],
    observe(observation) {
      switch (observation.kind) {
        case "opened":
          promised.set(`${observation.node}/${observation.partition}`, new Map());
          return null;
        case "acknowledged":
          return acknowledged(observation);
        default:
          return released(observation as Observed<"released">);
      }
    },
  };

  function acknowledged(told: Observed<"acknowledged">): string | null {
    const { node, partition, block, hash, epoch } = told;
    const times = promised.get(`${node}/${partition}`);
    times?.set(block, told.atUs);
    times?.delete(block - BLOCKS_KEPT);
    const log = stored.of(partition);
    if (log === null || log.block(block)?.hash === hash || log.forgotten.has(hash)) return null;
    return `${node} was promised block ${block} of ${partition} in epoch ${epoch} (${hash}), which no reader admits`;
  }

  function released({ node, partition, block, event, atUs }: Observed<"released">): string | null {
    const times = promised.get(`${node}/${partition}`);
    const sinceUs = times?.get(block);
    const what = `${node} released event ${event.sequence} of ${partition} with block ${block}`;
    if (sinceUs === undefined)
      return `${what}; durable is block ${[...(times?.keys() ?? [])].at(-1) ?? "none"}`;
    return sinceUs === atUs ? null : `${what} ${atUs - sinceUs} µs after it was durable`;
  }
}

/** More than wait for one write together. */
const BLOCKS_KEPT = 256;
