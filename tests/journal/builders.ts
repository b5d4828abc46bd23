/** Blocks, notes and recordings for tests of journals. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { Disk } from "../../actors/journal/disk.ts";
import { readWhole } from "../../actors/journal/disk.ts";
import type { DerivedRecord, Journal, JournalBlock, JournalEntry } from "../../actors/ports/journal.ts";

/** Makes block `number` of a log: the same one whenever it is asked for the same. */
export type BlockMaker = (number: number, size?: number, timeUs?: number) => JournalBlock;

/** Block `number` with 10 inputs a block, 1 ms a block, and bytes that depend on its number alone. */
export function block(number: number, size = 40, timeUs = timeOf(number)): JournalBlock {
  return {
    number,
    firstSequence: (number - 1) * 10 + 1,
    lastSequence: number * 10,
    timeUs,
    hash: pattern(number * 7 + 3, 32),
    bytes: pattern(number, size),
  };
}

export function timeOf(number: number): number {
  return 1_700_000_000_000_000 + number * 1000;
}

export function note(number: number, size = 12): DerivedRecord {
  return {
    kind: number % 4 === 0 ? "checkpoint" : "derived",
    block: number,
    bytes: pattern(number + 1000, size),
  };
}

/** Bytes of a multiplicative generator: no run of them repeats within a file. */
export function pattern(seed: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

export async function appendAll(
  journal: Journal,
  from: number,
  to: number,
  size?: number,
  make: BlockMaker = block,
): Promise<void> {
  for (let number = from; number <= to; number++) await journal.append(make(number, size));
}

export async function collect(journal: Journal, from?: number): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = [];
  for await (const entry of journal.read(from)) entries.push(entry);
  return entries;
}

/** Numbers of the blocks that are read, each checked to be byte for byte `make(number, size)`. */
export async function blockNumbers(
  journal: Journal,
  from?: number,
  size?: number,
  make: BlockMaker = block,
): Promise<number[]> {
  const numbers: number[] = [];
  for await (const entry of journal.read(from)) {
    if (entry.kind !== "block") continue;
    assert.equal(entry.block, make(entry.block.number, size ?? entry.block.bytes.length));
    numbers.push(entry.block.number);
  }
  return numbers;
}

export async function damageOf(journal: Journal, from?: number) {
  const damage: { file: string; offset: number; length: number; reason: string }[] = [];
  for await (const entry of journal.read(from)) {
    if (entry.kind !== "damage") continue;
    const { file, offset, length, reason } = entry;
    damage.push({ file, offset, length, reason });
  }
  return damage;
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i);
}

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), "eigenwatch-journal-"));
}

export function removeFolder(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

/** A folder that is removed afterwards. */
export async function withFolder(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = makeFolder();
  try {
    await act(directory);
  } finally {
    removeFolder(directory);
  }
}

export async function cutFile(disk: Disk, path: string, size: number): Promise<void> {
  const file = await disk.open(path, "write");
  await file.truncate(size);
  await file.sync();
  await file.close();
}

export async function changeByte(disk: Disk, path: string, offset: number): Promise<void> {
  const file = await disk.open(path, "write");
  const byte = new Uint8Array(1);
  assert.is(await file.read(byte, offset), 1, `byte ${offset} of ${path}`);
  byte[0]! ^= 0x5a;
  await file.write(byte, offset);
  await file.sync();
  await file.close();
}

/** A copy of a folder's files on another disk. */
export async function copyFiles(from: Disk, to: Disk, directory: string): Promise<void> {
  for (const name of await from.list(directory)) {
    const file = await to.open(join(directory, name), "create");
    await file.write(await readWhole(from, join(directory, name)), 0);
    await file.sync();
  }
  await to.syncDirectory(directory);
}

export async function rejection(promise: Promise<unknown> | null): Promise<Error> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("resolved; expected a rejection");
}
