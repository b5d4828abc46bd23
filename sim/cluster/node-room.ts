/**
 * The shared document at one simulated node: the shipped services of what the node owns, and the shipped connections of its gateway.
 *
 *   node owns the room ─► serveRoom     owns another partition ─► servePartition     page ─► RoomSocket ─► Room ─► RemoteRoom ─► bus
 */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { OwnershipChange } from "../../actors/cluster/mod.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import { servePartition } from "../../collab/rooms/partition-service.ts";
import { presenceLink } from "../../collab/rooms/presence-link.ts";
import { RemoteRoom } from "../../collab/rooms/remote-room.ts";
import { RoomServer } from "../../collab/rooms/room-server.ts";
import { serveRoom } from "../../collab/rooms/room-service.ts";
import { RoomSocket } from "../../collab/rooms/room-socket.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import type { Principal } from "../../protocol/principal.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { SESSION } from "./definitions.ts";
import type { Connection, ServerSocket } from "./socket.ts";

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
  readonly #options: NodeRoomOptions;
  readonly #ends = new Map<string, () => void>();
  readonly #sockets = new Set<ServerSocket>();
  readonly #rooms: RoomServer;
  #source: RemoteRoom | null = null;

  constructor(options: NodeRoomOptions) {
    this.#options = options;
    const { bus, clock, node } = options;
    const place = { bus, clock, session: SESSION, log: () => {} };
    const link = presenceLink({ ...place, gateway: `${node}@${clock.nowUs()}` });
    this.#rooms = new RoomServer({
      ...{ clock, link, log: place.log },
      open: async () => {
        this.#source = await RemoteRoom.open({ ...place, node });
        return this.#source;
      },
      admit: () => null,
    });
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

  /** A page connects: the HTTP side, which finds out who it is, is not simulated. */
  accept({ id, server }: Connection, person: Principal): void {
    this.#sockets.add(server);
    server.on("close", () => this.#sockets.delete(server));
    this.#rooms
      .roomOf(SESSION)!
      .then((open) => open.ready())
      .then(
        (room) => {
          server.opens();
          // The interfaces are those of `ws` and node:net; the simulated socket implements the part that RoomSocket uses.
          new RoomSocket(server as unknown as WebSocket, server as unknown as Socket, {
            room,
            person,
            connection: `c${id}`,
            standing: () => "holds",
          });
        },
        () => server.close(CLOSE_CODES.unavailable, "the document cannot be opened"),
      );
  }

  /** Makes the document anew, as when too many have written in it. */
  renew(): void {
    const source = this.#source;
    if (source === null) return;
    source.renew(source.document().epoch).catch(() => {
      // Unanswered, or done by somebody else meanwhile.
    });
  }

  /** The process has ended. */
  ended(): void {
    for (const server of this.#sockets) server.processEnded();
  }
}
