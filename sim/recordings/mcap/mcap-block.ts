/** A block from its inputs and its row in an MCAP file, and the row of a block. */
import { BlockBuilder, type DecodedBlock, GENESIS_HASH } from "../../../protocol/block.ts";
import { float64Bytes, float64Column } from "../../../protocol/columns.ts";
import type { BlockRow } from "./layout.ts";

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
