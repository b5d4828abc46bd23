/**
 * Numbers, times and durations as people read them, times in the zone of zone.ts. Cheap enough for ten calls a second for a hundred channels.
 */
import { zoneOffsetUs } from "./zone.ts";

const PREFIXES = ["", "k", "M", "G", "T", "P"] as const;
const SMALL_PREFIXES = ["m", "µ", "n"] as const;

/** Units that take prefixes, in steps of 1,000: bytes too, as on the terminal. */
const SCALED = new Set(["B", "B/s", "Hz", "s", "1/s", "/s", "op/s", "ops/s", "bit/s"]);
const STEP = 1000;

/** "12.3 %", "1.21 MB/s", "842 µs": three significant digits, or up to four of an integer. */
export function quantity(value: number, unit: string): string {
  const [digits, shown] = quantityParts(value, unit);
  return shown === "" ? digits : `${digits} ${shown}`;
}

/** The same in two parts, so that lists can align the digits. */
export function quantityParts(value: number, unit: string): [digits: string, unit: string] {
  if (!Number.isFinite(value)) return ["–", unit];
  if (!SCALED.has(unit) && Math.abs(value) < 1e6) return [significant(value), unit];
  let size = Math.abs(value);
  if (unit === "s" && size > 0 && size < 1) {
    let k = -1;
    while (size < 1 && k < SMALL_PREFIXES.length - 1) {
      size *= STEP;
      k++;
    }
    return [significant(Math.sign(value) * size), `${SMALL_PREFIXES[k]}${unit}`];
  }
  let k = 0;
  while (size >= STEP * 0.9995 && k < PREFIXES.length - 1) {
    size /= STEP;
    k++;
  }
  const prefix = PREFIXES[k]!;
  return [significant(Math.sign(value) * size), `${prefix}${unit.startsWith("1/") ? unit.slice(1) : unit}`];
}

/** Three significant digits; integers up to 9,999 whole. */
export function significant(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size >= 1000) return value.toFixed(0);
  if (size >= 100) return value.toFixed(Number.isInteger(value) ? 0 : 1);
  if (size >= 10) return value.toFixed(Number.isInteger(value) ? 0 : 1);
  if (size >= 1) return value.toFixed(2);
  return size >= 0.001 ? String(Number(value.toPrecision(3))) : value.toPrecision(2);
}

/** A tick label with the digits that its step needs. */
export function tickLabel(value: number, step: number, unit: string): string {
  if (SCALED.has(unit) || Math.abs(value) >= 1e5) return quantityParts(value, unit).join("");
  const digits = Math.max(0, Math.min(8, -Math.floor(Math.log10(step) + 1e-9)));
  return (Math.abs(value) < step / 2 ? 0 : value).toFixed(digits);
}

const pad = (n: number, width = 2) => String(n).padStart(width, "0");

/** Time of day, as precise as steps of `stepUs` need: 14:03, 14:03:20, 14:03:20.5. */
export function clock(timeUs: number, stepUs = 1e6): string {
  const on = onTheWall(timeUs);
  const minutes = `${pad(on.getUTCHours())}:${pad(on.getUTCMinutes())}`;
  if (stepUs >= 60e6) return minutes;
  const seconds = `${minutes}:${pad(on.getUTCSeconds())}`;
  if (stepUs >= 1e6) return seconds;
  const fraction = pad((((timeUs % 1e6) + 1e6) % 1e6) | 0, 6);
  const digits = stepUs >= 1e5 ? 1 : stepUs >= 1e3 ? 3 : 6;
  return `${seconds}.${fraction.slice(0, digits)}`;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"] as const;

/** The time of day as seen from `nowUs`: with the date where that is of another day, "12 May 14:03". */
export function moment(timeUs: number, nowUs: number, stepUs = 1e6): string {
  const time = clock(timeUs, stepUs);
  return !Number.isFinite(nowUs) || dayNumber(timeUs) === dayNumber(nowUs) ? time : `${date(timeUs)} ${time}`;
}

/** "12 May"; the first day of a year "2026". */
export function day(timeUs: number): string {
  const on = onTheWall(timeUs);
  return on.getUTCMonth() === 0 && on.getUTCDate() === 1 ? String(on.getUTCFullYear()) : date(timeUs);
}

function date(timeUs: number): string {
  const on = onTheWall(timeUs);
  return `${on.getUTCDate()} ${MONTHS[on.getUTCMonth()]}`;
}

/** Days since the epoch on the calendar there. */
export function dayNumber(timeUs: number): number {
  return Math.floor((timeUs + zoneOffsetUs(timeUs)) / 86_400e6);
}

/** A label of an axis of time: at midnight the date. */
export function timeLabel(timeUs: number, stepUs: number): string {
  const isMidnight = dayNumber(timeUs) !== dayNumber(timeUs - 1);
  return isMidnight ? day(timeUs) : clock(timeUs, stepUs);
}

/** Full date and time to the millisecond. */
export function dateTime(timeUs: number): string {
  const on = onTheWall(timeUs);
  return `${on.getUTCFullYear()}-${pad(on.getUTCMonth() + 1)}-${pad(on.getUTCDate())} ${clock(timeUs, 1e3)}`;
}

/** A date whose UTC parts are those of the zone. */
function onTheWall(timeUs: number): Date {
  return new Date((timeUs + zoneOffsetUs(timeUs)) / 1000);
}

/** "12 s", "3 min", "1.5 h". */
export function span(us: number): string {
  const size = Math.abs(us);
  if (size < 1e3) return `${significant(us)} µs`;
  if (size < 1e6) return `${significant(us / 1e3)} ms`;
  if (size < 60e6) return `${significant(Math.round(us / 1e5) / 10)} s`;
  if (size < 3600e6) return `${Math.round(us / 6e6) / 10} min`;
  return `${Math.round(us / 360e6) / 10} h`;
}
