/** A place in a recording: before the first input at or after a time, or before the input with a sequence. */
import { CommandError } from "../../actors/mod.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { decodeBlock } from "../../protocol/block.ts";

export type Place = { readonly timeUs: number } | { readonly sequence: number };

/** A number of 15 or more digits is µs since the epoch (1973 or later); a shorter one is a sequence. */
export function parsePlace(option: string, text: string): Place {
  return /^\d{1,14}$/.test(text) ? { sequence: Number(text) } : { timeUs: parseTimeUs(option, text) };
}

/** Whether an input comes after the place. */
export function reaches(place: Place, sequence: number, timeUs: number): boolean {
  return "sequence" in place ? sequence >= place.sequence : timeUs >= place.timeUs;
}

/** The time of a place: of a sequence, the time of that input. */
export async function timeOfPlace(journal: Journal, place: Place): Promise<number> {
  if ("timeUs" in place) return place.timeUs;
  const { sequence } = place;
  return (await firstTime(journal, { sequence }, (of) => of >= sequence)) ?? journal.last!.timeUs;
}

/** ISO 8601 with microseconds, as the command line reads it. */
export function iso(timeUs: number): string {
  const text = new Date(Math.floor(timeUs / 1000)).toISOString();
  const microseconds = timeUs % 1000;
  return microseconds === 0 ? text : `${text.slice(0, -1)}${String(microseconds).padStart(3, "0")}Z`;
}

/** Time of the first input that passes, in the block that reaches `at`. */
export async function firstTime(
  journal: Journal,
  at: { timeUs: number } | { sequence: number },
  passes: (sequence: number, timeUs: number) => boolean,
): Promise<number | null> {
  const number = await journal.locate(at);
  if (number === null) return null;
  for await (const entry of journal.read(number)) {
    if (entry.kind !== "block") continue;
    let found: number | null = null;
    decodeBlock(entry.block.bytes).forEach((sequence, timeUs) => {
      if (found === null && passes(sequence, timeUs)) found = timeUs;
    });
    return found;
  }
  return null;
}

/** A time on the command line: ISO 8601, or integer µs since the epoch. */
export function parseTimeUs(option: string, text: string): number {
  if (/^\d{15,17}$/.test(text)) return Number(text);
  // Without a zone the time is UTC: a recording means the same everywhere.
  const zoned = /(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`;
  const ms = /^\d{4}-\d\d/.test(text)
    ? Date.parse(/T|\s/.test(text) ? zoned : `${text}T00:00:00Z`)
    : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new CommandError(
      `Cannot read ${option} ${text}: expected ISO 8601 (2021-05-19T12:43:00Z) or µs since the epoch`,
    );
  }
  // Date parses milliseconds only.
  const microseconds = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? "";
  return ms * 1000 + Number(microseconds.padEnd(3, "0"));
}
