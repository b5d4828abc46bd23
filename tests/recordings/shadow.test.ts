// timeout: 300
/** The shadow of a session: what comes out differently is named, and the session never waits. */
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { createFeeds } from "../../actors/feeds/session-feeds.ts";
import { createMemoryJournal } from "../../actors/journal/memory.ts";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import { Partition } from "../../actors/partition/partition.ts";
import type { DerivedRecord, Journal, JournalEntry } from "../../actors/ports/journal.ts";
import { SYSTEM } from "../../actors/system.ts";
import { decodeCheckpoint, decodeDerived, encodeCheckpoint, encodeDerived } from "../../protocol/block.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { defaultSettings } from "../../protocol/settings.ts";
import type { Difference } from "../../sim/recordings/replay/verifier.ts";
import { KeptMessages } from "../../sim/shadow/kept-messages.ts";
import { entryOf, MessageBatch, readMessages, startPayload } from "../../sim/shadow/messages.ts";
import { differenceNotice } from "../../sim/shadow/session-shadow.ts";
import { Shadow } from "../../sim/shadow/shadow.ts";
import { ShadowVerifier } from "../../sim/shadow/verifier.ts";
import { start } from "../support/program-run.ts";
import { record, temporaryDirectory } from "../support/recorded-run.ts";
import { summing, TOYS } from "../support/toy-actors.ts";

const WALK = "walk?channels=4&rate=max&frame=64&seed=3&duration=6s";

// ---- the comparison ---------------------------------------------------------------------------------------------

let entries: JournalEntry[];
/** State after a block in the middle, and that block. */
let middle: { block: number; bytes: Uint8Array };

test.before(async () => {
  const { directory } = await record({ definitions: TOYS, feeds: [WALK] });
  const journal = await openRecording(directory);
  entries = [];
  for await (const entry of journal.read()) entries.push(entry);
  await journal.close();
  middle = await stateInTheMiddle();
});

test("a log that comes out the same has no difference, from its beginning and from a state in the middle", async () => {
  const verifier = new ShadowVerifier(TOYS);
  assert.is(await verifier.run(null, from(entries)), null);
  const blocks = entries.filter(({ kind }) => kind === "block").length;
  const hashes = entries.filter(({ kind }) => kind === "checkpoint").length;
  assert.equal([verifier.progress.blocks, verifier.progress.hashes], [blocks, hashes]);
  assert.ok(hashes > 0);
  const later = new ShadowVerifier(TOYS, middle.block);
  assert.is(await later.run(middle.bytes, from(behind(middle.block))), null);
  assert.is(later.progress.blocks, blocks - middle.block);
});

test("a changed event is named with its block, and nothing behind it is executed", async () => {
  const at = notesOf("derived")[3]!;
  const verifier = new ShadowVerifier(TOYS);
  const difference = await verifier.run(
    null,
    from(entries.map((entry) => (entry === at ? retitled(at) : entry))),
  );
  assert.equal([difference!.block, difference!.field], [at.block, "event.title"]);
  assert.is(verifier.progress.block, at.block);
});

test("[H2] an event that was not noted is a difference before the next block is executed", async () => {
  const at = notesOf("derived")[3]!;
  const verifier = new ShadowVerifier(TOYS);
  const difference = await verifier.run(null, from(entries.filter((entry) => entry !== at)));
  assert.equal([difference!.block, difference!.field, difference!.recorded], [at.block, "event", "absent"]);
  assert.is(verifier.progress.block, at.block);
});

test("[H2] notes of blocks from before a crash may come late", async () => {
  const late = notesOf("derived").filter(({ block }) => block <= middle.block);
  const others = entries.filter((entry) => !late.includes(entry as DerivedRecord));
  const at = others.findIndex((entry) => entry.kind === "block" && entry.block.number === middle.block + 1);
  const order = [...others.slice(0, at), ...late, ...others.slice(at)];
  assert.is(await new ShadowVerifier(TOYS, middle.block).run(null, from(order)), null);
  assert.is((await new ShadowVerifier(TOYS, 0).run(null, from(order)))!.field, "event");
});

test("[H1] a changed state hash is named with actor and field", async () => {
  const at = notesOf("checkpoint")[0]!;
  const changed = decodeCheckpoint(at.bytes);
  changed.hash = new Uint8Array(16);
  const part = changed.parts.find(({ field }) => field === "sums")!;
  part.hash = new Uint8Array(8);
  const altered = { ...at, bytes: encodeCheckpoint(changed) };
  const difference = await new ShadowVerifier(TOYS).run(
    null,
    from(entries.map((entry) => (entry === at ? altered : entry))),
  );
  assert.equal([difference!.block, difference!.actor, difference!.field], [at.block, "walk/summing", "sums"]);
});

test("an actor that computes differently is named, an input that cannot be applied too", async () => {
  const altered = { ...summing, createDetector: alteredPart };
  const definitions = { group: [altered, TOYS.group[1]!], session: [] };
  const difference = await new ShadowVerifier(definitions).run(null, from(entries));
  assert.ok(difference!.actor === "walk/summing" || difference!.actor === "summing", difference!.actor);
  const without = entries.filter((entry) => blockOf(entry) !== 2);
  const gap = await new ShadowVerifier(TOYS).run(null, from(without));
  assert.match(gap!.replayed, "Cannot follow the chain at block 3");
});

test("messages come through a pipe whole, however it cuts them", async () => {
  const payload = fc.uint8Array({ maxLength: 300 });
  const message = fc.record({
    kind: fc.constantFrom("block" as const, "derived" as const),
    block: fc.nat(),
    payload,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(message, { minLength: 1 }),
      fc.nat(),
      payload,
      fc.integer({ min: 1, max: 400 }),
      async (sent, settled, state, cut) => {
        const batch = new MessageBatch(16);
        batch.add("start", 7, startPayload(settled, state));
        for (const { kind, block, payload } of sent) batch.add(kind, block, payload);
        const bytes = batch.take();
        const chunks: Uint8Array[] = [];
        for (let at = 0; at < bytes.length; at += cut) chunks.push(bytes.subarray(at, at + cut));
        const got = [];
        for await (const each of readMessages(from(chunks))) got.push(each);
        const expected = sent.map(({ kind, block, payload }) => ({ kind, block, bytes: payload }));
        const first = {
          kind: "start",
          block: 7,
          settledFrom: settled,
          state: state.length === 0 ? null : state,
        };
        assert.equal(got, [first, ...expected]);
      },
    ),
    { numRuns: 50 },
  );
  const block = { kind: "block" as const, block: 3, bytes: new Uint8Array([1]) };
  const entry = entryOf(block);
  assert.ok(entry.kind === "block" && entry.block.number === 3);
});

test("while a shadow waits, the newest messages are kept: a snapshot from before them is of no use to it", () => {
  const kept = new KeptMessages();
  assert.ok(kept.reachBackTo(7, 7), "nothing came behind the snapshot");
  assert.not.ok(kept.reachBackTo(6, 7), "block 7 is not here");
  // More than twice of what is kept at most; the buffer is used again by its owner.
  const bytes = new Uint8Array(1 << 20);
  for (let block = 1; block <= 40; block++) kept.add({ kind: "block", block, bytes: bytes.fill(block) });
  assert.not.ok(kept.reachBackTo(1, 40));
  assert.ok(kept.reachBackTo(35, 40));
  const behind = kept.behind(35);
  assert.equal(
    behind.map(({ block, bytes }) => [block, bytes[0]]),
    [36, 37, 38, 39, 40].map((k) => [k, k]),
  );
  assert.not.ok(kept.reachBackTo(35, 40), "they were handed on");
});

// ---- the other process ------------------------------------------------------------------------------------------

test("[W3] a difference becomes a critical event of the session, and the shadow goes on from the next snapshot", async () => {
  let altered = 0;
  const { shadow, partition, differences } = await session({
    note: (note) => (note.kind === "derived" && altered++ === 0 ? retitled(note) : note),
  });
  const seen = await eventOf(partition, "shadow.differs");
  assert.equal(
    [seen.severity, seen.detail["field"], seen.detail["author"]],
    ["critical", "event.title", "shadow"],
  );
  assert.is(seen.detail["block"], differences[0]!.block);
  await partition.close();
  const report = await shadow.finish();
  assert.is(report.differences, 1);
  assert.ok(report.skippedBlocks > 0);
});

test("[W2] a shadow that is too far behind is left behind, and goes on from a later snapshot without a difference", async () => {
  const { shadow, partition, differences } = await session({ waitingBytesMax: 100_000 });
  await partition.feedsEnded();
  await partition.close();
  const report = await shadow.finish();
  assert.equal([report.differences, differences.length], [0, 0]);
  assert.ok(report.skippedBlocks > 0, JSON.stringify(report));
});

test("a session goes on when its shadow's process ends, and says so", async () => {
  let told = 0;
  let shadow!: Shadow;
  const ended = new Promise<void>((resolve) => {
    shadow = new Shadow({
      difference: () => {},
      ended() {
        told++;
        resolve();
      },
      log: () => {},
      program: ["true"],
    });
  });
  const partition = await open(await shadow.follow(createMemoryJournal({})));
  partition.startFeeds(createFeeds([WALK], { clock: systemClock, seed: 1 }));
  await ended;
  assert.is(shadow.gauges()["shadowState"], 2);
  await partition.feedsEnded();
  await partition.close();
  assert.ok(partition.core.samples > 0);
  assert.not.ok((await shadow.finish()).complete);
  assert.is(told, 1);
});

test("a shadow of a recording that goes on begins with its newest snapshot", async () => {
  const { directory } = await record({ definitions: SYSTEM, feeds: [WALK] });
  const shadow = new Shadow({ difference: () => {}, ended: () => {}, log: () => {} });
  const journal = await openRecordingForWriting(directory, { partition: "p0" });
  const before = journal.last!.number;
  const partition = await open(await shadow.follow(journal));
  const longer = WALK.replace("duration=6s", "duration=7s");
  partition.startFeeds(createFeeds([longer], { clock: systemClock, seed: 1 }));
  await partition.feedsEnded();
  await partition.close();
  const report = await shadow.finish();
  assert.equal([report.complete, report.differences, report.skippedBlocks], [true, 0, 0]);
  // The one that the session notes at its end is the last thing in the pipe.
  assert.ok(report.hashes > 0);
  assert.is(report.blocks, journal.last!.number - before);
});

test("up --shadow executes everything once more, finds no difference, and shows how far behind it is", async () => {
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

async function session(options: { note?: (note: DerivedRecord) => DerivedRecord; waitingBytesMax?: number }) {
  const differences: Difference[] = [];
  let announce: (difference: Difference) => void = () => {};
  const shadow = new Shadow({
    difference(difference) {
      differences.push(difference);
      announce(difference);
    },
    ended: () => {},
    log: () => {},
    ...(options.waitingBytesMax === undefined ? {} : { waitingBytesMax: options.waitingBytesMax }),
  });
  const followed = await shadow.follow(createMemoryJournal({}));
  const partition = await open(altering(followed, options.note ?? ((note) => note)));
  announce = (difference) => void partition.operatorNotice(differenceNotice(difference));
  const walk = "walk?channels=4&rate=max&frame=64&seed=3&duration=30s";
  partition.startFeeds(createFeeds([walk], { clock: systemClock, seed: 1 }));
  return { shadow, partition, differences };
}

/** What the shadow hears of notes is changed on the way. */
function altering(journal: Journal, change: (note: DerivedRecord) => DerivedRecord): Journal {
  return new Proxy(journal, {
    get(target, name) {
      if (name === "appendDerived") return (note: DerivedRecord) => target.appendDerived(change(note));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function open(journal: Journal): Promise<Partition> {
  return Partition.open({
    session: "test",
    partition: "p0",
    journal,
    clock: systemClock,
    settings: defaultSettings(),
    definitions: SYSTEM,
    versions: {},
    recording: null,
    snapshotSamples: 20_000,
    log: () => {},
  });
}

function eventOf(partition: Partition, kind: string): Promise<EventMessage> {
  return new Promise((resolve) => {
    partition.subscribe({
      frame() {},
      state() {},
      metrics() {},
      channels() {},
      flush() {},
      event(event) {
        if (event.kind === kind) resolve(event);
      },
    });
  });
}

async function* from<T>(all: readonly T[]): AsyncGenerator<T> {
  yield* all;
}

function notesOf(kind: DerivedRecord["kind"]): (JournalEntry & DerivedRecord)[] {
  return entries.filter((entry): entry is JournalEntry & DerivedRecord => entry.kind === kind);
}

function blockOf(entry: JournalEntry): number {
  if (entry.kind === "damage") return 0;
  return entry.kind === "block" ? entry.block.number : entry.block;
}

function behind(block: number): JournalEntry[] {
  return entries.filter((entry) => blockOf(entry) > block);
}

function retitled<Note extends DerivedRecord>(note: Note): Note {
  const { block, events } = decodeDerived(note.bytes);
  return { ...note, bytes: encodeDerived(block, [{ ...events[0]!, title: "another" }, ...events.slice(1)]) };
}

/** Of a core that was brought there by hand. */
async function stateInTheMiddle(): Promise<{ block: number; bytes: Uint8Array }> {
  const { Core } = await import("../../actors/core/core.ts");
  const { foldJournal } = await import("../../actors/log/fold.ts");
  const core = new Core(TOYS, { event() {}, state() {}, metrics() {} });
  const blocks = entries.filter(({ kind }) => kind === "block").length;
  const block = Math.floor(blocks / 2);
  await foldJournal(from(entries), core, { block: ({ number }) => number <= block });
  return { block, bytes: core.snapshot() };
}

/** The summing part with one sum off by a billionth from the 1,000th row on. */
function alteredPart(...args: Parameters<typeof summing.createDetector>) {
  const part = summing.createDetector(...args);
  const rows = part.fields["rows"]!;
  const { update } = part;
  part.update = (batch, context) => {
    const before = rows[0]!;
    update(batch, context);
    if (before < 1000 && rows[0]! >= 1000) part.fields["sums"]![1]! += 1e-9;
  };
  return part;
}

test.run();
