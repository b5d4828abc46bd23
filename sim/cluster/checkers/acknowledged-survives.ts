import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/**
 * An acknowledged block survives every fault that its durability level promises to survive.
 *
 * Checked whenever a partition is opened (recovery must reach the last acknowledged block) and at the end, by hash. Blocks that a server
 * forgot are excused: the server promised only that they outlive its process.
 */
export function acknowledgedSurvives(stored: StoredLogs): Checker {
  /** By partition: hash of each acknowledged block by number, and the highest number. */
  const promised = new Map<string, { hashes: Map<number, string>; highest: number }>();

  return {
    name: "acknowledged-survives",
    rule: "an acknowledged block is never lost",
    observes: ["acknowledged", "opened"],
    observe(observation) {
      if (observation.kind === "opened") return opened(observation);
      const { partition, block, hash } = observation as Observed<"acknowledged">;
      const known = promised.get(partition) ?? { hashes: new Map<number, string>(), highest: 0 };
      promised.set(partition, known);
      known.hashes.set(block, hash);
      known.highest = Math.max(known.highest, block);
      return null;
    },
    finish(_end: WorldEnd, { partitions }: ReplayedLogs) {
      for (const [partition, { hashes }] of promised) {
        const log = partitions.get(partition)?.log;
        for (const [block, hash] of hashes) {
          if (log?.block(block)?.hash === hash || stored.of(partition)?.forgotten.has(hash)) continue;
          return `block ${block} of ${partition} (${hash}) was acknowledged; the log holds ${log?.block(block)?.hash ?? "no such block"}`;
        }
      }
      return null;
    },
  };

  function opened({ partition, node, epoch, block }: Observed<"opened">): string | null {
    const known = promised.get(partition);
    // A node that lost ownership before it opened, and does not know it yet, opens an old epoch: nothing it writes will count.
    if ((stored.of(partition)?.epoch ?? 0) > epoch) return null;
    if (known === undefined || known.highest <= block || stored.lossy.has(partition)) return null;
    return `${node} opened ${partition} at block ${block}; expected ${known.highest}, which was acknowledged`;
  }
}
