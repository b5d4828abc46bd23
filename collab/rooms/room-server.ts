/**
 * `/collab/{session}`: upgrades requests that passed the gateway's guard, and finds their room.
 *
 * Whoever may not come in is closed with 44xx after the upgrade: a browser cannot read why an upgrade was refused, and would try for ever.
 */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import type { Clock } from "../../actors/ports/clock.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { MalformedSubject } from "../../protocol/errors.ts";
import type { Principal } from "../../protocol/principal.ts";
import { unescapeName } from "../../protocol/subjects.ts";
import type { Standing } from "../gateway/auth.ts";
import type { UpgradeRoute } from "../gateway/gateway-context.ts";
import type { RequestOrigin } from "../gateway/request.ts";
import { ROOM_LIMITS } from "./limits.ts";
import type { PresenceLink } from "./presence-link.ts";
import { Room } from "./room.ts";
import { RoomSocket, signInEnded } from "./room-socket.ts";
import type { RoomSource } from "./room-source.ts";

export interface RoomServerOptions {
  readonly clock: Clock;
  /** Who keeps a session's document, open; null when there is no such session. Called once for each name. */
  open(name: string): Promise<RoomSource> | null;
  /** The other gateways of the session, in a cluster. */
  readonly link?: PresenceLink;
  /** Who sent the request; null for somebody who may not come in. */
  admit(from: RequestOrigin): Principal | null;
  log(message: string): void;
}

const PREFIX = "/collab/";

export class RoomServer implements UpgradeRoute {
  readonly prefix = PREFIX;
  private readonly options: RoomServerOptions;
  private readonly rooms = new Map<string, Promise<Room>>();
  private readonly server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    maxPayload: ROOM_LIMITS.messageBytesMax,
    // A few bytes that grow to a million cost more than they save.
    perMessageDeflate: false,
    // All messages that have come are read at once, so that the edits of one client are judged together (room-socket.ts).
    allowSynchronousEvents: true,
  });
  private connections = 0;
  private cancelKeepAlive: () => void = () => {};

  constructor(options: RoomServerOptions) {
    this.options = options;
    this.keepAliveLater();
  }

  accept(
    request: IncomingMessage,
    socket: Socket,
    head: Buffer,
    from: RequestOrigin,
    standing: () => Standing,
  ): void {
    const name = nameOf(from.path);
    const person = this.options.admit(from);
    // A guest and a ticket are for one session.
    const { identity } = from;
    const isOther = identity.kind !== "stranger" && identity.session !== null && identity.session !== name;
    const room = name === null || person === null || isOther ? null : this.roomOf(name);
    const upgraded = (then: (ws: WebSocket) => void): void =>
      this.server.handleUpgrade(request, socket, head, (ws) => {
        ws.on("error", () => {});
        then(ws);
      });
    const refuse = (code: number, reason: string): void => upgraded((ws) => ws.close(code, reason));
    if (person === null) {
      refuse(CLOSE_CODES.unauthenticated, "not signed in, or the ticket has ended");
      return;
    }
    if (room === null) {
      refuse(CLOSE_CODES.notFound, "there is no such session");
      return;
    }
    const connection = `c${++this.connections}`;
    room
      .then((open) => open.ready())
      .then(
        (found) =>
          upgraded((ws) => {
            const epoch = from.query.get("epoch");
            // The room may have been opened meanwhile.
            const ended = signInEnded(standing());
            if (ended !== null) ws.close(ended.code, ended.reason);
            else if (epoch !== null && epoch !== String(found.epoch))
              ws.close(CLOSE_CODES.epoch, `epoch ${found.epoch} of the document`);
            else new RoomSocket(ws, socket, { room: found, person, connection, standing });
          }),
        (error: unknown) => {
          this.options.log(`room ${name} cannot be opened: ${String(error)}`);
          refuse(CLOSE_CODES.unavailable, "the document cannot be opened");
        },
      );
  }

  /** The room of a session; opens it. Null when there is no such session. */
  roomOf(name: string): Promise<Room> | null {
    const known = this.rooms.get(name);
    if (known !== undefined) return known;
    const opening = this.options.open(name);
    if (opening === null) return null;
    const { clock, log, link } = this.options;
    const warn = (message: string): void => log(`warning: the shared document ${name}: ${message}`);
    const room = opening.then((source) => new Room(source, { clock, warn, link }));
    this.rooms.set(name, room);
    // The next who comes tries again.
    room.catch(() => this.rooms.delete(name));
    return room;
  }

  checkSignIns(): void {
    this.inRooms((room) => room.checkSignIns());
  }

  async close(): Promise<void> {
    this.cancelKeepAlive();
    for (const room of this.rooms.values())
      await room.then(
        (open) => open.close(CLOSE_CODES.unavailable, "the gateway stops"),
        () => {},
      );
  }

  private keepAliveLater(): void {
    this.cancelKeepAlive = this.options.clock.after(ROOM_LIMITS.keepAliveMs, () => {
      this.inRooms((room) => room.keepAlive());
      this.keepAliveLater();
    });
  }

  /** In all that are open or will be. */
  private inRooms(act: (room: Room) => void): void {
    for (const room of this.rooms.values()) room.then(act, () => {});
  }
}

/** The session of a path; null when it has none that could be. */
function nameOf(path: string): string | null {
  try {
    return unescapeName(path.slice(PREFIX.length));
  } catch (error) {
    if (error instanceof MalformedSubject) return null;
    throw error;
  }
}
