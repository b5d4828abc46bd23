// requires: nats-server
// timeout: 300
/** The shared document of a session on three nodes: stock clients at several gateways, whoever owns it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { partitionOf } from "../../actors/cluster/mod.ts";
import { ownerOf as placed } from "../../actors/cluster/placement.ts";
import { publishDivided } from "../../collab/live/publish-divided.ts";
import { CLOSE_CODES } from "../../protocol/close-codes.ts";
import { ROOM_PARTITION } from "../../protocol/room-document.ts";
import type { WorkflowRun } from "../../protocol/workflow.ts";
import { channels, row } from "../support/inputs.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { type RoomCluster, roomCluster, SESSION, TOKEN } from "./cluster-rooms.ts";
import { threshold } from "./edits.ts";

async function inCluster(
  run: (world: RoomCluster) => Promise<void>,
  names?: readonly string[],
): Promise<void> {
  const world = await roomCluster(names);
  try {
    await run(world);
  } finally {
    await world.close();
  }
}

test("what people write at three gateways at once is the same document for all, and in the log", () =>
  inCluster(async ({ nodes, ownerOf, guest, join, replayed }) => {
    const people = await Promise.all(
      nodes.map(async (node, k) => {
        const { token } = await guest(`guest ${k}`);
        return (await join(node, token)).synced();
      }),
    );
    for (let round = 0; round < 10; round++)
      for (const [k, { doc }] of people.entries())
        doc.getMap("thresholds").set(round % 2 === 0 ? "all" : `${k}-${round}`, threshold(round));
    const size = 1 + 5 * people.length;
    for (const stock of people) await stock.until(() => stock.map("thresholds").size === size);
    const owner = ownerOf(ROOM_PARTITION)!.node.owned().get(ROOM_PARTITION)!;
    await owner.whenTaken();
    const { document, hash } = await replayed();
    assert.is(hash, owner.stateHash());
    const written = document.doc.getMap("thresholds").toJSON();
    for (const stock of people) {
      await stock.until(
        () => JSON.stringify(stock.json("thresholds")["all"]) === JSON.stringify(written["all"]),
      );
      assert.equal(stock.json("thresholds"), written);
    }
  }));

test("a viewer's change at a gateway that does not own the document is refused by its owner", () =>
  inCluster(async ({ ownerAndOther, guest, join }) => {
    const [, other] = ownerAndOther(ROOM_PARTITION);
    const { token } = await guest("Eve", "viewer");
    const eve = await (await join(other, token)).synced();
    eve.map("thresholds").set("t1", threshold(1));
    await eve.until(() => eve.closed !== null);
    assert.is(eve.closed!.code, CLOSE_CODES.forbidden);
  }));

test("who is at one gateway is seen at the others, also by who comes later, until they leave", () =>
  inCluster(async ({ nodes: [a, b, c], guest, join }) => {
    const shows = (stock: Awaited<ReturnType<typeof join>>): string[] =>
      [...stock.provider.awareness.getStates().values()]
        .map((state) => (state["user"] as { name?: string } | undefined)?.name ?? "")
        .filter((name) => name !== "")
        .sort();
    const ana = await (await join(a!, (await guest("Ana")).token)).synced();
    ana.provider.awareness.setLocalState({ user: { name: "somebody else" }, at: 1 });
    const bob = await (await join(b!, (await guest("Bob")).token)).synced();
    bob.provider.awareness.setLocalState({ at: 2 });
    await bob.until(() => shows(bob).includes("Ana"));
    await ana.until(() => shows(ana).includes("Bob"));
    const cem = await (await join(c!, (await guest("Cem")).token)).synced();
    await cem.until(() => shows(cem).join() === "Ana,Bob");
    ana.leave();
    for (const stock of [bob, cem]) await stock.until(() => !shows(stock).includes("Ana"));
  }));

test("people stay connected while the document changes hands, and what they write meanwhile is kept once", () =>
  inCluster(async ({ ownerAndOther, until, ownerOf, guest, join, replayed }) => {
    const [owner, other] = ownerAndOther(ROOM_PARTITION);
    const people = await Promise.all(
      [owner, other].map(async (node, k) => (await join(node, (await guest(`guest ${k}`)).token)).synced()),
    );
    let drops = 0;
    for (const { provider } of people) provider.on("connection-close", () => drops++);
    const handedOver = owner.handOver();
    for (let k = 0; k < 20; k++) {
      for (const [person, { doc }] of people.entries())
        doc.getMap("thresholds").set(`${person}-${k}`, threshold(k));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await handedOver;
    for (const stock of people) await stock.until(() => stock.map("thresholds").size === 40);
    await until(() => ownerOf(ROOM_PARTITION) !== undefined);
    assert.is(drops, 0);
    // Each client has its own writes at once; the log has them when both have them from each other.
    const { document } = await replayed();
    assert.is(document.keys("thresholds").length, 40);
  }));

test("a threshold of the document is in force where its group is, and its alert shows in the document", () =>
  inCluster(async ({ nodes, connect, guest, join }) => {
    const groups = ["amber", "birch", "cedar", "dune", "elm"];
    const partitions = ["p0", "p1"];
    const both = partitions.map(
      (partition) => groups.find((group) => partitionOf(group, partitions) === partition)!,
    );
    const bus = await connect("feed");
    const feed = scriptedFeed("plant", "live");
    const parts = publishDivided([feed], partitions, { bus, session: SESSION, clock: systemClock });
    const sink = await feed.sink;
    for (const group of both) sink.channels(channels(1, { group, source: "plant" }));
    const ana = await (await join(nodes[0]!, (await guest("Ana")).token)).synced();
    const bob = await (await join(nodes[1]!, (await guest("Bob")).token)).synced();
    for (const group of both)
      ana.map("thresholds").set(group, { of: { group, channel: "c0" }, direction: "above", level: 90 });
    let sent = 0;
    const author = { author: "test", authorId: "test", authorRole: "viewer" } as const;
    const firing = async (): Promise<string[]> => {
      for (const group of both)
        sink.frame({ ...row(systemClock.nowUs(), [91], ++sent), source: "plant", group });
      const { signal } = new AbortController();
      const { alerts } = await nodes[2]!.sessions[0]!.commands.carryOut(
        { name: "listAlerts", body: {} },
        author,
        signal,
      );
      return alerts.filter(({ state }) => state === "firing").map(({ threshold }) => threshold.id);
    };
    while ((await firing()).length < both.length) await new Promise((resolve) => setTimeout(resolve, 20));
    for (const id of both) ana.map("intents").set(id, { type: "alert.acknowledge", alert: id });
    await bob.until(() => both.every((id) => bob.map("alerts").has(id)));
    assert.equal(
      both.map((id) => (bob.json("alerts")[id] as { acknowledgedBy?: string }).acknowledgedBy),
      ["Ana", "Ana"],
    );
    // When the values are back, the alerts end, and are nobody's any more.
    const ended = bob.until(() => bob.map("alerts").size === 0);
    const sends = setInterval(() => {
      for (const group of both)
        sink.frame({ ...row(systemClock.nowUs(), [10], ++sent), source: "plant", group });
    }, 20);
    await ended;
    clearInterval(sends);
    feed.end();
    await Promise.all(parts.map(({ ended }) => ended));
    await bus.close();
  }));

/** Of two nodes with these names one has the document, the other p0. */
const APART = ["a", "b", "c", "d", "e"]
  .flatMap((one, k, all) => all.slice(k + 1).map((other) => [one, other]))
  .find((names) => placed(ROOM_PARTITION, names) !== placed("p0", names))!;

test("a workflow sees feeds, rows and incidents of a partition that another node owns", () =>
  inCluster(async ({ nodes, until, ownerOf, connect, guest, join, replayed }) => {
    await until(() => {
      const owners = [ROOM_PARTITION, "p0"].map((partition) => ownerOf(partition));
      return owners[0] !== undefined && owners[1] !== undefined && owners[0] !== owners[1];
    });
    const partitions = ["p0", "p1"];
    const group = ["amber", "birch", "cedar", "dune", "elm"].find(
      (each) => partitionOf(each, partitions) === "p0",
    )!;
    const bus = await connect("feed");
    const feed = scriptedFeed("plant", "live");
    const parts = publishDivided([feed], partitions, { bus, session: SESSION, clock: systemClock });
    const sink = await feed.sink;
    const ana = await (await join(nodes[0]!, (await guest("Ana")).token)).synced();
    const steps = {
      connect: { title: "Connect", automatic: { until: "connected" } },
      rows: { title: "Rows", after: ["connect"], automatic: { rows: 10 } },
      calm: { title: "Calm", after: ["rows"], automatic: { until: "calm" } },
    };
    ana.map("intents").set("start", { type: "workflow.start", run: "r", title: "Check", steps });
    const run = () => ana.json("workflows")["r"] as WorkflowRun | undefined;
    await ana.until(() => run()?.steps["connect"]?.state === "running");
    sink.channels(channels(1, { group, source: "plant" }));
    sink.status({ type: "feedStatus", source: "plant", status: "running", detail: "", counts: {} });
    let sent = 0;
    const sends = setInterval(
      () => sink.frame({ ...row(systemClock.nowUs(), [1], ++sent), source: "plant", group }),
      20,
    );
    await ana.until(() => run()?.steps["calm"]?.state === "done");
    clearInterval(sends);
    assert.equal(
      Object.values(run()!.steps).map(({ state, by }) => `${state} by ${by}`),
      ["connect", "rows", "calm"].map(() => "done by workflow"),
    );
    assert.equal((await replayed()).document.entry("workflows", "r"), run());
    feed.end();
    await Promise.all(parts.map(({ ended }) => ended));
    await bus.close();
  }, APART));

test("an invitation opens every node, and who is revoked at one node is out at all", () =>
  inCluster(async ({ nodes: [a, b], post, guest, join }) => {
    const { token, invitation } = await guest("Ana");
    const here = await (await join(a!, token)).synced();
    const there = await (await join(b!, token)).synced();
    assert.is((await post(b!.gateway, "api/invites/revoke", { id: invitation }, TOKEN)).status, 200);
    for (const stock of [here, there]) {
      await stock.until(() => stock.closed !== null);
      assert.is(stock.closed!.code, CLOSE_CODES.unauthenticated);
    }
    assert.is((await post(a!.gateway, "api/tickets", {}, token)).status, 401);
  }));

test("of two who use the last use of an invitation at two nodes one comes in", () =>
  inCluster(async ({ nodes: [a, b], post }) => {
    const { invite } = await post(a!.gateway, "api/invites", { role: "editor", uses: 1 }, TOKEN);
    const both = await Promise.all(
      [a!, b!].map(({ gateway, name }) =>
        post(gateway, "api/invites/redeem", { invite, name: `guest of ${name}`, bearer: true }, TOKEN),
      ),
    );
    assert.equal(both.map(({ status }) => status).sort(), [200, 403]);
  }));

test.run();
