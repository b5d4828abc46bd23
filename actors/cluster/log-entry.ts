/**
 * Entries of a partition's stream, from their bytes: the fields that admission reads, and the place of a block in the log.
 *
 *   stored entry ─► take-over │ derived record │ block │ block with records: its parts, one after the other
 *
 * A stored entry with several parts is as good as several entries: all readers unfold it before they judge.
 *
 * Bytes that are no entry are read as one to skip: everyone who can reach the servers can write to a stream.
 */
import { decodeBlock } from "../../protocol/block.ts";
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { readEnvelope } from "../../protocol/envelope.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { joinedBytes } from "../../protocol/joined-bytes.ts";
import { MAX_ENTRY_RECORDS, MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import { type MessageName, nameOfCode } from "../../protocol/messages.ts";
import { sha256 } from "../log/chain.ts";
import type { StreamEntry } from "../ports/bus.ts";
import type { BlockPosition, DerivedRecord } from "../ports/journal.ts";
import type { LogEntry } from "./admission.ts";

export type StreamedBlock = Extract<LogEntry, { kind: "block" }> &
  BlockPosition & {
    /** Where the block begins and ends in the bytes of the stored entry. */
    readonly from: number;
    readonly to: number;
  };
export type StreamedTakeover = Extract<LogEntry, { kind: "takeover" }>;
export type StreamedRecord = Extract<LogEntry, { kind: "derivedRecord" }> & {
  /** The record, or a part of it. */
  readonly record: DerivedRecord;
  /** Bytes of it in the derived records that follow. */
  readonly bytesToCome: number;
};
export type StreamedEntry = StreamedBlock | StreamedTakeover | StreamedRecord | { kind: "undecodable" };

/**
 * Entries that were read, as long as a bus keeps them. Recoveries and seeks read a log again, and several readers may share a process: an entry
 * that the bus hands out as the same object is decoded and hashed once.
 */
const known = new WeakMap<StreamEntry, readonly StreamedEntry[]>();

/** What a stored entry says, in order. Its bytes belong to others as well: copy what is handed on. */
export function entriesOf(stored: StreamEntry): readonly StreamedEntry[] {
  let found = known.get(stored);
  if (found === undefined) {
    found = readEntries(stored.bytes);
    known.set(stored, found);
  }
  return found;
}

/** The encoded block of a stored entry. */
export function blockBytes({ from, to }: StreamedBlock, stored: StreamEntry): Uint8Array {
  return stored.bytes.subarray(from, to);
}

export function readEntries(bytes: Uint8Array): readonly StreamedEntry[] {
  try {
    switch (entryName(bytes)) {
      case "block":
        return [readBlock(bytes, 0)];
      case "takeover":
        return [{ ...decodeAs("takeover", bytes), kind: "takeover" }];
      case "derivedRecord":
        return [readDerivedRecord(bytes)];
      case "blockWithRecords":
        return readBlockWithRecords(bytes);
      default:
        return UNDECODABLE;
    }
  } catch (error) {
    if (error instanceof ProtocolError) return UNDECODABLE;
    throw error;
  }
}

const UNDECODABLE: readonly StreamedEntry[] = [{ kind: "undecodable" }];

function entryName(bytes: Uint8Array): MessageName | undefined {
  return nameOfCode(readEnvelope(bytes).code);
}

/** `from`: where the block begins in the stored entry. */
function readBlock(bytes: Uint8Array, from: number): StreamedBlock {
  const { partition, epoch, number, previousHash, firstSequence, lastSequence, timeUs } = decodeBlock(bytes);
  const hash = new Uint8Array(sha256(bytes));
  const place = { firstSequence, lastSequence, timeUs, from, to: from + bytes.length };
  return { kind: "block", partition, epoch, number, previousHash, hash, ...place };
}

/** Throws ProtocolError when a part is another message: then none of it counts. */
function readBlockWithRecords(bytes: Uint8Array): StreamedEntry[] {
  const { block, records } = decodeAs("blockWithRecords", bytes);
  // The parts are views of the entry.
  return [readBlock(block, block.byteOffset - bytes.byteOffset), ...records.map(readDerivedRecord)];
}

function readDerivedRecord(bytes: Uint8Array): StreamedRecord {
  const { partition, epoch, number, block, kind, body, bytesToCome = 0 } = decodeAs("derivedRecord", bytes);
  const record = { kind, block, bytes: body };
  return { kind: "derivedRecord", partition, epoch, number, block, record, bytesToCome };
}

export function encodeTakeover(takeover: Omit<StreamedTakeover, "kind">): Uint8Array {
  return encodeMessage({ type: "takeover", ...takeover });
}

/** Leaves room for a name of 128 bytes and the numbers. */
const PART_BYTES = MAX_MESSAGE_BYTES - 1_024;

/** The record as entries with the numbers from `number` on: one, or several where it is larger than a message may be. */
export function encodeDerivedRecord(
  partition: string,
  epoch: number,
  number: number,
  record: DerivedRecord,
): Uint8Array[] {
  const { kind, block, bytes } = record;
  const entries: Uint8Array[] = [];
  let at = 0;
  do {
    const body = bytes.subarray(at, at + PART_BYTES);
    at += body.length;
    const fields = { partition, epoch, number: number + entries.length, block, kind, body };
    const rest = at < bytes.length ? { bytesToCome: bytes.length - at } : {};
    entries.push(encodeMessage({ type: "derivedRecord", ...fields, ...rest }));
  } while (at < bytes.length);
  return entries;
}

/** Of a block with records beside the bytes of its parts: names, and a length for each. */
const PARTS_OVERHEAD_BYTES = 128;

/** How many of the encoded records fit into one entry behind a block. */
export function recordsThatFit(block: Uint8Array, records: readonly Uint8Array[]): number {
  let left = MAX_MESSAGE_BYTES - PARTS_OVERHEAD_BYTES - block.length;
  let count = 0;
  for (const { length } of records.slice(0, MAX_ENTRY_RECORDS)) {
    left -= length;
    if (left < 0) break;
    count++;
  }
  return count;
}

/** The block as an entry, with the records that follow it, if any. */
export function encodeBlockEntry(block: Uint8Array, records: readonly Uint8Array[]): Uint8Array {
  return records.length === 0
    ? block
    : encodeMessage({ type: "blockWithRecords", block, records: [...records] });
}

/** Puts records together that came in parts. */
export class RecordAssembler {
  #parts: Uint8Array[] = [];

  /** The record that `entry` completes, with bytes of its own; null while parts are still to come. */
  add({ record, bytesToCome }: StreamedRecord): DerivedRecord | null {
    this.#parts.push(new Uint8Array(record.bytes));
    if (bytesToCome > 0) return null;
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : joinedBytes(this.#parts);
    this.forget();
    return { ...record, bytes };
  }

  /** Gives up what is incomplete: its author ended. */
  forget(): void {
    this.#parts = [];
  }
}
