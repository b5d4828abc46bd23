/**
 * The checksum of a book, as Kraken defines it: CRC-32 of the digits of price and size of the ten best asks, best first, and then of the ten best bids,
 * without points and leading zeros. Source: docs.kraken.com, "Book checksum". O(1): twenty levels.
 */
import { crc32 } from "node:zlib";
import type { BookSide } from "./book-side.ts";

const LEVELS = 10;

export function bookChecksum(asks: BookSide, bids: BookSide): number {
  return crc32(digitsOf(asks) + digitsOf(bids));
}

function digitsOf({ levels }: BookSide): string {
  let digits = "";
  for (let k = 0; k < LEVELS && k < levels.length; k++) {
    const [price, size] = levels[k]!.text;
    digits += bare(price) + bare(size);
  }
  return digits;
}

/** "0.0500" → "500". */
function bare(decimal: string): string {
  const point = decimal.indexOf(".");
  const digits = point < 0 ? decimal : decimal.slice(0, point) + decimal.slice(point + 1);
  let zeros = 0;
  while (digits.charCodeAt(zeros) === ZERO) zeros++;
  return zeros === 0 ? digits : digits.slice(zeros);
}

const ZERO = 48;
