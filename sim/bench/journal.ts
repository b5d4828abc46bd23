/**
 * Speed of writing, opening and reading recordings, compared with bare write + fdatasync of the same bytes in the same run.
 * Everything is read back and checked.
 */
import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { FileJournal } from "../../actors/journal/file.ts";
import { openJournal } from "../../actors/journal/file.ts";
import type { JournalBlock } from "../../actors/ports/journal.ts";
import { inTemporaryFolder, p50AndP99 } from "./measure.ts";
import type { BenchRow } from "./row.ts";

/** 8,192 samples of 14 bytes: time and channel mostly deltas, value whole. */
const LARGE_BYTES = 115_000;
const SMALL_BYTES = 4096;

/** The journal and the bare loop take turns, so that both meet the same disk. */
const SUSTAINED_TURNS = 10;

/** 10 M samples in blocks of 256 as frames carry them: 22 bytes a sample. */
const RECORDING_BLOCKS = 40_000;
const RECORDING_BLOCK_BYTES = 5632;

/** Takes about ten seconds and 300 MB of disk. */
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
  const fd = openSync(`${directory}.bare`, "w");
  const payload = block(1, bytes).bytes;
  await append(journal, 1, 50, bytes, inFlight);
  let number = 50;
  let at = 0;
  let ownMs = 0;
  let bareMs = 0;
  const perTurn = blocks / SUSTAINED_TURNS;
  for (let turn = 0; turn < SUSTAINED_TURNS; turn++) {
    const start = performance.now();
    await append(journal, number + 1, number + perTurn, bytes, inFlight);
    const middle = performance.now();
    // A fifth is enough to measure the rate: the bare loop of small blocks is slow.
    for (let i = 0; i < perTurn / 5; i++) {
      at += writeSync(fd, payload, 0, bytes, at);
      fdatasyncSync(fd);
    }
    number += perTurn;
    ownMs += middle - start;
    bareMs += (performance.now() - middle) * 5;
  }
  closeSync(fd);
  await journal.close();
  await checkReadable(directory, number, bytes);
  const perSecond = (blocks / ownMs) * 1000;
  const rate =
    bytes === LARGE_BYTES
      ? { value: (perSecond * bytes) / 1e6, unit: "MB/s", target: 60 }
      : { value: perSecond, unit: "blocks/s", target: 5000 };
  return { name, ...rate, ratioTo: "bare write + fdatasync of each block", ratio: bareMs / ownMs };
}

/**
 * Appends one block at a time and waits for it, in turns with a bare synchronous write + fdatasync of the same size, so that both meet
 * the same disk. The target is the bare p50 + 0.3 ms.
 */
async function benchCommit(
  directory: string,
  folder: string,
  name: string,
  bytes: number,
): Promise<BenchRow> {
  const journal = await openJournal(directory);
  const fd = openSync(join(folder, "bare"), "w");
  const payload = block(1, bytes).bytes;
  const own: number[] = [];
  const bare: number[] = [];
  let number = 1;
  let at = 0;
  for (let turn = 0; turn < 30; turn++) {
    for (let i = 0; i < 20; i++, number++) {
      const next = block(number, bytes);
      const start = performance.now();
      await journal.append(next);
      own.push(performance.now() - start);
    }
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      at += writeSync(fd, payload, 0, bytes, at);
      fdatasyncSync(fd);
      bare.push(performance.now() - start);
    }
  }
  closeSync(fd);
  await journal.close();
  const { p50, p99 } = p50AndP99(own);
  const { p50: bareP50, p99: bareP99 } = p50AndP99(bare);
  return {
    name,
    value: p50,
    unit: "ms",
    p50,
    p99,
    target: bareP50 + 0.3,
    ratioTo: "bare write + fdatasync",
    ratio: p50 / bareP50,
    note: `bare p50 ${bareP50.toFixed(3)} ms, p99 ${bareP99.toFixed(3)} ms`,
  };
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

  const opening: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    const journal = await openJournal(directory, { readOnly: true });
    opening.push(performance.now() - start);
    if (journal.last?.number !== RECORDING_BLOCKS) throw new Error(`Opened at block ${journal.last?.number}`);
    await journal.close();
  }

  const journal = await openJournal(directory, { readOnly: true });
  const seeks: number[] = [];
  for (let i = 0; i < 300; i++) {
    // A stride that is prime to the number of blocks visits all parts of the recording.
    const expected = 1 + ((i * 16_411) % RECORDING_BLOCKS);
    const start = performance.now();
    const found = await journal.locate({ timeUs: expected * 1000 });
    await journal.loadSnapshot({ timeUs: expected * 1000 });
    for await (const entry of journal.read(found!)) {
      if (entry.kind !== "block" || entry.block.number !== expected)
        throw new Error(`Seek to ${expected} found ${found}`);
      break;
    }
    seeks.push(performance.now() - start);
  }

  const start = performance.now();
  await checkReadable(directory, RECORDING_BLOCKS, RECORDING_BLOCK_BYTES);
  const seconds = (performance.now() - start) / 1000;
  await journal.close();
  const [opened, sought] = [p50AndP99(opening), p50AndP99(seeks)];
  return [
    {
      name: "open a recording of 10 M samples (40,000 blocks)",
      value: opened.p50,
      unit: "ms",
      ...opened,
      target: 200,
    },
    {
      name: "seek: locate a time, load its snapshot, read its block",
      value: sought.p50,
      unit: "ms",
      ...sought,
      target: 250,
    },
    {
      name: "open and read 40,000 blocks of 5.6 KB, CRC checked",
      value: (RECORDING_BLOCKS * RECORDING_BLOCK_BYTES) / seconds / 1e6,
      unit: "MB/s",
      note: `${Math.round(RECORDING_BLOCKS / seconds)} blocks/s`,
    },
  ];
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
      throw new Error(`Read ${JSON.stringify(entry).slice(0, 200)} where block ${next} was expected`);
    if (entry.block.bytes[bytes - 1] !== block(next, bytes).bytes[bytes - 1])
      throw new Error(`Block ${next} differs`);
    next++;
  }
  await journal.close();
  if (next !== blocks + 1) throw new Error(`Read ${next - 1} blocks; expected ${blocks}`);
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
