/**
 * Speed of writing, opening and reading recordings, compared with bare write + fdatasync of the same bytes in the same run.
 * Everything is read back and checked.
 */
import { closeSync, createReadStream, fdatasyncSync, openSync, writeSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FileJournal } from "../../actors/journal/file.ts";
import { openJournal } from "../../actors/journal/file.ts";
import type { JournalBlock } from "../../actors/ports/journal.ts";
import { check, inTemporaryFolder, median, p50AndP99, secondsOf } from "./measure.ts";
import { type BenchRow, compared, limited } from "./row.ts";
import { inTurns, RUNS } from "./turns.ts";

/** 8,192 samples of 14 bytes: time and channel mostly deltas, value whole. */
const LARGE_BYTES = 115_000;
const SMALL_BYTES = 4096;

/** 10 M samples in blocks of 256 as frames carry them: 22 bytes a sample. */
const RECORDING_BLOCKS = 40_000;
const RECORDING_BLOCK_BYTES = 5632;

/** Takes about twenty seconds and 600 MB of disk. */
export function benchJournal(): Promise<BenchRow[]> {
  return inTemporaryFolder(async (folder) => [
    await benchSustained(join(folder, "large"), "append 115 KB blocks, one at a time", LARGE_BYTES, 600, 1),
    await benchSustained(join(folder, "large4"), "append 115 KB blocks, four in flight", LARGE_BYTES, 800, 4),
    await benchSustained(join(folder, "small"), "append 4 KB blocks, 64 in flight", SMALL_BYTES, 20_000, 64),
    await benchCommit(join(folder, "commit4"), folder, "commit one 4 KB block", SMALL_BYTES),
    await benchCommit(join(folder, "commit115"), folder, "commit one 115 KB block", LARGE_BYTES),
    ...(await benchReading(join(folder, "recording"))),
  ]);
}

/**
 * Appends with `inFlight` blocks at a time, in turns with a bare loop of synchronous write + fdatasync of the same blocks. The value is
 * MB/s for large blocks, blocks/s for small ones.
 */
async function benchSustained(
  directory: string,
  name: string,
  bytes: number,
  blocks: number,
  inFlight: number,
): Promise<BenchRow> {
  const journal = await openJournal(directory);
  const bare = openBare(`${directory}.bare`, bytes);
  const perTurn = blocks / RUNS;
  // A fifth is enough to measure the rate: the bare loop of small blocks is slow.
  const perBareTurn = perTurn / 5;
  let number = 0;
  const scale = bytes === LARGE_BYTES ? bytes / 1e6 : 1;
  const { own, theirs } = await inTurns({
    own: async () => {
      const seconds = await secondsOf(() => append(journal, number + 1, number + perTurn, bytes, inFlight));
      number += perTurn;
      return (scale * perTurn) / seconds;
    },
    theirs: async () => {
      const seconds = await secondsOf(() => {
        for (let i = 0; i < perBareTurn; i++) bare.append();
      });
      return (scale * perBareTurn) / seconds;
    },
  });
  bare.close();
  await journal.close();
  await checkReadable(directory, number, bytes);
  const large = bytes === LARGE_BYTES;
  return compared(
    { name, unit: large ? "MB/s" : "blocks/s", runs: own },
    { "bare write + fdatasync of each block": theirs },
    { atLeast: large ? 60 : 5000 },
  );
}

/** A synchronous write of one block and its fdatasync, again and again. */
function openBare(path: string, bytes: number): { append(): void; close(): void } {
  const fd = openSync(path, "w");
  const payload = block(1, bytes).bytes;
  let at = 0;
  return {
    append() {
      at += writeSync(fd, payload, 0, bytes, at);
      fdatasyncSync(fd);
    },
    close: () => closeSync(fd),
  };
}

/** Commits of one turn. */
const COMMITS = 120;

/** How much longer a commit may take than the bare write, ms. */
const COMMIT_EXTRA_MS = 0.3;

/** Appends one block at a time and waits for it, in turns with a bare synchronous write + fdatasync of the same size. */
async function benchCommit(
  directory: string,
  folder: string,
  name: string,
  bytes: number,
): Promise<BenchRow> {
  const journal = await openJournal(directory);
  const bare = openBare(join(folder, "bare"), bytes);
  let number = 0;
  const { own, theirs } = await inTurns({
    own: () => distribution(COMMITS, () => journal.append(block(++number, bytes))),
    theirs: () => distribution(COMMITS, () => bare.append()),
  });
  bare.close();
  await journal.close();
  await checkReadable(directory, number, bytes);
  const p50s = (runs: { p50: number }[]) => runs.map(({ p50 }) => p50);
  return compared(
    { name, unit: "ms", runs: p50s(own), p99: own.map(({ p99 }) => p99) },
    { "bare write + fdatasync": p50s(theirs) },
    { atMost: median(p50s(theirs)) + COMMIT_EXTRA_MS },
  );
}

/** Of the times of `times` calls, ms. */
async function distribution(times: number, act: () => unknown): Promise<{ p50: number; p99: number }> {
  const took: number[] = [];
  for (let k = 0; k < times; k++) took.push(1000 * (await secondsOf(act)));
  return p50AndP99(took);
}

async function benchReading(directory: string): Promise<BenchRow[]> {
  const writer = await openJournal(directory);
  await append(writer, 1, RECORDING_BLOCKS, RECORDING_BLOCK_BYTES, 256);
  const snapshots = 40;
  for (let i = 1; i <= snapshots; i++) {
    const number = (RECORDING_BLOCKS / snapshots) * i;
    await writer.saveSnapshot(number, number * 1000, number * 256, new Uint8Array(50_000));
  }
  await writer.close();
  const bytes = RECORDING_BLOCKS * RECORDING_BLOCK_BYTES;
  const { opened, sought, read, plain } = await inTurns({
    opened: () => openingMs(directory),
    sought: () => seeksMs(directory),
    read: async () =>
      bytes /
      1e6 /
      (await secondsOf(() => checkReadable(directory, RECORDING_BLOCKS, RECORDING_BLOCK_BYTES))),
    plain: async () => bytes / 1e6 / (await secondsOf(() => readFiles(directory, bytes))),
  });
  return [
    limited(
      { name: "open a recording of 10 M samples (40,000 blocks)", unit: "ms", runs: opened },
      { atMost: 200 },
    ),
    limited(
      {
        name: "seek: locate a time, load its snapshot, read its block",
        unit: "ms",
        runs: sought.map(({ p50 }) => p50),
        p99: sought.map(({ p99 }) => p99),
      },
      { atMost: 250 },
    ),
    compared(
      { name: "open and read 40,000 blocks of 5.6 KB, CRC checked", unit: "MB/s", runs: read },
      { "reading the files": plain },
    ),
  ];
}

async function openingMs(directory: string): Promise<number> {
  const start = performance.now();
  const journal = await openJournal(directory, { readOnly: true });
  const ms = performance.now() - start;
  check(journal.last?.number === RECORDING_BLOCKS, "the last block", `block ${journal.last?.number}`);
  await journal.close();
  return ms;
}

async function seeksMs(directory: string): Promise<{ p50: number; p99: number }> {
  const journal = await openJournal(directory, { readOnly: true });
  let i = 0;
  const times = await distribution(300, async () => {
    // A stride that is prime to the number of blocks visits all parts of the recording.
    const expected = 1 + ((i++ * 16_411) % RECORDING_BLOCKS);
    const found = await journal.locate({ timeUs: expected * 1000 });
    await journal.loadSnapshot({ timeUs: expected * 1000 });
    for await (const entry of journal.read(found!)) {
      const sought = entry.kind === "block" && entry.block.number === expected;
      check(sought, `a seek that finds block ${expected}`, `it found ${found}`);
      break;
    }
  });
  await journal.close();
  return times;
}

/** Every byte of the recording, in pieces, as plain files. */
async function readFiles(directory: string, least: number): Promise<void> {
  let bytes = 0;
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    if (!entry.isFile()) continue;
    for await (const piece of createReadStream(join(directory, entry.name)))
      bytes += (piece as Uint8Array).length;
  }
  check(bytes >= least, `at least ${least} bytes`, `${bytes} bytes`);
}

async function append(
  journal: FileJournal,
  from: number,
  to: number,
  bytes: number,
  inFlight: number,
): Promise<void> {
  const pending: Promise<void>[] = [];
  for (let number = from; number <= to; number++) {
    pending.push(journal.append(block(number, bytes)));
    if (pending.length >= inFlight) await pending.shift();
  }
  await Promise.all(pending);
}

async function checkReadable(directory: string, blocks: number, bytes: number): Promise<void> {
  const journal = await openJournal(directory, { readOnly: true });
  let next = 1;
  for await (const entry of journal.read()) {
    if (entry.kind !== "block" || entry.block.number !== next || entry.block.bytes.length !== bytes)
      check(false, `block ${next}`, JSON.stringify(entry).slice(0, 200));
    const last = entry.block.bytes[bytes - 1];
    check(last === block(next, bytes).bytes[bytes - 1], `block ${next} as it was written`);
    next++;
  }
  await journal.close();
  check(next === blocks + 1, `${blocks} blocks`, `${next - 1} blocks`);
}

const payloads = new Map<number, Uint8Array>();

/** Blocks share their payload: the bench measures the journal, not the creation of bytes. */
function block(number: number, size: number): JournalBlock {
  let bytes = payloads.get(size);
  if (bytes === undefined) {
    bytes = new Uint8Array(size);
    for (let i = 0; i < size; i++) bytes[i] = Math.imul(i, 2_654_435_761) >>> 24;
    payloads.set(size, bytes);
  }
  const hash = new Uint8Array(32).fill(number);
  return {
    number,
    firstSequence: number * 256 - 255,
    lastSequence: number * 256,
    timeUs: number * 1000,
    hash,
    bytes,
  };
}
