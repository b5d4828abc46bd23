/**
 * Writes the `samples` message by hand, because a gateway sends one per frame.
 *
 *   93 version 30  82  ad "inputSequence" uint  a5 "frame" bin
 *
 * The bytes equal those of encodeMessage. The frame comes from the log, so its bytes are not checked again.
 */

import { LimitExceeded } from "./errors.ts";
import { MAX_FRAME_BYTES } from "./limits.ts";
import { MESSAGES } from "./messages.ts";
import { putBinaryHeader, putInteger } from "./msgpack-values.ts";
import { PROTOCOL_VERSION } from "./versions.ts";

/** `[version, code, {"inputSequence": … */
const START = Uint8Array.from([
  0x93,
  PROTOCOL_VERSION,
  MESSAGES.samples.code,
  0x82,
  0xad,
  ...ascii("inputSequence"),
]);
const FRAME = Uint8Array.from([0xa5, ...ascii("frame")]);

/** The longest number, and the longest binary header. */
const head = new Uint8Array(START.length + 9 + FRAME.length + 5);
const data = new DataView(head.buffer);
head.set(START);

/** Wraps an encoded `frame` message for a client. Copies the frame once. */
export function encodeSamples(inputSequence: number, frame: Uint8Array): Uint8Array {
  const { length } = frame;
  if (length > MAX_FRAME_BYTES)
    throw new LimitExceeded(
      "encode samples",
      `a frame of ${length} bytes`,
      `at most MAX_FRAME_BYTES (${MAX_FRAME_BYTES})`,
    );
  let at = putInteger(head, data, START.length, inputSequence);
  head.set(FRAME, at);
  at = putBinaryHeader(head, data, at + FRAME.length, length);
  const bytes = new Uint8Array(at + length);
  bytes.set(head.subarray(0, at));
  bytes.set(frame, at);
  return bytes;
}

function ascii(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}
