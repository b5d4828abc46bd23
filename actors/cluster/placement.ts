/**
 * Placement: which live node should own a partition. Highest random weight: Thaler & Ravishankar 1998, "Using name-based mappings to
 * increase hit rates"; also called rendezvous hashing.
 *
 *   owner(p) = the node n with the greatest weight(n, p)
 *
 * L1  Nodes that see the same members choose the same owner, in any order of arrival.
 * L2  When a node leaves only its partitions move; when one joins, partitions move to it only.
 *
 * A hint, never more: two nodes with different views both think they should own a partition, and admission decides.
 * O(nodes) a partition.
 */
import { StateHash } from "../core/hash.ts";

/** The node that should own the partition, or null when there is none. */
export function ownerOf(partition: string, nodes: Iterable<string>): string | null {
  let owner: string | null = null;
  let greatest = -1;
  for (const node of nodes) {
    const weight = weightOf(node, partition);
    // Equal weights of 53 bits are rare; then names decide, so that the order of `nodes` does not matter.
    if (weight < greatest || (weight === greatest && owner !== null && node >= owner)) continue;
    owner = node;
    greatest = weight;
  }
  return owner;
}

/** The partition of a group that nobody has assigned: the same on all nodes, and most stay where they are when partitions are added. */
export function partitionOf(group: string, partitions: Iterable<string>): string | null {
  return ownerOf(group, partitions);
}

/** The partition of any group: the one that somebody has assigned to it, else that of the rule. */
export function placementOf(
  partitions: readonly string[],
  partitionByGroup: Readonly<Record<string, string>> = {},
): (group: string) => string {
  return (group) =>
    Object.hasOwn(partitionByGroup, group) ? partitionByGroup[group]! : partitionOf(group, partitions)!;
}

/** Uniform on the whole numbers below 2⁵³, by both names. */
function weightOf(node: string, partition: string): number {
  const digest = hash.reset(PLACEMENT_SALT).text(node).text(partition).digest();
  const view = new DataView(digest.buffer, digest.byteOffset);
  return view.getUint32(0, true) * 2_097_152 + (view.getUint32(4, true) >>> 11);
}

const hash = new StateHash();

/** Makes these hashes differ from other uses of the function. */
const PLACEMENT_SALT = 0x91ace;
