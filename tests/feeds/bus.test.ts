// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { BusFeed } from "../../actors/feeds/bus.ts";
import { publishFeed } from "../../actors/feeds/bus-publisher.ts";
import { GroupHolders, HELD_MS } from "../../actors/feeds/group-holders.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import type { Bus } from "../../actors/ports/bus.ts";
import type { FeedSink } from "../../actors/ports/feed.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import { createFrame } from "../../protocol/frame.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { holdable } from "../support/held-journal.ts";
import { openPartition } from "../support/open-partition.ts";
import { scriptedFeed } from "../support/scripted-feed.ts";

const PLACE = { session: "s", partition: "p.0" };

const DECLARATION: Channels = {
  type: "channels",
  source: "plant#1",
  group: "boiler",
  channels: [{ name: "t", title: "T", unit: "°C" }],
  sampling: "rows",
  everyUs: 1_000,
  innovation: "difference",
};

interface Taken {
  declarations: Channels[];
  frames: { source: string; sequence: number; values: number[] }[];
  quantum: QuantumInput[];
  statuses: FeedStatus[];
}

/** A sink that writes down what it is given. */
function recordingSink(): { sink: FeedSink; taken: Taken } {
  const taken: Taken = { declarations: [], frames: [], quantum: [], statuses: [] };
  const sink: FeedSink = {
    channels: (declaration) => void taken.declarations.push(declaration),
    frame(frame) {
      const values = [...frame.value.subarray(0, frame.count)];
      taken.frames.push({ source: frame.source, sequence: frame.sequence, values });
      return true;
    },
    quantum: (input) => taken.quantum.push(input) > 0,
    status: (status) => void taken.statuses.push(status),
    drained: async () => {},
  };
  return { sink, taken };
}

function frameOf(sequence: number, ...values: number[]): Frame {
  const frame = createFrame("plant#1", "boiler", values.length);
  values.forEach((value, k) => {
    frame.time[k] = 1_000 + k;
    frame.value[k] = value;
  });
  frame.count = values.length;
  frame.sequence = sequence;
  return frame;
}

interface World {
  bus: Bus;
  clock: ManualClock;
  /** Publishes what a scripted feed brings. */
  publish(): Promise<{ sink: FeedSink; end(): void }>;
  /** Takes it at the other end. */
  take(): { feed: BusFeed; taken: Taken; ended: Promise<void> };
}

function world(): World {
  const clock = createManualClock(1_700_000_000_000_000);
  const bus = createMemoryBus(clock);
  return {
    bus,
    clock,
    async publish() {
      const feed = scriptedFeed("plant#1", "live");
      void publishFeed(feed, { bus, clock, ...PLACE });
      return { sink: await feed.sink, end: () => feed.end() };
    },
    take() {
      const feed = new BusFeed({ bus, clock, ...PLACE });
      const { sink, taken } = recordingSink();
      return { feed, taken, ended: feed.run(sink) };
    },
  };
}

test("[G1] the bus feed delivers what a feed published, with its source and in its order", async () => {
  const { clock, publish, take } = world();
  const { taken } = take();
  const { sink } = await publish();
  sink.channels(DECLARATION);
  assert.ok(sink.frame(frameOf(1, 3, 4)));
  sink.frame(frameOf(2, 5));
  sink.frame(frameOf(0, 6));
  sink.status({ type: "feedStatus", source: "plant#1", status: "stalled", detail: "", counts: { nan: 2 } });
  await clock.advance(10);
  assert.equal(taken.declarations, [DECLARATION]);
  assert.equal(
    taken.frames.map(({ values }) => values),
    [[3, 4], [5], [6]],
  );
  const [first, second, unnumbered] = taken.frames.map(({ sequence }) => sequence);
  assert.is(second! - first!, 1);
  assert.is(unnumbered, 0);
  assert.ok(taken.frames.every(({ source }) => source === "plant#1"));
  assert.equal(
    taken.statuses.filter(({ source }) => source === "plant#1").map(({ counts }) => counts),
    [{ nan: 2 }],
  );
});

test("[G1] a restarted feed continues its numbers, and its frame is not modified", async () => {
  const { clock, publish, take } = world();
  const { taken } = take();
  const before = await publish();
  const frame = frameOf(1_000, 1);
  before.sink.frame(frame);
  assert.is(frame.sequence, 1_000);
  before.end();
  await clock.advance(2);
  const after = await publish();
  after.sink.frame(frameOf(1, 2));
  await clock.advance(10);
  const [last, next] = taken.frames.map(({ sequence }) => sequence);
  assert.ok(next! > last!);
});

test("[G2] a message that cannot be decoded, that a feed may not send, with the subject of another source, or with a name of ingestion is counted and dropped", async () => {
  const { bus, clock, take } = world();
  const { feed, taken, ended } = take();
  const send = (bytes: Uint8Array, source = "plant#1") =>
    bus.publish(subjectOf(PLACE.session, PLACE.partition, "feed", source), bytes);
  send(Uint8Array.of(1, 2, 3));
  send(encodeMessage({ ...DECLARATION, source: "ingest:plant" }), "ingest:plant");
  send(encodeMessage({ type: "measurement", gauges: {} }));
  send(encodeMessage({ type: "ping", nonce: 1 }));
  send(encodeMessage({ type: "configChanged", path: "seed", value: 1, author: "me" }));
  send(encodeMessage(DECLARATION), "another");
  bus.publish("ew.s.p%2E0.feed.not%20ok", encodeMessage(DECLARATION));
  await clock.advance(10);
  await feed.stop();
  await ended;
  assert.equal(taken.declarations, []);
  assert.equal(taken.frames, []);
  const malformed = taken.statuses.reduce((sum, { counts }) => sum + (counts["malformed"] ?? 0), 0);
  assert.is(malformed, 7);
});

test("[G2] a declaration that the partition refuses is counted, and the feed continues", async () => {
  const { bus, clock } = world();
  const feed = new BusFeed({ bus, clock, ...PLACE });
  const { sink, taken } = recordingSink();
  void feed.run({
    ...sink,
    channels() {
      throw new Error("Cannot declare group boiler: there are 64");
    },
  });
  const subject = subjectOf(PLACE.session, PLACE.partition, "feed", "plant#1");
  bus.publish(subject, encodeMessage(DECLARATION));
  bus.publish(subject, encodeMessage(frameOf(1, 7)));
  await clock.advance(10);
  assert.is(taken.frames.length, 1);
  assert.ok(taken.statuses.some(({ detail }) => detail.includes("there are 64")));
});

test("[G3] a later owner receives the groups within two seconds, and passes on each once", async () => {
  const { clock, publish, take } = world();
  const { sink } = await publish();
  sink.channels(DECLARATION);
  await clock.advance(10);
  const { taken } = take();
  await clock.advance(7_000);
  assert.equal(taken.declarations, [DECLARATION]);
  sink.channels({ ...DECLARATION, everyUs: 2_000 });
  await clock.advance(10);
  assert.is(taken.declarations.length, 2);
});

test("a feed that stops with its owner does not say that it ended: it goes on at the next one", async () => {
  const { take } = world();
  const { feed, taken, ended } = take();
  await feed.stop();
  await ended;
  assert.equal(
    taken.statuses.map(({ status }) => status),
    ["opened"],
  );
});

test("a stopped feed delivers nothing more, on both ends", async () => {
  const { clock, publish, take } = world();
  const { feed, taken, ended } = take();
  const publisher = await publish();
  await feed.stop();
  await ended;
  publisher.sink.frame(frameOf(1, 1));
  publisher.end();
  await clock.advance(5_000);
  assert.equal(taken.frames, []);
  assert.is(clock.pending, 0);
});

test("[G4] frames that come faster than they are taken are shed, counted by source, and not counted as lost", async () => {
  const { bus, clock } = world();
  const feed = new BusFeed({ bus, clock, ...PLACE, inboxBytes: 100_000 });
  const { sink, taken } = recordingSink();
  let shed = 0;
  const ended = feed.run({
    ...sink,
    shed(frames) {
      shed += frames;
    },
  });
  const values = Array.from({ length: 1_000 }, (_, k) => k);
  const send = (source: string, sequence: number) =>
    bus.publish(
      subjectOf(PLACE.session, PLACE.partition, "feed", source),
      encodeMessage({ ...frameOf(sequence, ...values), source }),
    );
  const say = (source: string, k: number) => {
    const declaration: Channels = {
      ...DECLARATION,
      source,
      channels: [{ name: `t${k}`, title: "", unit: "" }],
    };
    bus.publish(subjectOf(PLACE.session, PLACE.partition, "feed", source), encodeMessage(declaration));
  };
  for (let k = 1; k <= 500; k++) {
    send("flood", k);
    // What is said between two frames has no number, and takes nothing of what is known to be shed.
    if (k % 100 === 0) say("flood", k);
  }
  send("calm", 1);
  await clock.advance(10);
  for (let k = 501; k <= 510; k++) send("flood", k);
  await clock.advance(2_000);
  await feed.stop();
  await ended;
  const framesOf = (source: string) => taken.frames.filter((frame) => frame.source === source).length;
  assert.ok(shed > 0);
  assert.is(framesOf("flood") + shed, 510);
  assert.is(framesOf("calm"), 1);
  const counted = (reason: string, source: string) =>
    taken.statuses
      .filter((status) => status.source === source)
      .reduce((sum, { counts }) => sum + (counts[reason] ?? 0), 0);
  assert.is(counted("shed", "flood"), shed);
  assert.is(counted("lost", "bus"), 0);
  assert.is(clock.pending, 0);
});

test("[G4] while nothing is stored, the partition takes no more than a command may wait for", async () => {
  const FRAMES = 400;
  const { bus, clock } = world();
  const journal = holdable(createMemoryJournal({}));
  const partition = await openPartition({ journal, clock });
  const feed = new BusFeed({ bus, clock, ...PLACE });
  partition.startFeeds([feed]);
  const subject = subjectOf(PLACE.session, PLACE.partition, "feed", "plant#1");
  const values = Array.from({ length: 1_000 }, (_, k) => k % 7);
  const bytes = (sequence: number) => encodeMessage(frameOf(sequence, ...values));
  bus.publish(subject, encodeMessage(DECLARATION));
  const release = journal.hold();
  for (let k = 1; k <= FRAMES; k++) bus.publish(subject, bytes(k));
  await clock.advance(1_000);
  const taken = partition.core.lastSequenceOf("plant#1") * bytes(1).length;
  assert.ok(taken < 1 << 20, `${taken} bytes taken`);
  release();
  for (let turn = 0; turn < FRAMES && partition.core.lastSequenceOf("plant#1") < FRAMES; turn++)
    await clock.advance(50);
  assert.is(partition.core.lastSequenceOf("plant#1"), FRAMES);
  await partition.close();
});

test("[G5] a group is of one live source until that is silent; another one is refused and named once", async () => {
  const { bus, clock } = world();
  const feed = new BusFeed({ bus, clock, ...PLACE, holders: new GroupHolders(clock) });
  const { sink, taken } = recordingSink();
  const ended = feed.run(sink);
  const send = async (source: string, sequence: number) => {
    const subject = subjectOf(PLACE.session, PLACE.partition, "feed", source);
    bus.publish(subject, encodeMessage({ ...DECLARATION, source }));
    bus.publish(subject, encodeMessage({ ...frameOf(sequence, sequence), source }));
    await clock.advance(10);
  };
  await send("host@a", 1);
  await send("host@b", 2);
  await send("host@b", 3);
  await send("host@a", 4);
  await clock.advance(HELD_MS + 1);
  await send("host@b", 5);
  await send("host@a", 6);
  await feed.stop();
  await ended;
  assert.equal(
    taken.frames.map(({ source, sequence }) => `${source} ${sequence}`),
    ["host@a 1", "host@a 4", "host@b 5"],
  );
  assert.equal(
    taken.declarations.map(({ source }) => source),
    ["host@a", "host@b"],
  );
  assert.equal(
    taken.statuses.filter(({ status }) => status === "gap").map(({ source, detail }) => [source, detail]),
    [
      ["host@b", "group boiler is sent by host@a: expected another group for host@b"],
      ["host@a", "group boiler is sent by host@b: expected another group for host@a"],
    ],
  );
});

test("quantum data keeps its numbers, as frames do", async () => {
  const { clock, publish, take } = world();
  const { taken } = take();
  const { sink } = await publish();
  const state = (sequence: number): QuantumInput => ({
    type: "stateVector",
    group: "qubit",
    source: "plant#1",
    sequence,
    timeUs: 5,
    n: 2,
    re: new Uint8Array(new Float64Array([1, 0]).buffer),
    im: new Uint8Array(new Float64Array([0, 0]).buffer),
  });
  sink.quantum(state(1));
  sink.quantum(state(2));
  await clock.advance(10);
  assert.is(taken.quantum.length, 2);
  assert.is(taken.quantum[1]!.sequence - taken.quantum[0]!.sequence, 1);
});

test.run();
