// runtime: either
/** Samples that any program publishes: what becomes of rows in JSON, of frames, and of what is neither. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryBus } from "../../actors/bus/memory.ts";
import { IngestFeed } from "../../actors/feeds/ingest.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import {
  MAX_GROUP_CHANNELS,
  MAX_GROUPS,
  MAX_INGEST_BYTES,
  MAX_INGEST_GROUPS,
  MAX_INGEST_SOURCES,
} from "../../protocol/limits.ts";
import type { Channels, FeedStatus } from "../../protocol/messages.ts";
import { escapeName } from "../../protocol/subjects.ts";
import { isVisible } from "../../protocol/visible-text.ts";
import { range } from "../journal/builders.ts";
import { createManualClock } from "../support/clock.ts";
import { channels, row } from "../support/inputs.ts";

const NOW_US = 1_700_000_000_000_000;

test("[I1] a row in JSON becomes a frame of its group, at its time or at that of its arrival", async () => {
  const { publish, taken } = await world();
  await publish("plant.boiler", { time: "2024-05-01T12:30:00Z", t: 20.5, p: 3 });
  await publish("plant.boiler", [
    { time: 1_699_999_999, t: 21 },
    { t: 22, p: null },
  ]);
  assert.equal(taken.declared("boiler"), ["t", "p"]);
  assert.equal(
    taken.frames.map(({ samples }) => samples),
    [
      [
        [1_714_566_600_000_000, "t", 20.5],
        [1_714_566_600_000_000, "p", 3],
      ],
      [
        [1_699_999_999_000_000, "t", 21],
        [NOW_US, "t", 22],
      ],
    ],
  );
});

test("[I2] channels are added as they appear, and frames are numbered for each source", async () => {
  const { publish, taken } = await world();
  await publish("a.g", { x: 1 });
  await publish("b.h", { x: 2 });
  await publish("a.g", { y: 3, x: 4 });
  assert.equal(taken.declared("g"), ["x", "y"]);
  assert.equal(
    taken.frames.map(({ source, sequence }) => `${source} ${sequence}`),
    ["ingest:a 1", "ingest:b 1", "ingest:a 2"],
  );
  assert.equal(taken.frames[2]!.samples, [
    [NOW_US, "y", 3],
    [NOW_US, "x", 4],
  ]);
});

test("[I2] the next owner keeps the places of channels and goes on with the numbers", async () => {
  const known = channels(2, { group: "g", source: "ingest:a" });
  const { publish, taken } = await world({ declarationOf: () => known, lastSequenceOf: () => 41 });
  await publish("a.g", { c1: 1, late: 2 });
  assert.equal(taken.declared("g"), ["c0", "c1", "late"]);
  assert.is(taken.frames[0]!.sequence, 42);
  assert.equal(
    taken.frames[0]!.samples.map(([, name]) => name),
    ["c1", "late"],
  );
});

test("frames of the protocol are taken with numbers of their own", async () => {
  const { publish, taken } = await world();
  const declaration = channels(2, { group: "g", source: "a" });
  await publish("a.g", encodeMessage(declaration));
  await publish("a.g", encodeMessage({ ...row(5, [1, 2], 77), source: "a" }));
  assert.equal(taken.declared("g"), ["c0", "c1"]);
  assert.is(taken.frames[0]!.sequence, 1);
});

test("[I1] what cannot be read is refused and counted, the first is named, and the rest goes on", async () => {
  const { publish, taken, end } = await world();
  const bad: unknown[] = [
    new TextEncoder().encode("{not json"),
    Uint8Array.of(0x93, 1),
    7,
    { t: "warm" },
    { t: 1, time: "yesterday" },
    { t: [1] },
    encodeMessage({ type: "ping", nonce: 1 }),
    encodeMessage({ ...row(5, [1], 1), source: "another" }),
    encodeMessage({ ...row(5, [1], 1), source: "plant", group: "undeclared" }),
  ];
  await publish("plant.boiler", { t: 1 });
  for (const each of bad) await publish("plant.boiler", each);
  await publish("plant.boiler", { t: 2 });
  await end();
  assert.equal(
    taken.frames.map(({ samples }) => samples[0]![2]),
    [1, 2],
  );
  assert.is(taken.count("ingest:plant", "malformed"), bad.length);
  assert.match(taken.statuses[0]!.detail, "JSON");
  assert.match(taken.statuses[0]!.detail, "ingest.plant.boiler");
});

test("[I2] a group belongs to the source that declared it", async () => {
  const { publish, taken, end } = await world();
  await publish("a.g", { x: 1 });
  await publish("b.g", { x: 2 });
  await end();
  assert.is(taken.frames.length, 1);
  assert.match(taken.statuses.find(({ source }) => source === "ingest:b")!.detail, '"ingest:a"');
});

test("[I3] limits are named when they are passed, and nothing of such a message is taken", async () => {
  const { publish, taken, end } = await world();
  const wide = Object.fromEntries(range(0, MAX_GROUP_CHANNELS).map((k) => [`c${k}`, k]));
  const detail = (source: string) => taken.statuses.find((status) => status.source === source)!.detail;
  await publish("wide.g", wide);
  await publish("long.h", { ["x".repeat(MAX_INGEST_BYTES)]: 1 });
  await publish(
    "many.i",
    Array.from({ length: 2_049 }, () => ({ x: 1 })),
  );
  for (const k of range(1, MAX_INGEST_SOURCES)) await publish(`s${k}.g`, { x: null });
  await end();
  assert.match(detail("ingest:wide"), "MAX_GROUP_CHANNELS");
  assert.match(detail("ingest:long"), "MAX_INGEST_BYTES");
  assert.match(detail("ingest:many"), "MAX_FRAME_SAMPLES");
  assert.match(detail("ingest"), "MAX_INGEST_SOURCES");
  assert.is(taken.frames.length, 0);
});

test("[I3] groups beyond the limit are refused and reported once, and those that are there go on", async () => {
  const { publish, taken, end } = await world();
  for (const k of range(1, MAX_GROUPS + 10)) await publish(`plant.g${k}`, { x: k });
  await publish("plant.g1", { x: 0 });
  const reports = taken.statuses.filter(({ detail }) => detail.includes("MAX_INGEST_GROUPS"));
  assert.is(reports.length, 1);
  await end();
  assert.is(taken.count("ingest", "tooManyGroups"), MAX_GROUPS + 10 - MAX_INGEST_GROUPS);
  assert.is(taken.frames.length, MAX_INGEST_GROUPS + 1);
});

test("[I3] groups of feeds do not count among those of other programs", async () => {
  const ofFeeds = range(1, MAX_INGEST_GROUPS).map((k) => channels(1, { group: `f${k}`, source: "walk" }));
  const { publish, taken } = await world({ declarations: () => ofFeeds });
  await publish("plant.boiler", { x: 1 });
  assert.is(taken.frames.length, 1);
});

test("[I5] samples under the name of a feed take no numbers from it, and none of its groups", async () => {
  const walk = channels(1, { group: "walk", source: "walk" });
  const { publish, taken, end } = await world({
    declarationOf: (group) => (group === "walk" ? walk : taken.declarations.get(group)),
    lastSequenceOf: (source) => (source === "walk" ? NOW_US : 0),
  });
  await publish("walk.walk", { c0: 1 });
  await publish("walk.boiler", { t: 1 });
  await end();
  assert.equal(
    taken.frames.map(({ source, sequence }) => [source, sequence]),
    [["ingest:walk", 1]],
  );
  assert.is(taken.count("ingest:walk", "malformed"), 1);
});

test("[I5] a group that was declared under the plain name of its publisher goes on under it", async () => {
  const known = channels(1, { group: "climate", source: "greenhouse" });
  const { publish, taken } = await world({
    declarationOf: (group) => (group === "climate" ? known : taken.declarations.get(group)),
    lastSequenceOf: (source) => (source === "greenhouse" ? 41 : 0),
  });
  await publish("greenhouse.climate", { c0: 1 });
  await publish("greenhouse.light", { lux: 1 });
  assert.equal(
    taken.frames.map(({ source, sequence }) => [source, sequence]),
    [
      ["greenhouse", 42],
      ["ingest:greenhouse", 1],
    ],
  );
});

test("[I6] a name that hides or reorders other text is refused as malformed, and shown as an escape", async () => {
  const { publish, taken, end } = await world();
  await publish("plant.boiler", { "\u202Eevil\u0000": 1 });
  const named = channels(1, { group: "boiler", source: "plant" });
  const [first] = named.channels;
  await publish("plant.boiler", encodeMessage({ ...named, channels: [{ ...first!, name: "a\u200bb" }] }));
  await publish("plant.boiler", encodeMessage({ ...named, channels: [{ ...first!, title: "a\u2028b" }] }));
  await publish(`plant.${escapeName("boiler\u202e")}`, { t: 1 });
  await publish(`${escapeName("plant\n")}.boiler`, { t: 1 });
  await end();
  assert.equal([...taken.declarations.keys()], []);
  assert.is(taken.count("ingest:plant", "malformed"), 3);
  assert.is(taken.count("ingest", "malformed"), 2);
  assert.match(taken.statuses[0]!.detail, "\\u202eevil");
  assert.ok(taken.statuses.every(({ detail }) => isVisible(detail)));
});

test("a group of another partition is left to its owner", async () => {
  const { publish, taken } = await world({ takes: (group) => group === "mine" });
  await publish("a.mine", { x: 1 });
  await publish("a.theirs", { x: 1 });
  assert.is(taken.frames.length, 1);
  assert.equal(taken.statuses, []);
});

// ---- given ------------------------------------------------------------------------------------------------------

interface Taken {
  source: string;
  sequence: number;
  /** Time, channel and value. */
  samples: [number, string, number][];
}

async function world(options: Partial<ConstructorParameters<typeof IngestFeed>[0]> = {}) {
  const clock = createManualClock(NOW_US);
  const bus = createMemoryBus(clock);
  const declarations = new Map<string, Channels>();
  const feed = new IngestFeed({
    bus,
    session: "s",
    clock: { ...clock, nowUs: () => NOW_US },
    takes: () => true,
    declarationOf: (group) => declarations.get(group),
    declarations: () => [...declarations.values()],
    lastSequenceOf: () => 0,
    ...options,
  });
  const frames: Taken[] = [];
  const statuses: FeedStatus[] = [];
  const names = (group: string) =>
    (declarations.get(group) ?? options.declarationOf?.(group))!.channels.map(({ name }) => name);
  const running = feed.run({
    channels: (declaration) => void declarations.set(declaration.group, declaration),
    frame({ source, sequence, group, count, time, channel, value }) {
      const samples = range(0, count - 1).map((k): [number, string, number] => [
        time[k]!,
        names(group)[channel[k]!]!,
        value[k]!,
      ]);
      frames.push({ source, sequence, samples });
      return true;
    },
    quantum: () => true,
    status: (status) => void statuses.push(status),
    drained: async () => {},
  });
  return {
    async publish(place: string, what: unknown) {
      const bytes = what instanceof Uint8Array ? what : new TextEncoder().encode(JSON.stringify(what));
      bus.publish(`ew.s.any.ingest.${place}`, bytes);
      await clock.advance(1);
    },
    async end() {
      await feed.stop();
      await running;
    },
    taken: {
      declarations,
      frames,
      statuses,
      declared: names,
      count: (source: string, reason: string) =>
        statuses
          .filter((status) => status.source === source)
          .reduce((sum, { counts }) => sum + (counts[reason] ?? 0), 0),
    },
  };
}

test.run();
