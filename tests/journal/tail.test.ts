/** A reader that follows a recording while it is written. */
import { appendFileSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { openJournal } from "../../actors/journal/file.ts";
import { RecordingTail } from "../../actors/journal/tail.ts";
import type { JournalEntry } from "../../actors/ports/journal.ts";
import { temporaryDirectory } from "../support/recorded-run.ts";

test("[T1] blocks and records appended later are handed out in order, until the writer closes", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const writer = await openJournal(directory, { partition: "p0" });
  const reader = new Reader(directory);
  const read = reader.all();
  for (let number = 1; number <= 30; number++) {
    await writer.append(block(number));
    writer.appendDerived({ kind: "derived", block: number, bytes: new Uint8Array([number]) });
    if (number % 10 === 0) await reader.pauses(1);
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
  const reader = new Reader(directory);
  const read = reader.all();
  await reader.pauses(3);
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
  const reader = new Reader(directory);
  const reading = reader.all();
  await reader.has(3);
  await reader.looks(2);
  assert.equal(reader.read, ["block 1", "block 2", "block 3"]);
  appendFileSync(path, whole.subarray(size + 20));
  await reader.has(4);
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
  const reader = new Reader(directory);
  const reading = reader.all();
  await reader.pauses(1);
  await writer.close();
  const read = await reading;
  const damage = read.find((each) => each.startsWith("damage"))!;
  assert.match(damage, /^damage 0000000001\.seg at \d+: the checksum of a record does not hold/);
  assert.is(read.at(-1), "block 4");
});

test("[T2] half a record at the end of a segment that the writer has left is damage, in its place among the blocks", async () => {
  const directory = join(temporaryDirectory(), "recording");
  const writer = await openJournal(directory, { partition: "p0", segmentBytes: 1000 });
  for (let number = 1; number <= 20; number++) await writer.append(block(number));
  const [first, second] = writer.segments;
  await writer.close();
  const path = join(directory, "0000000001.seg");
  truncateSync(path, statSync(path).size - 20);
  const last = second!.first!.number - 1;
  assert.ok(first!.first!.number < last);
  const read = await collect(directory);
  assert.equal(
    read.slice(0, last - 1),
    Array.from({ length: last - 1 }, (_, k) => `block ${k + 1}`),
  );
  assert.match(read[last - 1]!, /^damage 0000000001\.seg at \d+: /);
  assert.equal(
    read.filter((each) => each.startsWith("block")).slice(last - 1),
    Array.from({ length: 20 - last }, (_, k) => `block ${last + 1 + k}`),
  );
  // Nothing of it was asked for.
  assert.equal(await collect(directory, last + 1), read.slice(-(20 - last)));
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
  const reader = new Reader(directory, 0, ending.signal);
  const reading = reader.all();
  await reader.has(1);
  await reader.pauses(1);
  ending.abort();
  assert.equal(await reading, ["block 1"]);
  await writer.close();
});

function collect(directory: string, from = 0): Promise<string[]> {
  return new Reader(directory, from).all();
}

/** Follows a recording. What it has read, its pauses and its looks at the folder can be waited for. */
class Reader {
  readonly read: string[] = [];
  private readonly tail: RecordingTail;
  private paused = 0;
  private looked = 0;
  private waiting: (() => void)[] = [];

  constructor(directory: string, from = 0, signal?: AbortSignal) {
    const wait = async () => {
      this.paused++;
      this.notify();
      await new Promise((resolve) => setImmediate(resolve));
    };
    this.tail = new RecordingTail(directory, { from, wait, ...(signal ? { signal } : {}) });
    const look = this.tail.look.bind(this.tail);
    this.tail.look = async (firstBlock) => {
      const seen = await look(firstBlock);
      if (seen !== undefined) this.looked++;
      return seen;
    };
  }

  /** Reads to the end. */
  async all(): Promise<string[]> {
    for await (const entry of this.tail.entries()) {
      this.read.push(textOf(entry));
      this.notify();
    }
    assert.is(this.tail.bytesBehind, 0);
    return this.read;
  }

  has(count: number): Promise<void> {
    return this.until(() => this.read.length >= count);
  }

  /** From now on, so many times. */
  pauses(count: number): Promise<void> {
    const from = this.paused;
    return this.until(() => this.paused >= from + count);
  }

  looks(count: number): Promise<void> {
    const from = this.looked;
    return this.until(() => this.looked >= from + count);
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds())
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
      });
  }

  private notify(): void {
    const waiting = this.waiting;
    this.waiting = [];
    for (const resolve of waiting) resolve();
  }
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

test.run();
