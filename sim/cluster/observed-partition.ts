/** The tap of one node's shipped partitions: passes what they do to the checkers of the world. */
import { hex } from "../../actors/core/mod.ts";
import type { PartitionTap } from "../../actors/ports/tap.ts";
import { commandOf } from "../../collab/rooms/forwarder.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** One block in this many gets a state hash: computing it reads the whole state. */
const HASH_EVERY_BLOCKS = 64;

/** Limit of blocks that wait for durability: the sequencer sheds above half of the journal's limit, and frames are small here. */
const HELD_BYTES_MAX = (8 << 20) + 65_536;

/** Failures in a minute after which an actor is still restarted. */
const RESTARTS_MAX = 3;

export function observePartition(world: SimulatedCluster, node: string): PartitionTap {
  const noted = world.trace.intern(`${node} applied`);
  const announced = world.trace.intern(`${node} event`);
  const failures = new Map<string, number>();
  /** More failures than stop an actor, and it is restarted: some of them are longer ago than they count. */
  const restarted = ({ group, actor }: EventMessage): string => {
    const key = `${group}/${actor}`;
    const count = (failures.get(key) ?? 0) + 1;
    failures.set(key, count);
    return count > RESTARTS_MAX ? "actor restarted after its failures were forgiven" : "actor restarted";
  };
  return {
    opened(partition, { epoch, block, sequence, stateHash }) {
      world.sometimes(block === 0 ? "partition opened empty" : "partition recovered");
      world.observe({
        kind: "opened",
        atUs: world.nowUs,
        node,
        partition,
        epoch,
        block,
        sequence,
        hash: stateHash,
      });
    },
    applied(partition, sequence, timeUs, source, sourceSequence) {
      const atUs = world.nowUs;
      world.trace.note(atUs, noted, sequence, partition);
      world.observe({ kind: "applied", atUs, node, partition, sequence, timeUs, source, sourceSequence });
    },
    blockClosed(partition, { block, hash, stateHash }) {
      if (block % HASH_EVERY_BLOCKS !== 0) return;
      const atUs = world.nowUs;
      world.observe({ kind: "hash", atUs, node, partition, block, blockHash: hex(hash), hash: stateHash() });
    },
    acknowledged(partition, { epoch, block, hash }) {
      const atUs = world.nowUs;
      world.observe({ kind: "acknowledged", atUs, node, partition, epoch, block, hash: hex(hash) });
    },
    released(partition, block, event) {
      if (event.kind === "actor.stopped") world.sometimes("actor stopped");
      if (event.kind === "actor.restarted") world.sometimes(restarted(event));
      if (event.kind === "edit.repaired") world.sometimes("edit put back");
      if (partition === ROOM_PARTITION && commandOf(event) !== null)
        world.sometimes("command of the document");
      world.released.set(partition, event.sequence);
      world.trace.note(world.nowUs, announced, event.sequence, event.id);
      world.observe({ kind: "released", atUs: world.nowUs, node, partition, block, event });
    },
    snapshot(partition, { block, bytes, blockHash }) {
      world.sometimes("snapshot saved");
      const of = { partition, block, blockHash: hex(blockHash) };
      world.observe({ kind: "snapshot", atUs: world.nowUs, node, ...of, bytes });
    },
    counts(partition, { offered, admitted, shed, duplicates, heldBytes }) {
      const atUs = world.nowUs;
      if (shed > 0) world.sometimes("frame shed");
      if (duplicates > 0) world.sometimes("frame shed as duplicate");
      world.observe({ kind: "counts", atUs, node, partition, offered, admitted, shed, duplicates });
      world.observe({
        kind: "size",
        atUs,
        node,
        what: `the bytes of ${partition} that wait for the journal`,
        value: heldBytes,
        limit: HELD_BYTES_MAX,
      });
    },
    fenced(partition, epoch, by) {
      world.sometimes("node fenced");
      world.observe({ kind: "fenced", atUs: world.nowUs, node, partition, epoch, by });
    },
    closed(partition, _epoch, reason) {
      world.observe({ kind: "closed", atUs: world.nowUs, node, partition, reason });
    },
  };
}
