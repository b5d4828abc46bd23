import type { StoredLogs } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/**
 * A live core, a replay, and a snapshot with its tail have the same state hash.
 *
 * Live hashes are taken after some blocks, at each opening, and at the end. Not compared: blocks that were closed and never admitted,
 * partitions opened before the server forgot entries, and partitions opened by a node that was already fenced.
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
    observes: ["hash", "opened", "lost"],
    observe(observation) {
      if (observation.kind === "lost") {
        const { partition } = observation;
        seen = seen.filter((one) => one.partition !== partition || one.blockHash !== "");
      } else if (observation.kind === "opened") {
        const { node, partition, epoch, block, hash } = observation;
        // Entries that the server forgot may still be in flight to the node that opens.
        if ((stored.of(partition)?.epoch ?? 0) > epoch || stored.lossy.has(partition)) return null;
        seen.push({ node, partition, block, hash, blockHash: "", when: "when it opened" });
      } else {
        const { node, partition, block, hash, blockHash } = observation as Observed<"hash">;
        seen.push({ node, partition, block, hash, blockHash, when: "live" });
      }
      return null;
    },
    finish({ live }: WorldEnd, { partitions }: ReplayedLogs) {
      const last = [...live].map(([partition, one]) => ({
        ...one,
        partition,
        blockHash: "",
        when: "at the end",
      }));
      for (const { node, partition, block, hash, blockHash, when } of [...seen, ...last]) {
        const replayed = partitions.get(partition);
        if (blockHash !== "" && replayed?.log.block(block)?.hash !== blockHash) continue;
        const expected = replayed?.hashes.get(block);
        if (expected !== hash)
          return `${node} had state ${hash} at block ${block} of ${partition} ${when}; expected ${expected ?? "no such block"}`;
      }
      for (const [partition, { snapshotTrouble }] of partitions)
        if (snapshotTrouble !== null) return `${partition}: ${snapshotTrouble}`;
      return null;
    },
  };
}
