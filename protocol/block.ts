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
 * The hash is computed elsewhere. Any message may be an input here; the sequencer decides which messages are inputs.
 */
import { decodeBlockFast } from "./block-decode.ts";
import { encodeBlockFast } from "./block-encode.ts";
import { decodeAs, encodeMessage } from "./codec.ts";
import { float64Bytes, viewOf } from "./columns.ts";
import { LimitExceeded, MalformedMessage } from "./errors.ts";
import { HASH_BYTES, MAX_BLOCK_BYTES, MAX_BLOCK_INPUTS } from "./limits.ts";
import type { Checkpoint, Derived, EventMessage } from "./messages.ts";

/** `previousHash` of the first block. */
export const GENESIS_HASH: Uint8Array = new Uint8Array(HASH_BYTES);

/** An encoded block without times and inputs: keys, a name of 128 bytes, hash, numbers. */
const MAX_HEADER_BYTES = 512;

/** Bytes of one input in a block in addition to its message: its time and its length. */
const INPUT_OVERHEAD = 12;

export interface BlockStart {
  partition: string;
  epoch: number;
  /** 1, 2, … */
  number: number;
  /** SHA-256 of the previous encoded block, or GENESIS_HASH. */
  previousHash: Uint8Array;
  firstSequence: number;
}

export interface ClosedBlock {
  bytes: Uint8Array;
  /** Where the inputs begin in `bytes`. The message of an input is at this offset plus the offset that `add` returned. */
  inputsAt: number;
  lastSequence: number;
  /** Logical time of the last input, µs. */
  timeUs: number;
}

/** Gathers inputs. Call `start` after `close` to reuse the buffer. Copies each input once when it is added and once when the block is closed. */
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

  /** Number of inputs so far. */
  get inputs(): number {
    return this.#count;
  }

  /** Most bytes of the block if it were closed now. */
  get byteLength(): number {
    return MAX_HEADER_BYTES + this.#length + 8 * this.#count;
  }

  /** Whether there is room for an input of this many bytes. An empty block has room for any input of at most MAX_INPUT_BYTES. */
  fits(messageBytes: number): boolean {
    return (
      this.#count < MAX_BLOCK_INPUTS && this.byteLength + INPUT_OVERHEAD + messageBytes <= MAX_BLOCK_BYTES
    );
  }

  /** Adds an encoded message at its logical time and returns its offset among the inputs. Throws if it does not fit or its time is earlier than the last. */
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
    const bytes =
      encodeBlockFast(this.#start, this.#times, count, this.#bytes, this.#length) ??
      encodeMessage({
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
  /** Number of inputs. */
  inputs: number;
  /** Calls `visit` for each input in order. The message is a view of the bytes of the block. */
  forEach(visit: (sequence: number, timeUs: number, message: Uint8Array) => void): void;
}

/** Reads a block and checks that its fields agree. Does not decode the messages in it. */
export function decodeBlock(bytes: Uint8Array): DecodedBlock {
  const { partition, epoch, number, previousHash, firstSequence, timeUs, count, times, inputs } =
    decodeBlockFast(bytes) ?? decodeAs("block", bytes);
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
    throw new MalformedMessage("decode block", `inputs of ${at} bytes by their lengths`, `${inputs.length}`);
  }
}

/** Events that the core derived from block number `block`. A block may have several such records, in order. */
export function encodeDerived(block: number, events: EventMessage[]): Uint8Array {
  return encodeMessage({ type: "derived", block, events });
}

export function decodeDerived(bytes: Uint8Array): { block: number; events: EventMessage[] } {
  const { block, events } = decodeAs("derived", bytes) as Derived;
  return { block, events: events.map((event) => ({ type: "event", ...event })) };
}

/** Hash of the registered state after a block, and of each part of it. */
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
