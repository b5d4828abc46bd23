/**
 * Reads times in tables as integer µs: whole or decimal counts of s, ms, µs or ns since the epoch, or ISO 8601 dates.
 *
 * The size of a count shows its unit: between 1973 (10⁸ s, 10¹¹ ms, 10¹⁴ µs, 10¹⁷ ns) and 5138 the ranges of the units do not overlap.
 * A date without a zone is UTC. Times before June 1684 and after June 2255 are refused because their µs are not safe integers.
 */

import { latin1 } from "./decimal.ts";

export type TimeForm = "s" | "ms" | "us" | "ns" | "iso";

/** Powers of ten from the unit to µs. */
const SHIFT: Readonly<Record<Exclude<TimeForm, "iso">, number>> = { s: 6, ms: 3, us: 0, ns: -3 };
const SHIFT_FACTOR: Readonly<Record<Exclude<TimeForm, "iso">, number>> = { s: 1e6, ms: 1e3, us: 1, ns: 1e-3 };

const DAY_US = 86_400_000_000;
const ZERO = 48;

/** The form of `text`, or null if it is not a time. */
export function timeFormOf(text: string): TimeForm | null {
  const trimmed = text.trim();
  if (/^[+-]?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(trimmed)) {
    const size = Math.abs(Number(trimmed));
    if (size < 1e11) return "s";
    if (size < 1e14) return "ms";
    return size < 1e17 ? "us" : "ns";
  }
  const bytes = new TextEncoder().encode(trimmed);
  return Number.isNaN(readIsoTime(bytes, 0, bytes.length)) ? null : "iso";
}

/** The time in bytes `start` to `end` in integer µs; NaN if it is not a time or not a safe integer. */
export function readTime(bytes: Uint8Array, start: number, end: number, form: TimeForm): number {
  while (start < end && bytes[start]! <= 32) start++;
  while (start < end && bytes[end - 1]! <= 32) end--;
  return form === "iso" ? readIsoTime(bytes, start, end) : readCount(bytes, start, end, form);
}

/** A time given as a number (JSON): integer µs, or NaN. */
export function timeOfNumber(value: number, form: TimeForm): number {
  if (form === "iso") return Number.NaN;
  return safe(Math.round(value * SHIFT_FACTOR[form]));
}

/** Shifts digits instead of multiplying: 19 digits of ns do not fit a double, but their µs do. */
function readCount(bytes: Uint8Array, start: number, end: number, form: Exclude<TimeForm, "iso">): number {
  let p = start;
  const negative = bytes[p] === 45;
  if (negative || bytes[p] === 43) p++;
  const first = p;
  while (p < end && isDigit(bytes[p]!)) p++;
  const wholeEnd = p;
  const pointed = p < end && bytes[p] === 46;
  if (pointed) for (p++; p < end && isDigit(bytes[p]!); ) p++;
  if (p < end || wholeEnd === first) return readExponent(bytes, start, end, form);
  const shift = SHIFT[form];
  let us = 0;
  const kept = shift < 0 ? Math.max(first, wholeEnd + shift) : wholeEnd;
  for (let k = first; k < kept; k++) us = us * 10 + bytes[k]! - ZERO;
  for (let k = 0; k < shift; k++) {
    const at = wholeEnd + 1 + k;
    us = us * 10 + (at < end ? bytes[at]! - ZERO : 0);
  }
  // The next digit rounds. Of nanoseconds, the fraction of a µs is dropped.
  const next = wholeEnd + 1 + shift;
  if (shift >= 0 && next < end && bytes[next]! - ZERO >= 5) us++;
  return safe(negative ? -us : us);
}

function readExponent(bytes: Uint8Array, start: number, end: number, form: Exclude<TimeForm, "iso">): number {
  if (end - start > 40 || end <= start) return Number.NaN;
  return safe(Math.round(Number(latin1(bytes, start, end)) * SHIFT_FACTOR[form]));
}

/**
 * YYYY-MM-DD, YYYY/MM/DD or YYYYMMDD; then, after "T" or a space, HH:MM[:SS[.fraction]] and Z, ±HH, ±HHMM or ±HH:MM.
 * Days since the epoch: Howard Hinnant, "chrono-compatible low-level date algorithms" (2013).
 */
function readIsoTime(bytes: Uint8Array, start: number, end: number): number {
  const separator = bytes[start + 4];
  const basic = end - start === 8 && separator !== 45;
  if (!basic && separator !== 45 && separator !== 47) return Number.NaN;
  if (!basic && bytes[start + 7] !== separator) return Number.NaN;
  const gap = basic ? 0 : 1;
  const year = digits(bytes, start, 4, end);
  const month = digits(bytes, start + 4 + gap, 2, end);
  const day = digits(bytes, start + 6 + 2 * gap, 2, end);
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month))) return Number.NaN;
  const date = daysSinceEpoch(year, month, day) * DAY_US;
  const p = start + 8 + 2 * gap;
  if (p === end) return safe(date);
  const mark = bytes[p]!;
  if (mark !== 84 && mark !== 116 && mark !== 32) return Number.NaN;
  return safe(date + readClock(bytes, p + 1, end));
}

function readClock(bytes: Uint8Array, p: number, end: number): number {
  const hour = digits(bytes, p, 2, end);
  const minute = digits(bytes, p + 3, 2, end);
  if (bytes[p + 2] !== 58 || !(hour <= 24 && minute <= 59)) return Number.NaN;
  p += 5;
  let second = 0;
  let fraction = 0;
  if (p < end && bytes[p] === 58) {
    second = digits(bytes, p + 1, 2, end);
    // 60 is a leap second: POSIX counts it as the second after 59.
    if (!(second <= 60)) return Number.NaN;
    p += 3;
    if (p < end && (bytes[p] === 46 || bytes[p] === 44)) {
      let place = 1e5;
      for (p++; p < end && isDigit(bytes[p]!); p++) {
        if (place >= 1) fraction += (bytes[p]! - ZERO) * place;
        place = place >= 1 ? Math.floor(place / 10) : 0;
      }
    }
  }
  if (hour === 24 && (minute > 0 || second > 0 || fraction > 0)) return Number.NaN;
  const offset = readZone(bytes, p, end);
  return ((hour * 60 + minute - offset) * 60 + second) * 1e6 + fraction;
}

/** Minutes east of UTC; 0 without a zone; NaN for any other text. */
function readZone(bytes: Uint8Array, p: number, end: number): number {
  while (p < end && bytes[p] === 32) p++;
  if (p === end) return 0;
  const mark = bytes[p]!;
  if (mark === 90 || mark === 122) return p + 1 === end ? 0 : Number.NaN;
  if (mark !== 43 && mark !== 45) return isUtc(bytes, p, end) ? 0 : Number.NaN;
  const hours = digits(bytes, p + 1, 2, end);
  p += 3;
  if (p < end && bytes[p] === 58) p++;
  const minutes = p < end ? digits(bytes, p, 2, end) : 0;
  if (p < end && p + 2 !== end) return Number.NaN;
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN;
  return (mark === 45 ? -1 : 1) * (hours * 60 + minutes);
}

function isUtc(bytes: Uint8Array, p: number, end: number): boolean {
  const word = latin1(bytes, p, end);
  return word === "UTC" || word === "GMT";
}

function digits(bytes: Uint8Array, at: number, count: number, end: number): number {
  if (at + count > end) return Number.NaN;
  let value = 0;
  for (let k = at; k < at + count; k++) {
    if (!isDigit(bytes[k]!)) return Number.NaN;
    value = value * 10 + bytes[k]! - ZERO;
  }
  return value;
}

function daysSinceEpoch(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isDigit(byte: number): boolean {
  return byte >= 48 && byte <= 57;
}

function safe(us: number): number {
  return Number.isSafeInteger(us) ? us : Number.NaN;
}
