/**
 * The zone in which times are shown: that of this machine, UTC, or another one by its IANA name, such as that of an exchange.
 *
 * One for the page. Offsets change at most once in a quarter of an hour, so they are computed once for each: cheap enough for every label.
 */

/** "local", "UTC", or an IANA name. */
export type ZoneName = string;

const QUARTER_US = 900e6;
/** Quarters of an hour kept: those of a month's axis are fewer. */
const MOST_KEPT = 4_096;

let zone: ZoneName = "local";
let format: Intl.DateTimeFormat | null = null;
const offsets = new Map<number, number>();

/** False: there is no such zone, and nothing changes. */
export function setZone(name: ZoneName): boolean {
  if (!isZone(name)) return false;
  format = name === "local" || name === "UTC" ? null : formatOf(name);
  zone = name;
  offsets.clear();
  return true;
}

export function isZone(name: string): boolean {
  if (name === "local" || name === "UTC") return true;
  try {
    formatOf(name);
    return /[/A-Z]/.test(name);
  } catch {
    return false;
  }
}

/** Time of the clock on the wall there − UTC, µs. */
export function zoneOffsetUs(timeUs: number): number {
  if (zone === "UTC" || !Number.isFinite(timeUs)) return 0;
  const quarter = Math.floor(timeUs / QUARTER_US);
  const known = offsets.get(quarter);
  if (known !== undefined) return known;
  if (offsets.size >= MOST_KEPT) offsets.clear();
  const offset = offsetOf(quarter * QUARTER_US);
  offsets.set(quarter, offset);
  return offset;
}

/** "UTC", "UTC+2", "UTC−3:30". */
export function zoneLabel(timeUs: number): string {
  const minutes = Math.round(zoneOffsetUs(timeUs) / 60e6);
  if (minutes === 0) return "UTC";
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? "" : `:${String(size % 60).padStart(2, "0")}`;
  return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(size / 60)}${rest}`;
}

function offsetOf(timeUs: number): number {
  const ms = timeUs / 1000;
  if (format === null) return -new Date(ms).getTimezoneOffset() * 60e6;
  const parts = new Map(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
  const at = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const wall = Date.UTC(at("year"), at("month") - 1, at("day"), at("hour"), at("minute"), at("second"));
  return (wall - ms) * 1000;
}

/** Throws a RangeError where there is no such zone. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
}
