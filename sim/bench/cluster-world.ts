/** A server of NATS, a node in a process of its own, and connections of this process to both. */
import { fileURLToPath } from "node:url";
import { RemoteSession } from "../../actors/cluster/mod.ts";
import {
  createNatsBus,
  type NatsBus,
  type NatsServer,
  startNatsServer,
  systemClock,
} from "../../actors/mod.ts";
import { Child } from "./child.ts";
import type { NodeChildOptions } from "./cluster-node-child.ts";

const NODE = fileURLToPath(new URL("./cluster-node-child.ts", import.meta.url));
const SESSION = "bench";
const PARTITION = "p0";

export class ClusterWorld {
  readonly server: NatsServer;
  readonly node: Child;
  /** URL of the WebSocket of the node's gateway. */
  readonly socketUrl: string;
  readonly bus: NatsBus;

  /** Resolves when the node owns the partition. */
  static async start(options: Omit<NodeChildOptions, "nats" | "session">): Promise<ClusterWorld> {
    const server = await startNatsServer();
    const argument: NodeChildOptions = { ...options, nats: server.url, session: SESSION };
    const node = new Child(NODE, [JSON.stringify(argument)]);
    const url = await node.ask<string>("url");
    return new ClusterWorld(server, node, url, await connectTo(server));
  }

  private constructor(server: NatsServer, node: Child, socketUrl: string, bus: NatsBus) {
    this.server = server;
    this.node = node;
    this.socketUrl = socketUrl;
    this.bus = bus;
  }

  /** Where a feed publishes. */
  get place(): { bus: NatsBus; session: string; partition: string; clock: typeof systemClock } {
    return { bus: this.bus, session: SESSION, partition: PARTITION, clock: systemClock };
  }

  /** The session as a gateway of another node has it, over a connection of its own. */
  async openSession(): Promise<{ session: RemoteSession; close(): Promise<void> }> {
    const bus = await connectTo(this.server);
    const session = await RemoteSession.open({ ...this.place, bus, gateway: "bench", log: () => {} });
    return {
      session,
      async close() {
        session.close();
        await bus.close();
      },
    };
  }

  async close(): Promise<void> {
    await this.node.stop();
    await this.closeConnections();
  }

  /** When the node was stopped before. */
  async closeConnections(): Promise<void> {
    await this.bus.close();
    await this.server.dispose();
  }
}

export function connectTo(server: NatsServer): Promise<NatsBus> {
  return createNatsBus({ servers: [server.url], clock: systemClock, log: () => {} });
}
