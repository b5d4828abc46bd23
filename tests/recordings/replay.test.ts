// runtime: either
// slow
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { decodeBlock } from "../../protocol/block.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import { replay } from "../../sim/recordings/replay/replay.ts";
import { createManualClock } from "../support/clock.ts";
import { openRecording, type RecordedRun, record, withoutBeginning } from "../support/recorded-run.ts";
import { summing, TOYS } from "../support/toy-actors.ts";

const WALK = "walk?channels=4&rate=max&frame=64&seed=3&duration=100s";

let run: RecordedRun;
test.before(async () => {
  run = await record({ definitions: TOYS, feeds: [WALK] });
});

test("[Y1] a full replay ends in the hash of the live run and finds no difference", async () => {
  const report = await replayed({ verify: true });
  assert.is(report.difference, null);
  assert.is(report.finalHash, run.hash);
  assert.equal([report.inputs, report.events, report.samples], [run.inputs, run.events, run.samples]);
  assert.ok(report.compared.checkpoints >= 2, "several checkpoints");
  assert.ok(run.events > 0 && report.compared.derived > 0, "some events");
});

test("a replay from a time hands out the events from there on, and ends in the same hash", async () => {
  const all: EventMessage[] = [];
  const whole = await replayed({ event: (event) => void all.push(event) });
  const fromUs = Math.floor((whole.firstTimeUs + whole.lastTimeUs) / 2);
  const late: EventMessage[] = [];
  const part = await replayed({ fromUs, event: (event) => void late.push(event) });
  assert.equal(
    late,
    all.filter((event) => event.timeUs >= fromUs),
  );
  assert.ok(late.length > 0 && late.length < all.length);
  assert.is(part.finalHash, run.hash);
  assert.ok(part.inputs < whole.inputs, "starts from a snapshot");
});

test("a replay of a recording whose beginning is gone says which inputs it covers", async () => {
  const { directory, firstInput: expected } = await withoutBeginning(run.directory);
  const whole = await replayed({ verify: true });
  assert.equal([whole.firstInput, whole.lastInput, whole.recordedFrom], [1, run.inputs, 1]);
  const journal = await openRecording(directory);
  const { firstInput, lastInput, recordedFrom, inputs } = await replay(journal, TOYS, { verify: true });
  await journal.close();
  assert.ok(expected > 1);
  assert.equal([firstInput, lastInput, recordedFrom], [expected, run.inputs, expected]);
  assert.is(inputs, run.inputs - expected + 1);
});

test("a replay to a time stops there", async () => {
  const whole = await replayed({});
  const toUs = Math.floor((whole.firstTimeUs + whole.lastTimeUs) / 2);
  const part = await replayed({ toUs });
  assert.ok(part.lastTimeUs <= toUs);
  assert.ok(part.inputs > 0 && part.inputs < whole.inputs);
});

test("a paced replay hands out what follows from an input at the time of the input, not at that of its block", async () => {
  const SPEED = 100;
  const clock = createManualClock();
  const came: [timeUs: number, ms: number][] = [];
  const whole = await replayed({});
  let done = false;
  const event = ({ timeUs }: EventMessage) => void came.push([timeUs, clock.monotonicMs()]);
  const paced = replayed({ speed: SPEED, clock, event }).finally(() => {
    done = true;
  });
  while (!done) {
    if (clock.pending > 0) await clock.advance(1);
    else await new Promise<void>((resolve) => setImmediate(resolve));
  }
  await paced;
  assert.is(came.length, run.events);
  for (const [timeUs, ms] of came) {
    const dueMs = (timeUs - whole.firstTimeUs) / 1_000 / SPEED;
    assert.ok(ms >= dueMs - 1 && ms <= dueMs + 1, `${timeUs} is due at ${dueMs} ms, it came at ${ms} ms`);
  }
});

test("[Y2] verification names actor, field, index and both values when an actor computes differently", async () => {
  const altered = { ...summing, createDetector: alteredPart };
  const journal = await openRecording(run.directory);
  const report = await replay(journal, { group: [altered, TOYS.group[1]!], session: [] }, { verify: true });
  await journal.close();
  const { difference } = report;
  assert.ok(difference);
  assert.is(difference!.actor, "walk/summing");
  assert.is(difference!.field, "sums");
  assert.is(difference!.index, 1);
  assert.is.not(difference!.recorded, difference!.replayed);
  assert.ok(Number.isFinite(Number(difference!.recorded)) && Number.isFinite(Number(difference!.replayed)));
});

test("[Y2] a verification that stops at any time finds no difference", async () => {
  const events: EventMessage[] = [];
  await replayed({ event: (event) => void events.push(event) });
  for (const { timeUs } of events.filter((_, i) => i % Math.ceil(events.length / 20) === 0)) {
    const report = await replayed({ verify: true, toUs: timeUs });
    assert.is(report.difference, null, `to ${timeUs}`);
  }
});

test("a replay from the time of a snapshot hands out all events of that time", async () => {
  const all: EventMessage[] = [];
  await replayed({ event: (event) => void all.push(event) });
  const journal = await openRecording(run.directory);
  const { snapshots } = journal;
  await journal.close();
  for (const { timeUs } of snapshots) {
    const late: EventMessage[] = [];
    await replayed({ fromUs: timeUs, event: (event) => void late.push(event) });
    assert.equal(
      late,
      all.filter((event) => event.timeUs >= timeUs),
      `from ${timeUs}`,
    );
  }
});

test("a flipped byte in a segment is reported with its place", async () => {
  const other = await record({ definitions: TOYS, feeds: [WALK] });
  const file = readdirSync(other.directory).find((name) => name.endsWith(".seg"))!;
  const path = join(other.directory, file);
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  writeFileSync(path, bytes);
  const journal = await openRecording(other.directory);
  try {
    await replay(journal, TOYS, { verify: true });
    assert.unreachable("a damaged recording was replayed in silence");
  } catch (error) {
    assert.match((error as Error).message, new RegExp(`${file} at byte \\d+`));
  } finally {
    await journal.close();
  }
});

test("blocks are chained: each names the hash of the one before, and inputs are numbered without gaps", async () => {
  const journal = await openRecording(run.directory);
  let previous: Uint8Array | null = null;
  let sequence = 0;
  for await (const entry of journal.read()) {
    if (entry.kind !== "block") continue;
    const block = decodeBlock(entry.block.bytes);
    if (previous) assert.equal(Array.from(block.previousHash), Array.from(previous));
    assert.is(block.firstSequence, sequence + 1);
    sequence = block.lastSequence;
    previous = entry.block.hash;
  }
  await journal.close();
  assert.is(sequence, run.inputs);
});

/** The summing part with one sum off by a billionth from the 1,000th row on. */
function alteredPart(...args: Parameters<typeof summing.createDetector>) {
  const part = summing.createDetector(...args);
  const rows = part.fields["rows"]!;
  const { update } = part;
  part.update = (batch, context) => {
    const before = rows[0]!;
    update!(batch, context);
    if (before < 1000 && rows[0]! >= 1000) part.fields["sums"]![1]! += 1e-9;
  };
  return part;
}

async function replayed(options: Parameters<typeof replay>[2]) {
  const journal = await openRecording(run.directory);
  try {
    return await replay(journal, TOYS, options);
  } finally {
    await journal.close();
  }
}

test.run();
