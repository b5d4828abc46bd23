/**
 * A simulated page: the shipped client (collab/client.ts), one for each partition, over sockets of the simulated network.
 *
 * Its faults: it stalls (reads nothing), loses its connection and resumes, is reloaded (a new life without a cursor), sends garbage.
 */
import { Client } from "../../collab/client.ts";
import { EventCursor } from "../../collab/event-cursor.ts";
import { SimulatedClock } from "./clock.ts";
import type { Fault } from "./decisions.ts";
import type { Network } from "./network.ts";
import { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";
import { Connection, type PageSocket } from "./socket.ts";

/** Beyond any event of a simulated world, as the cursor of another recording would be. */
const FOREIGN_CURSOR = 1_000_000;

/** A node that a page can connect to. */
export interface Reachable {
  readonly process: Process;
  /** False when it does not serve that partition. */
  accept(connection: Connection): boolean;
}

/** Numbers connections of a world. */
export interface ConnectionNumbers {
  next: number;
}

export class SimulatedClient {
  readonly #world: SimulatedCluster;
  readonly #network: Network;
  readonly #nodes: () => readonly Reachable[];
  readonly #numbers: ConnectionNumbers;
  readonly #host: string;
  readonly #partitions: readonly string[];
  readonly #index: number;
  readonly #random: { next(): number };
  #life = 0;
  /** It has sent nothing that a gateway may reject it for. */
  #harmless = true;
  #tries = 0;
  #process!: Process;
  #clients = new Map<string, Client>();
  readonly #sockets = new Map<string, PageSocket>();
  delivered = 0;

  constructor(
    world: SimulatedCluster,
    network: Network,
    nodes: () => readonly Reachable[],
    numbers: ConnectionNumbers,
    index: number,
    partitions: readonly string[],
  ) {
    this.#world = world;
    this.#network = network;
    this.#nodes = nodes;
    this.#numbers = numbers;
    this.#index = index;
    this.#host = `client${index}`;
    this.#partitions = partitions;
    this.#random = world.random(this.#host);
    network.addHost(this.#host);
    this.#begin(0);
    this.#misbehave();
  }

  /** Name of this life. */
  get name(): string {
    return `${this.#host}.${this.#life}`;
  }

  /** Sequence of the last event it holds, by partition. */
  lastEvents(): ReadonlyMap<string, number> {
    return new Map(
      [...this.#clients].map(([partition, client]) => [partition, client.eventCursor.sequence ?? 0]),
    );
  }

  /** The first partition that it is not connected to, or null. */
  notConverged(): string | null {
    for (const [partition, { state }] of this.#clients)
      if (state.state !== "open") return `${this.name} is ${state.state} to ${partition}`;
    return null;
  }

  heal(): void {
    for (const socket of this.#sockets.values()) socket.reading(true);
    for (const client of this.#clients.values()) client.start();
  }

  // ---- the page -------------------------------------------------------------------------------------------------

  /** Starts a life that has seen events up to `after`; 0: none. */
  #begin(after: number): void {
    this.#life++;
    this.#process = new Process(this.#host);
    const clock = new SimulatedClock(this.#world, this.#process);
    this.#clients = new Map();
    for (const partition of this.#partitions) {
      const client = this.#client(partition, clock, after);
      this.#world.observe({ kind: "began", atUs: this.#world.nowUs, client: this.name, partition, after });
      this.#clients.set(partition, client);
      client.subscribe({ channel: "events", after });
      if (this.#index === 1) client.subscribe({ channel: "samples" });
      if (this.#index === 2) client.subscribe({ channel: "state" });
      if (this.#index === 3) client.subscribe({ channel: "samples", decimationUs: 500_000 });
      client.start();
    }
  }

  #client(partition: string, clock: SimulatedClock, after: number): Client {
    const world = this.#world;
    const name = this.name;
    let wasOpen = false;
    const client = new Client({
      name,
      eventCursor: new EventCursor(after),
      connect: () => this.#connect(partition),
      after: (ms, act) => clock.after(ms, act),
      random: () => this.#random.next(),
      retryMsMax: 2_000,
      pingMs: 3_000,
      handlers: {
        connection: (state) => {
          if (state.state === "refused" && this.#harmless)
            world.fail("harmless-stay", `${name} was refused by ${partition} for good: ${state.reason}`);
        },
        welcome: () => {
          if (wasOpen) world.sometimes("client resumed");
          wasOpen = true;
        },
        event: (event) => {
          this.delivered++;
          world.observe({ kind: "delivered", atUs: world.nowUs, client: name, partition, event });
        },
        rewound: () => {
          world.sometimes("client's session went back");
          const after = client.eventCursor.sequence ?? 0;
          world.observe({ kind: "reset", atUs: world.nowUs, client: name, partition, after });
        },
        missed: ({ channel, reset }) => {
          if (channel !== "events" || !reset) return;
          world.sometimes("client's server was another");
          const after = client.eventCursor.sequence ?? 0;
          world.observe({ kind: "reset", atUs: world.nowUs, client: name, partition, after });
        },
      },
    });
    return client;
  }

  #connect(partition: string): PageSocket {
    const world = this.#world;
    // Round robin, like a load balancer.
    const nodes = this.#nodes();
    const node = nodes[this.#tries++ % nodes.length]!;
    const id = this.#numbers.next++;
    const connection = new Connection(world, this.#network, {
      id,
      partition,
      page: this.#process,
      node: node.process,
    });
    const { page } = connection;
    this.#sockets.set(partition, page);
    const what = world.trace.intern(`${this.#host} connects`);
    const up = this.#network.pipe(this.#host, node.process.name);
    const down = this.#network.pipe(node.process.name, this.#host);
    const refuse = (): void => down.send(page.process, what, () => page.closedByPeer(1006, ""));
    // The machine of an ended process refuses the connection.
    if (node.process.state === "ended") refuse();
    else
      up.send(node.process, what, () => {
        if (node.accept(connection)) down.send(page.process, what, () => page.opened());
        else refuse();
      });
    return page;
  }

  #reload(): void {
    this.#world.sometimes("client started anew");
    for (const client of this.#clients.values()) client.stop();
    this.#world.end(this.#process);
    this.#sockets.clear();
    const { decisions, options } = this.#world;
    const isForeign = decisions.of(this.#host, "foreign cursor").happens(options.client.foreignCursor);
    this.#begin(isForeign ? FOREIGN_CURSOR : 0);
  }

  #misbehave(): void {
    const world = this.#world;
    const { decisions, options } = world;
    const of = (kind: string): Fault => decisions.of(this.#host, kind);
    const [stalled, reconnected] = [of("client stalled"), of("client reconnected")];
    const [reloaded, garbage] = [of("client reloaded"), of("client garbage")];
    world.every(1000, null, `${this.#host} second`, () => {
      if (decisions.healed) return false;
      if (stalled.happens(options.client.stalled)) this.#stall(stalled.size(500, 16_000));
      if (reconnected.happens(options.client.reconnected)) this.#breakOff(reconnected);
      if (reloaded.happens(options.client.reloaded)) this.#reload();
      if (garbage.happens(options.client.garbage)) this.#sendGarbage(garbage);
    });
  }

  #stall(ms: number): void {
    const sockets = [...this.#sockets.values()];
    for (const socket of sockets) socket.reading(false);
    this.#world.after(ms, null, `${this.#host} reads again`, () => {
      for (const socket of sockets) socket.reading(true);
    });
  }

  /** The connection breaks: the page notices, the node may not. */
  #breakOff(fault: Fault): void {
    const sockets = [...this.#sockets.values()];
    const socket = sockets[Math.floor(fault.size(0, sockets.length))];
    if (socket === undefined) return;
    socket.closedByPeer(1006, "");
  }

  #sendGarbage(fault: Fault): void {
    this.#harmless = false;
    const bytes = Uint8Array.from({ length: Math.floor(fault.size(0, 40)) }, () =>
      Math.floor(fault.size(0, 256)),
    );
    for (const socket of this.#sockets.values()) socket.send(bytes);
  }
}
