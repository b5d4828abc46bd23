// runtime: either
/** A log that its servers let grow no further: its owner says so once, waits, and goes on when there is room. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { RemoteSession } from "../../actors/cluster/remote-session.ts";
import { restMs } from "../../actors/cluster/takeover.ts";
import { inputs } from "../../actors/log/read.ts";
import { rejection } from "../journal/builders.ts";
import { createManualClock } from "../support/clock.ts";
import { FaultyStream } from "../support/faulty-stream.ts";
import { channels, row } from "../support/inputs.ts";
import { openPartition } from "../support/open-partition.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";
import { TOYS } from "../support/toy-actors.ts";
import { NO_ROOM, SESSION, testCluster } from "./cluster-world.ts";
import { Chain, openStreamJournal } from "./streamed.ts";

const RETRY_MS = 250;

/** A journal on a stream whose faults the test sets, and what it says of room. */
async function opened(pendingBytes?: number) {
  const clock = createManualClock();
  const stream = new FaultyStream();
  const chain = new Chain();
  const said: (string | null)[] = [];
  const { journal, epoch } = await openStreamJournal({
    bus: createMemoryBus(clock),
    clock,
    stream,
    owner: "n1@1",
    full: (reason) => said.push(reason),
    ...(pendingBytes === undefined ? {} : { pendingBytes }),
  });
  chain.epoch = epoch;
  return { clock, stream, chain, journal, said };
}

test("[X5] a refused append is tried after twice the time each time, up to a ceiling, and is stored once when there is room", async () => {
  const { clock, stream, chain, journal, said } = await opened();
  const triedMs: number[] = [];
  stream.fault = () => {
    triedMs.push(clock.monotonicMs());
    return "full";
  };
  const appended = journal.append(chain.block(1));
  await clock.advance(60_000);
  const waits = triedMs.slice(1).map((ms, k) => ms - triedMs[k]!);
  assert.equal(
    waits,
    waits.map((_, k) => restMs(RETRY_MS, k + 1)),
  );
  assert.is(Math.max(...waits), 8_000);
  assert.is(journal.blocked, "the log is full: make room");
  assert.equal(said, ["the log is full: make room"]);
  stream.fault = () => null;
  await clock.advance(8_000);
  await appended;
  assert.is(journal.blocked, null);
  assert.equal(said, ["the log is full: make room", null]);
  assert.is(await stream.lastSequence(), 2, "a take-over and a block");
});

test("[X5] a block whose answer was lost before the log was full is durable when it is read back", async () => {
  const { clock, stream, chain, journal, said } = await opened();
  stream.hold();
  let first = true;
  stream.fault = () => {
    const fault = first ? "unanswered" : "full";
    first = false;
    return fault;
  };
  const appended = journal.append(chain.block(1));
  await clock.advance(1_000);
  assert.ok(journal.blocked !== null);
  stream.release();
  await clock.advance(1);
  await appended;
  assert.is(journal.blocked, null);
  assert.is(said.at(-1), null);
});

test("a partition whose log is full is not ready on any node, says so once, and takes input again when there is room", async () => {
  const cluster = testCluster(["p0"]);
  const { clock, bus } = cluster;
  const nodes = [cluster.start("a"), cluster.start("b")];
  await clock.advance(5_000);
  const [owner] = cluster.ownersOf("p0");
  const other = nodes.find(({ node }) => node.name !== owner)!;
  const session = await RemoteSession.open({
    bus,
    clock,
    session: SESSION,
    partition: "p0",
    gateway: "g",
    owner: () => other.node.ownerOf("p0"),
    blocked: () => other.node.blockOf("p0"),
    log() {},
  });
  assert.is(session.notReady(), null);
  const endWalk = cluster.walk("p0");
  await clock.advance(1_000);
  cluster.room = false;
  await clock.advance(60_000);
  assert.is(session.notReady(), `partition p0 takes no input: ${NO_ROOM}`);
  const about = () => nodes.flatMap(({ said }) => said).filter((line) => line.includes("takes"));
  assert.equal(about(), [`error: partition p0 takes no input: ${NO_ROOM}`]);
  const author = { author: "x", authorId: "x", authorRole: "owner" } as const;
  const refused = await rejection(cluster.runningOf("p0").configure("anomaly.cooldownSamples", 7, author));
  assert.match(refused.message, NO_ROOM);
  cluster.room = true;
  await clock.advance(10_000);
  assert.is(session.notReady(), null);
  assert.equal(about().slice(1), ["info: partition p0 takes input again"]);
  const before = session.describe().lastInputSequence;
  await clock.advance(2_000);
  assert.ok(session.describe().lastInputSequence > before);
  await endWalk();
  await clock.advance(1_000);
  assert.is(await cluster.replayedHash("p0"), cluster.runningOf("p0").stateHash());
  session.close();
  await Promise.all([...nodes.map(({ node }) => node.stop()), clock.advance(20_000)]);
});

test("a log that is full for hours sheds live frames, keeps the counts of reports, and goes on when there is room", async () => {
  const { clock, stream, journal } = await opened(1 << 16);
  const partition = await openPartition({
    session: SESSION,
    epoch: 1,
    journal,
    clock,
    definitions: TOYS,
  });
  const feed = scriptedFeed("feed", "live");
  partition.startFeeds([feed]);
  const sink = await feed.sink;
  sink.channels(channels(1));
  await clock.advance(1_000);
  stream.fault = () => "full";
  let offered = 0;
  for (let second = 0; second < 3 * 3_600; second++) {
    for (let k = 0; k < 2; k++) sink.frame(row(clock.nowUs(), [1], ++offered));
    sink.status({
      type: "feedStatus",
      source: "feed",
      status: "running",
      detail: "1 nan",
      counts: { nan: 1 },
    });
    await clock.advance(1_000);
    assert.is(partition.haltReason, null);
    assert.ok(journal.pendingBytes <= journal.pendingBytesMax);
  }
  stream.fault = () => null;
  await clock.advance(20_000);
  assert.is(partition.notReady(), null);
  const counted = { nan: 0, shed: 0, frames: 0 };
  for await (const { input } of inputs(journal)) {
    if (input.type === "feedStatus") counted.nan += input.counts["nan"] ?? 0;
    if (input.type === "shed") counted.shed += input.shed;
    if (input.type === "frame") counted.frames++;
  }
  assert.is(counted.nan, 3 * 3_600);
  assert.ok(counted.shed > 0);
  assert.is(counted.frames + counted.shed, offered);
  feed.end();
  await Promise.all([partition.close(), clock.advance(1_000)]);
});

test("a node that cannot take over because the log is full says so, and takes over when there is room", async () => {
  const cluster = testCluster(["p0"]);
  const { clock } = cluster;
  const first = cluster.start("a");
  await clock.advance(5_000);
  first.kill();
  cluster.room = false;
  const second = cluster.start("b");
  await clock.advance(20_000);
  assert.equal(cluster.ownersOf("p0"), []);
  assert.is(second.node.blockOf("p0"), NO_ROOM);
  cluster.room = true;
  await clock.advance(10_000);
  assert.equal(cluster.ownersOf("p0"), ["b"]);
  assert.is(second.node.blockOf("p0"), null);
  await Promise.all([second.node.stop(), clock.advance(20_000)]);
});

test.run();
