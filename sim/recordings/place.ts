/** A place in a recording: before the first input at or after a time, or before the input with a sequence. */
import type { Journal } from "../../actors/ports/journal.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { parseTimeUs } from "./parse-time.ts";

export type Place = { readonly timeUs: number } | { readonly sequence: number };

/** From 15 digits on a number is µs since the epoch (the year 1973), below it is a sequence. */
export function parsePlace(option: string, text: string): Place {
  return /^\d{1,14}$/.test(text) ? { sequence: Number(text) } : { timeUs: parseTimeUs(option, text) };
}

/** Whether an input lies behind the place. */
export function reaches(place: Place, sequence: number, timeUs: number): boolean {
  return "sequence" in place ? sequence >= place.sequence : timeUs >= place.timeUs;
}

/** The time of a place: that of its input where it is a sequence. */
export async function timeOfPlace(journal: Journal, place: Place): Promise<number> {
  if ("timeUs" in place) return place.timeUs;
  const { sequence } = place;
  return (await firstTime(journal, { sequence }, (of) => of >= sequence)) ?? journal.last!.timeUs;
}

/** With all its digits, as a time on the command line is written. */
export function iso(timeUs: number): string {
  const text = new Date(Math.floor(timeUs / 1000)).toISOString();
  const behind = timeUs % 1000;
  return behind === 0 ? text : `${text.slice(0, -1)}${String(behind).padStart(3, "0")}Z`;
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
