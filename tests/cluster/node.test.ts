// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CLUSTER_TIMING } from "../../actors/cluster/cluster-timing.ts";
import { decodeDerived } from "../../protocol/block.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { range } from "../journal/builders.ts";
import { testCluster } from "./cluster-world.ts";

const SIX = range(0, 5).map((k) => `p${k}`);

/** Long enough to count a node out, lose patience, read and claim. */
const TAKEN_OVER_MS = CLUSTER_TIMING.memberTtlMs + CLUSTER_TIMING.patienceMs + CLUSTER_TIMING.heartbeatMs;

test("every partition gets one owner, and the nodes agree who", async () => {
  const { clock, start, ownersOf } = testCluster(SIX);
  const nodes = ["a", "b", "c"].map((name) => start(name));
  await clock.advance(2_000);
  for (const partition of SIX) assert.is(ownersOf(partition).length, 1, partition);
  assert.is(
    nodes.reduce((sum, { node }) => sum + node.owned().size, 0),
    6,
  );
  for (const { node } of nodes) assert.equal(node.members(), ["a", "b", "c"]);
});

test("a node that joins is handed its share at once, and nobody is fenced", async () => {
  const { clock, start, ownersOf, readLog } = testCluster(SIX);
  start("a");
  await clock.advance(2_000);
  const joined = start("b");
  const came: string[] = [];
  joined.node.onChange(({ partition, epoch, owned }) => owned !== null && came.push(`${partition} ${epoch}`));
  let ownerless = 0;
  for (let ms = 0; ms < 3_000; ms += 20) {
    await clock.advance(20);
    for (const partition of SIX) if (ownersOf(partition).length === 0) ownerless += 20;
  }
  const moved = joined.node.owned().size;
  assert.ok(moved > 0);
  assert.ok(ownerless <= 40 * moved, `${ownerless} ms without owner for ${moved} partitions`);
  assert.equal(came.sort(), [...joined.node.owned().keys()].map((partition) => `${partition} 2`).sort());
  for (const partition of SIX) {
    assert.is(ownersOf(partition).length, 1);
    assert.equal((await readLog(partition)).state.skipped, {});
  }
});

test("a node that joins is handed nothing before it has read the logs", async () => {
  const { clock, start, ownersOf } = testCluster(SIX);
  start("a");
  await clock.advance(2_000);
  let caughtUp = () => {};
  const joined = start("b", undefined, new Promise((resolve) => (caughtUp = () => resolve())));
  await clock.advance(5_000);
  for (const partition of SIX) assert.equal(ownersOf(partition), ["a"]);
  caughtUp();
  let ownerless = 0;
  for (let ms = 0; ms < 2_000; ms += 20) {
    await clock.advance(20);
    for (const partition of SIX) if (ownersOf(partition).length === 0) ownerless += 20;
  }
  const moved = joined.node.owned().size;
  assert.ok(moved > 0);
  assert.ok(ownerless <= 40 * moved, `${ownerless} ms without owner for ${moved} partitions`);
});

test("a node that has not read the logs takes over when no other is left, and keeps what it took", async () => {
  const { clock, start, ownersOf } = testCluster(SIX);
  const first = start("a");
  await clock.advance(2_000);
  start("b", undefined, new Promise(() => {}));
  await clock.advance(1_000);
  first.kill();
  await clock.advance(TAKEN_OVER_MS);
  for (const partition of SIX) assert.equal(ownersOf(partition), ["b"]);
  start("c");
  await clock.advance(2_000);
  assert.ok(SIX.some((partition) => ownersOf(partition)[0] === "b"));
  for (const partition of SIX) assert.is(ownersOf(partition).length, 1);
});

test("a node that takes over reads the log from the newest snapshot on", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, start } = cluster;
  const first = start("a");
  await clock.advance(1_000);
  const endWalk = cluster.walk("p0");
  await clock.advance(20_000);
  await endWalk();
  const stopped = first.node.stop();
  await clock.advance(1_000);
  await stopped;
  const stream = cluster.bus.stream("ew.s.p0.log");
  const length = await stream.lastSequence();
  assert.ok(length > 100);
  const asked: number[] = [];
  const read = stream.read.bind(stream);
  stream.read = (from) => {
    asked.push(from);
    return read(from);
  };
  start("b");
  await clock.advance(2_000);
  assert.ok(cluster.runningOf("p0").core.samples > 7_000);
  assert.ok(asked.length > 0);
  assert.ok(Math.min(...asked) > length - 5, `it read from ${asked} of ${length}`);
});

test("a node that stops hands everything over within a second, its state with it", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, start } = cluster;
  const nodes = [start("a"), start("b")];
  const endWalk = cluster.walk("p0");
  await clock.advance(5_000);
  const owner = nodes.find(({ node }) => node.owned().has("p0"))!;
  const samples = cluster.runningOf("p0").core.samples;
  assert.ok(samples > 1_000);
  const stopped = owner.node.stop();
  await clock.advance(1_000);
  await stopped;
  assert.equal([...owner.node.owned()], []);
  const next = cluster.runningOf("p0");
  assert.ok(next.core.samples >= samples);
  await clock.advance(2_000);
  assert.ok(next.core.samples > samples + 400);
  await endWalk();
  await clock.advance(10);
  assert.is(next.stateHash(), await cluster.replayedHash("p0"));
  assert.equal((await cluster.readLog("p0")).state.skipped, {});
});

test("when the owner dies another node takes over and continues from the log, and its events follow without a gap", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, start } = cluster;
  const nodes = [start("a"), start("b"), start("c")];
  const endWalk = cluster.walk("p0");
  await clock.advance(5_000);
  const owner = nodes.find(({ node }) => node.owned().has("p0"))!;
  cluster.runningOf("p0").operatorNotice({
    kind: "test.before",
    severity: "info",
    title: "before",
    group: "",
    channels: [],
    detail: {},
    author: "test",
  });
  await clock.advance(50);
  const { samples } = cluster.runningOf("p0").core;
  owner.kill();
  await clock.advance(CLUSTER_TIMING.memberTtlMs + 100);
  const next = cluster.runningOf("p0");
  assert.ok(next.core.samples >= samples);
  next.operatorNotice({
    kind: "test.after",
    severity: "info",
    title: "after",
    group: "",
    channels: [],
    detail: {},
    author: "test",
  });
  await clock.advance(1_000);
  await endWalk();
  await clock.advance(10);
  assert.is(next.stateHash(), await cluster.replayedHash("p0"));
  const events = await next.events(0, 1_000);
  assert.equal(
    events.map(({ sequence }) => sequence),
    range(1, events.length),
  );
  const kinds = events.map(({ kind }) => kind);
  assert.ok(kinds.indexOf("test.before") >= 0 && kinds.indexOf("test.before") < kinds.indexOf("test.after"));
  assert.equal(await notedEvents(cluster, "p0"), events);
});

test("[N1] an owner that was paused longer than its lease wakes, is refused, and lets go", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, start, ownersOf } = cluster;
  const nodes = [start("a"), start("b")];
  const endWalk = cluster.walk("p0");
  await clock.advance(3_000);
  const owner = nodes.find(({ node }) => node.owned().has("p0"))!;
  const other = nodes.find((each) => each !== owner)!;
  const reasons: string[] = [];
  owner.node.onChange(({ owned, reason }) => owned === null && reasons.push(reason));
  const old = owner.node.owned().get("p0")!;
  owner.pause();
  await clock.advance(TAKEN_OVER_MS);
  assert.ok(other.node.owned().has("p0"));
  await owner.wake();
  await clock.advance(100);
  assert.is(reasons.length, 1);
  assert.match(reasons[0]!, /lease lost|took it over/);
  assert.ok(old.notReady() !== null);
  // Placement has not changed: it comes back to the node that it belongs to, by hand-over.
  await clock.advance(20_000);
  assert.equal(ownersOf("p0"), [owner.node.name]);
  await endWalk();
  await clock.advance(10);
  assert.is(cluster.runningOf("p0").stateHash(), await cluster.replayedHash("p0"));
});

for (const pausedMs of [1_000, 2 * CLUSTER_TIMING.memberTtlMs])
  test(`a node whose name another took while it was paused for ${pausedMs} ms lets go for ever, and takes nothing back`, async () => {
    const { clock, start, ownersOf, readLog } = testCluster(SIX);
    const first = start("a");
    await clock.advance(2_000);
    assert.is(first.node.owned().size, 6);
    first.pause();
    first.deaf = true;
    const second = start("a");
    await clock.advance(pausedMs);
    assert.is(second.node.owned().size, 6);
    let isSucceeded = false;
    void first.node.succeeded.then(() => {
      isSucceeded = true;
    });
    // What it was told while it was paused comes later than what the log says.
    await first.wake();
    await clock.advance(900);
    first.deaf = false;
    await clock.advance(10_000);
    assert.is(first.node.owned().size, 0);
    assert.ok(isSucceeded);
    for (const partition of SIX) {
      assert.equal(ownersOf(partition), ["a"]);
      assert.is((await readLog(partition)).state.epoch, 2);
    }
  });

test("a node that cannot renew its heartbeat releases its partitions when its lease is over, and comes back", async () => {
  const { clock, start, ownersOf } = testCluster(SIX);
  const only = start("a");
  await clock.advance(2_000);
  assert.is(only.node.owned().size, 6);
  only.hints = false;
  await clock.advance(CLUSTER_TIMING.leaseMs - CLUSTER_TIMING.heartbeatMs - 1);
  assert.is(only.node.owned().size, 6);
  await clock.advance(CLUSTER_TIMING.heartbeatMs + 1);
  assert.is(only.node.owned().size, 0);
  only.hints = true;
  await clock.advance(3_000);
  assert.is(only.node.owned().size, 6);
  assert.equal(ownersOf("p0"), ["a"]);
});

test("a node that reaches neither hints nor logs drops the inputs that it could not write, and can be stopped", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, start } = cluster;
  const only = start("a");
  const endWalk = cluster.walk("p0");
  await clock.advance(2_000);
  only.hints = only.logs = false;
  await clock.advance(CLUSTER_TIMING.leaseMs);
  assert.is(only.node.owned().size, 0);
  let stopped = false;
  void only.node.stop().then(() => {
    stopped = true;
  });
  await clock.advance(100);
  assert.ok(stopped);
  await endWalk();
});

test("nodes that do not hear of each other take turns of seconds, and agree when they do again", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, start, ownersOf } = cluster;
  const nodes = [start("a"), start("b")];
  for (const node of nodes) node.deaf = true;
  const endWalk = cluster.walk("p0");
  await clock.advance(20_000);
  const during = (await cluster.readLog("p0")).state.epoch;
  assert.ok(during > 2 && during < 14, `${during} take-overs in 20 s`);
  for (const node of nodes) node.deaf = false;
  await clock.advance(12_000);
  assert.is(ownersOf("p0").length, 1);
  const agreed = (await cluster.readLog("p0")).state.epoch;
  await clock.advance(8_000);
  assert.is((await cluster.readLog("p0")).state.epoch, agreed);
  await endWalk();
  await clock.advance(10);
  assert.is(cluster.runningOf("p0").stateHash(), await cluster.replayedHash("p0"));
});

test("[N3] without its logs a node keeps a limited amount of unwritten input, and writes it when the logs are back", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, start } = cluster;
  const only = start("a");
  const endWalk = cluster.walk("p0");
  await clock.advance(3_000);
  const before = cluster.runningOf("p0").core.samples;
  only.logs = false;
  await clock.advance(10_000);
  only.logs = true;
  await clock.advance(5_000);
  const after = cluster.runningOf("p0");
  assert.ok(after.core.samples > before + 4_000);
  await endWalk();
  await clock.advance(1_000);
  assert.is(after.stateHash(), await cluster.replayedHash("p0"));
});

test("each partition of a session has its share of the budget of incidents, also under the next owner", async () => {
  const cluster = testCluster(SIX, ["room"]);
  const { clock, start } = cluster;
  const budgets = () =>
    SIX.map((partition) => {
      const { core } = cluster.runningOf(partition);
      return (core.stateOf("incidents")!.context as { perDay: number }).perDay;
    });
  const first = start("a");
  await clock.advance(2_000);
  assert.equal(
    budgets(),
    SIX.map(() => 3 / SIX.length),
  );
  cluster.runningOf("p0").configure("incidents.budgetPerDay", 12, { author: "ann" });
  await clock.advance(100);
  assert.equal(budgets(), [12 / SIX.length, ...SIX.slice(1).map(() => 3 / SIX.length)]);
  first.kill();
  start("b");
  await clock.advance(TAKEN_OVER_MS);
  assert.equal(budgets(), [12 / SIX.length, ...SIX.slice(1).map(() => 3 / SIX.length)]);
});

test("settings that people changed stay changed under the next owner", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, start } = cluster;
  const nodes = [start("a"), start("b")];
  await clock.advance(2_000);
  cluster.runningOf("p0").configure("publishEveryUs", 123_000, { author: "ann" });
  await clock.advance(100);
  const owner = nodes.find(({ node }) => node.owned().has("p0"))!;
  const stopped = owner.node.stop();
  await clock.advance(2_000);
  await stopped;
  assert.is(cluster.runningOf("p0").core.settings.publishEveryUs, 123_000);
});

test("a tap receives blocks before they are acknowledged, and events before they are released", async () => {
  const taps: string[] = [];
  const cluster = testCluster(["p0"]);
  const { clock, start } = cluster;
  const hashes = new Map<number, string>();
  const only = start("a", {
    opened: (partition, { epoch, block }) => taps.push(`opened ${partition} ${epoch} ${block}`),
    blockClosed: (_, { block, stateHash }) => {
      hashes.set(block, stateHash());
      taps.push(`closed ${block}`);
    },
    acknowledged: (_, { block }) => taps.push(`acknowledged ${block}`),
    announced: (_, block, { sequence }) => taps.push(`announced ${sequence} in ${block}`),
    released: (_, block, { sequence }) => taps.push(`released ${sequence} in ${block}`),
    closed: (_, epoch, reason) => taps.push(`ended ${epoch} ${reason}`),
  });
  await clock.advance(1_000);
  cluster.runningOf("p0").operatorNotice({
    kind: "test",
    severity: "info",
    title: "t",
    group: "",
    channels: [],
    detail: {},
    author: "test",
  });
  const stopped = only.node.stop();
  await clock.advance(1_000);
  await stopped;
  assert.is(taps[0], "opened p0 1 0");
  assert.is(taps.at(-1), "ended 1 ");
  const announced = taps.find((each) => each.startsWith("announced"))!;
  const block = Number(announced.split(" ").at(-1));
  const order = [announced, `closed ${block}`, `acknowledged ${block}`, `released 1 in ${block}`].map(
    (each) => taps.indexOf(each),
  );
  assert.equal(
    order,
    [...order].sort((a, b) => a - b),
  );
  assert.not(order.includes(-1));
  assert.is([...hashes.values()].at(-1), await cluster.replayedHash("p0"));
});

test("a node with a name that leaves no room for its time of start is refused, and so are more partitions than fit", () => {
  const { start } = testCluster([]);
  assert.throws(
    () => testCluster(range(1, 1025).map(String)).start("a"),
    /Cannot share partitions: 1025 of them; expected at most 1024/,
  );
  assert.throws(() => start("n".repeat(101)), /expected 1 to 100 bytes/);
});

/** Events of the notes in the admitted log. */
async function notedEvents(
  cluster: ReturnType<typeof testCluster>,
  partition: string,
): Promise<EventMessage[]> {
  const log = await cluster.readLog(partition);
  const events: EventMessage[] = [];
  for await (const entry of log.entries(1))
    if (entry.kind === "derived") events.push(...decodeDerived(entry.bytes).events);
  log.end();
  return events;
}

test.run();
