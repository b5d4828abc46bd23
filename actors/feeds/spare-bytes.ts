/**
 * Memory of messages that wait, used again by those that come later.
 *
 *   copyOf(message) ─► taken from the spare buffers of its length, or new ─► give ─┬─ there is room ─► spare
 *                                                                               └─ there is none ─► left to the collector
 *
 * A buffer of its own for each message lives as long as the message waits. In a flood that is longer than the collector regards as young, and ten megabytes
 * of them a second made it go through the whole heap once a second.
 *
 * M1  At most `most` bytes are spare.
 */

/** Lengths are multiples of this: frames of one feed differ by some bytes. */
const STEP_BYTES = 256;

/** Length of the buffer for so many bytes. */
export function spareLength(bytes: number): number {
  return Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
}

export class SpareBytes {
  readonly #most: number;
  readonly #byLength = new Map<number, Uint8Array[]>();
  #bytes = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Bytes that are spare. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A copy that is the caller's until it is given back. */
  copyOf(bytes: Uint8Array): Uint8Array {
    const length = spareLength(bytes.length);
    let buffer = this.#byLength.get(length)?.pop();
    if (buffer === undefined) buffer = new Uint8Array(length);
    else this.#bytes -= length;
    buffer.set(bytes);
    return buffer.subarray(0, bytes.length);
  }

  /** `copy`: one that `copyOf` made. */
  give(copy: Uint8Array): void {
    const { byteLength } = copy.buffer;
    if (this.#bytes + byteLength > this.#most) return;
    this.#bytes += byteLength;
    const buffer = new Uint8Array(copy.buffer);
    const spare = this.#byLength.get(byteLength);
    if (spare === undefined) this.#byLength.set(byteLength, [buffer]);
    else spare.push(buffer);
  }

  clear(): void {
    this.#byLength.clear();
    this.#bytes = 0;
  }
}
