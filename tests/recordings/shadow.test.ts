// runtime: either
// slow
/** The shadow of a session, and the command that it is: what comes out differently is named, and the session never waits. */
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import type { CoreDefinitions } from "../../actors/core/core.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import type { FileJournal } from "../../actors/journal/file.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import { LogWriter } from "../../actors/log/writer.ts";
import type { Partition } from "../../actors/partition/partition.ts";
import type { DerivedRecord, Journal, JournalEntry } from "../../actors/ports/journal.ts";
import { SYSTEM } from "../../actors/system.ts";
import { decodeCheckpoint, decodeDerived, encodeCheckpoint, encodeDerived } from "../../protocol/block.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { Shadow, type ShadowOptions } from "../../sim/recordings/replay/shadow.ts";
import { TailVerification } from "../../sim/recordings/replay/tail.ts";
import { openPartition } from "../support/open-partition.ts";
import { run, start } from "../support/program-run.ts";
import { record, temporaryDirectory } from "../support/recorded-run.ts";
import { summing, TOYS } from "../support/toy-actors.ts";

const WALK = "walk?channels=4&rate=max&frame=64&seed=3&duration=6s";

// ---- the comparison ---------------------------------------------------------------------------------------------

let whole: string;
let entries: JournalEntry[];

test.before(async () => {
  whole = (await record({ definitions: TOYS, feeds: [WALK] })).directory;
  const journal = await openRecording(whole);
  entries = [];
  for await (const entry of journal.read()) entries.push(entry);
  await journal.close();
});

test("a recording that comes out the same has no difference, from its beginning and from a place in the middle", async () => {
  const report = await verified(whole, TOYS);
  const blocks = entries.filter(({ kind }) => kind === "block").length;
  const hashes = entries.filter(({ kind }) => kind === "checkpoint").length;
  assert.equal([report.difference, report.blocks, report.hashes], [null, blocks, hashes]);
  assert.ok(hashes > 0);
  const { directory } = await record({ definitions: SYSTEM, feeds: [WALK] });
  const journal = await openRecording(directory);
  const newest = journal.snapshots.at(-1)!;
  const { number } = journal.last!;
  await journal.close();
  const later = await verified(directory, SYSTEM, { sequence: newest.sequence + 1 });
  assert.equal([later.difference, later.blocks], [null, number - newest.block]);
});

test("a recording is verified while it is written, to its end", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const journal = await openRecordingForWriting(directory, { partition: "p0" });
  const partition = await open(journal);
  const verifying = verified(directory, SYSTEM);
  partition.startFeeds(createFeeds([WALK], { clock: systemClock, seed: 1 }));
  await partition.feedsEnded();
  await partition.close();
  const report = await verifying;
  assert.equal([report.difference, report.block, report.bytesBehind], [null, journal.last!.number, 0]);
  assert.ok(report.hashes > 0);
});

test("[L2] a changed event is named with its block, and nothing after it is executed", async () => {
  const at = recordsOf("derived")[3]!;
  const report = await verified(
    await written(entries.map((entry) => (entry === at ? retitled(at) : entry))),
    TOYS,
  );
  assert.equal([report.difference!.block, report.difference!.field], [at.block, "event.title"]);
  assert.is(report.block, at.block);
});

test("[V3] an event that was not recorded is a difference before the next block is executed", async () => {
  const at = recordsOf("derived")[3]!;
  const report = await verified(await written(entries.filter((entry) => entry !== at)), TOYS);
  const { difference } = report;
  assert.equal([difference!.block, difference!.field, difference!.recorded], [at.block, "event", "absent"]);
  assert.is(report.block, at.block);
});

test("[V3] events of blocks from before a crash may be recorded late", async () => {
  const middle = Math.floor(entries.filter(({ kind }) => kind === "block").length / 2);
  const late = recordsOf("derived").filter(({ block }) => block <= middle);
  const others = entries.filter((entry) => !late.includes(entry as JournalEntry & DerivedRecord));
  const at = others.findIndex((entry) => entry.kind === "block" && entry.block.number === middle + 1);
  const directory = await written([...others.slice(0, at), ...late, ...others.slice(at)]);
  const atStart = await openRecording(directory);
  const settled = await new TailVerification(atStart, TOYS).run(directory, { sequence: 1 }, NEVER);
  await atStart.close();
  assert.is(settled.difference, null);
  assert.is((await verified(directory, TOYS)).difference!.field, "event");
});

test("[L2] a changed state hash is named with actor and field", async () => {
  const at = recordsOf("checkpoint")[0]!;
  const changed = decodeCheckpoint(at.bytes);
  changed.hash = new Uint8Array(16);
  const part = changed.parts.find(({ field }) => field === "sums")!;
  part.hash = new Uint8Array(8);
  const altered = { ...at, bytes: encodeCheckpoint(changed) };
  const { difference } = await verified(
    await written(entries.map((entry) => (entry === at ? altered : entry))),
    TOYS,
  );
  assert.equal([difference!.block, difference!.actor, difference!.field], [at.block, "walk/summing", "sums"]);
});

test("an actor that computes differently is named", async () => {
  const altered = { ...summing, createDetector: alteredDetector };
  const { difference } = await verified(whole, { group: [altered, TOYS.group[1]!], session: [] });
  assert.ok(difference!.actor === "walk/summing" || difference!.actor === "summing", difference!.actor);
});

test("[L3] an input that cannot be applied is a difference", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const journal = await openRecordingForWriting(directory, { partition: "p0" });
  const core = { sequence: 0, samples: 0 } as unknown as ConstructorParameters<typeof LogWriter>[0]["core"];
  const writer = new LogWriter({ journal, core, partition: "p0" });
  const [event] = decodeDerived(recordsOf("derived")[0]!.bytes).events;
  writer.add(1, encodeMessage(event!));
  await writer.close().durable;
  await journal.close();
  const { difference } = await verified(directory, TOYS);
  assert.equal([difference!.block, difference!.field, difference!.recorded], [1, "input", "applied"]);
  assert.match(difference!.replayed, "Cannot apply a message of type event");
});

// ---- the other process ------------------------------------------------------------------------------------------

test("[H2] a difference becomes a critical event of the session, and the shadow goes on from the next snapshot", async () => {
  let altered = 0;
  const { shadow, partition } = await session((note) =>
    note.kind === "derived" && altered++ === 0 ? retitled(note) : note,
  );
  const seen = await eventOf(partition, "shadow.differs");
  assert.equal(
    [seen.severity, seen.detail["field"], seen.detail["author"]],
    ["critical", "event.title", "shadow"],
  );
  while (shadow.gauges()["shadowState"] !== 0) await new Promise((resolve) => setTimeout(resolve, 20));
  assert.ok(shadow.gauges()["shadowSkippedBlocks"]! > 0);
  await partition.close();
  const report = await shadow.finish();
  assert.is(report.differences, 1);
});

test("[H1] a session goes on when its shadow's process ends, and says so", async () => {
  const { shadow, partition } = await session((note) => note, ["true"]);
  const seen = await eventOf(partition, "shadow.ended");
  assert.is(seen.severity, "warning");
  assert.is(shadow.gauges()["shadowState"], 2);
  const { samples } = partition.core;
  while (partition.core.samples === samples) await new Promise((resolve) => setTimeout(resolve, 5));
  await partition.close();
  assert.not.ok((await shadow.finish()).complete);
});

test("a shadow of a recording that goes on begins with its newest snapshot", async () => {
  const { directory } = await record({ definitions: SYSTEM, feeds: [WALK] });
  const journal = await openRecordingForWriting(directory, { partition: "p0" });
  const before = journal.last!.number;
  const shadow = new Shadow(journal, { announce: () => {}, log: () => {} });
  const partition = await open(journal);
  const longer = WALK.replace("duration=6s", "duration=7s");
  partition.startFeeds(createFeeds([longer], { clock: systemClock, seed: 1 }));
  await partition.feedsEnded();
  await partition.close();
  const report = await shadow.finish();
  assert.equal([report.complete, report.differences, report.skippedBlocks], [true, 0, 0]);
  // The one that the session records at its end is the last.
  assert.ok(report.hashes > 0);
  assert.is(report.blocks, journal.last!.number - before);
});

test("up --shadow executes everything once more, finds no difference, and shows how much is left", async () => {
  const recording = join(temporaryDirectory(), "recording");
  // Recorded, at the pace of a live one: it can be looked at, and ends by itself.
  const feed = "synth:server-metrics?rate=1000&duration=4s&speed=1";
  const up = start([
    ...["up", "--feed", feed, "--once", "--port", "0", "--json"],
    ...["--shadow", "--record", recording],
  ]);
  const { url } = await up.line("listening");
  let metrics = "";
  while (!metrics.includes("eigenwatch_shadow_checked_blocks"))
    metrics = await (await fetch(`${url}metrics`)).text();
  for (const name of ["state", "blocks", "lag_ms", "differences"])
    assert.match(metrics, new RegExp(`^eigenwatch_shadow_${name}\\{session="local"\\} \\d`, "m"));
  const { code, stdout } = await up.ended;
  assert.is(code, 0);
  const lines = stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const report = lines.find(({ what }) => what === "shadow")!;
  assert.equal([report["differences"], report["complete"]], [0, true]);
  assert.ok(Number(report["hashes"]) > 0);
});

test("up --shadow without a recording is refused: there is nothing to read", async () => {
  const { code, stderr } = await run(["up", "--shadow", "--feed", "walk"]);
  assert.is(code, 2);
  assert.match(stderr, "expected --record DIR");
});

test("replay --tail compares: without --verify it is refused", async () => {
  const { code, stderr } = await run(["replay", whole, "--tail"]);
  assert.is(code, 2);
  assert.match(stderr, "expected --verify");
});

/** A session without end, whose log notes what `change` makes of each record. */
async function session(change: (record: DerivedRecord) => DerivedRecord, program?: ShadowOptions["program"]) {
  const journal = await openRecordingForWriting(join(temporaryDirectory(), "recording"), { partition: "p0" });
  const partition = await open(altering(journal, change));
  const shadow = new Shadow(journal, {
    announce: (notice) => void partition.operatorNotice(notice),
    log: () => {},
    ...(program ? { program } : {}),
  });
  const walk = "walk?channels=4&rate=200000&frame=64&seed=3";
  partition.startFeeds(createFeeds([walk], { clock: systemClock, seed: 1 }));
  return { shadow, partition };
}

function altering(journal: FileJournal, change: (record: DerivedRecord) => DerivedRecord): Journal {
  return new Proxy(journal, {
    get(target, name) {
      if (name === "appendDerived") return (record: DerivedRecord) => target.appendDerived(change(record));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function open(journal: Journal): Promise<Partition> {
  return openPartition({
    journal,
    snapshotSamples: 20_000,
  });
}

function eventOf(partition: Partition, kind: string): Promise<EventMessage> {
  return new Promise((resolve) => {
    partition.subscribe({
      event(event) {
        if (event.kind === kind) resolve(event);
      },
    });
  });
}

const NEVER = new AbortController().signal;

/** As a tail that began before the first block. */
function verified(directory: string, definitions: CoreDefinitions, place = { sequence: 1 }) {
  return place.sequence === 1
    ? new TailVerification(createMemoryJournal({}), definitions).run(directory, place, NEVER)
    : verifiedFrom(directory, definitions, place);
}

async function verifiedFrom(directory: string, definitions: CoreDefinitions, place: { sequence: number }) {
  const journal = await openRecording(directory);
  try {
    return await new TailVerification(journal, definitions).run(directory, place, NEVER);
  } finally {
    await journal.close();
  }
}

/** A recording of these entries. */
async function written(all: readonly JournalEntry[]): Promise<string> {
  const directory = join(temporaryDirectory(), "recording");
  const journal = await openRecordingForWriting(directory, { partition: "p0" });
  for (const entry of all) {
    if (entry.kind === "block") await journal.append(entry.block);
    else if (entry.kind !== "damage") journal.appendDerived(entry);
  }
  await journal.close();
  return directory;
}

function recordsOf(kind: DerivedRecord["kind"]): (JournalEntry & DerivedRecord)[] {
  return entries.filter((entry): entry is JournalEntry & DerivedRecord => entry.kind === kind);
}

function retitled<Note extends DerivedRecord>(note: Note): Note {
  const { block, events } = decodeDerived(note.bytes);
  return { ...note, bytes: encodeDerived(block, [{ ...events[0]!, title: "another" }, ...events.slice(1)]) };
}

/** The summing detector with one sum off by a billionth from the 1,000th row. */
function alteredDetector(...args: Parameters<typeof summing.createDetector>) {
  const detector = summing.createDetector(...args);
  const rows = detector.fields["rows"]!;
  const { update } = detector;
  detector.update = (batch, context) => {
    const before = rows[0]!;
    update!(batch, context);
    if (before < 1000 && rows[0]! >= 1000) detector.fields["sums"]![1]! += 1e-9;
  };
  return detector;
}

test.run();
