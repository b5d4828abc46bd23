import type { WorldEnd } from "../observation.ts";
import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { Retelling } from "./retelling.ts";

/**
 * An acknowledged block survives every fault that its durability promises to survive.
 *
 * Looked at whenever a partition is opened (nothing acknowledged may be behind what was recovered) and at the end, by hash. Excused
 * is what a server forgot that had promised no more than to outlive its process.
 */
export function acknowledgedSurvives(stored: StoredLogs): Checker {
  /** By partition: hash of each acknowledged block by number, and the highest number. */
  const promised = new Map<string, { hashes: Map<number, string>; highest: number }>();

  return {
    name: "acknowledged-survives",
    rule: "an acknowledged block is never lost",
    hears: ["acknowledged", "opened"],
    observe(observation) {
      if (observation.kind === "opened") return opened(observation);
      const { partition, block, hash } = observation as Observed<"acknowledged">;
      const known = promised.get(partition) ?? { hashes: new Map<number, string>(), highest: 0 };
      promised.set(partition, known);
      known.hashes.set(block, hash);
      known.highest = Math.max(known.highest, block);
      return null;
    },
    finish(_end: WorldEnd, { partitions }: Retelling) {
      for (const [partition, { hashes }] of promised) {
        const log = partitions.get(partition)?.log;
        for (const [block, hash] of hashes) {
          if (log?.block(block)?.hash === hash || stored.of(partition)?.forgotten.has(hash)) continue;
          return `block ${block} of ${partition} (${hash}) was acknowledged; the log has ${log?.block(block)?.hash ?? "none"}`;
        }
      }
      return null;
    },
  };

  function opened({ partition, node, epoch, block }: Observed<"opened">): string | null {
    const known = promised.get(partition);
    // Who was succeeded before it opened, and has not heard of it yet, opens what is over: nothing of it will count.
    if ((stored.of(partition)?.epoch ?? 0) > epoch) return null;
    if (known === undefined || known.highest <= block || stored.lossy.has(partition)) return null;
    return `${node} opened ${partition} behind block ${block}, but block ${known.highest} was acknowledged`;
  }
}
