/**
 * What may come next in a log: blocks are numbered without gaps; sequences and times never go back (lookups search by them);
 * a derived record belongs to a block that is in the log.
 *
 * The caller is our own runtime, so a violation is a programmer's error and throws before anything is stored.
 */
import { HASH_BYTES } from "../../protocol/limits.ts";
import type { BlockPosition, DerivedRecord } from "../ports/journal.ts";

export function checkNextBlock(last: BlockPosition | null, next: BlockPosition): void {
  const expected = last === null ? next.number : last.number + 1;
  if (!Number.isSafeInteger(next.number) || next.number < 1 || next.number !== expected)
    throw new RangeError(
      `Cannot append block ${next.number}: expected ${last === null ? "a whole number from 1" : expected}`,
    );
  if (next.hash.length !== HASH_BYTES)
    throw new RangeError(
      `Cannot append block ${next.number}: its hash has ${next.hash.length} bytes; expected ${HASH_BYTES}`,
    );
  checkWhole(next, "firstSequence");
  checkWhole(next, "lastSequence");
  checkWhole(next, "timeUs");
  if (last === null) return;
  if (next.lastSequence < last.lastSequence)
    throw new RangeError(
      `Cannot append block ${next.number}: its last sequence ${next.lastSequence} is before ${last.lastSequence} of the block before`,
    );
  if (next.timeUs < last.timeUs)
    throw new RangeError(
      `Cannot append block ${next.number}: its time ${next.timeUs} µs is before ${last.timeUs} µs of the block before`,
    );
}

/** Returns the last block: the record is kept after it. */
export function checkDerivedRecord(last: BlockPosition | null, record: DerivedRecord): BlockPosition {
  if (last !== null && Number.isSafeInteger(record.block) && record.block >= 1 && record.block <= last.number)
    return last;
  throw new RangeError(
    `Cannot append ${record.kind} of block ${record.block}: the last block is ${last === null ? "none" : last.number}`,
  );
}

/** 0 is the state before the first block. */
export function checkSnapshot(last: BlockPosition | null, block: number): void {
  const newest = last === null ? 0 : last.number;
  if (!Number.isSafeInteger(block) || block < 0 || block > newest)
    throw new RangeError(
      `Cannot save a snapshot after block ${block}: expected 0 to ${newest}, the last block`,
    );
}

/** A copy that shares nothing with what the caller may use again. */
export function copyPosition(position: BlockPosition): BlockPosition {
  const { number, firstSequence, lastSequence, timeUs, hash } = position;
  return { number, firstSequence, lastSequence, timeUs, hash: new Uint8Array(hash) };
}

function checkWhole(block: BlockPosition, field: "firstSequence" | "lastSequence" | "timeUs"): void {
  if (!Number.isSafeInteger(block[field]))
    throw new RangeError(
      `Cannot append block ${block.number}: ${field} is ${block[field]}; expected a whole number`,
    );
}
