/**
 * A 128-bit hash of registered state: MurmurHash3_x86_128 (Appleby 2011), word by word.
 *
 * Not cryptographic: it finds differences between runs. The SHA-256 chain of the journal finds tampering.
 * All NaN are equal, because engines differ in their payloads. -0 and 0 differ, because later results differ.
 * O(bytes), about 1 ns a byte; allocates only in `digest`.
 */
import type { TypedArray } from "../ports/detector.ts";

export class StateHash {
  private h1 = 0;
  private h2 = 0;
  private h3 = 0;
  private h4 = 0;
  private readonly block = new Uint32Array(4);
  private filled = 0;
  private words = 0;

  reset(seed = 0): this {
    this.h1 = this.h2 = this.h3 = this.h4 = seed;
    this.filled = 0;
    this.words = 0;
    return this;
  }

  /** Mixes in the length, the element size and every element. */
  array(array: TypedArray): this {
    this.word(array.length);
    this.word(array.BYTES_PER_ELEMENT);
    this.align();
    if (array instanceof Float64Array) this.doubles(array);
    else if (array instanceof Uint32Array || array instanceof Int32Array) {
      for (let i = 0; i < array.length; i++) this.word(array[i]! | 0);
    } else this.small(array);
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
    const out = new Uint8Array(16);
    const view = new DataView(out.buffer);
    [h1, h2, h3, h4].forEach((h, i) => {
      view.setInt32(i * 4, h, true);
    });
    return out;
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

  /** Needs an aligned hash. Leaves it aligned unless the number of elements is odd. */
  private doubles(array: Float64Array): void {
    const words = new Int32Array(array.buffer, array.byteOffset, array.length * 2);
    const whole = words.length & ~3;
    let { h1, h2, h3, h4 } = this;
    for (let i = 0; i < whole; i += 4) {
      let k1 = words[i]!;
      let k2 = words[i + 1]!;
      let k3 = words[i + 2]!;
      let k4 = words[i + 3]!;
      if ((k2 & EXPONENT) === EXPONENT && ((k2 & FRACTION) | k1) !== 0) {
        k1 = 0;
        k2 = CANONICAL_NAN_HIGH;
      }
      if ((k4 & EXPONENT) === EXPONENT && ((k4 & FRACTION) | k3) !== 0) {
        k3 = 0;
        k4 = CANONICAL_NAN_HIGH;
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
    this.words += whole;
    if (whole === words.length) return;
    const last = array[array.length - 1]!;
    const unreal = Number.isNaN(last);
    this.word(unreal ? 0 : words[whole]!);
    this.word(unreal ? CANONICAL_NAN_HIGH : words[whole + 1]!);
  }

  private small(array: Uint8Array | Uint16Array): void {
    const perWord = 4 / array.BYTES_PER_ELEMENT;
    const bits = 8 * array.BYTES_PER_ELEMENT;
    for (let i = 0; i < array.length; i += perWord) {
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
