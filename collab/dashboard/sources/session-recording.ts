/**
 * The file of a session that plays in the page: messages as a gateway sent them, in their order.
 *
 *     gzip( packed messages )                                 (protocol/packed-messages.ts)
 *
 * The first message is the gateway's welcome. Times are in the messages.
 */
import { decodeMessage } from "../../../protocol/codec.ts";
import type { DecodedMessage } from "../../../protocol/messages.ts";
import { unpackMessages } from "../../../protocol/packed-messages.ts";

/** The messages of a file. Throws a ProtocolError where one is not of this version of the protocol. */
export async function readMessages(file: Uint8Array<ArrayBuffer>): Promise<DecodedMessage[]> {
  const unzipped = new Blob([file]).stream().pipeThrough(new DecompressionStream("gzip"));
  const packed = new Uint8Array(await new Response(unzipped).arrayBuffer());
  return unpackMessages(packed).map((bytes) => decodeMessage(bytes));
}
