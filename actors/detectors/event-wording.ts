/** Formats numbers and names for the titles of events. */
import { timeToMove } from "../../protocol/slope-time.ts";

/** A number with three or four digits. The details of an event contain the full number. */
export function brief(value: number): string {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  if (size >= 100) return value.toFixed(1);
  if (size >= 1) return value.toFixed(2);
  return value.toFixed(3);
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

/** "20.0 to 45.0 %"; one value when both ends read the same. */
export function range(low: number, high: number, unit: string): string {
  const [from, to] = [amount(low, unit), amount(high, unit)];
  if (from === to) return to;
  const end = to.slice(to.indexOf(" "));
  return `${unit !== "" && from.endsWith(end) ? from.slice(0, -end.length) : from} to ${to}`;
}

/** A span of time with two digits: "1.6 s", "12 min", "3.5 h", "9 days". */
export function duration(us: number): string {
  const seconds = us / 1_000_000;
  if (seconds < 100) return `${twoDigits(seconds)} s`;
  if (seconds < 6000) return `${twoDigits(seconds / 60)} min`;
  if (seconds < 172_800) return `${twoDigits(seconds / 3600)} h`;
  return `${twoDigits(seconds / 86_400)} days`;
}

function twoDigits(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}

/** "rises by 3.20 MB a minute" of a slope a second. */
export function moves(slope: number, [name, seconds]: readonly [string, number], unit: string): string {
  return `${slope < 0 ? "falls" : "rises"} by ${amount(Math.abs(slope) * seconds, unit)} a ${name}`;
}

/** "rises by 3.20 ± 0.300 MB a minute" of a slope a second and its standard error; 0: without it. */
export function movement(slope: number, error: number, unit: string): string {
  const time = timeToMove(slope, 1);
  const [name, seconds] = time;
  if (error === 0) return moves(slope, time, unit);
  const [value, plus] = [amount(Math.abs(slope) * seconds, unit), amount(error * seconds, unit)];
  return `${slope < 0 ? "falls" : "rises"} by ${value} (± ${plus}) a ${name}`;
}
