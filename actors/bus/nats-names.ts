/**
 * Names of ours as names of streams, buckets and keys in NATS, which allow letters, digits, `-` and `_` only.
 *
 *   ew.local.p0.log ─► ew__local__p0__log        `.` is `__`, any other byte of the UTF-8 form `_` and two upper-case hexadecimal digits
 *
 * Two names never become one.
 */
import { createHash } from "node:crypto";

/** Names of streams may have 255 bytes, with a prefix such as `KV_`. */
const NAME_BYTES_MAX = 200;

/** Enough of the digest that two names of one cluster never share it. */
const DIGEST_CHARACTERS = 32;

const PLAIN = /^[A-Za-z0-9-]$/;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The name of a stream or bucket: the end of a long one is replaced by a digest of the whole. */
export function natsName(name: string): string {
  const coded = natsKey(name);
  if (coded.length <= NAME_BYTES_MAX) return coded;
  const digest = createHash("sha256").update(name).digest("hex").slice(0, DIGEST_CHARACTERS);
  return `${coded.slice(0, NAME_BYTES_MAX - DIGEST_CHARACTERS - 1)}-${digest}`;
}

/** A key, of any length: `keyOf` reads it back. */
export function natsKey(name: string): string {
  let coded = "";
  for (const byte of encoder.encode(name)) {
    const letter = String.fromCharCode(byte);
    if (PLAIN.test(letter)) coded += letter;
    else coded += letter === "." ? "__" : `_${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return coded;
}

/** The name that `natsKey` coded. */
export function keyOf(coded: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < coded.length; at++) {
    if (coded[at] !== "_") bytes.push(coded.charCodeAt(at));
    else if (coded[at + 1] === "_") {
      bytes.push(".".charCodeAt(0));
      at += 1;
    } else {
      bytes.push(Number.parseInt(coded.slice(at + 1, at + 3), 16));
      at += 2;
    }
  }
  return decoder.decode(Uint8Array.from(bytes));
}
