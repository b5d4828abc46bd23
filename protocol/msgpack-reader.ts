/**
 * Reads msgpack values of a known layout one after another, without the library and without allocating.
 *
 *   reader.begin(bytes, bodyAt);
 *   reader.key(GROUP);                 // a field: its key, then its value
 *   const group = reader.name();
 *   if (!reader.isAtEnd) return null;  // something was not as expected: the codec decodes the message or reports what is wrong
 *
 * R1  It never throws. After a value that is not as expected the reader has failed: what it returns then has no meaning, and `isAtEnd` is false.
 *
 * One reader may serve all messages of a kind, because decoding is synchronous.
 */
import { MAX_NAME_BYTES } from "./limits.ts";
import { NameCache } from "./name-cache.ts";

const names = new NameCache();

const NO_BYTES = new Uint8Array(0);

export class MsgpackReader {
  private bytes: Uint8Array = NO_BYTES;
  private at = 0;
  private hasFailed = false;

  begin(bytes: Uint8Array, at: number): void {
    this.bytes = bytes;
    this.at = at;
    this.hasFailed = false;
  }

  /** Whether every value was as expected and nothing follows the last one. */
  get isAtEnd(): boolean {
    return !this.hasFailed && this.at === this.bytes.length;
  }

  /** Passes over these bytes: a key, or the type byte of a map. */
  key(expected: Uint8Array): void {
    const { bytes, at } = this;
    for (let k = 0; k < expected.length; k++) if (bytes[at + k] !== expected[k]) this.hasFailed = true;
    this.at = at + expected.length;
  }

  /** A name of 1 to MAX_NAME_BYTES of ASCII. */
  name(): string {
    const { bytes, at } = this;
    const head = bytes[at]!;
    // msgpack: 0xa1 to 0xbf a short string with its length, 0xd9 a string whose length is the next byte.
    const isShort = head > 0xa0 && head < 0xc0;
    const start = isShort ? at + 1 : at + 2;
    const length = isShort ? head - 0xa0 : head === 0xd9 ? bytes[at + 1]! : 0;
    const isWhole = length > 0 && length <= MAX_NAME_BYTES && start + length <= bytes.length;
    const name = isWhole && !this.hasFailed ? names.read(bytes, start, length) : "";
    if (name === "") this.hasFailed = true;
    this.at = start + length;
    return name;
  }

  /** An unsigned safe integer in any form. Negative numbers are rare and left to the codec. */
  unsigned(): number {
    const { bytes, at } = this;
    const head = bytes[at]!;
    if (head < 0x80) {
      this.at = at + 1;
      return head;
    }
    // msgpack: 0xcc to 0xcf are unsigned integers of 1, 2, 4 and 8 bytes.
    const length = head >= 0xcc && head <= 0xcf ? 1 << (head - 0xcc) : 0;
    let value = 0;
    for (let k = 1; k <= length; k++) value = value * 0x100 + bytes[at + k]!;
    if (length === 0 || !Number.isSafeInteger(value)) this.hasFailed = true;
    this.at = at + 1 + length;
    return value;
  }

  /** Passes over a binary field and returns where its content begins. The content ends at `position`. */
  binary(): number {
    const { bytes, at } = this;
    const head = bytes[at]!;
    // msgpack: 0xc4, 0xc5 and 0xc6 are binary with a length of 1, 2 and 4 bytes.
    const lengthBytes = head >= 0xc4 && head <= 0xc6 ? 1 << (head - 0xc4) : 0;
    let length = 0;
    for (let k = 1; k <= lengthBytes; k++) length = length * 0x100 + bytes[at + k]!;
    const start = at + 1 + lengthBytes;
    if (!(lengthBytes > 0 && start + length <= bytes.length)) {
      this.hasFailed = true;
      return start;
    }
    this.at = start + length;
    return start;
  }

  /** Where the next value begins. */
  get position(): number {
    return this.at;
  }
}
