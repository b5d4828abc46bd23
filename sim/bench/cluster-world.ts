/** A server of NATS, nodes in processes of their own, and connections of this process to them. */
import { fileURLToPath } from "node:url";
import { RemoteSession } from "../../actors/cluster/mod.ts";
import { ownerOf } from "../../actors/cluster/placement.ts";
import {
  createNatsBus,
  type NatsBus,
  type NatsServer,
  startNatsServer,
  systemClock,
} from "../../actors/mod.ts";
import { Child } from "./child.ts";
import type { NodeChildOptions } from "./cluster-node-child.ts";
import { check, pauseMs } from "./measure.ts";

const NODE = fileURLToPath(new URL("./cluster-node-child.ts", import.meta.url));
const SESSION = "bench";

/** Nodes that start together find each other, and hand partitions over, within seconds; on a busy machine they take long to start. */
const PLACED_MS = 60_000;

export interface WorldOptions extends Pick<NodeChildOptions, "detectors" | "publishEveryUs"> {
  /** Default 1. */
  readonly nodes?: number;
  /** Default 1. Each node gets as many as the others. */
  readonly partitions?: number;
}

export class ClusterWorld {
  readonly server: NatsServer;
  readonly nodes: readonly Child[];
  readonly partitions: readonly string[];
  readonly bus: NatsBus;

  /** Resolves when the nodes own the partitions. */
  static async start({ nodes = 1, partitions = 1, ...rest }: WorldOptions): Promise<ClusterWorld> {
    const server = await startNatsServer();
    const names = Array.from({ length: partitions }, (_, k) => `p${k}`);
    const common = { ...rest, nats: server.url, session: SESSION, partitions: names };
    const children = evenNames(nodes, names).map((name) => {
      const argument: NodeChildOptions = { ...common, name };
      return new Child(NODE, [JSON.stringify(argument)]);
    });
    await placed(children, partitions / nodes);
    return new ClusterWorld(server, children, names, await connectTo(server));
  }

  private constructor(
    server: NatsServer,
    nodes: readonly Child[],
    partitions: readonly string[],
    bus: NatsBus,
  ) {
    this.server = server;
    this.nodes = nodes;
    this.partitions = partitions;
    this.bus = bus;
  }

  /** The first one. */
  get node(): Child {
    return this.nodes[0]!;
  }

  /** URL of the WebSocket of the first node's gateway. */
  socketUrl(): Promise<string> {
    return this.node.ask("url");
  }

  /** Where a feed publishes. */
  get place(): { bus: NatsBus; session: string; partition: string; clock: typeof systemClock } {
    return { bus: this.bus, session: SESSION, partition: this.partitions[0]!, clock: systemClock };
  }

  /** A partition as a gateway of another node has it, over a connection of its own. Default: the first one. */
  async openSession(
    partition = this.partitions[0]!,
  ): Promise<{ session: RemoteSession; close(): Promise<void> }> {
    const bus = await connectTo(this.server);
    const place = { ...this.place, bus, partition };
    const session = await RemoteSession.open({ ...place, gateway: "bench", log: () => {} });
    return {
      session,
      async close() {
        session.close();
        await bus.close();
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
    await this.closeConnections();
  }

  /** When the nodes were stopped before. */
  async closeConnections(): Promise<void> {
    await this.bus.close();
    await this.server.dispose();
  }
}

export function connectTo(server: NatsServer): Promise<NatsBus> {
  return createNatsBus({ servers: [server.url], clock: systemClock, log: () => {} });
}

/** Names of nodes to which placement gives the same number of partitions. */
function evenNames(nodes: number, partitions: readonly string[]): string[] {
  for (let attempt = 0; ; attempt++) {
    const names = Array.from({ length: nodes }, (_, k) => `node ${attempt}.${k}`);
    const owners = partitions.map((partition) => ownerOf(partition, names));
    const isEven = names.every(
      (name) => owners.filter((owner) => owner === name).length === partitions.length / nodes,
    );
    if (isEven) return names;
  }
}

async function placed(nodes: readonly Child[], each: number): Promise<void> {
  const untilMs = performance.now() + PLACED_MS;
  for (;;) {
    const owned = await Promise.all(nodes.map((node) => node.ask<number>("owned")));
    if (owned.every((count) => count === each)) return;
    check(performance.now() < untilMs, `${each} partitions at each node`, owned.join(", "));
    await pauseMs(100);
  }
}
