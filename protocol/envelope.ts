/**
 * The envelope: every message is the msgpack array `[version, code, body]`.
 *
 *   93 │ version │ code │ body …
 *
 * Version and code have their shortest form, so three bytes identify a message. A message with an unknown code can be kept and passed on
 * unchanged: its body is then the bytes after the code.
 */
import { MalformedMessage } from "./errors.ts";

export interface Envelope {
  version: number;
  code: number;
  /** Where the body begins. */
  bodyAt: number;
}

/** Largest version and code: two bytes after the type byte. */
const MAX_HEADER_NUMBER = 0xffff;

const ARRAY_OF_THREE = 0x93;

/** Reads version and code, not the body. */
export function readEnvelope(bytes: Uint8Array): Envelope {
  if (!(bytes instanceof Uint8Array))
    throw new MalformedMessage("decode message", typeof bytes, "a Uint8Array");
  if (bytes[0] !== ARRAY_OF_THREE) {
    const met = bytes.length === 0 ? "no bytes" : `first byte 0x${bytes[0]!.toString(16)}`;
    throw new MalformedMessage("decode message", met, "[version, code, body], first byte 0x93");
  }
  const version = readNumber(bytes, 1, "version");
  const codeAt = 1 + numberLength(version);
  const code = readNumber(bytes, codeAt, "code");
  const bodyAt = codeAt + numberLength(code);
  if (bodyAt >= bytes.length)
    throw new MalformedMessage("decode message", "no bytes after the code", "a body");
  return { version, code, bodyAt };
}

/** Writes `[version, code` and the bytes of an encoded body. */
export function writeEnvelope(version: number, code: number, body: Uint8Array): Uint8Array {
  const bodyAt = 1 + numberLength(version) + numberLength(code);
  const bytes = new Uint8Array(bodyAt + body.length);
  bytes[0] = ARRAY_OF_THREE;
  writeNumber(bytes, 1, version);
  writeNumber(bytes, 1 + numberLength(version), code);
  bytes.set(body, bodyAt);
  return bytes;
}

function numberLength(value: number): number {
  return value < 0x80 ? 1 : value < 0x100 ? 2 : 3;
}

function readNumber(bytes: Uint8Array, at: number, what: string): number {
  const head = bytes[at];
  if (head === undefined)
    throw new MalformedMessage("decode message", `the bytes end before the ${what}`, `a ${what}`);
  if (head < 0x80) return head;
  const first = bytes[at + 1];
  const second = bytes[at + 2];
  if (head === 0xcc && first !== undefined && first >= 0x80) return first;
  if (head === 0xcd && first !== undefined && first > 0 && second !== undefined)
    return first * 0x100 + second;
  throw new MalformedMessage(
    "decode message",
    `${what} with type byte 0x${head.toString(16)} at byte ${at}`,
    `a whole number up to ${MAX_HEADER_NUMBER} in its shortest form`,
  );
}

function writeNumber(bytes: Uint8Array, at: number, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value > MAX_HEADER_NUMBER) {
    throw new MalformedMessage(
      "encode message",
      `version or code ${value}`,
      `a whole number up to ${MAX_HEADER_NUMBER}`,
    );
  }
  if (value < 0x80) {
    bytes[at] = value;
  } else if (value < 0x100) {
    bytes[at] = 0xcc;
    bytes[at + 1] = value;
  } else {
    bytes[at] = 0xcd;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value & 0xff;
  }
}
