// runtime: either
/** What becomes of the frames of feeds while a partition changes its owner. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { CLUSTER_TIMING } from "../../actors/cluster/cluster-timing.ts";
import { RemoteSession } from "../../actors/cluster/remote-session.ts";
import { publishFeed } from "../../actors/feeds/bus-publisher.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { Feed, FeedSink } from "../../actors/ports/feed.ts";
import { range } from "../journal/builders.ts";
import { channels, row } from "../support/inputs.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { SESSION, type TestCluster, type TestNode, testCluster } from "./cluster-world.ts";

/** Long enough to count a node out, lose patience, read and claim. */
const TAKEN_OVER_MS = CLUSTER_TIMING.memberTtlMs + CLUSTER_TIMING.patienceMs + CLUSTER_TIMING.heartbeatMs;

/** A planned hand-over pauses a feed no longer than this. */
const HAND_OVER_MS = 200;

for (const kind of ["live", "recorded"] as const)
  test(`a planned hand-over loses no frame of a ${kind} feed that is delivered once, and takes at most 200 ms`, async () => {
    const { cluster, nodes, owner, offer, sink } = await world(kind, "once");
    const { clock } = cluster;
    const session = await remote(cluster);
    const delivered: { value: number; atMs: number }[] = [];
    session.subscribe({
      frame: ({ frame }) => delivered.push({ value: frame.value[0]!, atMs: clock.monotonicMs() }),
    });
    sink.channels(channels(1));
    await offer(1, 100);
    const stopped = owner().node.stop();
    await offer(101, 200);
    await stopped;
    assert.ok(nodes.some(({ node }) => node.owned().has("p0")));
    await offer(201, 220);
    await clock.advance(1_000);
    session.close();
    assert.equal(
      delivered.map(({ value }) => value),
      range(1, 220),
    );
    const gapMs = Math.max(...delivered.slice(1).map(({ atMs }, k) => atMs - delivered[k]!.atMs));
    assert.ok(gapMs <= HAND_OVER_MS, `${gapMs} ms`);
  });

test("when the owner dies, a feed that is delivered once waits for the next one, and nothing is lost or doubled", async () => {
  const { cluster, owner, offer, sink } = await world("recorded", "once");
  sink.channels(channels(1));
  await offer(1, 50);
  owner().kill();
  await offer(51, 150);
  await cluster.clock.advance(TAKEN_OVER_MS);
  await offer(151, 160);
  await cluster.clock.advance(1_000);
  assert.equal(await framesOfLog(cluster), range(1, 160));
});

test("an offer whose answer is lost is sent again, and its frames are in the log once", async () => {
  let lost = 0;
  const { cluster, offer, sink } = await world("live", "once", (bus) => ({
    ...bus,
    async request(subject, bytes, timeoutMs) {
      const answer = await bus.request(subject, bytes, timeoutMs);
      if (lost++ % 3 !== 2) throw new Error("no answer");
      return answer;
    },
  }));
  sink.channels(channels(1));
  await offer(1, 30);
  sink.status({ type: "feedStatus", source: "feed", status: "ended", detail: "", counts: {} });
  await cluster.clock.advance(3_000);
  assert.equal(await framesOfLog(cluster), range(1, 30));
});

test("a recorded feed that is read again from its start continues where the log ends", async () => {
  const { cluster, offer, sink, publishAgain } = await world("recorded", "once");
  sink.channels(channels(1));
  await offer(1, 40);
  const again = await publishAgain();
  again.channels(channels(1));
  await offer(1, 60, again);
  await cluster.clock.advance(1_000);
  assert.equal(await framesOfLog(cluster), range(1, 60));
});

test("a recorded feed waits while nobody takes what it offers", async () => {
  const { cluster, sink } = await world("recorded", "once", (bus) => ({
    ...bus,
    request: () => Promise.reject(new Error("no answer")),
  }));
  sink.channels(channels(1));
  const wide = row(1_000, new Array<number>(128).fill(1), 1);
  let taken = 0;
  while (taken < 100_000 && sink.frame({ ...wide, sequence: ++taken }));
  assert.ok(taken < 10_000, `${taken} frames were taken`);
  let isDrained = false;
  void sink.drained().then(() => {
    isDrained = true;
  });
  await cluster.clock.advance(5_000);
  assert.is(isDrained, false);
});

test("a feed that nobody takes anything from ends when its delivery is given up", async () => {
  const { clock, bus } = testCluster(["p0"]);
  const giveUp = new AbortController();
  const feed = scriptedFeed("feed", "recorded");
  const options = { bus, session: SESSION, partition: "p0", clock, signal: giveUp.signal };
  let hasEnded = false;
  void publishFeed(feed, options).then(() => {
    hasEnded = true;
  });
  (await feed.sink).channels(channels(1));
  feed.end();
  await clock.advance(5_000);
  assert.is(hasEnded, false);
  giveUp.abort();
  await clock.advance(5_000);
  assert.is(hasEnded, true);
});

test("frames of a live feed that arrive nowhere are counted and named by the next owner", async () => {
  const { cluster, owner, offer, sink } = await world("live", "live");
  sink.channels(channels(1));
  await offer(1, 50);
  owner().kill();
  await offer(51, 100);
  await cluster.clock.advance(TAKEN_OVER_MS);
  await offer(101, 120);
  await cluster.clock.advance(100);
  const values = await framesOfLog(cluster);
  const missing = 120 - values.length;
  assert.ok(missing > 0);
  const session = await remote(cluster);
  const report = session.describe().feeds.find(({ source }) => source === "bus");
  session.close();
  assert.match(report!.detail, `${missing} frames of feed did not arrive`);
});

test("a session of recorded feeds follows the times of their data, under every owner", async () => {
  const { cluster, owner, offer, sink } = await world("recorded", "once");
  sink.channels(channels(1));
  await offer(1, 20, sink, 1_000_000_000_000_000);
  await cluster.clock.advance(3_000);
  await Promise.all([owner().node.stop(), cluster.clock.advance(1_000)]);
  await cluster.clock.advance(3_000);
  const { now } = cluster.runningOf("p0").core;
  assert.is(now, 1_000_000_000_000_000 + 20 * EVERY_US);
});

test("an owner that took over recorded data of long ago leaves live data out, and names the feed", async () => {
  const { cluster, owner, offer, sink } = await world("recorded", "once");
  sink.channels(channels(1));
  await offer(1, 20, sink, 1_000_000_000_000_000);
  owner().kill();
  await cluster.clock.advance(TAKEN_OVER_MS);
  const { now } = cluster.runningOf("p0").core;
  const live = scriptedFeed("live", "live");
  void publishFeed(live, { bus: cluster.bus, session: SESSION, partition: "p0", clock: cluster.clock });
  const into = await live.sink;
  into.channels({ ...channels(1), group: "h", source: "live" });
  into.frame({ ...row(cluster.clock.nowUs(), [1], 1), group: "h", source: "live" });
  await cluster.clock.advance(3_000);
  const { core } = cluster.runningOf("p0");
  assert.is(core.now, now);
  const events = await cluster.runningOf("p0").events(0, 1_000);
  assert.match(events.find(({ kind }) => kind === "feed.other-time")!.title, "Samples of live begin at");
  await offer(21, 30, sink, 1_000_000_000_000_000);
  assert.equal((await framesOfLog(cluster)).length, 30);
});

// ---- given ------------------------------------------------------------------------------------------------------

const EVERY_US = 10_000;

/** Two nodes, and a feed on a third machine. */
async function world(
  kind: Feed["kind"],
  delivery: NonNullable<Feed["delivery"]>,
  through: (bus: Bus) => Bus = (bus) => bus,
) {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  const nodes: TestNode[] = [cluster.start("a"), cluster.start("b")];
  await clock.advance(2_000);
  const publish = (): Promise<FeedSink> => {
    const feed = Object.assign(scriptedFeed("feed", kind), { delivery });
    void publishFeed(feed, { bus: through(bus), session: SESSION, partition: "p0", clock });
    return feed.sink;
  };
  const sink = await publish();
  return {
    cluster,
    nodes,
    sink,
    publishAgain: publish,
    owner: () => nodes.find(({ node }) => node.owned().has("p0"))!,
    /** Frames `from` to `to`, whose value is their number, one every EVERY_US. */
    async offer(from: number, to: number, into = sink, startUs?: number): Promise<void> {
      for (const k of range(from, to)) {
        into.frame(row(startUs === undefined ? clock.nowUs() : startUs + k * EVERY_US, [k], k));
        await clock.advance(EVERY_US / 1000);
      }
    },
  };
}

let gateways = 0;

function remote({ clock, bus }: TestCluster): Promise<RemoteSession> {
  const gateway = `gateway ${++gateways}`;
  return RemoteSession.open({ bus, clock, session: SESSION, partition: "p0", gateway, log() {} });
}

/** The values of the frames in the admitted log. */
async function framesOfLog(cluster: TestCluster): Promise<number[]> {
  const session = await remote(cluster);
  const { frames } = session.recentFrames(0);
  session.close();
  return frames.map(({ frame }) => frame.value[0]!);
}

test.run();
