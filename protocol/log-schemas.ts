/** The bodies of what a journal keeps: blocks of inputs, what was derived from them, hashes and snapshots of the state, take-overs; and what nodes say of themselves. */
import * as v from "valibot";
import { bytes, count, float64s, hash32, name, timeUs } from "./fields.ts";
import { MAX_BLOCK_INPUTS, MAX_CHECKPOINT_PARTS, MAX_NOTE_EVENTS, MAX_PARTITIONS } from "./limits.ts";
import { event } from "./schemas.ts";

/** Inputs of one partition in order (block.ts). */
export const block = v.object({
  partition: name,
  /** Owner's epoch: counts take-overs. */
  epoch: count,
  /** 1, 2, … without gaps. */
  number: v.pipe(count, v.minValue(1)),
  /** SHA-256 of the encoded block before; 32 zero bytes before the first. */
  previousHash: hash32,
  /** Sequence of the first input; the k-th has `firstSequence + k`. */
  firstSequence: v.pipe(count, v.minValue(1)),
  /** Logical time of the last input. */
  timeUs,
  count: v.pipe(count, v.minValue(1), v.maxValue(MAX_BLOCK_INPUTS)),
  /** Logical time of each input, float64, never falling. */
  times: float64s,
  /** Each input: its length as uint32, then its encoded message. */
  inputs: bytes,
});

/** What the core announced while it worked on a block. A block may have several such notes, in order. */
export const derived = v.object({
  block: count,
  events: v.pipe(v.array(event), v.maxLength(MAX_NOTE_EVENTS)),
});

/** Hash of the whole registered state after `block`, and of each part, so that a replay can name what differs. */
export const checkpoint = v.object({
  block: count,
  /** Last input folded in, and its logical time. */
  sequence: count,
  timeUs,
  hash: v.pipe(bytes, v.length(16)),
  parts: v.pipe(
    v.array(v.object({ actor: name, field: name, hash: v.pipe(bytes, v.length(8)) })),
    v.maxLength(MAX_CHECKPOINT_PARTS),
  ),
});

/** The core's state after `block`; `state` is the core's own business. */
export const snapshot = v.object({
  block: count,
  sequence: count,
  timeUs,
  hash: v.pipe(bytes, v.length(16)),
  state: bytes,
});

/** A node takes a partition over: a control record of the log, with no input sequence and no logical time. */
export const takeover = v.object({
  partition: name,
  /** The epoch before plus one. */
  epoch: v.pipe(count, v.minValue(1)),
  lastBlock: count,
  lastHash: hash32,
  /** The node, and when this life of it began: unlike any other owner's. */
  owner: name,
});

/** A note (`derived`, `checkpoint`) in a log that several nodes write: with its author's epoch, so that readers can tell whose it is. */
export const note = v.object({
  partition: name,
  epoch: count,
  /** 1, 2, … in the epoch, without gaps. */
  number: v.pipe(count, v.minValue(1)),
  /** The block it belongs to. */
  block: v.pipe(count, v.minValue(1)),
  kind: v.picklist(["derived", "checkpoint"]),
  /** The encoded note. */
  body: bytes,
});

/** A node says that it is there, and what it owns. */
export const announcement = v.object({
  node: name,
  /** When this life of it began, by its own clock. */
  sinceUs: timeUs,
  owns: v.pipe(v.array(v.object({ partition: name, epoch: count })), v.maxLength(MAX_PARTITIONS)),
});
