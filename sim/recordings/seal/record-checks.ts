/**
 * What must agree between the records of a recording, one after the other: block to block, note to block.
 *
 * V1  Block numbers, input sequences and times follow one another; each block names the hash of the one before and gives its own.
 * V2  A note belongs to a block before it; events are numbered without gaps; a state hash stands at its block's last input.
 *
 * After damage that is already reported, expectations begin anew: what is missing there follows from it.
 */
import { sameBytes, sha256 } from "../../../actors/mod.ts";
import type { BlockPosition } from "../../../actors/ports/journal.ts";
import { decodeBlock, decodeCheckpoint, decodeDerived } from "../../../protocol/block.ts";
import { errorText } from "../../../protocol/errors.ts";

/** Blocks whose ends are remembered for their notes: a note follows its block closely. */
const REMEMBERED_BLOCKS = 4096;

/** Reports a disagreement. */
export type Report = (reason: string) => void;

export class RecordChecks {
  blocks = 0;
  inputs = 0;
  events = 0;
  checkpoints = 0;
  first: BlockPosition | null = null;
  last: BlockPosition | null = null;
  /** Hash that the first block names as the one before it. */
  before: Uint8Array | null = null;
  private readonly partition: string;
  /** Last input and time by block. */
  private readonly ends = new Map<number, { sequence: number; timeUs: number }>();
  private previous: BlockPosition | null = null;
  private eventSequence: number | null = null;

  /** The partition that the headers of segments name. */
  constructor(partition: string) {
    this.partition = partition;
  }

  /** After damage nothing is known of what came before. */
  forget(): void {
    this.previous = null;
    this.eventSequence = null;
  }

  block(position: BlockPosition, bytes: Uint8Array, report: Report): void {
    const { number } = position;
    try {
      this.chained(position, bytes, report);
    } catch (error) {
      report(`block ${number} cannot be read: ${errorText(error)}`);
    }
    this.blocks++;
    this.inputs += position.lastSequence - position.firstSequence + 1;
    this.first ??= position;
    this.last = this.previous = position;
    this.ends.set(number, { sequence: position.lastSequence, timeUs: position.timeUs });
    this.ends.delete(number - REMEMBERED_BLOCKS);
  }

  private chained(position: BlockPosition, bytes: Uint8Array, report: Report): void {
    const { number } = position;
    const { previous } = this;
    if (!sameBytes(sha256(bytes), position.hash)) report(`block ${number} does not give its hash`);
    const block = decodeBlock(bytes);
    for (const name of ["number", "firstSequence", "lastSequence", "timeUs"] as const) {
      if (block[name] !== position[name])
        report(
          `the record of block ${number} says ${name} ${position[name]}, the block itself ${block[name]}`,
        );
    }
    if (block.partition !== this.partition)
      report(`block ${number} is of partition ${block.partition}, the recording of ${this.partition}`);
    this.before ??= Uint8Array.from(block.previousHash);
    if (previous === null) return;
    if (!sameBytes(block.previousHash, previous.hash))
      report(`block ${number} does not name the block before it`);
    if (block.firstSequence !== previous.lastSequence + 1)
      report(
        `block ${number} begins with input ${block.firstSequence}; expected ${previous.lastSequence + 1}`,
      );
    if (block.timeUs < previous.timeUs) report(`block ${number} goes back in time`);
  }

  derived(number: number, bytes: Uint8Array, report: Report): void {
    const note = read(() => decodeDerived(bytes), `the events of block ${number}`, report);
    if (note === null) return;
    const end = this.ends.get(number);
    if (note.block !== number) report(`a note of block ${number} says that it is of block ${note.block}`);
    for (const { sequence, id } of note.events) {
      const input = Number(id.split("/").at(-2));
      if (end !== undefined && input > end.sequence)
        report(`event ${id} is said to be of block ${number}, which ends with input ${end.sequence}`);
      const expected = this.eventSequence === null ? sequence : this.eventSequence + 1;
      if (sequence !== expected) report(`event ${sequence} stands where event ${expected} was expected`);
      this.eventSequence = sequence;
    }
    this.events += note.events.length;
  }

  checkpoint(number: number, bytes: Uint8Array, report: Report): void {
    const note = read(() => decodeCheckpoint(bytes), `the state hash of block ${number}`, report);
    if (note === null) return;
    this.checkpoints++;
    if (note.block !== number)
      report(`a state hash of block ${number} says that it is of block ${note.block}`);
    this.endsAt(number, note, "state hash", report);
  }

  /** That a state hash or a snapshot after a block stands at the block's last input. */
  endsAt(number: number, at: { sequence: number; timeUs: number }, what: string, report: Report): void {
    const end = this.ends.get(number);
    if (end === undefined || (end.sequence === at.sequence && end.timeUs === at.timeUs)) return;
    report(
      `the ${what} of block ${number} stands at input ${at.sequence}, ${at.timeUs} µs; the block ends at input ${end.sequence}, ${end.timeUs} µs`,
    );
  }
}

function read<T>(decode: () => T, what: string, report: Report): T | null {
  try {
    return decode();
  } catch (error) {
    report(`${what} cannot be read: ${errorText(error)}`);
    return null;
  }
}
