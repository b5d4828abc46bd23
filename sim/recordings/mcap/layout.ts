/**
 * How a recording stands in an MCAP file (https://mcap.dev/spec), message encoding msgpack.
 *
 *   /p0/frame/<group>  /p0/channels  …   one message an input: the body of its message, byte for byte as the log has it
 *   /p0/block                            closes its inputs: what else stands in the block, and the block's hash
 *   /p0/event                            one message an event
 *   /p0/derived                          closes its events: which block they were noted of
 *   /p0/checkpoint                       hashes of the state
 *   snap-<block>-<sequence>.snap         an attachment: the core's state after a block
 *   eigenwatch.recording                 metadata, at the end: format, partition, what it was created from, last block and hash
 *
 * Of several partitions all stand in one file, their blocks in order of time: each has its topics and its metadata, and its attachments are
 * <partition>/snap-….
 *
 * No byte of an input stands in the file twice: a block is put together again from its inputs and its row. Export proves for each block and
 * note that this gives the same bytes; one that does not (another program wrote it) is kept whole in `bytes`.
 */
import * as v from "valibot";
import { BlockBuilder, type DecodedBlock, GENESIS_HASH } from "../../../protocol/block.ts";
import { float64Bytes, float64Column } from "../../../protocol/columns.ts";
import { bytes, count, float64s, hash32, name } from "../../../protocol/fields.ts";
import type { MessageName } from "../../../protocol/messages.ts";

/** Of the rows of blocks and derived records, and of a file with one partition. Rises when an older import would misunderstand it. */
export const FORMAT = 1;

/** Of a file with several partitions, which an import of format 1 would mix. */
export const FORMAT_OF_SEVERAL = 2;

export const METADATA = "eigenwatch.recording";

export const SNAPSHOT_MEDIA_TYPE = "application/vnd.eigenwatch.snapshot";

/** Other tools read by chunks: large enough to be one read, small enough to seek by. */
export const CHUNK_BYTES = 1 << 20;

/** Message `/…/block`. */
export const blockRow = v.object({
  partition: name,
  epoch: count,
  number: count,
  previousHash: hash32,
  /** SHA-256 of the encoded block. */
  hash: hash32,
  firstSequence: count,
  count,
  /** Logical times of the inputs, where they are not the log times of their messages: before the first data. */
  times: v.optional(float64s),
  /** The encoded block, where it is not what its inputs give. */
  bytes: v.optional(bytes),
});

/** Message `/…/derived`. */
export const derivedRow = v.object({
  block: count,
  /** Events before this message that belong to it. */
  count,
  /** The encoded note, where it is not what its events give. */
  bytes: v.optional(bytes),
});

export type BlockRow = v.InferOutput<typeof blockRow>;
export type DerivedRow = v.InferOutput<typeof derivedRow>;

/** What a channel's messages are to an import; channels of others are passed over. */
export type Role = "input" | "event" | "block" | "derived" | "checkpoint";

export function topicOf(partition: string, kind: string, group?: string): string {
  return group === undefined ? `/${partition}/${kind}` : `/${partition}/${kind}/${group}`;
}

/** Of a message kind that this program may not know. */
export function kindOf(name: MessageName | undefined, code: number): string {
  return name ?? `code-${code}`;
}

/** `partition`: "" where the file has one only. */
export function snapshotName(partition: string, block: number, sequence: number): string {
  const name = `snap-${String(block).padStart(10, "0")}-${sequence}.snap`;
  return partition === "" ? name : `${partition}/${name}`;
}

/** Partition ("" in a file with one), block and last input of a snapshot by its attachment's name, or null. */
export function parseSnapshotName(
  name: string,
): { partition: string; block: number; sequence: number } | null {
  const match = /^(?:(.+)\/)?snap-(\d{10,16})-(\d{1,16})\.snap$/.exec(name);
  if (match === null) return null;
  return { partition: match[1] ?? "", block: Number(match[2]), sequence: Number(match[3]) };
}

export function nanoseconds(timeUs: number): bigint {
  return BigInt(timeUs) * 1000n;
}

export function microseconds(logTime: bigint): number {
  return Number(logTime / 1000n);
}

/** An input as it stands in the log. */
export interface LoggedInput {
  timeUs: number;
  message: Uint8Array;
}

const builder = new BlockBuilder({
  partition: "",
  epoch: 0,
  number: 0,
  previousHash: GENESIS_HASH,
  firstSequence: 0,
});

/** The encoded block: the same fields and inputs give the same bytes (protocol/block.ts, B3). */
export function blockOf(row: BlockRow, inputs: readonly LoggedInput[]): Uint8Array {
  if (row.bytes !== undefined) return row.bytes;
  const times = row.times === undefined ? null : float64Column(row.times);
  builder.start(row);
  for (const [k, { timeUs, message }] of inputs.entries()) builder.add(times?.[k] ?? timeUs, message);
  return builder.close().bytes;
}

/** `logTimes`: the times that the inputs' messages get, µs. */
export function rowOf(
  block: DecodedBlock,
  hash: Uint8Array,
  inputs: readonly LoggedInput[],
  logTimes: readonly number[],
): BlockRow {
  const { partition, epoch, number, previousHash, firstSequence } = block;
  const row: BlockRow = {
    partition,
    epoch,
    number,
    previousHash,
    hash,
    firstSequence,
    count: inputs.length,
  };
  if (inputs.some(({ timeUs }, k) => timeUs !== logTimes[k]))
    row.times = float64Bytes(inputs.map(({ timeUs }) => timeUs));
  return row;
}
