import { type AdmittedLog, type StoredLogs, toHex } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { WorldEnd } from "./observation.ts";
import type { ReplayedLogs } from "./replayed-logs.ts";

/**
 * The admitted log is one chain, and all nodes act on the same chain.
 *
 * While it grows: no two nodes take different blocks of one number for durable, and one node opens an epoch, right after the block that
 * its take-over names; an owner is fenced by the take-over of a later epoch alone. At the end: numbers, hashes, sequences and times of the chain follow one another.
 */
export function oneChain(stored: StoredLogs): Checker {
  const hashes = new Map<string, string>();
  const owners = new Map<string, string>();

  return {
    name: "one-chain",
    rule: "the admitted log of a partition is one chain, with one owner an epoch",
    observes: ["acknowledged", "opened", "fenced"],
    observe(observation) {
      if (observation.kind === "acknowledged") return acknowledged(observation);
      if (observation.kind === "fenced") return fenced(observation);
      return opened(observation as Observed<"opened">);
    },
    finish(_end: WorldEnd, { partitions }: ReplayedLogs) {
      for (const { log } of partitions.values()) {
        const broken = brokenAt(log);
        if (broken !== null) return broken;
      }
      return null;
    },
  };

  function acknowledged({ partition, block, hash, node }: Observed<"acknowledged">): string | null {
    // The node read it back, and the server forgot it while the acknowledgement was in flight.
    if (stored.of(partition)?.forgotten.has(hash)) return null;
    const key = `${partition}/${block}`;
    const known = hashes.get(key);
    hashes.set(key, hash);
    // A block that the server forgot may be written again.
    if (known === undefined || known === hash || stored.of(partition)?.forgotten.has(known)) return null;
    return `${node} takes ${hash} for block ${block} of ${partition}; before it was ${known}`;
  }

  function fenced({ partition, epoch, by, node }: Observed<"fenced">): string | null {
    const wasAdmitted = by <= (stored.of(partition)?.epoch ?? 0) || stored.lossy.has(partition);
    if (by > epoch && wasAdmitted) return null;
    return `${node} was fenced from ${partition} in epoch ${epoch} by a take-over of epoch ${by}, which ends no other`;
  }

  function opened({ partition, epoch, node, block }: Observed<"opened">): string | null {
    if (epoch === 0) return null;
    const key = `${partition}/${epoch}`;
    const owner = owners.get(key);
    owners.set(key, node);
    if (stored.lossy.has(partition)) return null;
    if (owner !== undefined && owner !== node)
      return `${node} opened ${partition} in epoch ${epoch}, as ${owner} did before`;
    const claim = stored.of(partition)?.takeovers[epoch - 1];
    if (claim === undefined)
      return `${node} opened ${partition} in epoch ${epoch}, which no admitted take-over began`;
    // A node that was fenced during recovery has read into the next owner's blocks: it can write nothing, and closes.
    const fenced = (stored.of(partition)?.epoch ?? 0) > epoch;
    if (claim.lastBlock === block || (fenced && block > claim.lastBlock)) return null;
    return `${node} opened ${partition} at block ${block}; its take-over names block ${claim.lastBlock}`;
  }
}

function brokenAt({ partition, blocks }: AdmittedLog): string | null {
  for (let i = 1; i < blocks.length; i++) {
    const { block: before, hash } = blocks[i - 1]!;
    const { block } = blocks[i]!;
    const place = `${partition} block ${block.number}`;
    if (block.number !== before.number + 1) return `${place} follows block ${before.number}`;
    if (toHex(block.previousHash) !== hash) return `${place} names another block before it`;
    if (block.firstSequence !== before.lastSequence + 1)
      return `${place} begins with input ${block.firstSequence} after ${before.lastSequence}`;
    if (block.epoch < before.epoch) return `${place} is of epoch ${block.epoch} after ${before.epoch}`;
    if (block.timeUs < before.timeUs) return `${place} ends at ${block.timeUs}, before ${before.timeUs}`;
  }
  return null;
}
