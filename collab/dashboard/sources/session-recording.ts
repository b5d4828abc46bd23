/**
 * The file of a session that plays in the page: messages as a gateway sent them, in their order.
 *
 *     gzip( (u32 length, little-endian · message) … )
 *
 * The first message is the gateway's welcome. Times are in the messages.
 */
import { decodeMessage } from "../../../protocol/codec.ts";
import type { DecodedMessage } from "../../../protocol/messages.ts";

const LENGTH_BYTES = 4;

/** The file's bytes before compression. */
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

/** The messages of a file. Throws a ProtocolError where one is not of this version of the protocol. */
export async function readMessages(file: Uint8Array<ArrayBuffer>): Promise<DecodedMessage[]> {
  const unzipped = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(unzipped).arrayBuffer());
  const lengths = new DataView(packed.buffer);
  const messages: DecodedMessage[] = [];
  for (let at = 0; at < packed.length; ) {
    const from = at + LENGTH_BYTES;
    at = from + lengths.getUint32(at, true);
    messages.push(decodeMessage(packed.subarray(from, at)));
  }
  return messages;
}
