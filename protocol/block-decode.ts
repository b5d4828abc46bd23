/**
 * Decodes a block without the msgpack library and the schema, if it has the form that block-encode.ts writes, as nearly all blocks do.
 *
 * It never throws. For anything else it returns null, and the codec decodes the block or reports what is wrong.
 */
import * as keys from "./block-keys.ts";
import { HASH_BYTES, MAX_BLOCK_BYTES, MAX_BLOCK_INPUTS } from "./limits.ts";
import type { MessageOf } from "./messages.ts";
import { MsgpackReader } from "./msgpack-reader.ts";

const reader = new MsgpackReader();

/** The fields of the message; binary fields are views of `bytes`. Or null. */
export function decodeBlockFast(bytes: Uint8Array): Omit<MessageOf<"block">, "type"> | null {
  if (bytes.length > MAX_BLOCK_BYTES) return null;
  reader.begin(bytes, 0);
  reader.key(keys.START);
  reader.key(keys.PARTITION);
  const partition = reader.name();
  reader.key(keys.EPOCH);
  const epoch = reader.unsigned();
  reader.key(keys.NUMBER);
  const number = reader.unsigned();
  reader.key(keys.PREVIOUS_HASH);
  const hashAt = reader.binary();
  const hashEnd = reader.position;
  reader.key(keys.FIRST_SEQUENCE);
  const firstSequence = reader.unsigned();
  reader.key(keys.TIME_US);
  const timeUs = reader.unsigned();
  reader.key(keys.COUNT);
  const count = reader.unsigned();
  reader.key(keys.TIMES);
  const timesAt = reader.binary();
  const timesEnd = reader.position;
  reader.key(keys.INPUTS);
  const inputsAt = reader.binary();
  const isSound =
    reader.isAtEnd &&
    number >= 1 &&
    firstSequence >= 1 &&
    count >= 1 &&
    count <= MAX_BLOCK_INPUTS &&
    hashEnd - hashAt === HASH_BYTES &&
    timesEnd - timesAt === 8 * count;
  if (!isSound) return null;
  const previousHash = bytes.subarray(hashAt, hashEnd);
  const times = bytes.subarray(timesAt, timesEnd);
  const inputs = bytes.subarray(inputsAt);
  return { partition, epoch, number, previousHash, firstSequence, timeUs, count, times, inputs };
}
