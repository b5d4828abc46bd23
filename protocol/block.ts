/**
 * A block: inputs of one partition in order; the unit of durability, of hashing and of messages between nodes.
 *
 *   [version, 0x40, { partition, epoch, number, previousHash, firstSequence, timeUs, count, times, inputs }]
 *
 *   times    count × float64, little-endian: logical time of each input, never falling
 *   inputs   per input: its length as uint32, little-endian, then its encoded message
 *
 * B1  Input k of a block has sequence firstSequence + k.
 * B2  A block holds 1 to MAX_BLOCK_INPUTS inputs and takes at most MAX_BLOCK_BYTES.
 * B3  Equal inputs give equal bytes, so the SHA-256 over a block's bytes can chain it to the next.
 *
 * The hash itself is computed outside. Any message may be an input here; what an input may be is the sequencer's business.
 */
import { decodeAs, encodeMessage } from "./codec.ts";
import { float64Bytes, viewOf } from "./columns.ts";
import { LimitExceeded, MalformedMessage } from "./errors.ts";
import { MAX_BLOCK_BYTES, MAX_BLOCK_INPUTS } from "./limits.ts";
import type { Checkpoint, Derived, EventMessage } from "./messages.ts";

/** Stands for the block before the first. */
export const GENESIS_HASH: Uint8Array = new Uint8Array(32);

/** All of an encoded block but times and inputs: keys, a name of 128 bytes, hash, numbers. */
const MAX_HEADER_BYTES = 512;

/** Bytes of one input in a block beside its message: its time and its length. */
const INPUT_OVERHEAD = 12;

export interface BlockStart {
  partition: string;
  epoch: number;
  /** 1, 2, … */
  number: number;
  /** SHA-256 of the encoded block before, or GENESIS_HASH. */
  previousHash: Uint8Array;
  firstSequence: number;
}

export interface ClosedBlock {
  bytes: Uint8Array;
  /** Where in `bytes` the inputs begin: an input's message stands at this plus what \`add\` returned for it. */
  inputsAt: number;
  lastSequence: number;
  /** Logical time of the last input, µs. */
  timeUs: number;
}

/** Gathers inputs; `start` it again after `close` to reuse its buffer. One copy an input when added, one when closed. */
export class BlockBuilder {
  #start: BlockStart;
  #count = 0;
  #length = 0;
  #times = new Float64Array(MAX_BLOCK_INPUTS);
  #bytes = new Uint8Array(65_536);

  constructor(start: BlockStart) {
    this.#start = start;
  }

  /** Begins the next block. */
  start(start: BlockStart): void {
    this.#start = start;
    this.#count = 0;
    this.#length = 0;
  }

  /** Inputs so far. */
  get inputs(): number {
    return this.#count;
  }

  /** Most bytes the block would take if it were closed now. */
  get byteLength(): number {
    return MAX_HEADER_BYTES + this.#length + 8 * this.#count;
  }

  /** Whether an input of so many bytes still goes in; an empty block takes any input of at most MAX_INPUT_BYTES. */
  fits(messageBytes: number): boolean {
    return (
      this.#count < MAX_BLOCK_INPUTS && this.byteLength + INPUT_OVERHEAD + messageBytes <= MAX_BLOCK_BYTES
    );
  }

  /** Adds an encoded message at its logical time; its offset among the inputs. Throws when it does not fit, or time goes back. */
  add(timeUs: number, message: Uint8Array): number {
    if (!this.fits(message.length)) {
      throw new LimitExceeded(
        "add to block",
        `input ${this.#count + 1} of ${message.length} bytes at ${this.byteLength} bytes`,
        `at most MAX_BLOCK_INPUTS (${MAX_BLOCK_INPUTS}) and MAX_BLOCK_BYTES (${MAX_BLOCK_BYTES})`,
      );
    }
    const last = this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#times[this.#count - 1]!;
    if (!Number.isSafeInteger(timeUs) || timeUs < last) {
      throw new MalformedMessage(
        "add to block",
        `time ${timeUs} after ${last}`,
        "integer µs that never fall",
      );
    }
    const end = this.#length + 4 + message.length;
    if (end > this.#bytes.length) this.#grow(end);
    writeUint32(this.#bytes, this.#length, message.length);
    this.#bytes.set(message, this.#length + 4);
    this.#length = end;
    this.#times[this.#count++] = timeUs;
    return end - message.length;
  }

  close(): ClosedBlock {
    const count = this.#count;
    if (count === 0) throw new MalformedMessage("close block", "no inputs", "at least one");
    const timeUs = this.#times[count - 1]!;
    const bytes = encodeMessage({
      type: "block",
      ...this.#start,
      timeUs,
      count,
      times: float64Bytes(this.#times, count),
      inputs: this.#bytes.subarray(0, this.#length),
    });
    // The inputs are the last field of the last value.
    const inputsAt = bytes.length - this.#length;
    return { bytes, inputsAt, lastSequence: this.#start.firstSequence + count - 1, timeUs };
  }

  #grow(needed: number): void {
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
  }
}

export interface DecodedBlock extends BlockStart {
  lastSequence: number;
  timeUs: number;
  /** How many. */
  inputs: number;
  /** Calls `visit` per input in order; the message is a view of the block's bytes. */
  forEach(visit: (sequence: number, timeUs: number, message: Uint8Array) => void): void;
}

/** Reads a block and checks that its parts agree; the messages in it are not looked into. */
export function decodeBlock(bytes: Uint8Array): DecodedBlock {
  const { partition, epoch, number, previousHash, firstSequence, timeUs, count, times, inputs } = decodeAs(
    "block",
    bytes,
  );
  checkTimes(times, count, timeUs);
  checkLengths(inputs, count);
  return {
    partition,
    epoch,
    number,
    previousHash,
    firstSequence,
    lastSequence: firstSequence + count - 1,
    timeUs,
    inputs: count,
    forEach(visit) {
      const data = viewOf(times);
      let at = 0;
      for (let k = 0; k < count; k++) {
        const start = at + 4;
        at = start + readUint32(inputs, at);
        visit(firstSequence + k, data.getFloat64(8 * k, true), inputs.subarray(start, at));
      }
    },
  };
}

function checkTimes(times: Uint8Array, count: number, timeUs: number): void {
  if (times.length !== 8 * count)
    throw new MalformedMessage("decode block", `${times.length / 8} times`, `${count}, one an input`);
  const data = viewOf(times);
  let last = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < count; k++) {
    const time = data.getFloat64(8 * k, true);
    if (!Number.isSafeInteger(time) || time < last) {
      throw new MalformedMessage(
        "decode block",
        `time ${time} of input ${k} after ${last}`,
        "integer µs that never fall",
      );
    }
    last = time;
  }
  if (last !== timeUs)
    throw new MalformedMessage("decode block", `timeUs ${timeUs}`, `the last input's time ${last}`);
}

function checkLengths(inputs: Uint8Array, count: number): void {
  let at = 0;
  for (let k = 0; k < count; k++) {
    if (at + 4 > inputs.length)
      throw new MalformedMessage("decode block", `the inputs end before input ${k}`, `${count} inputs`);
    at += 4 + readUint32(inputs, at);
  }
  if (at !== inputs.length) {
    throw new MalformedMessage(
      "decode block",
      `inputs of ${at} bytes by their lengths`,
      `the ${inputs.length} that are there`,
    );
  }
}

/** Events that the core announced while it worked on block number `block`. A block may have several such notes, read in order. */
export function encodeDerived(block: number, events: EventMessage[]): Uint8Array {
  return encodeMessage({ type: "derived", block, events });
}

export function decodeDerived(bytes: Uint8Array): { block: number; events: EventMessage[] } {
  const { block, events } = decodeAs("derived", bytes) as Derived;
  return { block, events: events.map((event) => ({ type: "event", ...event })) };
}

/** Hash of the registered state after a block, and of its parts. */
export function encodeCheckpoint(checkpoint: Omit<Checkpoint, "type">): Uint8Array {
  return encodeMessage({ type: "checkpoint", ...checkpoint });
}

export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  return decodeAs("checkpoint", bytes);
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function readUint32(bytes: Uint8Array, at: number): number {
  return bytes[at]! + bytes[at + 1]! * 0x100 + bytes[at + 2]! * 0x10000 + bytes[at + 3]! * 0x1000000;
}
