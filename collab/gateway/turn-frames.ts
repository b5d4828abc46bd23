/**
 * The messages of one turn as WebSocket frames in one buffer, for one write. Clients with the same subscriptions get the same messages: the
 * buffer is made for the first of them and shared.
 *
 * A frame of a server is not masked, so it does not depend on the client (RFC 6455, 5.2):
 *
 *   82 length message           a length below 126 is one byte, below 65,536 it is 126 and two bytes, else 127 and eight
 */
import { Buffer } from "node:buffer";

/** The last frame of a message of bytes. */
const FINAL_BINARY = 0x82;
const LENGTH_OF_2_BYTES = 126;
const LENGTH_OF_8_BYTES = 127;

export class TurnFrames {
  #messages: readonly Uint8Array[] = [];
  #joined: Buffer = Buffer.alloc(0);

  /** The messages in this order. Nobody changes the list or a message afterwards. */
  join(messages: readonly Uint8Array[]): Buffer {
    if (!sameElements(messages, this.#messages)) {
      this.#joined = joinFrames(messages);
      this.#messages = messages;
    }
    return this.#joined;
  }
}

export function joinFrames(messages: readonly Uint8Array[]): Buffer {
  let length = 0;
  for (const message of messages) length += headerBytes(message.length) + message.length;
  const joined = Buffer.allocUnsafe(length);
  let at = 0;
  for (const message of messages) {
    at = putHeader(joined, at, message.length);
    joined.set(message, at);
    at += message.length;
  }
  return joined;
}

/** The opposite of joinFrames: the messages as views of the buffer. Simulated pages read with it. */
export function splitFrames(joined: Buffer): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < joined.length; ) {
    const short = joined[at + 1]!;
    let length = short;
    if (short === LENGTH_OF_2_BYTES) length = joined.readUInt16BE(at + 2);
    else if (short === LENGTH_OF_8_BYTES) length = joined.readUInt32BE(at + 6);
    const start = at + headerBytes(length);
    at = start + length;
    // Not a Buffer, whose `slice` would be a view.
    messages.push(new Uint8Array(joined.buffer, joined.byteOffset + start, length));
  }
  return messages;
}

function headerBytes(length: number): number {
  return length < LENGTH_OF_2_BYTES ? 2 : length < 0x10000 ? 4 : 10;
}

/** Returns where the message begins. */
function putHeader(bytes: Buffer, at: number, length: number): number {
  bytes[at] = FINAL_BINARY;
  if (length < LENGTH_OF_2_BYTES) {
    bytes[at + 1] = length;
    return at + 2;
  }
  if (length < 0x10000) {
    bytes[at + 1] = LENGTH_OF_2_BYTES;
    return bytes.writeUInt16BE(length, at + 2);
  }
  bytes[at + 1] = LENGTH_OF_8_BYTES;
  bytes.writeUInt32BE(0, at + 2);
  return bytes.writeUInt32BE(length, at + 6);
}

function sameElements(a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean {
  if (a.length !== b.length) return false;
  for (let k = 0; k < a.length; k++) if (a[k] !== b[k]) return false;
  return true;
}
