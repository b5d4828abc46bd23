/**
 * The fixture of a cluster: nodes, the servers of the bus, feeds on machines of their own, pages.
 *
 *   feeds ──publish──► bus ──► owner of the partition ──blocks──► bus (the log) ──read back──► owner ──► pages
 *                               └── takes over when the previous owner is gone, or seems to be
 */
import { ownerOf } from "../../actors/cluster/mod.ts";
import { publishFeed } from "../../actors/feeds/mod.ts";
import { encodeFrame } from "../../protocol/codec.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { authorsOf } from "./author.ts";
import { BusConnection, type Subscribers } from "./bus-connection.ts";
import { BusServers } from "./bus-servers.ts";
import type { WorldEnd } from "./checkers/observation.ts";
import { SimulatedClient } from "./client.ts";
import { SimulatedClock } from "./clock.ts";
import { SESSION, systemOf } from "./definitions.ts";
import { SimulatedFeed } from "./feed.ts";
import type { Fixture } from "./fixture.ts";
import { Network } from "./network.ts";
import { SimulatedNode } from "./node.ts";
import { Process } from "./process.ts";
import { RecordedSender } from "./recorded-feed.ts";
import type { SimulatedCluster } from "./simulated-cluster.ts";

export function clusterFixture(world: SimulatedCluster): Fixture {
  const { options } = world;
  const network = new Network(world);
  const servers = new BusServers(world, network);
  const subscribers: Subscribers = new Set();
  const partitions =
    world.recorded?.partitions.map(({ partition }) => partition) ??
    Array.from({ length: options.partitions }, (_, k) => `p${k}`);
  const nodes = Array.from(
    { length: options.nodes },
    (_, k) => new SimulatedNode(world, servers, subscribers, `n${k + 1}`, partitions),
  );
  const senders = (world.recorded?.partitions ?? []).map(
    (recorded) => new RecordedSender(world, servers, subscribers, nodes, recorded),
  );
  for (const partition of partitions)
    for (let k = 0; k < options.feedsOfPartition; k++) {
      const delivery = options.remote && k % 2 === 1 ? "once" : "live";
      startFeed(world, servers, subscribers, { partition, source: `${partition}f${k}`, delivery }, 1);
    }
  const numbers = { next: 1 };
  const clients = Array.from(
    { length: options.clients },
    (_, k) => new SimulatedClient(world, network, () => nodes, numbers, k + 1, partitions),
  );
  const groups = partitions.flatMap((partition) =>
    Array.from({ length: options.feedsOfPartition }, (_, k) => `${partition}f${k}g`),
  );
  const authors = authorsOf(world, network, numbers, { groups, nodes: () => nodes });
  const owned = authors.length === 0 ? partitions : [...partitions, ROOM_PARTITION];
  return {
    heal() {
      network.heal();
      servers.heal();
      for (const each of [...nodes, ...clients, ...authors]) each.heal();
    },
    notConverged() {
      for (const partition of owned) {
        const owners = nodes.filter((node) => node.owns(partition)).map(({ name }) => name);
        if (owners.length !== 1) return `${partition} has ${owners.length} owners: ${owners.join(", ")}`;
        // Each node counts again, whatever it went through.
        const placed = ownerOf(
          partition,
          nodes.map(({ name }) => name),
        );
        if (owners[0] !== placed) return `${partition} is owned by ${owners[0]}; expected ${placed}`;
      }
      return (
        [...clients, ...authors].map((each) => each.notConverged()).find((each) => each !== null) ?? null
      );
    },
    documents: () => new Map(authors.map((author) => [author.person.id, author.document()])),
    lastEvents: () => new Map(clients.map((client) => [client.name, client.lastEvents()])),
    stop() {
      for (const node of nodes) node.stop();
    },
    end: async (held) => endOf(world, servers, nodes, held),
    delivered: () => clients.reduce((sum, client) => sum + client.delivered, 0),
    sent: () => new Map(senders.map(({ partition, done }) => [partition, done])),
  };
}

function endOf(
  world: SimulatedCluster,
  servers: BusServers,
  nodes: readonly SimulatedNode[],
  clients: WorldEnd["clients"],
): WorldEnd {
  const streams = new Map<string, { sequence: number; bytes: Uint8Array }[]>();
  for (const { partition, entries } of servers.streams.values())
    if (partition !== null)
      streams.set(
        partition,
        entries.map(({ bytes }, k) => ({ sequence: k + 1, bytes })),
      );
  return {
    atUs: world.nowUs,
    streams,
    live: new Map(nodes.flatMap((node) => [...node.live])),
    clients,
    definitions: systemOf(world.options, world.recorded),
    healed: true,
  };
}

/** A machine that runs one feed. A restart starts another process. */
function startFeed(
  world: SimulatedCluster,
  servers: BusServers,
  subscribers: Subscribers,
  which: { partition: string; source: string; delivery: "live" | "once" },
  life: number,
): void {
  const { partition, source, delivery } = which;
  const process = new Process(source);
  if (life === 1) servers.network.addHost(source);
  const clock = new SimulatedClock(world, process);
  const bus = new BusConnection(servers, subscribers, process);
  const firstNumber = clock.nowUs();
  const feed = new SimulatedFeed({
    world,
    partition,
    source,
    delivery,
    group: `${source}g`,
    clock,
    life,
    numbered: (sequence) => firstNumber + sequence,
    sendBroken(frame) {
      const bytes = encodeFrame(frame);
      bus.publish(
        subjectOf(SESSION, partition, "feed", source, frame.group),
        bytes.subarray(0, bytes.length - 5),
      );
    },
    restart() {
      world.end(process);
      startFeed(world, servers, subscribers, which, life + 1);
    },
  });
  void publishFeed(feed, {
    bus,
    session: SESSION,
    partition,
    clock,
  });
}
