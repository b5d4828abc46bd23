/** /ws: upgrades requests that passed the door and keeps the clients that came of it. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { WebSocketServer } from "ws";
import type { Identity } from "./auth.ts";
import type { Visitor } from "./request-guard.ts";
import { chooseHub, type GatewayParts } from "./route.ts";
import { SocketClient } from "./socket-client.ts";

export class SocketServer {
  readonly #parts: GatewayParts;
  readonly #server: WebSocketServer;
  readonly #clients = new Set<SocketClient>();

  constructor(parts: GatewayParts) {
    const { messageBytesMax, compressAboveBytes } = parts.limits;
    this.#parts = parts;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: messageBytesMax,
      // Without context takeover a connection holds no window between messages, and a live message needs none.
      perMessageDeflate: {
        threshold: compressAboveBytes,
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        zlibDeflateOptions: { level: 1 },
      },
    });
  }

  /** Throws a HttpError when there are too many connections or no such session. */
  accept(request: IncomingMessage, socket: Socket, head: Buffer, visitor: Visitor, identity: Identity): void {
    const { hubs, connections, auth, counters, limits, nowMs, server } = this.#parts;
    const hub = chooseHub(hubs, visitor.query);
    const leave = connections.enter("ws", visitor.address);
    socket.once("close", leave);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const client = new SocketClient(ws, socket, {
        hub,
        limits,
        counters,
        nowMs,
        server,
        signIn: (token) => {
          if (identity.kind === "stranger") auth.checkToken(token, visitor.address, nowMs());
        },
        stillSignedIn: () => auth.lasts(identity, nowMs()),
      });
      this.#clients.add(client);
      ws.once("close", () => this.#clients.delete(client));
    });
  }

  keepAlive(): void {
    for (const client of this.#clients) client.keepAlive();
  }

  close(): void {
    for (const client of this.#clients) client.cut("shutdown", "the gateway stops");
  }
}
