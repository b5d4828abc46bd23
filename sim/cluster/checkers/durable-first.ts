import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";

/**
 * An event leaves only after its block is durable, and then at once.
 *
 * The node that releases it has been promised the block, and the stream contains it. A journal in files cannot be inspected while it runs:
 * there the next crash shows whether the promise holds (acknowledged-survives.ts).
 */
export function durableFirst(stored: StoredLogs): Checker {
  /** By node and partition: when each of its latest blocks was promised, since it opened. */
  const promised = new Map<string, Map<number, number>>();

  return {
    name: "durable-first",
    rule: "nothing is released before its block is durable and admitted, and then at once",
    observes: ["opened", "acknowledged", "released"],
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

  function acknowledged(observation: Observed<"acknowledged">): string | null {
    const { node, partition, block, hash, epoch, atUs } = observation;
    const times = promised.get(`${node}/${partition}`);
    times?.set(block, atUs);
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
      return `${what}; the last durable one is ${[...(times?.keys() ?? [])].at(-1) ?? "none"}`;
    return sinceUs === atUs ? null : `${what} ${atUs - sinceUs} µs after it was durable`;
  }
}

/** More blocks than wait for one write together. */
const BLOCKS_KEPT = 256;
