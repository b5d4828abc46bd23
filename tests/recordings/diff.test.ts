// runtime: either
/** `diff`: the first difference of two recordings is named with its input, its time and its fields. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openRecording, openRecordingForWriting } from "../../actors/journal/recording.ts";
import { sha256 } from "../../actors/log/chain.ts";
import type { JournalEntry } from "../../actors/ports/journal.ts";
import {
  BlockBuilder,
  decodeBlock,
  decodeCheckpoint,
  decodeDerived,
  encodeCheckpoint,
  encodeDerived,
  GENESIS_HASH,
} from "../../protocol/block.ts";
import { decodeMessage, encodeMessage, isFrame } from "../../protocol/codec.ts";
import { EigenwatchError, exitCodeOf } from "../../protocol/errors.ts";
import type { Checkpoint, EventMessage } from "../../protocol/messages.ts";
import { runDiff } from "../../sim/recordings/diff/command.ts";
import { diffRecordings, type RecordingDifference } from "../../sim/recordings/diff/diff.ts";
import { differingFields } from "../../sim/recordings/diff/differing-fields.ts";
import { run } from "../support/program-run.ts";
import { type RecordedRun, record, temporaryDirectory } from "../support/recorded-run.ts";
import { TOYS } from "../support/toy-actors.ts";

const folder = temporaryDirectory();
let original: RecordedRun;
let inputs: Input[];
let frames: number[];

interface Input {
  timeUs: number;
  message: Uint8Array;
}

test.before(async () => {
  original = await record({
    definitions: TOYS,
    feeds: ["walk?channels=4&rate=max&frame=16&seed=3&duration=2s"],
  });
  inputs = await inputsOf(original.directory);
  frames = inputs.flatMap(({ message }, k) => (isFrame(message) ? [k] : []));
});

test("a recording does not differ from itself, and the summary counts what is in it", async () => {
  const difference = await diff(original.directory, original.directory);
  assert.is(difference.first, null);
  const { a } = difference;
  assert.equal(
    [a.inputs, a.samples, a.inputsByKind["frame"]],
    [original.inputs, original.samples, frames.length],
  );
  assert.equal(difference.events, { same: original.events, moved: 0, changed: 0, gone: 0, new: 0 });
  assert.is(difference.shared!.sequence, original.inputs);
});

test("[I1] the same inputs in other blocks are no difference, and are reported", async () => {
  const recut = await rewritten({ cut: 7 });
  const difference = await diff(original.directory, recut);
  assert.is(difference.first, null, JSON.stringify(difference.first));
  assert.ok(difference.cutDifferently);
  assert.is.not(difference.a.lastHash, difference.b.lastHash);
});

test("a changed value in any frame is found at its input, with the element and both values", async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(), fc.nat(), fc.constantFrom(7, 100, 255), async (pick, at, cut) => {
      const k = frames[pick % frames.length]!;
      const { message } = inputs[k]!;
      const frame = decodeMessage(message);
      if (frame.type !== "frame") throw new Error("no frame");
      const element = at % frame.count;
      const before = frame.value[element]!;
      frame.value[element] = before + 1;
      const other = await rewritten({ cut, replace: { at: k, message: encodeMessage(frame) } });
      const { first } = await diff(original.directory, other);
      assert.equal(
        [first!.what, first!.sequence, first!.subject],
        ["input", k + 1, { a: "frame", b: "frame" }],
      );
      assert.equal(first!.fields, [{ path: `value[${element}]`, a: before, b: before + 1 }]);
      assert.is(first!.timeUs, inputs[k]!.timeUs);
    }),
    { numRuns: 12 },
  );
});

test("a recording that ends earlier differs at the input that it lacks", async () => {
  const shorter = await rewritten({ cut: 50, until: 300 });
  const { first, b } = await diff(original.directory, shorter);
  assert.equal([first!.what, first!.sequence], ["end", 301]);
  assert.is(first!.subject.b, "the end");
  assert.is(b.inputs, 300);
});

test("a changed event is found at its input with the field, the event itself counts as changed", async () => {
  const other = await renoted({
    event: (event) => (event.sequence === 5 ? { ...event, title: "another" } : event),
  });
  const { first, events } = await diff(original.directory, other);
  assert.is(first!.what, "event");
  assert.ok(first!.block.a! > 0 && first!.block.a === first!.block.b);
  assert.equal(
    first!.fields.map(({ path, b }) => [path, b]),
    [["title", "another"]],
  );
  assert.equal([events.changed, events.same], [1, original.events - 1]);
});

test("a missing event is gone in one direction and new in the other", async () => {
  const other = await renoted({ event: (event) => (event.sequence === original.events ? null : event) });
  const there = await diff(original.directory, other);
  const back = await diff(other, original.directory);
  assert.equal([there.first!.what, there.first!.subject.b, there.events.gone], ["event", "no event", 1]);
  assert.equal([back.first!.subject.a, back.events.new], ["no event", 1]);
});

test("a changed state hash names actor and field", async () => {
  const part = { actor: "walk/summing", field: "sums" };
  const other = await renoted({
    checkpoint: (checkpoint) => ({
      ...checkpoint,
      hash: new Uint8Array(16),
      parts: checkpoint.parts.map((each) =>
        each.actor === part.actor && each.field === part.field ? { ...each, hash: new Uint8Array(8) } : each,
      ),
    }),
  });
  const { first } = await diff(original.directory, other);
  assert.equal([first!.what, first!.subject.a], ["state", `${part.actor} ${part.field}`]);
});

test("[I2] of several differences the one at the lowest input is the first", async () => {
  const last = frames.at(-1)!;
  const frame = decodeMessage(inputs[last]!.message);
  if (frame.type !== "frame") throw new Error("no frame");
  frame.value[0]! += 1;
  const other = await rewritten({
    cut: 50,
    replace: { at: last, message: encodeMessage(frame) },
    event: (event) => (event.sequence === 5 ? { ...event, title: "another" } : event),
  });
  const { first } = await diff(original.directory, other);
  assert.is(first!.what, "event");
  assert.ok(first!.sequence < last);
});

test("[I3] a branch is compared from where it begins, and the command says what it is a branch of", async () => {
  const branch = await tail(20);
  const difference = await diff(original.directory, branch.directory);
  assert.is(difference.first, null);
  assert.is(difference.a.firstSequence, branch.firstSequence);
  const { code, stdout } = await run(["diff", original.directory, branch.directory]);
  assert.is(code, 0);
  assert.match(stdout, /^B is a branch of A: they share everything up to block \d+, input \d+$/m);
});

test("the command ends with 1 for a difference, as JSON too, and with 2 where there is no recording", async () => {
  const shorter = await rewritten({ cut: 50, until: 300 });
  const { code, stdout } = await run(["diff", original.directory, shorter, "--json"]);
  assert.is(code, 1);
  const report = JSON.parse(stdout) as RecordingDifference & { relation: string };
  assert.is(report.first!.sequence, 301);
  assert.is(report.relation, "A and B share no block");
  await refuses(join(folder, "nowhere"), /there is no such folder/);
});

test("a damaged recording is named with its place and ends with 2", async () => {
  const damaged = await rewritten({ cut: 50 });
  const path = join(damaged, "0000000001.seg");
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  await refuses(damaged, /^Cannot compare .*: damaged: 0000000001\.seg at byte /);
});

test("differing fields are named by path, of columns the first element alone", () => {
  const column = Float64Array.from([1, 2, 3]);
  assert.equal(differingFields({ a: { b: [1, { c: 2 }] } }, { a: { b: [1, { c: 3 }] } }), [
    { path: "a.b[1].c", a: 2, b: 3 },
  ]);
  assert.equal(differingFields({ v: column }, { v: Float64Array.from([1, 9, 9]) }), [
    { path: "v[1]", a: 2, b: 9 },
  ]);
  assert.equal(differingFields({ v: 1 }, {}), [{ path: "v", a: 1, b: undefined }]);
  assert.equal(differingFields({ v: 0 }, { v: -0 }), [{ path: "v", a: 0, b: -0 }]);
});

/** By the command, which ends with 2. */
async function refuses(other: string, message: RegExp): Promise<void> {
  try {
    await runDiff(original.directory, other, {});
  } catch (error) {
    assert.instance(error, EigenwatchError);
    assert.is(exitCodeOf((error as EigenwatchError).kind), 2);
    assert.match((error as EigenwatchError).message, message);
    return;
  }
  assert.unreachable(`it was not refused: ${message}`);
}

async function diff(a: string, b: string): Promise<RecordingDifference> {
  const [one, other] = [await openRecording(a), await openRecording(b)];
  try {
    return await diffRecordings({ recording: a, journal: one }, { recording: b, journal: other });
  } finally {
    await one.close();
    await other.close();
  }
}

async function entriesOf(directory: string): Promise<JournalEntry[]> {
  const journal = await openRecording(directory);
  const entries: JournalEntry[] = [];
  for await (const entry of journal.read()) entries.push(entry);
  await journal.close();
  return entries;
}

async function inputsOf(directory: string): Promise<Input[]> {
  const found: Input[] = [];
  for (const entry of await entriesOf(directory)) {
    if (entry.kind !== "block") continue;
    decodeBlock(entry.block.bytes).forEach(
      (_sequence, timeUs, message) => void found.push({ timeUs, message }),
    );
  }
  return found;
}

let written = 0;

/** The original's inputs in blocks of `cut`, with all its events, without state hashes. */
async function rewritten(change: {
  cut: number;
  until?: number;
  replace?: { at: number; message: Uint8Array };
  event?: (event: EventMessage) => EventMessage;
}): Promise<string> {
  const directory = join(folder, `rewritten-${++written}`);
  const target = await openRecordingForWriting(directory, { partition: "p0" });
  const events = (await entriesOf(original.directory)).flatMap((entry) =>
    entry.kind === "derived" ? decodeDerived(entry.bytes).events : [],
  );
  const kept = inputs.slice(0, change.until);
  let previousHash = GENESIS_HASH;
  for (let start = 0, number = 1; start < kept.length; start += change.cut, number++) {
    const end = Math.min(start + change.cut, kept.length);
    const builder = new BlockBuilder({
      partition: "p0",
      epoch: 0,
      number,
      previousHash,
      firstSequence: start + 1,
    });
    for (let k = start; k < end; k++) {
      const replaced = change.replace?.at === k ? change.replace.message : kept[k]!.message;
      builder.add(kept[k]!.timeUs, replaced);
    }
    const { bytes, lastSequence, timeUs } = builder.close();
    previousHash = sha256(bytes);
    await target.append({
      number,
      firstSequence: start + 1,
      lastSequence,
      timeUs,
      hash: previousHash,
      bytes,
    });
    const noted = events.filter(({ id }) => inputOf(id) > start && inputOf(id) <= end);
    const changed = noted.map((event) => change.event?.(event) ?? event);
    if (changed.length > 0)
      target.appendDerived({ kind: "derived", block: number, bytes: encodeDerived(number, changed) });
  }
  await target.close();
  return directory;
}

/** The original's blocks, with other notes. */
async function renoted(change: {
  event?: (event: EventMessage) => EventMessage | null;
  checkpoint?: (checkpoint: Checkpoint) => Checkpoint;
}): Promise<string> {
  const directory = join(folder, `renoted-${++written}`);
  const target = await openRecordingForWriting(directory, { partition: "p0" });
  for (const entry of await entriesOf(original.directory)) {
    if (entry.kind === "block") await target.append(entry.block);
    else if (entry.kind === "derived") {
      const events = decodeDerived(entry.bytes).events.map((event) =>
        change.event ? change.event(event) : event,
      );
      const bytes = encodeDerived(
        entry.block,
        events.filter((event) => event !== null),
      );
      target.appendDerived({ ...entry, bytes });
    } else if (entry.kind === "checkpoint") {
      const checkpoint = decodeCheckpoint(entry.bytes);
      target.appendDerived({
        ...entry,
        bytes: encodeCheckpoint(change.checkpoint?.(checkpoint) ?? checkpoint),
      });
    }
  }
  await target.close();
  return directory;
}

/** The original from a share of its blocks on, as a branch that changed nothing. */
async function tail(percent: number): Promise<{ directory: string; firstSequence: number }> {
  const entries = await entriesOf(original.directory);
  const blocks = entries.flatMap((entry) => (entry.kind === "block" ? [entry.block] : []));
  const parent = blocks[Math.floor((blocks.length * percent) / 100)]!;
  const directory = join(folder, `tail-${++written}`);
  const target = await openRecordingForWriting(directory, {
    partition: "p0",
    createdFrom: {
      parent: {
        recording: original.directory,
        partition: "p0",
        block: parent.number,
        hash: Buffer.from(parent.hash).toString("hex"),
        sequence: parent.lastSequence + 1,
        atUs: parent.timeUs,
        changes: {},
      },
    },
  });
  for (const entry of entries) {
    if (entry.kind === "block") {
      if (entry.block.number > parent.number) await target.append(entry.block);
    } else if (entry.kind !== "damage" && entry.block > parent.number) target.appendDerived(entry);
  }
  await target.close();
  return { directory, firstSequence: parent.lastSequence + 1 };
}

function inputOf(id: string): number {
  return Number(id.split("/")[1]);
}

test.run();
