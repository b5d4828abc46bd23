/**
 * The network between simulated hosts: messages arrive late, in another order, or never.
 *
 *   datagram ──► lost │ delayed (heavy tail) ──► receiver     in order, but for those that are delayed
 *   pipe     ──► delayed, in order, never lost ──► receiver                like TCP: a cut delays it
 *
 * A link is one direction between two hosts. A cut or clogged link lets nothing through until a set time, then recovers.
 * Messages in flight belong to the receiving process and are dropped when it ends.
 */
import type { RandomStream } from "../../actors/core/mod.ts";
import type { Fault } from "./decisions.ts";
import type { Process } from "./process.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

/** The longest delay of a retransmission after a cut has healed. */
const RETRANSMIT_US = 200_000;

interface Link {
  readonly from: string;
  readonly to: string;
  readonly random: RandomStream;
  readonly drop: Fault;
  readonly slow: Fault;
  /** When the last datagram arrives that is not delayed. */
  lastUs: number;
  /** Nothing arrives before this time; datagrams sent before it are lost. */
  cutUntilUs: number;
  /** Nothing arrives before this time. */
  clogUntilUs: number;
}

/** One direction of a connection: ordered and lossless. */
export interface Pipe {
  send(owner: Process, what: number, deliver: () => void): void;
}

export class Network {
  readonly #world: SimulatedCluster;
  readonly #links = new Map<string, Link>();
  readonly #hosts: string[] = [];

  constructor(world: SimulatedCluster) {
    this.#world = world;
    this.#misbehave();
  }

  /** Adds a host that network partitions may separate. Call in a fixed order. */
  addHost(name: string): void {
    this.#hosts.push(name);
  }

  datagram(from: string, to: string, owner: Process, what: number, deliver: () => void): void {
    const { queue, options } = this.#world;
    const link = this.#link(from, to);
    const { dropped } = options.network;
    if (queue.nowUs < link.cutUntilUs || link.drop.happens(dropped)) return;
    const usualUs = queue.nowUs + this.#usualUs(link);
    const lateUs = this.#lateUs(link);
    if (lateUs === 0) link.lastUs = Math.max(link.lastUs, usualUs);
    const arrivesUs = lateUs === 0 ? link.lastUs : usualUs + lateUs;
    queue.after(arrivesUs - queue.nowUs, owner, what, deliver);
  }

  pipe(from: string, to: string): Pipe {
    const { queue } = this.#world;
    const link = this.#link(from, to);
    let lastUs = 0;
    return {
      send: (owner, what, deliver) => {
        const heldUs =
          link.cutUntilUs > queue.nowUs ? link.cutUntilUs + link.random.next() * RETRANSMIT_US : 0;
        lastUs = Math.max(lastUs, heldUs, queue.nowUs + this.#usualUs(link) + this.#lateUs(link));
        queue.after(lastUs - queue.nowUs, owner, what, deliver);
      },
    };
  }

  /** Whether a round trip is possible now. */
  reaches(a: string, b: string): boolean {
    const { nowUs } = this.#world.queue;
    return nowUs >= this.#link(a, b).cutUntilUs && nowUs >= this.#link(b, a).cutUntilUs;
  }

  /** Repairs all links; delayed messages arrive at their time. */
  heal(): void {
    for (const link of this.#links.values()) link.cutUntilUs = link.clogUntilUs = link.lastUs = 0;
  }

  #usualUs(link: Link): number {
    const { queue, options } = this.#world;
    const delayUs = options.network.latencyUs * (0.5 + link.random.next());
    return Math.max(0, link.clogUntilUs - queue.nowUs) + delayUs;
  }

  /** By which a message is later than usual, mostly 0. */
  #lateUs(link: Link): number {
    const { latencyUs, slow, tailMsMax } = this.#world.options.network;
    return link.slow.happens(slow) ? link.slow.tail(20 * latencyUs, tailMsMax * 1000) : 0;
  }

  #link(from: string, to: string): Link {
    const name = `${from}→${to}`;
    let link = this.#links.get(name);
    if (link === undefined) {
      const { decisions } = this.#world;
      link = {
        from,
        to,
        random: this.#world.random(`network ${name}`),
        drop: decisions.of(name, "message dropped"),
        slow: decisions.of(name, "message delayed"),
        lastUs: 0,
        cutUntilUs: 0,
        clogUntilUs: 0,
      };
      this.#links.set(name, link);
    }
    return link;
  }

  /** Once a second a link may be clogged, and a host may be separated from the others, in both directions or in one. */
  #misbehave(): void {
    const world = this.#world;
    const { decisions, queue } = world;
    const partition = decisions.of("network", "network partition");
    const oneWay = decisions.of("network", "network partition one way");
    const clogged = decisions.of("network", "link clogged");
    const pick = (fault: Fault): string => this.#hosts[Math.floor(fault.size(0, this.#hosts.length))]!;
    world.every(1000, null, "network second", () => {
      if (decisions.healed) return false;
      const { partitioned, oneWayPartitioned, cloggedLinks, partitionMsMax } = world.options.network;
      if (partition.happens(partitioned))
        this.#separate(pick(partition), partition.size(500, partitionMsMax), true);
      if (oneWay.happens(oneWayPartitioned))
        this.#separate(pick(oneWay), oneWay.size(500, partitionMsMax), false);
      if (clogged.happens(cloggedLinks)) {
        const link = this.#link(pick(clogged), pick(clogged));
        link.clogUntilUs = queue.nowUs + clogged.size(200_000, 4_000_000);
      }
    });
  }

  /** Cuts the links from `host` to all others, and with `bothWays` those to it. */
  #separate(host: string, ms: number, bothWays: boolean): void {
    const untilUs = this.#world.queue.nowUs + ms * 1000;
    for (const other of this.#hosts) {
      if (other === host) continue;
      this.#link(host, other).cutUntilUs = untilUs;
      if (bothWays) this.#link(other, host).cutUntilUs = untilUs;
    }
  }
}
