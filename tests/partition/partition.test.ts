// runtime: either
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import type { RequestedSetting } from "../../actors/partition/opening.ts";
import { Partition } from "../../actors/partition/partition.ts";
import type { FeedSink } from "../../actors/ports/feed.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import type { FrameOverlay } from "../../actors/ports/overlay.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { encodeFrame } from "../../protocol/codec.ts";
import type { EigenwatchError } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import {
  MAX_BLOCK_BYTES,
  MAX_BLOCK_INPUTS,
  MAX_FRAME_SAMPLES,
  MAX_MEMORY_BLOCK_AGE_MS,
} from "../../protocol/limits.ts";
import type { CommandInput, EventMessage, SessionOpened, Shed } from "../../protocol/messages.ts";
import { applySetting, defaultSettings, type Settings } from "../../protocol/settings.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { channels, row } from "../support/inputs.ts";
import { openPartition } from "../support/open-partition.ts";
import { type ScriptedFeed, scriptedFeed } from "../support/scripted-feed.ts";
import { TOYS } from "../support/toy-actors.ts";

test("[O1] nothing leaves before its block is durable", async () => {
  const world = await given({ journal: slowJournal() });
  world.sink.frame(row(world.clock.nowUs(), [150]));
  await turns();
  assert.equal(world.seen(), []);
  world.journal.acknowledgeAll();
  await turns();
  assert.equal(world.seen(), ["frame", "event toy.passed"]);
});

test("[O2] blocks leave in their order, for any order of acknowledgements", async () => {
  const world = await given({ journal: slowJournal() });
  for (let i = 1; i <= 3; i++) {
    world.sink.frame(row(world.clock.nowUs(), [i]));
    await world.clock.advance(10);
    world.sink.frame(row(world.clock.nowUs(), [i]));
  }
  await turns();
  world.journal.acknowledge("last");
  await turns();
  assert.equal(world.frameSequences(), []);
  for (let i = 0; i < 6; i++) {
    world.journal.acknowledgeAll();
    await turns();
  }
  const sequences = world.frameSequences();
  assert.is(sequences.length, 6);
  assert.equal(
    sequences,
    [...sequences].sort((a, b) => a - b),
  );
});

test("in memory a turn that brings many frames lets the first leave when its block is old enough, and not when the turn ends", async () => {
  const manual = createManualClock(1_700_000_000_000_000);
  let sinceStartMs = 0;
  const clock: ManualClock = Object.create(manual, { monotonicMs: { value: () => sinceStartMs } });
  const world = await given({ clock });
  const seenAt = [0, 0.75, 1.5, 2.25].map((ages) => {
    sinceStartMs = ages * MAX_MEMORY_BLOCK_AGE_MS;
    world.sink.frame(row(clock.nowUs(), [1]));
    return world.frameSequences().length;
  });
  assert.equal(seenAt, [0, 0, 3, 3]);
});

test("[O4] a listener that throws is dropped, and the others continue", async () => {
  const world = await given();
  world.partition.subscribe({ ...silent, frame: () => assert.unreachable("thrown in a listener") });
  world.sink.frame(row(world.clock.nowUs(), [1]));
  await turns();
  world.sink.frame(row(world.clock.nowUs(), [2]));
  await turns();
  assert.is(world.frameSequences().length, 2);
  assert.match(world.logged.join(), /listener failed/);
});

test("[P1] logical time is clamped when a sample is early, and follows the clock when one is from the future", async () => {
  const world = await given();
  const now = world.clock.nowUs();
  world.sink.frame(row(now + 5_000, [1]));
  world.sink.frame(row(now - 5_000, [1]));
  assert.is(world.partition.core.now, now + 5_000);
  world.sink.frame(row(now + 3_600_000_000, [1]));
  assert.is(world.partition.core.now, now + 1_000_000, "at most the allowed skew ahead of the clock");
});

test("a live sample from far in the future does not stop the rows after it", async () => {
  const world = await given();
  const values = (timeUs: number) => world.sink.frame(row(timeUs, [1]));
  values(world.clock.nowUs());
  values(world.clock.nowUs() + 100 * 365 * 86_400_000_000);
  for (let i = 0; i < 3; i++) {
    await world.clock.advance(1_500);
    values(world.clock.nowUs());
  }
  const rows = [...world.partition.core.registered()].find(({ field }) => field === "rows");
  assert.is((rows!.value as Uint32Array)[0], 5);
});

test("a frame whose source sequence was seen is a duplicate; one without sequence never is", async () => {
  const world = await given({ kind: "recorded" });
  world.sink.frame(row(10, [1], 1));
  world.sink.frame(row(10, [1], 1));
  world.sink.frame(row(11, [1], 2));
  world.sink.frame(row(11, [1], 0));
  world.sink.frame(row(11, [1], 0));
  await turns();
  assert.is(world.frameSequences().length, 4);
});

test("[P3] many duplicates of a live source are said with its name and their count, twice as many each time", async () => {
  const world = await given({});
  const now = world.clock.nowUs();
  world.sink.frame(row(now, [1], 100));
  for (let k = 1; k <= 40; k++) world.sink.frame(row(now, [1], k));
  await turns();
  const said = (await world.partition.events(0, 10)).filter(({ kind }) => kind === "feed.duplicates");
  assert.equal(
    said.map(({ severity, detail }) => [severity, detail["source"], detail["frames"]]),
    [
      ["warning", "feed", 16],
      ["warning", "feed", 32],
    ],
  );
});

test("[P3] a recorded feed that is read again is not warned of", async () => {
  const world = await given({ kind: "recorded" });
  world.sink.frame(row(1_000, [1], 100));
  for (let k = 1; k <= 40; k++) world.sink.frame(row(1_000, [1], k));
  await turns();
  assert.equal(
    (await world.partition.events(0, 10)).filter(({ kind }) => kind === "feed.duplicates"),
    [],
  );
});

test("[P3] a recorded feed of long ago beside a live one is left out, and said once with both times", async () => {
  const world = await given();
  const { partition, clock } = world;
  const now = clock.nowUs();
  world.sink.frame(row(now, [1]));
  const old = scriptedFeed("old", "recorded");
  partition.startFeeds([old]);
  const sink = await old.sink;
  const before = world.frameSequences().length;
  for (let k = 1; k <= 3; k++) sink.frame({ ...row(k * 1_000, [1], k), source: "old" });
  await turns();
  assert.is(partition.core.now, now);
  assert.is(partition.core.lastSequenceOf("old"), 0);
  assert.ok(world.frameSequences().length <= before + 1);
  const said = (await partition.events(0, 10)).filter(({ kind }) => kind === "feed.other-time");
  assert.equal(
    said.map(({ severity, title }) => [severity, title]),
    [
      [
        "warning",
        "Samples of old begin at 1970-01-01T00:00:00.001Z and are left out: those of this session are of now, 2023-11-14T22:13:20.000Z; expected a session of their own",
      ],
    ],
  );
  old.end();
});

test("[P3] a live feed beside recorded data of long ago is left out, and the time of the session does not leap", async () => {
  const world = await given({ kind: "recorded" });
  const { partition, clock } = world;
  world.sink.frame(row(1_000, [1], 1));
  const live = scriptedFeed("now", "live");
  // As the owner of a partition in a cluster has it: feeds that come later.
  partition.startFeeds([Object.assign(live, { relays: true as const })]);
  const sink = await live.sink;
  sink.channels(channels(1, { group: "now", source: "now" }));
  sink.frame({ ...row(clock.nowUs(), [1], 1), source: "now", group: "now" });
  world.sink.frame(row(2_000, [1], 2));
  await turns();
  assert.is(partition.core.now, 2_000);
  const said = (await partition.events(0, 10)).filter(({ kind }) => kind === "feed.other-time");
  assert.match(
    said[0]!.title,
    "from 1970-01-01T00:00:00.001Z to 1970-01-01T00:00:00.001Z, of a recorded feed",
  );
  live.end();
});

test("[P2] every offered sample is admitted, shed or a duplicate, and the log counts each", async () => {
  const world = await given({ kind: "recorded" });
  world.sink.frame(row(10, [1], 1));
  world.sink.frame(row(10, [1], 1));
  world.sink.frame({ ...row(12, [Number.NaN], 2) });
  world.sink.frame({ ...row(12, [1], 3), group: "never declared" });
  await world.clock.advance(1_100);
  const shed = (await world.inputs()).find((input) => input.type === "shed");
  assert.ok(shed);
  const { offered, admitted, duplicates } = shed as unknown as Record<string, number>;
  const dropped = (shed as unknown as Record<string, number>)["shed"]!;
  assert.equal([duplicates, dropped], [1, 2]);
  const before = (await world.inputs()).findIndex((input) => input.type === "shed");
  assert.is(admitted, before, "all inputs before it");
  assert.is(offered, admitted! + dropped + duplicates!);
});

test("[P2] what is offered to a session that closes is shed and not logged", async () => {
  const world = await given({ kind: "recorded" });
  world.sink.frame(row(10, [1], 1));
  const closing = world.partition.close();
  assert.is(world.sink.frame(row(11, [1], 2)), false);
  await closing;
  assert.is(world.partition.meter.shed, 1);
  assert.is((await world.inputs()).filter(({ type }) => type === "frame").length, 1);
});

test("[P2] a frame that cannot be encoded is shed, and its source continues", async () => {
  const world = await given({ kind: "recorded" });
  const fractional = row(10, [1], 1);
  fractional.time[0] = 10.5;
  const apart = { ...row(10, [1, 2], 2), time: Float64Array.of(10, 9e9), channel: new Uint16Array(2) };
  for (const frame of [fractional, apart]) assert.is(world.sink.frame(frame), false);
  world.sink.frame(row(11, [1], 3));
  await turns();
  assert.is(world.frameSequences().length, 1);
  assert.is(world.partition.meter.shed, 2);
});

test("[P2] live frames are shed and recorded ones wait while the journal lags", async () => {
  const live = await given({ journal: slowJournal() });
  const big = () => {
    const values = Array.from({ length: 2048 }, (_, i) => i);
    const frame = row(live.clock.nowUs(), values);
    frame.channel.fill(0);
    return frame;
  };
  let taken = 0;
  while (taken < 10_000 && live.partition.meter.shed === 0) {
    live.sink.frame(big());
    if (++taken % 8 === 0) await turns();
  }
  assert.ok(taken < 10_000, "something was shed");
  live.journal.acknowledgeAll();
});

test("[P3] a partition that is opened again continues from the durable log", async () => {
  const journal = createMemoryJournal({});
  const first = await given({ journal: keepOpen(journal) });
  for (let i = 0; i < 50; i++) {
    first.sink.frame(row(first.clock.nowUs(), [i % 7]));
    await first.clock.advance(3);
  }
  await turns();
  const { core } = first.partition;
  const second = await given({ journal: keepOpen(journal), clock: first.clock });
  assert.is(second.partition.core.samples, core.samples);
  assert.is(second.partition.core.eventSequence, core.eventSequence);
  const events = await second.partition.events(0, 100);
  assert.equal(events, first.events);
});

test("a session is open when its first input is durable, and not open when that cannot be", async () => {
  const open = (journal: Journal) =>
    openPartition({
      journal,
      clock: createManualClock(1_700_000_000_000_000),
      definitions: TOYS,
    });
  const slow = slowJournal();
  const opening = open(slow);
  await turns();
  assert.is(await Promise.race([opening, Promise.resolve("not yet")]), "not yet");
  slow.acknowledgeAll();
  assert.instance(await opening, Partition);

  const failing = slowJournal();
  const refused = rejects(open(failing), /open session test: the journal halted: disk full/);
  await turns();
  failing.fail(new Error("disk full"));
  assert.is(((await refused) as EigenwatchError).kind, "unavailable");
});

test("a log that goes on keeps its settings; those asked for by name are changed in it, and by whom", async () => {
  const journal = createMemoryJournal({});
  const first = await given({ journal: keepOpen(journal) });
  await first.partition.configure("anomaly.cooldownSamples", 777, { author: "ana" });
  await first.partition.configure("publishEveryUs", 250_000, { author: "ana" });
  const settings = applySetting(defaultSettings(), "publishEveryUs", 1_000);
  const author = "command line";
  const requested = [
    { path: "publishEveryUs", value: "1000", author },
    { path: "seed", value: "1", author },
  ];
  const second = await given({ journal: keepOpen(journal), clock: first.clock, settings, requested });
  const { core } = second.partition;
  assert.is(core.settings.anomaly.cooldownSamples, 777);
  assert.is(core.settings.publishEveryUs, 1_000);
  assert.match(second.logged.join(), "settings of the log stay in force: anomaly.cooldownSamples=777");
  const [opened, ...later] = (await second.inputs()).slice(4);
  assert.equal(settingsOf(opened!).publishEveryUs, 250_000, "as the log had it");
  assert.equal(later[0], { type: "configChanged", path: "publishEveryUs", value: 1_000, author });
  assert.is(later[1]!.type, "channels", "the seed is the same: nothing to change");
  const announced = (await second.partition.events(0, 10)).map(({ title }) => title);
  assert.is(announced.at(-1), "publishEveryUs was set to 1000 by command line");
});

test("a log says how many partitions share the session, each time that it is opened, and nothing where it is alone", async () => {
  const journal = createMemoryJournal({});
  const first = await given({ journal: keepOpen(journal), partitions: 4 });
  assert.is(first.partition.core.partitions, 4);
  const second = await given({ journal: keepOpen(journal), clock: first.clock, partitions: 2 });
  assert.is(second.partition.core.partitions, 2);
  const alone = await given({ journal: keepOpen(journal), clock: first.clock });
  assert.is(alone.partition.core.partitions, 1);
  const opened = (await alone.inputs()).filter(({ type }) => type === "sessionOpened");
  assert.equal(
    opened.map((each) => (each as unknown as SessionOpened).partitions),
    [4, 2, undefined],
  );
});

test("a command that its source sends again counts once, also after a restart", async () => {
  const journal = createMemoryJournal({});
  const first = await given({ journal: keepOpen(journal) });
  const send = ({ partition }: typeof first, sequence: number) =>
    partition.command({
      name: "threshold.removed",
      body: { id: "a" },
      author: { id: "ana" },
      source: "room",
      sequence,
    });
  assert.type(await send(first, 1), "number");
  assert.is(await send(first, 1), null);
  assert.type(await send(first, 0), "number", "those without a number always count");
  const second = await given({ journal: keepOpen(journal), clock: first.clock });
  assert.is(await send(second, 1), null);
  assert.type(await send(second, 2), "number");
  const { meter } = second.partition;
  assert.is(meter.offered, meter.admitted + meter.shed + meter.duplicates);
  const commands = (await second.inputs()).filter(({ type }) => type === "command");
  assert.equal(
    commands.map((input) => (input as CommandInput).sequence),
    [1, 0, 2],
  );
});

test("a command that is no row of the table, or whose body does not fit, is refused before the log", async () => {
  const world = await given();
  const { length } = await world.inputs();
  const send = (name: string, body: unknown) =>
    world.partition.command({ name, body, author: { id: "ana" }, source: "room", sequence: 1 });
  await rejects(
    send("threshold.exploded", {}),
    /enter a command: "threshold.exploded"; expected .*threshold\.set/,
  );
  await rejects(send("changeSetting", {}), /enter a command: "changeSetting"/);
  await rejects(send("threshold.removed", { id: "" }), /id is ""/);
  assert.is((await world.inputs()).length, length);
});

test("a new log has the settings of its start, and no changes", async () => {
  const settings = applySetting(defaultSettings(), "publishEveryUs", 1_000);
  const requested = [{ path: "publishEveryUs", value: 1_000, author: "command line" }];
  const world = await given({ settings, requested });
  const [opened, ...later] = await world.inputs();
  assert.is(settingsOf(opened!).publishEveryUs, 1_000);
  assert.not(later.some(({ type }) => type === "configChanged"));
});

test("an injection that its process took with it is ended when the log is opened again, once", async () => {
  const journal = createMemoryJournal({});
  const first = await given({ journal: keepOpen(journal) });
  const { clock, partition } = first;
  const apply = (frame: Frame): Frame => frame;
  await partition.inject({ ...plus100(clock.nowUs() + 1e9), apply });
  await partition.inject({ ...plus100(clock.nowUs() + 10), ...marks("over soon"), apply });
  first.sink.frame(row(clock.nowUs() + 20, [1], 1));
  await turns();
  const kinds = async (world: typeof first) =>
    (await world.partition.events(0, 10)).map(({ kind, detail }) => `${kind} ${detail["scenario"]}`);
  const before = ["injection.started plus100", "injection.started over soon", "injection.ended over soon"];
  assert.equal(await kinds(first), before);

  const second = await given({ journal: keepOpen(journal), clock });
  const ended = await second.partition.events(3, 10);
  assert.equal(
    ended.map(({ kind, group, title, detail }) => [kind, group, title, detail["author"]]),
    [
      [
        "injection.ended",
        "g",
        "Injection of plus100 into g is over: it was interrupted with its session",
        "ana",
      ],
    ],
  );
  const third = await given({ journal: keepOpen(journal), clock });
  assert.equal(await kinds(third), [...before, "injection.ended plus100"]);
  assert.equal(third.partition.core.openInjections(), []);
});

test("a live source counts on after a restart: its new frames are no duplicates", async () => {
  const journal = createMemoryJournal({});
  const first = await given({ journal: keepOpen(journal) });
  first.sink.frame(row(first.clock.nowUs(), [1], 1));
  await turns();
  const second = await given({ journal: keepOpen(journal), clock: first.clock });
  second.sink.frame(row(second.clock.nowUs(), [1], 1));
  await turns();
  assert.is(second.frameSequences().length, 1);
  assert.is(second.partition.core.lastSequenceOf("feed"), 2);
});

test("where people edit, a snapshot is due after 8,192 edits, and elsewhere not yet", async () => {
  for (const of of ["edits", "feeds"] as const) {
    const world = await given({ of });
    const edits = 8_192 - world.partition.core.samples;
    const offer = async (samples: number): Promise<boolean> => {
      for (let left = samples; left > 0; left -= MAX_FRAME_SAMPLES) {
        const frame = row(world.clock.nowUs(), new Array<number>(Math.min(left, MAX_FRAME_SAMPLES)).fill(1));
        frame.channel.fill(0);
        world.sink.frame(frame);
      }
      await world.clock.advance(10);
      await turns();
      return (await world.journal.loadSnapshot({ block: 1_000 })) !== null;
    };
    assert.is(await offer(edits - 1), false);
    assert.is(await offer(1), of === "edits");
  }
});

test("a partition that is killed again and again comes to its next snapshot", async () => {
  const journal = createMemoryJournal({});
  let clock = createManualClock(1_700_000_000_000_000);
  for (let life = 1; life <= 3; life++) {
    assert.is(await journal.loadSnapshot({ block: 1_000 }), null);
    const world = await given({ journal: keepOpen(journal), clock, snapshotSamples: 10 });
    for (let k = 1; k <= 4; k++) world.sink.frame(row(world.clock.nowUs(), [1], k));
    await turns();
    clock = world.clock;
  }
  assert.ok(await journal.loadSnapshot({ block: 1_000 }));
});

test("[P4] a journal that halts stops the partition with the reason; nothing unacknowledged leaves", async () => {
  const world = await given({ journal: slowJournal() });
  world.sink.frame(row(world.clock.nowUs(), [1]));
  await turns();
  world.journal.fail(new Error("disk full"));
  assert.is(await world.partition.whenHalted(), "disk full");
  assert.match(world.partition.notReady() ?? "", /disk full/);
  assert.is(world.sink.frame(row(world.clock.nowUs(), [1])), false);
  assert.equal(world.frameSequences(), []);
});

test("[P4] a journal that is busy halts the partition with the reason", async () => {
  const world = await given({ journal: keepOpen(createMemoryJournal({})) });
  world.journal.append = () => Promise.reject(new Error("too much waits"));
  world.journal.appendDerived = () => {
    throw new RangeError("Cannot note derived: the last block is another");
  };
  world.sink.frame(row(world.clock.nowUs(), [150]));
  assert.is(await world.partition.whenHalted(), "too much waits");
  await world.partition.close();
});

test("[P4] a note that the journal does not take halts the partition", async () => {
  const world = await given({ journal: keepOpen(createMemoryJournal({})) });
  world.journal.appendDerived = () => {
    throw new Error("no room for notes");
  };
  world.sink.frame(row(world.clock.nowUs(), [150]));
  assert.is(await world.partition.whenHalted(), "no room for notes");
});

test("a group that has grown keeps its channels when its source begins again with fewer", async () => {
  const world = await given({ kind: "recorded" });
  world.sink.channels(channels(3));
  world.sink.frame(row(10, [1, 2, 3], 1));
  world.sink.channels(channels(1));
  assert.is(world.partition.core.channelsOf("g"), 3);
  world.sink.channels(channels(2, { innovation: "logReturn" }));
  assert.is(world.partition.core.channelsOf("g"), 2, "a group of another kind is another group");
});

test("a feed that fails is reported, and the others continue", async () => {
  const world = await given();
  const failing = { ...scriptedFeed("bad", "live"), run: () => Promise.reject(new Error("no such device")) };
  world.partition.startFeeds([failing]);
  await turns();
  const bad = world.partition.describe().feeds.find((feed) => feed.source === "bad");
  assert.equal(bad, { source: "bad", status: "failed", detail: "no such device" });
  world.sink.frame(row(world.clock.nowUs(), [1]));
  await turns();
  assert.is(world.frameSequences().length, 1);
});

test("recent frames begin after the cursor, and the answer says whether older ones are gone", async () => {
  const world = await given();
  for (let i = 0; i < 3; i++) {
    world.sink.frame(row(world.clock.nowUs(), [i]));
    await turns();
  }
  const [first] = world.frameSequences();
  const { complete, frames } = world.partition.recentFrames(first!);
  assert.is(complete, true);
  assert.equal(
    frames.map((delivered) => delivered.frame.value[0]),
    [1, 2],
  );
});

test("an operator notice becomes an event that names its author, and is in the log", async () => {
  const world = await given();
  await world.partition.operatorNotice({
    kind: "shadow.differs",
    severity: "critical",
    group: "g",
    channels: ["c0"],
    title: "the shadow differs",
    detail: { block: 7 },
    author: "shadow",
  });
  await turns();
  const [event] = world.events;
  assert.equal(
    [event!.kind, event!.severity, event!.group, event!.channels, event!.title],
    ["shadow.differs", "critical", "g", ["c0"], "the shadow differs"],
  );
  assert.equal(event!.detail, { block: 7, author: "shadow" });
  assert.ok((await world.inputs()).some(({ type }) => type === "notice"));
});

test("a setting is changed by an input that names its author; an unknown path or a bad value changes nothing", async () => {
  const world = await given();
  world.partition.configure("publishEveryUs", 250_000, { author: "ana" });
  assert.is(world.partition.core.settings.publishEveryUs, 250_000);
  const count = (await world.inputs()).length;
  await rejects(world.partition.configure("publishEvery", 1, { author: "ana" }), /publishEveryUs/);
  await rejects(world.partition.configure("publishEveryUs", "often", { author: "ana" }), /often/);
  assert.is((await world.inputs()).length, count);
  await turns();
  assert.match(world.events.find(({ kind }) => kind === "config.changed")!.title, /by ana/);
});

test("an injection changes the frames between its two marks in the log, and not the feed's own columns", async () => {
  const world = await given();
  const start = world.clock.nowUs();
  world.sink.frame(row(start, [1], 1));
  world.partition.inject(plus100(start + 10));
  const frame = row(start + 5, [2], 2);
  world.sink.frame(frame);
  world.sink.frame(row(start + 11, [3], 3));
  assert.is(frame.value[0], 2);
  const entered = (await world.inputs()).slice(2).map((input) => {
    if (input.type === "frame") return (input as unknown as Frame).value[0];
    return (input as { kind?: string }).kind ?? input.type;
  });
  assert.equal(entered, [1, "injection.started", 102, "injection.ended", 3]);
});

test("an injection ends with the session at the latest, once", async () => {
  const world = await given();
  const start = world.clock.nowUs();
  world.partition.inject(plus100(start + 10));
  world.sink.frame(row(start, [1], 1));
  await world.partition.close();
  const kinds = (await world.inputs()).map((input) => (input as { kind?: string }).kind ?? input.type);
  assert.equal(
    kinds.filter((kind) => kind === "frame" || kind.startsWith("injection")),
    ["injection.started", "frame", "injection.ended"],
  );
});

test("an injection into a group that is not there, or that is over, is refused and leaves no mark", async () => {
  const world = await given();
  const late = world.partition.core.now - 1;
  await rejects(world.partition.inject(plus100(late)), /over already/);
  await rejects(world.partition.inject({ ...plus100(late + 100), group: "h" }), /expected one of g/);
  assert.is((await world.inputs()).filter(({ type }) => type === "notice").length, 0);
});

test("[P2] frames that an injection silences are counted as shed, with the reason", async () => {
  const world = await given();
  const start = world.clock.nowUs();
  world.partition.inject({ ...plus100(start + 10), apply: () => null });
  world.sink.frame(row(start, [1], 1));
  await world.clock.advance(1_100);
  const shed = (await world.inputs()).find(({ type }) => type === "shed") as unknown as Shed;
  assert.equal([shed.shed, shed.reason], [1, "silenced by an injection"]);
});

test("[P2] frames that a feed shed before it offered them are counted in the log with those it offered", async () => {
  const world = await given();
  const { partition } = world;
  const before = partition.meter.shed;
  world.sink.shed!(3);
  world.sink.shed!(4);
  assert.is(partition.meter.shed - before, 7);
  await world.clock.advance(1_100);
  const shed = (await world.inputs()).find(({ type }) => type === "shed") as unknown as Shed;
  assert.equal([shed.shed, shed.reason], [7, "owner behind"]);
  assert.is(shed.offered, shed.admitted + shed.shed + shed.duplicates);
});

test("a notice, a setting and an injection are answered when their block was released", async () => {
  const world = await given({ journal: slowJournal() });
  world.journal.acknowledgeAll();
  await turns();
  const answered: string[] = [];
  const start = world.clock.nowUs();
  void world.partition
    .configure("publishEveryUs", 250_000, { author: "ana" })
    .then(() => answered.push("setting"));
  void world.partition.inject(plus100(start + 10)).then(() => answered.push("injection"));
  void world.partition.operatorNotice(NOTICE).then(() => answered.push("notice"));
  await turns();
  assert.equal(answered, []);
  for (let i = 0; i < 3; i++) {
    world.journal.acknowledgeAll();
    await turns();
  }
  assert.equal(answered, ["setting", "injection", "notice"]);
});

test("a notice is answered wherever it stands in a block, also when it fills the block", async () => {
  for (const framesBefore of [0, MAX_BLOCK_INPUTS - 2, MAX_BLOCK_INPUTS - 1, MAX_BLOCK_INPUTS]) {
    const world = await given();
    for (let k = 0; k < framesBefore; k++) world.sink.frame(row(world.clock.nowUs(), [1]));
    let isAnswered = false;
    void world.partition.operatorNotice(NOTICE).then(() => {
      isAnswered = true;
    });
    await turns();
    assert.ok(isAnswered, `after ${framesBefore} frames of the same turn`);
  }
});

test("[L1] a frame that does not fit into the open block is logged as it was offered, before what takers of that block encode and enter", async () => {
  const world = await given();
  const other = { ...row(world.clock.nowUs(), [-1]), group: "another group" };
  let notices = 0;
  world.partition.subscribe({
    ...silent,
    frame() {
      encodeFrame(other);
      if (notices++ === 0) void world.partition.operatorNotice(NOTICE);
    },
  });
  const frames = 2 * Math.ceil(MAX_BLOCK_BYTES / encodeFrame(large(0, 0)).length);
  for (let k = 1; k <= frames; k++) world.sink.frame(large(world.clock.nowUs(), k));
  await turns();
  const logged = (await world.inputs()).slice(2) as (Frame | { type: "notice" })[];
  const values = logged.map((input) => (input.type === "frame" ? input.value[0] : input.type));
  const notice = values.indexOf("notice");
  assert.ok(notice > 1 && notice < frames, "entered while the first full block left");
  assert.equal(
    values.filter((value) => value !== "notice"),
    Array.from({ length: frames }, (_, k) => k + 1),
  );
});

test("[P4] an input that never becomes durable is answered as unavailable, and so is every later one", async () => {
  const world = await given({ journal: slowJournal() });
  world.journal.acknowledgeAll();
  await turns();
  const setting = world.partition.configure("publishEveryUs", 250_000, { author: "ana" });
  await turns();
  world.journal.fail(new Error("disk full"));
  const first = await rejects(setting, /set publishEveryUs: the journal halted: disk full/);
  assert.is((first as EigenwatchError).kind, "unavailable");
  const second = await rejects(world.partition.operatorNotice(NOTICE), /the journal halted/);
  assert.is((second as EigenwatchError).kind, "unavailable");
});

// ---- given ------------------------------------------------------------------------------------------------------

const NOTICE = {
  kind: "test.said",
  severity: "info" as const,
  group: "",
  channels: [],
  title: "said",
  detail: {},
  author: "test",
};

async function rejects(promise: Promise<unknown>, message: RegExp): Promise<Error> {
  const error = await promise.then(
    () => assert.unreachable("was not refused") as never,
    (cause: unknown) => cause as Error,
  );
  assert.match(error.message, message);
  return error;
}

/** A frame of one channel that is as large as a frame may be. */
function large(timeUs: number, value: number): Frame {
  const frame = row(timeUs, new Array<number>(MAX_FRAME_SAMPLES).fill(value));
  frame.channel.fill(0);
  return frame;
}

function settingsOf(opened: { type: string }): Settings {
  return (opened as unknown as SessionOpened).settings as unknown as Settings;
}

function marks(scenario: string): Pick<FrameOverlay, "begin" | "end"> {
  const mark = {
    severity: "notice" as const,
    group: "g",
    channels: [],
    title: "…",
    detail: { scenario },
    author: "ana",
  };
  return { begin: { ...mark, kind: "injection.started" }, end: { ...mark, kind: "injection.ended" } };
}

function plus100(untilUs: number): FrameOverlay {
  return {
    name: "plus100",
    group: "g",
    fromUs: 0,
    untilUs,
    ...marks("plus100"),
    apply: (frame) => ({ ...frame, value: frame.value.map((value) => value + 100) }),
  };
}

type AnyJournal = Journal & Partial<SlowJournal>;

interface World<J> {
  partition: Partition;
  clock: ManualClock;
  journal: J;
  feed: ScriptedFeed;
  sink: FeedSink;
  events: EventMessage[];
  logged: string[];
  seen(): string[];
  frameSequences(): number[];
  inputs(): Promise<{ type: string }[]>;
}

const silent = { frame() {}, event() {}, state() {}, metrics() {}, channels() {}, flush() {} };

async function given<J extends AnyJournal = Journal>(
  options: {
    journal?: J;
    kind?: "live" | "recorded";
    clock?: ManualClock;
    settings?: Settings;
    requested?: readonly RequestedSetting[];
    partitions?: number;
    snapshotSamples?: number;
    of?: "feeds" | "edits";
  } = {},
): Promise<World<J>> {
  const journal = (options.journal ?? createMemoryJournal({})) as J;
  const clock = options.clock ?? createManualClock(1_700_000_000_000_000);
  const logged: string[] = [];
  const opening = openPartition({
    journal,
    clock,
    settings: options.settings ?? defaultSettings(),
    requested: options.requested ?? [],
    definitions: TOYS,
    ...(options.partitions === undefined ? {} : { partitions: options.partitions }),
    ...(options.snapshotSamples === undefined ? {} : { snapshotSamples: options.snapshotSamples }),
    ...(options.of === undefined ? {} : { of: options.of }),
    log: (message) => logged.push(message),
  });
  await turns();
  journal.acknowledgeAll?.();
  const partition = await opening;
  const seen: string[] = [];
  const sequences: number[] = [];
  const events: EventMessage[] = [];
  const feed = scriptedFeed("feed", options.kind ?? "live");
  partition.startFeeds([feed]);
  const sink = await feed.sink;
  sink.channels(channels(1));
  await turns();
  journal.acknowledgeAll?.();
  await turns();
  journal.acknowledgeAll?.();
  await turns();
  partition.subscribe({
    ...silent,
    frame(delivered) {
      seen.push("frame");
      sequences.push(delivered.inputSequence);
    },
    event(event) {
      seen.push(`event ${event.kind}`);
      events.push(event);
    },
  });
  return {
    partition,
    clock,
    journal,
    feed,
    sink,
    events,
    logged,
    seen: () => seen,
    frameSequences: () => sequences,
    async inputs() {
      const { decodeMessage } = await import("../../protocol/codec.ts");
      const found: { type: string }[] = [];
      for await (const entry of journal.read()) {
        if (entry.kind !== "block") continue;
        decodeBlock(entry.block.bytes).forEach((_sequence, _timeUs, bytes) => {
          found.push(decodeMessage(bytes));
        });
      }
      return found;
    },
  };
}

/** Lets promises and immediates that are due have their turn. */
async function turns(): Promise<void> {
  for (let i = 0; i < 4; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

interface SlowJournal {
  acknowledgeAll(): void;
  acknowledge(which: "last"): void;
  fail(error: Error): void;
}

/** A memory journal whose acknowledgements come when the test gives them. */
function slowJournal(): Journal & SlowJournal {
  const inner = createMemoryJournal({});
  let waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  return {
    ...delegate(inner),
    async append(block) {
      await inner.append(block);
      await new Promise<void>((resolve, reject) => waiting.push({ resolve, reject }));
    },
    async flush() {},
    acknowledgeAll() {
      for (const { resolve } of waiting) resolve();
      waiting = [];
    },
    acknowledge() {
      waiting.pop()?.resolve();
    },
    fail(error) {
      for (const { reject } of waiting) reject(error);
      waiting = [];
    },
  };
}

/** The same journal under another partition after the first is forgotten: `close` must not end it. */
function keepOpen(inner: Journal): Journal {
  return { ...delegate(inner), async close() {} };
}

function delegate(inner: Journal): Journal {
  return {
    durability: inner.durability,
    get last() {
      return inner.last;
    },
    get first() {
      return inner.first;
    },
    append: (block) => inner.append(block),
    appendDerived: (record) => inner.appendDerived(record),
    saveSnapshot: (block, timeUs, sequence, bytes) => inner.saveSnapshot(block, timeUs, sequence, bytes),
    loadSnapshot: (at) => inner.loadSnapshot(at),
    read: (from) => inner.read(from),
    flush: () => inner.flush(),
    close: () => inner.close(),
  } as Journal;
}

test.run();
