/**
 * The shared document of a session in a cluster: the services of what this node owns, and the connections of its gateway.
 *
 *   node owns the room ─► serveRoom, automatic steps of workflows
 *   owns another partition ─► servePartition          /collab/{session} ─► RoomServer ─► RemoteRoom
 */
import type { OwnershipChange } from "../../actors/cluster/mod.ts";
import { systemClock } from "../../actors/mod.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { servePartition } from "../rooms/partition-service.ts";
import { presenceLink } from "../rooms/presence-link.ts";
import { RemoteRoom } from "../rooms/remote-room.ts";
import { RoomServer } from "../rooms/room-server.ts";
import { serveRoom } from "../rooms/room-service.ts";
import type { Workflow } from "../workflows/definition.ts";
import { runWorkflows } from "../workflows/runner.ts";
import { watchOwners } from "../workflows/watched-session.ts";

export interface NodeRoomsOptions {
  readonly bus: Bus;
  readonly session: string;
  /** Its name. */
  readonly node: string;
  /** The session's, without that of the document. */
  readonly partitions: readonly string[];
  /** Workflows that people may start. */
  readonly workflows: readonly Workflow[];
  /** Under which a node owns a partition, as far as this one knows. */
  epochOf(partition: string): number;
  /** Closes the document of the gateway. */
  readonly signal: AbortSignal;
  log(message: string): void;
}

export class NodeRooms {
  private readonly options: NodeRoomsOptions;
  private readonly ends = new Map<string, () => void>();

  constructor(options: NodeRoomsOptions) {
    this.options = options;
  }

  /** The connections of this node's gateway, which closes them. */
  connections(): RoomServer {
    const { bus, session, node, signal, log } = this.options;
    const place = { bus, clock: systemClock, session, log };
    return new RoomServer({
      clock: systemClock,
      open: (name) => (name === session ? RemoteRoom.open({ ...place, node, signal }) : null),
      link: presenceLink({ ...place, gateway: `${node}@${systemClock.nowUs()}` }),
      admit: ({ identity }) => identity.principal,
      log,
    });
  }

  /** A partition came to this node, or left it. */
  ownershipChanged({ partition, epoch, owned }: OwnershipChange): void {
    this.ends.get(partition)?.();
    this.ends.delete(partition);
    if (owned === null) return;
    const { bus, node, partitions, epochOf, workflows: offered, log } = this.options;
    const place = { bus, clock: systemClock, epoch, log };
    const end =
      partition === ROOM_PARTITION
        ? serveRoom({
            ...{ ...place, room: owned, node, partitions, epochOf },
            along: (sources) =>
              runWorkflows({ ...place, room: owned, session: watchOwners(sources, place), offered }),
          })
        : servePartition({ ...place, partition: owned });
    this.ends.set(partition, end);
  }
}
