import type { WorldEnd } from "../observation.ts";
import { type AdmittedLog, type StoredLogs, toHex } from "./admitted-log.ts";
import type { Checker, Observed } from "./checker.ts";
import type { Retelling } from "./retelling.ts";

/**
 * The admitted log is one chain, and everybody who acts on it means the same one.
 *
 * While it grows: two nodes never hold different blocks of one number for durable, an epoch is opened by one node, right behind the
 * block that its take-over names. At the end: numbers, hashes, sequences and times of the chain follow one another.
 */
export function oneChain(stored: StoredLogs): Checker {
  const hashes = new Map<string, string>();
  const owners = new Map<string, string>();

  return {
    name: "one-chain",
    rule: "the admitted log of a partition is one chain, with one owner an epoch",
    hears: ["acknowledged", "opened"],
    observe(observation) {
      if (observation.kind === "acknowledged") return acknowledged(observation);
      return opened(observation as Observed<"opened">);
    },
    finish(_end: WorldEnd, { partitions }: Retelling) {
      for (const { log } of partitions.values()) {
        const broken = brokenAt(log);
        if (broken !== null) return broken;
      }
      return null;
    },
  };

  function acknowledged({ partition, block, hash, node }: Observed<"acknowledged">): string | null {
    // Read back in time, and forgotten by the server while the word of it was under way.
    if (stored.of(partition)?.forgotten.has(hash)) return null;
    const key = `${partition}/${block}`;
    const known = hashes.get(key);
    hashes.set(key, hash);
    // What the server forgot may be written anew.
    if (known === undefined || known === hash || stored.of(partition)?.forgotten.has(known)) return null;
    return `${node} holds block ${block} of ${partition} for ${hash}, before it was ${known}`;
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
    // One that was fenced while it recovered has read on into the next owner's blocks: it can write nothing, and closes.
    const fenced = (stored.of(partition)?.epoch ?? 0) > epoch;
    if (claim.lastBlock === block || (fenced && block > claim.lastBlock)) return null;
    return `${node} opened ${partition} behind block ${block}; its take-over stands behind ${claim.lastBlock}`;
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
      return `${place} begins with input ${block.firstSequence} behind ${before.lastSequence}`;
    if (block.epoch < before.epoch) return `${place} is of epoch ${block.epoch} behind ${before.epoch}`;
    if (block.timeUs < before.timeUs) return `${place} ends at ${block.timeUs}, before ${before.timeUs}`;
  }
  return null;
}
