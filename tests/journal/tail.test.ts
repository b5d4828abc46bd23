/** A reader that follows a recording while it is written. */
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openJournal } from "../../actors/journal/file.ts";
import { RecordingTail } from "../../actors/journal/tail.ts";
import type { JournalEntry } from "../../actors/ports/journal.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

test("[T1] blocks and records appended later are handed out in order, until the writer closes", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const writer = await openJournal(directory, { partition: "p0" });
  const read = collect(directory);
  for (let number = 1; number <= 30; number++) {
    await writer.append(block(number));
    writer.appendDerived({ kind: "derived", block: number, bytes: new Uint8Array([number]) });
    if (number % 10 === 0) await setTimeout(10);
  }
  await writer.close();
  const expected = Array.from({ length: 30 }, (_, k) => [`block ${k + 1}`, `derived ${k + 1}`]).flat();
  assert.equal(await read, expected);
});

test("[T1] the reader goes from segment to segment, and begins with the block that it was asked for", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const writer = await openJournal(directory, { partition: "p0", segmentBytes: 1000 });
  for (let number = 1; number <= 20; number++) await writer.append(block(number));
  const read = collect(directory, 15);
  for (let number = 21; number <= 40; number++) await writer.append(block(number));
  await writer.close();
  assert.ok(writer.segments.length > 3);
  assert.equal(
    await read,
    Array.from({ length: 26 }, (_, k) => `block ${k + 15}`),
  );
});

test("a recording without a first block yet is waited for", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const writer = await openJournal(directory, { partition: "p0" });
  const read = collect(directory);
  await setTimeout(20);
  await writer.append(block(1));
  await writer.close();
  assert.equal(await read, ["block 1"]);
});

test("[T2] half a record at the end is a write in progress: it is handed out once when it is whole", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const writer = await openJournal(directory, { partition: "p0" });
  for (let number = 1; number <= 3; number++) await writer.append(block(number));
  const path = join(directory, "0000000001.seg");
  const size = statSync(path).size;
  await writer.append(block(4));
  const whole = readFileSync(path);
  truncateSync(path, size + 20);
  const read: string[] = [];
  const reading = collect(directory, 0, read);
  await until(() => read.length === 3);
  await setTimeout(120);
  assert.equal(read, ["block 1", "block 2", "block 3"]);
  appendFileSync(path, whole.subarray(size + 20));
  await until(() => read.length === 4);
  await writer.close();
  assert.equal(await reading, ["block 1", "block 2", "block 3", "block 4"]);
});

test("[T2] bytes that do not hold are damage when a later batch follows, with their place", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const writer = await openJournal(directory, { partition: "p0" });
  for (let number = 1; number <= 4; number++) await writer.append(block(number));
  const path = join(directory, "0000000001.seg");
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  writeFileSync(path, bytes);
  const reading = collect(directory);
  await setTimeout(30);
  await writer.close();
  const read = await reading;
  const damage = read.find((each) => each.startsWith("damage"))!;
  assert.match(damage, /^damage 0000000001\.seg at \d+: the checksum of a record does not hold/);
  assert.is(read.at(-1), "block 4");
});

test("[T3] damage before the block that the reader begins with is not returned", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const writer = await openJournal(directory, { partition: "p0" });
  for (let number = 1; number <= 6; number++) await writer.append(block(number));
  await writer.close();
  const path = join(directory, "0000000001.seg");
  const bytes = readFileSync(path);
  bytes[Math.floor(bytes.length / 3)]! ^= 1;
  writeFileSync(path, bytes);
  assert.ok((await collect(directory)).some((each) => each.startsWith("damage")));
  assert.equal(await collect(directory, 5), ["block 5", "block 6"]);
});

test("a signal ends the reading at its current place", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const writer = await openJournal(directory, { partition: "p0" });
  await writer.append(block(1));
  const ending = new AbortController();
  const read: string[] = [];
  const reading = collect(directory, 0, read, ending.signal);
  await until(() => read.length === 1);
  ending.abort();
  assert.equal(await reading, ["block 1"]);
  await writer.close();
});

async function collect(
  directory: string,
  from = 0,
  read: string[] = [],
  signal?: AbortSignal,
): Promise<string[]> {
  const tail = new RecordingTail(directory, { from, ...(signal ? { signal } : {}) });
  for await (const entry of tail.entries()) read.push(textOf(entry));
  assert.is(tail.bytesBehind, 0);
  return read;
}

function textOf(entry: JournalEntry): string {
  if (entry.kind === "damage") return `damage ${entry.file} at ${entry.offset}: ${entry.reason}`;
  return `${entry.kind} ${entry.kind === "block" ? entry.block.number : entry.block}`;
}

function block(number: number) {
  const bytes = new Uint8Array(100).fill(number);
  return {
    number,
    firstSequence: number,
    lastSequence: number,
    timeUs: number,
    hash: new Uint8Array(32),
    bytes,
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(5);
}

test.run();
