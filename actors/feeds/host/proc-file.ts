/**
 * A text file of /proc that is opened once and read repeatedly into the same buffer. Lines and numbers are parsed from its bytes.
 *
 * Reading is synchronous: procfs is in memory, a read takes 10-60 µs, and all values of a row belong to one moment.
 */

import { closeSync, openSync, readSync } from "node:fs";

const NEWLINE = 10;
const SPACE = 32;
const DIGIT_0 = 48;
const DIGIT_9 = 57;

/** First size of a buffer; it doubles when a file is longer. */
const FIRST_BYTES = 16_384;
/** The kernel returns such files one page (4,096 bytes) at a time; a read that is this short is the last. */
const SURELY_WHOLE_BYTES = 2_048;

export class ProcFile {
  readonly #descriptor: number;
  #bytes = Buffer.alloc(FIRST_BYTES);
  #length = 0;
  #position = 0;
  #lineEnd = 0;

  constructor(path: string) {
    this.#descriptor = openSync(path, "r");
  }

  /** Reads the file again; `nextLine` then moves to its first line. */
  read(): void {
    this.#length = 0;
    for (;;) {
      if (this.#length === this.#bytes.length) this.#grow();
      const room = this.#bytes.length - this.#length;
      const got = readSync(this.#descriptor, this.#bytes, this.#length, room, this.#length);
      this.#length += got;
      if (got === 0 || this.#length <= SURELY_WHOLE_BYTES) break;
    }
    this.#position = 0;
    this.#lineEnd = -1;
  }

  /** Moves to the next line. False: end of the file. */
  nextLine(): boolean {
    this.#position = this.#lineEnd + 1;
    if (this.#position >= this.#length) return false;
    const end = this.#bytes.indexOf(NEWLINE, this.#position);
    this.#lineEnd = end < 0 || end > this.#length ? this.#length : end;
    return true;
  }

  /** Whether the rest of the line begins with `word`. If so, moves past it. */
  take(word: Uint8Array): boolean {
    if (this.#lineEnd - this.#position < word.length) return false;
    for (let k = 0; k < word.length; k++) if (this.#bytes[this.#position + k] !== word[k]) return false;
    this.#position += word.length;
    return true;
  }

  skipSpaces(): void {
    while (this.#position < this.#lineEnd && this.#bytes[this.#position] === SPACE) this.#position++;
  }

  /** Moves past the next word. */
  skipWord(): void {
    this.skipSpaces();
    while (this.#position < this.#lineEnd && this.#bytes[this.#position] !== SPACE) this.#position++;
  }

  /** The next whole number of the line; NaN if there is none. */
  number(): number {
    while (this.#position < this.#lineEnd && !this.#atDigit()) this.#position++;
    if (this.#position >= this.#lineEnd) return Number.NaN;
    let value = 0;
    for (; this.#position < this.#lineEnd && this.#atDigit(); this.#position++)
      value = value * 10 + this.#bytes[this.#position]! - DIGIT_0;
    return value;
  }

  /** Whether the next byte is a digit. */
  numberFollows(): boolean {
    return this.#position < this.#lineEnd && this.#atDigit();
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #atDigit(): boolean {
    const byte = this.#bytes[this.#position]!;
    return byte >= DIGIT_0 && byte <= DIGIT_9;
  }

  #grow(): void {
    const larger = Buffer.alloc(this.#bytes.length * 2);
    this.#bytes.copy(larger);
    this.#bytes = larger;
  }
}

/** A word as bytes, for `take`. */
export function word(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
