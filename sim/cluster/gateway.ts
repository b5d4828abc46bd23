/**
 * The gateway of one simulated node: shipped session hubs and socket clients, on sockets of the simulated network.
 *
 * The HTTP side (sign-in, files, SSE, polling) is not simulated: it serves the same events as the WebSocket.
 */
import type { Socket } from "node:net";
import type { WebSocket } from "ws";
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import { WebSocketLine } from "../../collab/gateway/client-line.ts";
import { GATEWAY_LIMITS, type GatewayLimits } from "../../collab/gateway/limits.ts";
import { Counters } from "../../collab/gateway/metrics.ts";
import { TokenBucket } from "../../collab/gateway/rate-limit.ts";
import { SessionHub } from "../../collab/gateway/session-hub.ts";
import { SocketClient } from "../../collab/gateway/socket-client.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import type { Connection, ServerSocket } from "./socket.ts";

/** Small enough for small worlds to reach them. */
const LIMITS: GatewayLimits = {
  ...GATEWAY_LIMITS,
  conflateAboveBytes: 2_000,
  cutAboveBytes: 12_000,
  laggingMsMax: 4_000,
  eventsPage: 16,
  backfillFrames: 8,
  keepAliveMs: 5_000,
};

interface Served {
  readonly hub: SessionHub;
  readonly clients: Map<SocketClient, ServerSocket>;
}

export class SimulatedGateway {
  readonly #world: SimulatedCluster;
  readonly #clock: Clock;
  readonly #counters = new Counters();
  readonly #served = new Map<string, Served>();

  constructor(world: SimulatedCluster, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
    this.#keepAlive();
  }

  serve(session: LiveSession): void {
    this.drop(session.partition);
    const hub = new SessionHub(session, this.#clock);
    this.#served.set(session.partition, { hub, clients: new Map() });
  }

  /** The partition has left this node: its clients are cut, reconnect, and find the new owner. */
  drop(partition: string): void {
    const served = this.#served.get(partition);
    if (served === undefined) return;
    this.#served.delete(partition);
    for (const client of served.clients.keys()) client.cut("shutdown", "the partition is elsewhere now");
    served.hub.close();
  }

  /** False when the partition is not here. */
  accept(connection: Connection): boolean {
    const served = this.#served.get(connection.partition);
    if (served === undefined) return false;
    const { server } = connection;
    // The interfaces are those of `ws` and node:net; the simulated socket implements the part that WebSocketLine uses.
    const line = new WebSocketLine(
      server as unknown as WebSocket,
      server as unknown as Socket,
      served.hub.turnFrames,
    );
    const nowMs = (): number => this.#clock.monotonicMs();
    const decimation = new TokenBucket(LIMITS.decimationBurst, LIMITS.decimationPerSecond, nowMs());
    const client = new SocketClient(line, {
      hub: served.hub,
      partitions: [served.hub.session.partition],
      limits: LIMITS,
      counters: this.#counters,
      nowMs,
      decimation: () => decimation,
      server: "simulated",
      signIn: async () => {},
      stillSignedIn: () => true,
    });
    served.clients.set(client, server);
    server.on("close", () => served.clients.delete(client));
    return true;
  }

  /** The process has ended. */
  ended(): void {
    for (const { clients } of this.#served.values())
      for (const server of clients.values()) server.processEnded();
  }

  #keepAlive(): void {
    this.#clock.after(LIMITS.keepAliveMs, () => {
      this.#keepAlive();
      for (const { clients } of this.#served.values())
        for (const [client, server] of clients) {
          client.keepAlive();
          this.#observeBacklog(server);
        }
      if (this.#counters.refused > 0) this.#world.sometimes("client refused a message");
      if ((this.#counters.closed.get("ws slow") ?? 0) > 0) this.#world.sometimes("client cut");
      if (this.#counters.dropped.samples > 0) this.#world.sometimes("client lagging");
    });
  }

  #observeBacklog(server: ServerSocket): void {
    this.#world.observe({
      kind: "size",
      atUs: this.#world.nowUs,
      node: server.process.name,
      what: "bytes a client has not read",
      value: server.bufferedAmount,
      // The events and states of one turn may be added before the gateway looks again.
      limit: 2 * LIMITS.cutAboveBytes,
    });
  }
}
