/** /ws: upgrades requests that passed the guard, and keeps their clients alive. */
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import { type ServerOptions, WebSocketServer } from "ws";
import { payerOf } from "./auth.ts";
import { WebSocketLine } from "./client-line.ts";
import { chooseHub, type GatewayContext, hubsOfSession } from "./gateway-context.ts";
import type { RequestOrigin } from "./request.ts";
import { SocketClient } from "./socket-client.ts";

/** The longest timer there is, ms: how long a client may take to close is `cutGraceMs` and `closeGraceMs`, on the gateway's clock. */
const NEVER_MS = 2 ** 31 - 1;

export class SocketServer {
  readonly #gateway: GatewayContext;
  readonly #server: WebSocketServer;
  readonly #clients = new Set<SocketClient>();

  constructor(gateway: GatewayContext) {
    const { messageBytesMax, compressAboveBytes } = gateway.limits;
    this.#gateway = gateway;
    // The types of the library lack the option.
    const options: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      maxPayload: messageBytesMax,
      closeTimeout: NEVER_MS,
      // Without context takeover no connection keeps a window between messages; live messages are not compressed.
      perMessageDeflate: {
        threshold: compressAboveBytes,
        serverNoContextTakeover: true,
        clientNoContextTakeover: true,
        zlibDeflateOptions: { level: 1 },
      },
    };
    this.#server = new WebSocketServer(options);
  }

  /** Throws when there are too many connections or no such session. */
  accept(request: IncomingMessage, socket: Socket, head: Buffer, from: RequestOrigin): void {
    const { address, identity } = from;
    const { hubs, sockets, auth, counters, limits, decimationRates, nowMs, server } = this.#gateway;
    let who = identity;
    const hub = chooseHub(hubs, from);
    const partitions = hubsOfSession(hubs, hub.session.session).map(({ session }) => session.partition);
    if (identity.kind !== "stranger") this.#enter(socket, address);
    this.#server.handleUpgrade(request, socket, head, (ws) => {
      const client = new SocketClient(new WebSocketLine(ws, socket, hub.turnFrames), {
        hub,
        partitions,
        limits,
        counters,
        nowMs,
        server,
        decimation: () => decimationRates.bucket(payerOf(who, address), nowMs()),
        signIn: async (token) => {
          if (who.kind !== "stranger") return;
          const holder = await auth.checkToken(token, address, nowMs());
          // It is counted until it closes.
          if (socket.destroyed) throw auth.refusal(false, address, nowMs());
          // A guest of another session has no business here.
          if (holder.session !== null && holder.session !== hub.session.session)
            throw auth.refusal(true, address, nowMs());
          who = holder;
          this.#enter(socket, address);
        },
        stillSignedIn: () => auth.isSignedIn(who, nowMs()),
      });
      this.#clients.add(client);
      sockets.heard(socket, (reason) => client.cut("rate", reason.message));
      ws.once("close", () => this.#clients.delete(client));
    });
  }

  /** Counts a connection that has signed in. Throws when there are too many. */
  #enter(socket: Socket, address: string): void {
    const { connections, sockets } = this.#gateway;
    sockets.signIn(socket);
    socket.once("close", connections.enter("ws", address));
  }

  /** Closes the connections of those who are not signed in any more. */
  checkSignIns(): void {
    for (const client of this.#clients) client.checkSignIn();
  }

  keepAlive(): void {
    for (const client of this.#clients) client.keepAlive();
  }

  close(): void {
    for (const client of this.#clients) client.cut("shutdown", "the gateway stops");
  }
}
