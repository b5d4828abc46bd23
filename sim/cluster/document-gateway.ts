/**
 * The connections of one simulated gateway to the shared document: shipped RoomServer, Room and RoomSocket on sockets of the simulated network.
 *
 * The HTTP side, which finds out who somebody is, is not simulated.
 */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Clock } from "../../actors/ports/clock.ts";
import type { PresenceLink } from "../../collab/rooms/presence-link.ts";
import { RoomServer } from "../../collab/rooms/room-server.ts";
import { RoomSocket } from "../../collab/rooms/room-socket.ts";
import type { RoomSource } from "../../collab/rooms/room-source.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import type { Principal } from "../../protocol/principal.ts";
import { SESSION } from "./definitions.ts";
import type { Connection, ServerSocket } from "./socket.ts";

export interface DocumentGatewayOptions {
  readonly clock: Clock;
  /** Whoever keeps the document. Asked again when it rejects. */
  open(): Promise<RoomSource>;
  readonly link?: PresenceLink;
}

/** Of one life of its process. */
export class DocumentGateway {
  readonly #rooms: RoomServer;
  readonly #sockets = new Set<ServerSocket>();
  #source: RoomSource | null = null;

  constructor({ open, ...options }: DocumentGatewayOptions) {
    this.#rooms = new RoomServer({
      ...options,
      open: async () => {
        this.#source = await open();
        return this.#source;
      },
      admit: () => null,
      log: () => {},
    });
  }

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
