/** Formats numbers and names for the titles of events. */
import { type SlopeTime, timeToMove } from "../../protocol/slope-time.ts";

/** From here on a number has more digits than a double knows. */
const DIGITS_END = 1e15;

/** A number with three or four digits. The details of an event contain the full number. */
export function brief(value: number): string {
  const size = Math.abs(value);
  if (size >= DIGITS_END) return value.toExponential(2);
  if (size >= 1000) return value.toFixed(0);
  if (size >= 100) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  if (size >= 0.001 || size === 0) return value.toFixed(3);
  return value.toPrecision(3);
}

/** "a", "a and b", "a, b and 3 more". */
export function listed(names: readonly string[], shown = 3): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length <= shown) return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
  return `${names.slice(0, shown - 1).join(", ")} and ${names.length - shown + 1} more`;
}

/** Prefixes of bytes, by thousands: nobody reads 46000000 B/s. */
const PREFIXES = ["", "k", "M", "G", "T", "P"] as const;

/** A value with its unit: "96.0 %", "46.0 MB/s". */
export function amount(value: number, unit: string): string {
  if (unit === "") return brief(value);
  if (!unit.startsWith("B")) return `${brief(value)} ${unit}`;
  let scaled = value;
  let prefix = 0;
  while (Math.abs(scaled) >= 1000 && prefix < PREFIXES.length - 1) {
    scaled /= 1000;
    prefix++;
  }
  return `${brief(scaled)} ${PREFIXES[prefix]}${unit}`;
}

/** 0 for a number that needs more than three decimals, and of which nothing is left in the digits of the other one. */
export function beside(value: number, other: number): number {
  const size = Math.abs(value);
  return size < 0.001 && size < Math.abs(other) / 1000 ? 0 : value;
}

/** "20.0 to 45.0 %"; one value when both ends read the same. A small end that is nothing beside the other one is 0. */
export function range(low: number, high: number, unit: string): string {
  const [from, to] = [amount(beside(low, high), unit), amount(beside(high, low), unit)];
  if (from === to) return to;
  const end = to.slice(to.indexOf(" "));
  return `${unit !== "" && from.endsWith(end) ? from.slice(0, -end.length) : from} to ${to}`;
}

/** A span of time with two digits: "20 ms", "1.6 s", "12 min", "3.5 h", "9 days". */
export function duration(us: number): string {
  const seconds = us / 1_000_000;
  if (us !== 0 && Math.abs(seconds) < 0.1) return `${twoDigits(us / 1000)} ms`;
  if (seconds < 100) return `${twoDigits(seconds)} s`;
  if (seconds < 6000) return `${twoDigits(seconds / 60)} min`;
  if (seconds < 172_800) return `${twoDigits(seconds / 3600)} h`;
  return `${twoDigits(seconds / 86_400)} days`;
}

function twoDigits(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}

/** "rises by 3.20 MB a minute" of a slope a second. */
export function moves(slope: number, time: SlopeTime, unit: string): string {
  return `${slope < 0 ? "falls" : "rises"} by ${amount(Math.abs(slope) * time[1], unit)} ${each(time)}`;
}

/** "it rose by 3.20 MB a minute", of what is past. */
export function moved(slope: number, time: SlopeTime, unit: string): string {
  return `it ${slope < 0 ? "fell" : "rose"} by ${amount(Math.abs(slope) * time[1], unit)} ${each(time)}`;
}

/** "rises by 3.20 MB (± 0.300 MB) a minute" of a slope a second and its standard error. */
export function movement(slope: number, error: number, unit: string): string {
  const time = timeToMove(slope, 1);
  const plus = amount(error * time[1], unit);
  return `${slope < 0 ? "falls" : "rises"} by ${amount(Math.abs(slope) * time[1], unit)} (± ${plus}) ${each(time)}`;
}

function each([name]: SlopeTime): string {
  return name === "hour" ? "an hour" : `a ${name}`;
}
