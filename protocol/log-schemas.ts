/** The bodies of messages in a journal: blocks of inputs, records derived from them, hashes and snapshots of the state, take-overs; and what nodes say to each other. */
import * as v from "valibot";
import { ERROR_KINDS } from "./errors.ts";
import { bytes, count, float64s, hash32, name, timeUs } from "./fields.ts";
import {
  MAX_BLOCK_INPUTS,
  MAX_BLOCKED,
  MAX_CHECKPOINT_PARTS,
  MAX_DERIVED_RECORD_BYTES,
  MAX_ENTRY_RECORDS,
  MAX_NODE_ROLES,
  MAX_PARTITIONS,
  MAX_PRESENCE_ENTRIES,
  MAX_RECORD_EVENTS,
} from "./limits.ts";
import { authored, event } from "./schemas.ts";

/** Inputs of one partition in order (block.ts). */
export const block = v.object({
  partition: name,
  /** Epoch of the owner: counts take-overs. */
  epoch: count,
  /** 1, 2, … without gaps. */
  number: v.pipe(count, v.minValue(1)),
  /** SHA-256 of the previous encoded block; 32 zero bytes for the first. */
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

/** Events that the core derived from a block. A block may have several such records, in order. */
export const derived = v.object({
  block: count,
  events: v.pipe(v.array(event), v.maxLength(MAX_RECORD_EVENTS)),
});

/** Hash of the whole registered state after `block`, and of each part, so that a replay can name the part that differs. */
export const checkpoint = v.object({
  block: count,
  /** Last input of the block, and its logical time. */
  sequence: count,
  timeUs,
  /** Which state was hashed: hashes of different versions cannot be compared. Absent: 1. */
  stateVersion: v.optional(count),
  hash: v.pipe(bytes, v.length(16)),
  parts: v.pipe(
    v.array(v.object({ actor: name, field: name, hash: v.pipe(bytes, v.length(8)) })),
    v.maxLength(MAX_CHECKPOINT_PARTS),
  ),
});

/** State of the core after `block`; only the core reads `state`. */
export const snapshot = v.object({
  block: count,
  sequence: count,
  timeUs,
  hash: v.pipe(bytes, v.length(16)),
  state: bytes,
});

/** A node takes over a partition: a control record without input sequence and logical time. */
export const takeover = v.object({
  partition: name,
  /** The previous epoch plus one. */
  epoch: v.pipe(count, v.minValue(1)),
  lastBlock: count,
  lastHash: hash32,
  /** The node and when it started: unique among owners. */
  owner: name,
});

/** A `derived` or `checkpoint` record in a log that several nodes write, with the epoch of its author, so that readers know whose it is. */
export const derivedRecord = v.object({
  partition: name,
  epoch: count,
  /** 1, 2, … in the epoch, without gaps. */
  number: v.pipe(count, v.minValue(1)),
  /** The number of its block. */
  block: v.pipe(count, v.minValue(1)),
  kind: v.picklist(["derived", "checkpoint"]),
  /** The encoded record, or a part of it. */
  body: bytes,
  /** How many bytes of it are still to come, in the next derived records; absent: none. */
  bytesToCome: v.optional(v.pipe(count, v.minValue(1), v.maxValue(MAX_DERIVED_RECORD_BYTES))),
});

/** A block and the records that follow it, as one entry of a log that several nodes write. */
export const blockWithRecords = v.object({
  /** The encoded block. */
  block: bytes,
  /** Encoded derived records, in their order. */
  records: v.pipe(v.array(bytes), v.minLength(1), v.maxLength(MAX_ENTRY_RECORDS)),
});

/** A node reports that it runs, and what it owns. */
export const heartbeat = v.object({
  node: name,
  /** When it started, by its own clock. */
  sinceUs: timeUs,
  owns: v.pipe(
    v.array(
      v.object({
        partition: name,
        epoch: count,
        /** It is still recovering the core. */
        opening: v.optional(v.boolean()),
      }),
    ),
    v.maxLength(MAX_PARTITIONS),
  ),
  /** What it does; absent: it may own partitions. */
  roles: v.optional(v.pipe(v.array(name), v.maxLength(MAX_NODE_ROLES))),
  /** It reads the logs for the first time, and is given a partition only if no other node has read its log. */
  catchingUp: v.optional(v.boolean()),
  /** How many partitions the session has by its options: the same on all nodes. */
  partitions: v.optional(count),
  /** After how long a silence it counts others out, by its options: the same on all nodes. */
  memberTtlMs: v.optional(count),
  /** Partitions that it owns, or would take over, and that take no input: why, and what to do. */
  blocked: v.optional(
    v.pipe(v.array(v.object({ partition: name, reason: v.string() })), v.maxLength(MAX_BLOCKED)),
  ),
});

/** A gateway asks the owner of the partition to carry out a command (commands.ts). */
export const request = v.object({
  /** Unique in the session: an owner carries out a command of one id once, and its input carries the id. */
  id: name,
  /** Of the owner that is asked: no other one carries it out. */
  epoch: count,
  /** A row of COMMANDS. */
  command: name,
  /** Who sends it, as the gateway verified. Without a role, the least one counts. */
  ...authored,
  /** JSON. */
  body: v.string(),
});

/** What became of a command or an offer. */
export const answer = v.object({
  /** Of the node that answers. */
  epoch: count,
  /** JSON of what the command answers, "" for an offer that was taken; absent when it was refused, and while there is no answer yet. */
  body: v.optional(v.string()),
  /** Why it was refused. */
  error: v.optional(
    v.object({
      action: v.string(),
      value: v.string(),
      expected: v.string(),
      kind: v.picklist(ERROR_KINDS),
    }),
  ),
});

/** A feed of another process, or the owner of the session's room, offers messages that must not be lost. */
export const offer = v.object({
  /** Unique among the offers of its source: an owner takes an offer of one id once. */
  id: name,
  /** The offer before it, while that one is not answered: an owner that has not taken it refuses this one. */
  after: v.optional(name),
  /** Encoded, in order. Of commands none: that asks how many there are. */
  messages: v.pipe(v.array(bytes), v.maxLength(MAX_BLOCK_INPUTS)),
});

/** A gateway tells the others who is at the session's shared document through it. Nobody keeps it. */
export const presence = v.object({
  /** Unlike any other process of the session. */
  gateway: name,
  /** How many connections to the document it has. */
  connections: count,
  /** It has begun, and the others are to tell it all they have. */
  asks: v.optional(v.boolean()),
  /** What its clients show, each under its Yjs client id; `state`: JSON, "null" of one who has left. `person`: the id of the principal. */
  entries: v.pipe(
    v.array(v.object({ writer: count, clock: count, person: name, state: v.string() })),
    v.maxLength(MAX_PRESENCE_ENTRIES),
  ),
});
