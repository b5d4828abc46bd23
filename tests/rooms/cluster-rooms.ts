/** A session with a shared document on several nodes in this process, each with a connection of its own to a real NATS server, and a gateway. */
import * as assert from "uvu/assert";
import { createNatsBus } from "../../actors/bus/nats.ts";
import { startNatsServer } from "../../actors/bus/nats-server.ts";
import { systemClock } from "../../actors/clock.ts";
import { AdmittedLog } from "../../actors/cluster/admitted-log.ts";
import { ClusterNode, FAILOVER, RemoteSession } from "../../actors/cluster/mod.ts";
import { Core } from "../../actors/core/core.ts";
import { SILENT } from "../../actors/core/core-sink.ts";
import { hex } from "../../actors/core/hash.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import { roomOf } from "../../actors/partition/room-of.ts";
import { SYSTEM } from "../../actors/system.ts";
import { createGateway, type Gateway } from "../../collab/gateway/gateway.ts";
import { grantsInStream } from "../../collab/live/grants-in-stream.ts";
import { NodeRooms } from "../../collab/live/node-rooms.ts";
import { routeCommands } from "../../collab/live/route-commands.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { liveCommands } from "../../sim/mod.ts";
import { condition } from "../support/condition.ts";
import { Stock } from "./room-world.ts";

export const SESSION = "plant";
export const TOKEN = "a-token-of-at-least-sixteen-characters";
const PARTITIONS = ["p0", "p1"];

/** An answer over HTTP: its status and fields. */
interface Posted {
  readonly status: number;
  readonly invite?: string;
  readonly id?: string;
  readonly token?: string;
  readonly ticket?: string;
}

export interface RoomNode {
  readonly name: string;
  readonly node: ClusterNode;
  readonly gateway: Gateway;
  readonly sessions: readonly RemoteSession[];
  readonly said: string[];
  /** Hands over what it owns, as a node that is stopped; its gateway goes on. */
  handOver(): Promise<void>;
}

export type RoomCluster = Awaited<ReturnType<typeof roomCluster>>;

/** Resolves when each partition has an owner. */
export async function roomCluster(names: readonly string[] = ["a", "b", "c"]) {
  const server = await startNatsServer();
  const { look, until } = condition();
  const stocks: Stock[] = [];
  const closing: (() => Promise<unknown>)[] = [];
  const connect = (name: string) =>
    createNatsBus({ servers: [server.url], clock: systemClock, name, log() {} });

  const start = async (name: string): Promise<RoomNode> => {
    const leaving = new AbortController();
    const bus = await connect(name);
    const said: string[] = [];
    const log = (message: string): void => void said.push(message);
    const place = { bus, clock: systemClock, session: SESSION, log };
    const node = new ClusterNode({
      ...{ ...place, name, partitions: PARTITIONS, documents: [ROOM_PARTITION] },
      ...{ definitions: SYSTEM, settings: defaultSettings(), versions: {}, timing: FAILOVER.quick },
    });
    const rooms = new NodeRooms({
      ...{
        bus,
        session: SESSION,
        node: name,
        partitions: PARTITIONS,
        workflows: [],
        signal: leaving.signal,
        log,
      },
      epochOf: (partition) => node.epochOf(partition),
    });
    node.onChange((change) => {
      rooms.ownershipChanged(change);
      const { owned, journal, partition } = change;
      if (owned !== null && partition !== ROOM_PARTITION)
        owned.commands.handle(liveCommands({ partition: owned, journal: journal!, recording: null }));
      look();
    });
    node.start();
    const { signal } = leaving;
    const sessions = await Promise.all(
      PARTITIONS.map((partition) =>
        RemoteSession.open({ ...place, partition, gateway: `${name}@${systemClock.nowUs()}`, signal }),
      ),
    );
    routeCommands(sessions);
    const gateway = await createGateway({
      sessions,
      token: TOKEN,
      grants: await grantsInStream({ ...place, signal }),
      upgrades: [rooms.connections()],
    });
    const handOver = () => node.stop();
    closing.push(async () => {
      await gateway.close();
      await node.stop();
      leaving.abort();
      await bus.close();
    });
    return { name, node, gateway, sessions, said, handOver };
  };

  const nodes = await Promise.all(names.map(start));
  const ownerOf = (partition: string): RoomNode | undefined =>
    nodes.find(({ node }) => node.owned().has(partition));
  await until(() => [...PARTITIONS, ROOM_PARTITION].every((partition) => ownerOf(partition) !== undefined));

  const post = async (gateway: Gateway, path: string, body: object, token: string): Promise<Posted> => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
    const answer = await fetch(new URL(path, gateway.url), {
      method: "POST",
      headers,
      body: JSON.stringify(body),
    });
    return { ...((await answer.json()) as object), status: answer.status };
  };

  return {
    nodes,
    server,
    connect,
    until,
    ownerOf,
    post,
    /** A node that owns the partition, and one that does not. */
    ownerAndOther(partition: string): readonly [RoomNode, RoomNode] {
      const owner = ownerOf(partition)!;
      return [owner, nodes.find((each) => each !== owner)!];
    },
    /** Somebody with an invitation of their own, redeemed at the first node. */
    async guest(name: string, role = "editor") {
      const [{ gateway }] = nodes as [RoomNode];
      const { invite, id } = await post(gateway, "api/invites", { role }, TOKEN);
      const { token } = await post(gateway, "api/invites/redeem", { invite, name, bearer: true }, TOKEN);
      return { token: token!, invitation: id! };
    },
    /** A stock client at a node's gateway. */
    async join(
      { gateway }: RoomNode,
      token: string,
      options: ConstructorParameters<typeof Stock>[2] = {},
    ): Promise<Stock> {
      const { ticket, status } = await post(gateway, "api/tickets", {}, token);
      assert.is(status, 200);
      const stock = new Stock(gateway, "", { ...options, ticket: ticket! });
      stocks.push(stock);
      return stock;
    },
    /** The document as the log makes it, and the hash of the state after it. */
    async replayed() {
      const bus = await connect("reader");
      const log = await AdmittedLog.open(
        bus.stream(subjectOf(SESSION, ROOM_PARTITION, "log")),
        ROOM_PARTITION,
      );
      const core = new Core(SYSTEM, SILENT);
      await foldJournal(log.entries(1), core);
      log.end();
      await bus.close();
      return { document: roomOf(core).document, hash: hex(core.hash().hash) };
    },
    async close() {
      for (const stock of stocks) stock.leave();
      for (const close of closing) await close();
      await server.dispose();
    },
  };
}
