/**
 * Sessions and every way to them: their hubs, routes and WebSockets. A gateway serves the sessions of its process, and those of each recording
 * that is open.
 */
import type { Buffer } from "node:buffer";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ScanDesk } from "../../actors/mod.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { GatewayContext, Route, UpgradeRoute } from "./gateway-context.ts";
import type { PushService } from "./push-service.ts";
import type { RequestOrigin } from "./request.ts";
import { routes } from "./routes.ts";
import { ScanSockets } from "./scan-sockets.ts";
import { SessionHub } from "./session-hub.ts";
import { SocketServer } from "./socket-server.ts";

/** What all sessions of a gateway share. */
export type SharedContext = Omit<GatewayContext, "hubs" | "upgrades" | "scans" | "push" | "live">;

export interface ServedOptions {
  readonly sessions: readonly LiveSession[];
  /** For all timeouts of clients. */
  readonly clock: Clock;
  /** WebSockets below paths of their own. */
  readonly upgrades?: readonly UpgradeRoute[];
  readonly scans?: ScanDesk | null;
  readonly push?: PushService | null;
  /** Of recorded sessions: the relative address of the live one. */
  readonly live?: string | null;
}

export class ServedSessions {
  readonly #hubs: readonly SessionHub[];
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #socketServer: SocketServer;
  readonly #upgrades: readonly UpgradeRoute[];

  constructor(shared: SharedContext, options: ServedOptions) {
    const { sessions, clock, upgrades = [], scans = null, push = null, live = null } = options;
    this.#hubs = sessions.map((session) => new SessionHub(session, clock));
    const context: GatewayContext = { ...shared, hubs: this.#hubs, upgrades, scans, push, live };
    this.#routes = routes(context);
    this.#socketServer = new SocketServer(context);
    this.#upgrades = [...upgrades, ...(scans === null ? [] : [new ScanSockets(context, scans)])];
  }

  /** What answers a path, the last part of which may be a name. */
  routeOf(path: string): Route | undefined {
    const route = this.#routes.get(path);
    if (route !== undefined || path.endsWith("/")) return route;
    return this.#routes.get(`${path.slice(0, path.lastIndexOf("/"))}/*`);
  }

  /** The further WebSockets at a path; null: those of the sessions. Throws where there is no WebSocket. */
  upgradeOf(path: string): UpgradeRoute | null {
    if (path === "/ws") return null;
    const route = this.#upgrades.find(({ prefix }) => path.startsWith(prefix));
    if (route !== undefined) return route;
    throw new EigenwatchError({
      action: "upgrade to WebSocket at",
      value: path,
      expected: ["/ws", ...this.#upgrades.map(({ prefix }) => `${prefix}…`)].join(" or "),
      kind: "notFound",
    });
  }

  /** Upgrades to the WebSocket of a session. Throws when there are too many connections or no such session. */
  accept(request: IncomingMessage, socket: Socket, head: Buffer, from: RequestOrigin): void {
    this.#socketServer.accept(request, socket, head, from);
  }

  /** Whether a client is connected, or waits for an event. */
  get isFollowed(): boolean {
    return this.#hubs.some((hub) => hub.isFollowed);
  }

  keepAlive(): void {
    this.#socketServer.keepAlive();
  }

  checkSignIns(): void {
    this.#socketServer.checkSignIns();
    for (const route of this.#upgrades) route.checkSignIns();
  }

  async close(): Promise<void> {
    for (const hub of this.#hubs) hub.close();
    this.#socketServer.close();
    await Promise.all(this.#upgrades.map((route) => route.close()));
  }
}
