import type { WorldEnd } from "../observation.ts";
import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { Retelling } from "./retelling.ts";

/**
 * The state of a live core, of a replay, and of a snapshot with its tail is one state, by its hash.
 *
 * Live: after the blocks of which the world tells, at each opening, and at the end. A closed block that was never admitted proves
 * nothing, and neither does what was opened before the server forgot something, or by who was fenced before it had opened.
 */
export function sameState(stored: StoredLogs): Checker {
  interface Seen {
    readonly node: string;
    readonly partition: string;
    readonly block: number;
    readonly hash: string;
    /** "" where the block is known to be admitted. */
    readonly blockHash: string;
    readonly when: string;
  }
  let seen: Seen[] = [];

  return {
    name: "same-state",
    rule: "live hash = replay hash = hash of snapshot and tail",
    hears: ["hash", "opened", "lost"],
    observe(observation) {
      if (observation.kind === "lost") {
        const { partition } = observation;
        seen = seen.filter((one) => one.partition !== partition || one.blockHash !== "");
      } else if (observation.kind === "opened") {
        const { node, partition, epoch, block, hash } = observation;
        // What a server forgot may still be under way to who opens.
        if ((stored.of(partition)?.epoch ?? 0) > epoch || stored.lossy.has(partition)) return null;
        seen.push({ node, partition, block, hash, blockHash: "", when: "when it opened" });
      } else {
        const { node, partition, block, hash, blockHash } = observation as Observed<"hash">;
        seen.push({ node, partition, block, hash, blockHash, when: "live" });
      }
      return null;
    },
    finish({ live }: WorldEnd, { partitions }: Retelling) {
      const last = [...live].map(([partition, one]) => ({
        ...one,
        partition,
        blockHash: "",
        when: "at the end",
      }));
      for (const { node, partition, block, hash, blockHash, when } of [...seen, ...last]) {
        const retold = partitions.get(partition);
        if (blockHash !== "" && retold?.log.block(block)?.hash !== blockHash) continue;
        const expected = retold?.hashes.get(block);
        if (expected !== hash)
          return `${node} stood behind block ${block} of ${partition} in ${hash} ${when}, the replay in ${expected ?? "no such block"}`;
      }
      for (const [partition, { snapshotTrouble }] of partitions)
        if (snapshotTrouble !== null) return `${partition}: ${snapshotTrouble}`;
      return null;
    },
  };
}
