/**
 * Reads decimal numbers from bytes, with the same value as `Number(text)`.
 *
 * Up to 15 digits with a power of ten up to 10²² are exact in one operation (Clinger 1990, "How to read floating point numbers
 * accurately"). That is about ten times as fast as decoding the text; everything else goes through `Number`.
 */

const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));
const MAX_DIGITS = 15;
const MAX_POWER = 22;

const ZERO = 48;
const NINE = 57;
const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const SPACE = 32;
const TAB = 9;

/** The number in bytes `start` to `end`; NaN if they are empty, not a number, or not finite. */
export function readDecimal(bytes: Uint8Array, start: number, end: number): number {
  while (start < end && isBlank(bytes[start]!)) start++;
  while (start < end && isBlank(bytes[end - 1]!)) end--;
  let p = start;
  const sign = bytes[p];
  if (sign === MINUS || sign === PLUS) p++;
  let mantissa = 0;
  let digits = 0;
  let scale = 0;
  for (; p < end; p++) {
    const digit = bytes[p]! - ZERO;
    if (digit < 0 || digit > 9) break;
    mantissa = mantissa * 10 + digit;
    // Leading zeros do not use up precision.
    if (mantissa > 0) digits++;
  }
  let seen = p - start - (sign === MINUS || sign === PLUS ? 1 : 0);
  if (p < end && bytes[p] === POINT) {
    const first = ++p;
    for (; p < end; p++) {
      const digit = bytes[p]! - ZERO;
      if (digit < 0 || digit > 9) break;
      mantissa = mantissa * 10 + digit;
      if (mantissa > 0) digits++;
    }
    scale = p - first;
    seen += scale;
  }
  if (seen === 0 || p < end || digits > MAX_DIGITS || scale > MAX_POWER) return readSlowly(bytes, start, end);
  const value = mantissa / POWERS[scale]!;
  return sign === MINUS ? -value : value;
}

/** Whether the text is a number: distinguishes a row of data from a header. */
export function looksNumeric(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

function readSlowly(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return Number.NaN;
  const first = bytes[start]!;
  const startsLikeNumber =
    (first >= ZERO && first <= NINE) || first === MINUS || first === PLUS || first === POINT;
  if (!startsLikeNumber) return Number.NaN;
  const value = Number(latin1(bytes, start, end));
  return Number.isFinite(value) ? value : Number.NaN;
}

export function latin1(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let k = start; k < end; k++) text += String.fromCharCode(bytes[k]!);
  return text;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}
