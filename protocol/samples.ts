/**
 * Writes and reads the `samples` message by hand, because a gateway sends one per frame.
 *
 *   93 version 30  82  ad "inputSequence" uint  a5 "frame" bin
 *
 * The bytes equal those of encodeMessage. The frame comes from the log, so its bytes are not checked again.
 * The reader leaves to the codec what has another form.
 */

import { LimitExceeded } from "./errors.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import { MESSAGES, type SamplesMessage } from "./messages.ts";
import { MsgpackReader } from "./msgpack-reader.ts";
import { keyBytes, putBinaryHeader, putBytes, putInteger } from "./msgpack-values.ts";
import { PROTOCOL_VERSION } from "./versions.ts";

/** `[version, code, {"inputSequence": … */
const START = Uint8Array.of(
  0x93,
  PROTOCOL_VERSION,
  MESSAGES.samples.code,
  0x82,
  ...keyBytes("inputSequence"),
);
const FRAME = keyBytes("frame");

/** Bytes in addition to those of the frame, at most: start, an integer of 9 bytes, a key, a binary header of 5 bytes. */
const OVERHEAD_BYTES = START.length + 9 + FRAME.length + 5;

const head = new Uint8Array(OVERHEAD_BYTES);
const data = new DataView(head.buffer);
putBytes(head, 0, START);

/** Wraps an encoded `frame` message for a client. Copies the frame once. */
export function encodeSamples(inputSequence: number, frame: Uint8Array): Uint8Array {
  const { length } = frame;
  if (length > MAX_FRAME_BYTES)
    throw new LimitExceeded(
      "encode samples",
      `a frame of ${length} bytes`,
      `at most MAX_FRAME_BYTES (${MAX_FRAME_BYTES})`,
    );
  const keyAt = putInteger(head, data, START.length, inputSequence);
  const frameAt = putBinaryHeader(head, data, putBytes(head, keyAt, FRAME), length);
  const bytes = new Uint8Array(frameAt + length);
  for (let k = 0; k < frameAt; k++) bytes[k] = head[k]!;
  bytes.set(frame, frameAt);
  return bytes;
}

const reader = new MsgpackReader();

/** The message, whose frame is a view of `bytes`, or null. */
export function decodeSamplesFast(bytes: Uint8Array): SamplesMessage | null {
  reader.begin(bytes, 0);
  reader.key(START);
  const inputSequence = reader.unsigned();
  reader.key(FRAME);
  const frameAt = reader.binary();
  return reader.isAtEnd ? { type: "samples", inputSequence, frame: bytes.subarray(frameAt) } : null;
}
