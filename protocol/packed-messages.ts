/**
 * Several messages in one body: ( u32 length, little-endian · message ) …
 */
import { viewOf } from "./columns.ts";
import { MalformedMessage } from "./errors.ts";

const LENGTH_BYTES = 4;

export function packMessages(messages: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const total = messages.reduce((sum, message) => sum + LENGTH_BYTES + message.length, 0);
  const packed = new Uint8Array(total);
  const lengths = new DataView(packed.buffer);
  let at = 0;
  for (const message of messages) {
    lengths.setUint32(at, message.length, true);
    packed.set(message, at + LENGTH_BYTES);
    at += LENGTH_BYTES + message.length;
  }
  return packed;
}

/** The messages, as views of the body. Throws a ProtocolError where the body ends within one. */
export function unpackMessages(packed: Uint8Array): Uint8Array[] {
  const lengths = viewOf(packed);
  const messages: Uint8Array[] = [];
  for (let at = 0; at < packed.length; ) {
    const from = at + LENGTH_BYTES;
    const to = from <= packed.length ? from + lengths.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (to > packed.length)
      throw new MalformedMessage("decode packed messages", `byte ${at}`, "a whole message");
    messages.push(packed.subarray(from, to));
    at = to;
  }
  return messages;
}
