/**
 * A 128-bit hash of registered state: MurmurHash3_x86_128 (Appleby 2011), word by word.
 *
 * Not cryptographic: it finds differences between runs. The SHA-256 chain of the journal finds tampering.
 * All NaN are equal, because engines differ in their payloads. -0 and 0 differ, because later results differ.
 * O(bytes), about 0.4 ns a byte of large arrays.
 */
import type { TypedArray } from "../ports/detector.ts";

export class StateHash {
  private h1 = 0;
  private h2 = 0;
  private h3 = 0;
  private h4 = 0;
  private readonly block = new Uint32Array(4);
  private readonly double = new Float64Array(1);
  /** Low word first: the program runs on little-endian machines only. */
  private readonly doubleWords = new Int32Array(this.double.buffer);
  private filled = 0;
  private words = 0;

  reset(seed = 0): this {
    this.h1 = this.h2 = this.h3 = this.h4 = seed;
    this.filled = 0;
    this.words = 0;
    return this;
  }

  /** Mixes in the length, the element size and every element, as little-endian words in the order of memory. */
  array(array: TypedArray): this {
    this.word(array.length);
    this.word(array.BYTES_PER_ELEMENT);
    this.align();
    const from = this.wholeBlocks(array);
    if (array instanceof Float64Array) this.doubles(array, from);
    else if (array instanceof Uint8Array || array instanceof Uint16Array) this.packed(array, from);
    else for (let i = from; i < array.length; i++) this.word(array[i]! | 0);
    return this;
  }

  /** Mixes in a string as UTF-16 code units, with its length. */
  text(text: string): this {
    this.word(text.length);
    for (let i = 0; i < text.length; i += 2) {
      this.word(text.charCodeAt(i) | (i + 1 < text.length ? text.charCodeAt(i + 1) << 16 : 0));
    }
    return this;
  }

  /** The 16 bytes of the hash, as little-endian words. Call `reset` before adding more. */
  digest(): Uint8Array {
    let { h1, h2, h3, h4 } = this;
    const [k1, k2, k3] = this.block as unknown as [number, number, number];
    if (this.filled > 2) h3 ^= Math.imul(rotl(Math.imul(k3, C3), 17), C4);
    if (this.filled > 1) h2 ^= Math.imul(rotl(Math.imul(k2, C2), 16), C3);
    if (this.filled > 0) h1 ^= Math.imul(rotl(Math.imul(k1, C1), 15), C2);
    const length = this.words * 4;
    h1 ^= length;
    h2 ^= length;
    h3 ^= length;
    h4 ^= length;
    h1 = (h1 + h2 + h3 + h4) | 0;
    h2 = (h2 + h1) | 0;
    h3 = (h3 + h1) | 0;
    h4 = (h4 + h1) | 0;
    h1 = finalise(h1);
    h2 = finalise(h2);
    h3 = finalise(h3);
    h4 = finalise(h4);
    h1 = (h1 + h2 + h3 + h4) | 0;
    h2 = (h2 + h1) | 0;
    h3 = (h3 + h1) | 0;
    h4 = (h4 + h1) | 0;
    return new Uint8Array(Int32Array.of(h1, h2, h3, h4).buffer);
  }

  word(k: number): void {
    this.block[this.filled++] = k;
    this.words++;
    if (this.filled === 4) this.mix();
  }

  private mix(): void {
    const b = this.block;
    this.filled = 0;
    this.h1 ^= Math.imul(rotl(Math.imul(b[0]!, C1), 15), C2);
    this.h1 = (Math.imul((rotl(this.h1, 19) + this.h2) | 0, 5) + 0x561ccd1b) | 0;
    this.h2 ^= Math.imul(rotl(Math.imul(b[1]!, C2), 16), C3);
    this.h2 = (Math.imul((rotl(this.h2, 17) + this.h3) | 0, 5) + 0x0bcaa747) | 0;
    this.h3 ^= Math.imul(rotl(Math.imul(b[2]!, C3), 17), C4);
    this.h3 = (Math.imul((rotl(this.h3, 15) + this.h4) | 0, 5) + 0x96cd1c35) | 0;
    this.h4 ^= Math.imul(rotl(Math.imul(b[3]!, C4), 18), C1);
    this.h4 = (Math.imul((rotl(this.h4, 13) + this.h1) | 0, 5) + 0x32ac3b17) | 0;
  }

  /** Pads with zeros to a whole block, so that arrays are mixed block by block. */
  private align(): void {
    while (this.filled > 0) this.word(0);
  }

  /**
   * Mixes in the blocks of 16 bytes that the array begins with and returns how many elements they hold: 0 for arrays that are small or
   * not aligned to words. Same hash as element by element, at a third to a sixth of the cost. Needs an aligned hash and leaves it aligned.
   */
  private wholeBlocks(array: TypedArray): number {
    const { byteOffset, byteLength } = array;
    if (byteLength < BLOCKWISE_FROM_BYTES || byteOffset % 4 !== 0) return 0;
    const bytes = byteLength - (byteLength % 16);
    const words = bytes / 4;
    this.blocks(new Int32Array(array.buffer, byteOffset, words), words, array instanceof Float64Array);
    return bytes / array.BYTES_PER_ELEMENT;
  }

  /** Of doubles, every NaN counts as the same. */
  private blocks(words: Int32Array, count: number, areDoubles: boolean): void {
    let { h1, h2, h3, h4 } = this;
    for (let i = 0; i < count; i += 4) {
      let k1 = words[i]!;
      let k2 = words[i + 1]!;
      let k3 = words[i + 2]!;
      let k4 = words[i + 3]!;
      if (areDoubles) {
        if ((k2 & EXPONENT) === EXPONENT && ((k2 & FRACTION) | k1) !== 0) {
          k1 = 0;
          k2 = CANONICAL_NAN_HIGH;
        }
        if ((k4 & EXPONENT) === EXPONENT && ((k4 & FRACTION) | k3) !== 0) {
          k3 = 0;
          k4 = CANONICAL_NAN_HIGH;
        }
      }
      h1 ^= Math.imul(rotl(Math.imul(k1, C1), 15), C2);
      h1 = (Math.imul((rotl(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
      h2 ^= Math.imul(rotl(Math.imul(k2, C2), 16), C3);
      h2 = (Math.imul((rotl(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
      h3 ^= Math.imul(rotl(Math.imul(k3, C3), 17), C4);
      h3 = (Math.imul((rotl(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
      h4 ^= Math.imul(rotl(Math.imul(k4, C4), 18), C1);
      h4 = (Math.imul((rotl(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
    }
    this.h1 = h1;
    this.h2 = h2;
    this.h3 = h3;
    this.h4 = h4;
    this.words += count;
  }

  private doubles(array: Float64Array, from: number): void {
    const { double, doubleWords } = this;
    for (let i = from; i < array.length; i++) {
      const x = array[i]!;
      double[0] = x;
      const isNumber = !Number.isNaN(x);
      this.word(isNumber ? doubleWords[0]! : 0);
      this.word(isNumber ? doubleWords[1]! : CANONICAL_NAN_HIGH);
    }
  }

  /** Bytes and pairs of bytes, packed into words; the last word is filled up with zeros. */
  private packed(array: Uint8Array | Uint16Array, from: number): void {
    const perWord = 4 / array.BYTES_PER_ELEMENT;
    const bits = 8 * array.BYTES_PER_ELEMENT;
    for (let i = from; i < array.length; i += perWord) {
      let word = 0;
      for (let k = 0; k < perWord && i + k < array.length; k++) word |= array[i + k]! << (bits * k);
      this.word(word);
    }
  }
}

/** Lower-case hex of a digest. */
export function hex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += (byte < 16 ? "0" : "") + byte.toString(16);
  return out;
}

const C1 = 0x239b961b;
const C2 = 0xab0e9789 | 0;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93 | 0;
/** Below this the view that block by block needs costs more than it saves. */
const BLOCKWISE_FROM_BYTES = 256;
const CANONICAL_NAN_HIGH = 0x7ff80000;
/** Exponent and fraction bits in the high word of a double. With all exponent bits set it is infinite, or NaN if any fraction bit is set. */
const EXPONENT = 0x7ff00000;
const FRACTION = 0xfffff;

/** The 32-bit integer x rotated left by `bits`. */
export function rotl(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

function finalise(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
