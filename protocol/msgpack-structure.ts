/**
 * Checks the structure of msgpack bytes before they are decoded.
 *
 * The decoder of the library trusts lengths (an array header of five bytes makes it allocate four billion elements) and any depth. This
 * check ensures that the bytes contain every length that they state, so decoding uses memory in proportion to the bytes.
 */
import { LimitExceeded, MalformedMessage } from "./errors.ts";
import { MAX_NESTING } from "./limits.ts";

/** Per level: elements that follow, and whether they alternate between keys and values. */
const remaining = new Float64Array(MAX_NESTING + 1);
const isMap = new Uint8Array(MAX_NESTING + 1);

/**
 * Checks that `bytes` from `start` to the end are exactly one msgpack value: complete, at most MAX_NESTING deep, with strings as map keys,
 * without extension types. O(bytes), allocates nothing.
 */
export function checkStructure(action: string, bytes: Uint8Array, start: number): void {
  const end = bytes.length;
  let at = start;
  let depth = 0;
  remaining[0] = 1;
  isMap[0] = 0;
  for (;;) {
    while (remaining[depth] === 0) {
      if (depth === 0) {
        if (at !== end)
          throw new MalformedMessage(
            action,
            `${end - at} bytes after the end of the message at byte ${at}`,
            "one message",
          );
        return;
      }
      depth--;
    }
    const left = remaining[depth]! - 1;
    remaining[depth] = left;
    if (at >= end) throw truncated(action, at);

    const head = bytes[at]!;
    if (isMap[depth] === 1 && left % 2 === 1 && !isString(head)) {
      throw new MalformedMessage(
        action,
        `a map key of type 0x${head.toString(16)} at byte ${at}`,
        "a string",
      );
    }
    const header = headerLength(head);
    if (header === 0) {
      throw new MalformedMessage(
        action,
        `type byte 0x${head.toString(16)} at byte ${at}`,
        "nil, boolean, number, string, binary, array or map",
      );
    }
    if (at + header > end) throw truncated(action, at);
    const size = announced(bytes, at, head);
    at += header;

    if (!isContainer(head)) {
      if (size > end - at) throw truncated(action, at);
      at += size;
      continue;
    }
    const elements = isMapHead(head) ? 2 * size : size;
    if (elements > end - at) throw truncated(action, at);
    if (++depth > MAX_NESTING) {
      throw new LimitExceeded(
        action,
        `nesting deeper than ${MAX_NESTING} at byte ${at}`,
        `at most MAX_NESTING (${MAX_NESTING})`,
      );
    }
    remaining[depth] = elements;
    isMap[depth] = isMapHead(head) ? 1 : 0;
  }
}

function truncated(action: string, at: number): MalformedMessage {
  return new MalformedMessage(action, `the bytes end inside the value at byte ${at}`, "the stated length");
}

function isString(head: number): boolean {
  return (head >= 0xa0 && head <= 0xbf) || (head >= 0xd9 && head <= 0xdb);
}

function isMapHead(head: number): boolean {
  return (head >= 0x80 && head <= 0x8f) || head === 0xde || head === 0xdf;
}

function isContainer(head: number): boolean {
  return (head >= 0x80 && head <= 0x9f) || (head >= 0xdc && head <= 0xdf);
}

/** Bytes of the type byte and of the length or number after it; 0 for types that are not allowed. */
function headerLength(head: number): number {
  if (head < 0xc0 || head >= 0xe0) return 1;
  return HEADER_LENGTHS[head - 0xc0]!;
}

const HEADER_LENGTHS = [
  // nil, never used, false, true
  1, 0, 1, 1,
  // bin 8, 16, 32; ext 8, 16, 32
  2, 3, 5, 0, 0, 0,
  // float 32, 64; uint 8, 16, 32, 64; int 8, 16, 32, 64
  5, 9, 2, 3, 5, 9, 2, 3, 5, 9,
  // fixext 1, 2, 4, 8, 16
  0, 0, 0, 0, 0,
  // str 8, 16, 32; array 16, 32; map 16, 32
  2, 3, 5, 3, 5, 3, 5,
];

/** The length in a header: bytes of a string or binary, elements of an array, pairs of a map; 0 for scalars. */
function announced(bytes: Uint8Array, at: number, head: number): number {
  if (head < 0x80 || head >= 0xe0) return 0;
  if (head < 0xa0) return head & 0x0f;
  if (head < 0xc0) return head & 0x1f;
  switch (head) {
    case 0xc4:
    case 0xd9:
      return bytes[at + 1]!;
    case 0xc5:
    case 0xda:
    case 0xdc:
    case 0xde:
      return bytes[at + 1]! * 0x100 + bytes[at + 2]!;
    case 0xc6:
    case 0xdb:
    case 0xdd:
    case 0xdf:
      return bytes[at + 1]! * 0x1000000 + bytes[at + 2]! * 0x10000 + bytes[at + 3]! * 0x100 + bytes[at + 4]!;
    default:
      return 0;
  }
}
