/**
 * The shared document at one simulated node: the shipped services of what the node owns, and the connections of its gateway.
 *
 *   node owns the room ─► serveRoom     owns another partition ─► servePartition     page ─► DocumentGateway ─► RemoteRoom ─► bus
 */
import type { OwnershipChange } from "../../actors/cluster/mod.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { servePartition } from "../../collab/rooms/partition-service.ts";
import { presenceLink } from "../../collab/rooms/presence-link.ts";
import { RemoteRoom } from "../../collab/rooms/remote-room.ts";
import { serveRoom } from "../../collab/rooms/room-service.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { SESSION } from "./definitions.ts";
import { DocumentGateway } from "./document-gateway.ts";

export interface NodeRoomOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  /** Its name. */
  readonly node: string;
  /** The session's, without that of the document. */
  readonly partitions: readonly string[];
  /** Under which a node owns a partition, as far as this one knows. */
  epochOf(partition: string): number;
}

/** Of one life of the node. */
export class NodeRoom {
  readonly gateway: DocumentGateway;
  readonly #options: NodeRoomOptions;
  readonly #ends = new Map<string, () => void>();

  constructor(options: NodeRoomOptions) {
    this.#options = options;
    const { bus, clock, node } = options;
    const place = { bus, clock, session: SESSION, log: () => {} };
    const link = presenceLink({ ...place, gateway: `${node}@${clock.nowUs()}` });
    this.gateway = new DocumentGateway({ clock, link, open: () => RemoteRoom.open({ ...place, node }) });
  }

  /** A partition came to this node, or left it. */
  ownershipChanged({ partition, epoch, owned }: OwnershipChange): void {
    this.#ends.get(partition)?.();
    this.#ends.delete(partition);
    if (owned === null) return;
    const { bus, clock, node, partitions, epochOf } = this.#options;
    const place = { bus, clock, epoch, log: () => {} };
    this.#ends.set(
      partition,
      partition === ROOM_PARTITION
        ? serveRoom({ ...place, room: owned, node, partitions, epochOf })
        : servePartition({ ...place, partition: owned }),
    );
  }
}
