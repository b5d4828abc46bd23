/**
 * CRC-32 of stretches of bytes that overlap, each in a time that does not depend on its length.
 *
 * A search for records meets many places that look like one and claim megabytes each. Reading all of what each claims would take a time that
 * grows with the square of the file. CRCs are linear: with P(x) the CRC of everything before x,
 *
 *   crc(from…to, started from v) = P(to) ⊕ Z(to − from) · (P(from) ⊕ v)
 *
 * where Z(n) advances a CRC by n zero bytes: a product of polynomials over GF(2) modulo that of CRC-32, as in zlib's crc32_combine.
 * P is kept every CHECKSUM_EVERY_BYTES; oracle: zlib's crc32 (tests/journal/scanner.test.ts).
 */
import { crc32 } from "node:zlib";

/** Distance of the known values of P: what is read for one checksum besides them. */
export const CHECKSUM_EVERY_BYTES = 256;

/** Below this the bytes themselves are read as fast. */
export const SHORT_BYTES = 4096;

/** The polynomial of CRC-32, bits reversed. */
const POLYNOMIAL = 0xedb8_8320;

/** X^(2^k) modulo the polynomial, k = 0 … 31. */
const POWERS = powersOfX();

/** Offsets are those of the file; the caller shows the part of it that it has in memory. */
export class RangeChecksums {
  /** Bytes that were read so far. */
  work = 0;
  /** Known: P at #origin, and every CHECKSUM_EVERY_BYTES from there on. */
  #origin = 0;
  #known: number[] = [];

  /**
   * CRC-32 of the bytes `from` to `to`, started from `initial`. `bytes` hold the file from offset `start` on, as far as `to`, and from
   * CHECKSUM_EVERY_BYTES before `lowest` on where the file has been read from there. No later stretch begins before `lowest`.
   */
  of(bytes: Uint8Array, start: number, lowest: number, from: number, to: number, initial: number): number {
    if (this.#known.length === 0 || this.#knownTo < start) {
      this.#origin = lowest;
      this.#known = [0];
    }
    const before = this.#upTo(bytes, start, from);
    const whole = this.#upTo(bytes, start, to);
    return (whole ^ advanced(before ^ initial, to - from)) >>> 0;
  }

  get #knownTo(): number {
    return this.#origin + (this.#known.length - 1) * CHECKSUM_EVERY_BYTES;
  }

  /** P at an offset. */
  #upTo(bytes: Uint8Array, start: number, offset: number): number {
    const index = Math.floor((offset - this.#origin) / CHECKSUM_EVERY_BYTES);
    while (this.#known.length <= index) {
      const at = this.#knownTo;
      this.#known.push(this.#read(bytes, start, at, at + CHECKSUM_EVERY_BYTES, this.#known.at(-1)!));
    }
    return this.#read(bytes, start, this.#origin + index * CHECKSUM_EVERY_BYTES, offset, this.#known[index]!);
  }

  #read(bytes: Uint8Array, start: number, from: number, to: number, initial: number): number {
    this.work += to - from;
    return crc32(bytes.subarray(from - start, to - start), initial);
  }
}

/** A CRC after so many zero bytes more. */
function advanced(crc: number, bytes: number): number {
  let factor = 0x8000_0000;
  for (let k = 3, left = bytes; left > 0; k++, left = Math.floor(left / 2))
    if (left % 2 === 1) factor = product(POWERS[k % 32]!, factor);
  return product(factor, crc);
}

/** Of two polynomials, modulo that of CRC-32; bit 31 is the coefficient of x⁰. */
function product(a: number, b: number): number {
  let sum = 0;
  for (let bit = 31, shifted = b; bit >= 0; bit--) {
    if ((a >>> bit) & 1) sum ^= shifted;
    shifted = shifted & 1 ? (shifted >>> 1) ^ POLYNOMIAL : shifted >>> 1;
  }
  return sum;
}

function powersOfX(): readonly number[] {
  const powers = [0x4000_0000];
  while (powers.length < 32) powers.push(product(powers.at(-1)!, powers.at(-1)!));
  return powers;
}
