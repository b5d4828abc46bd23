/** A place in a recording: before the first input at or after a time, or before the input with a sequence. */
import type { Journal } from "../../actors/ports/journal.ts";
import { time } from "../../cli/option-values.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { EigenwatchError, show } from "../../protocol/errors.ts";
import type { TextValue } from "../../protocol/text-values.ts";

export type Place = { readonly timeUs: number } | { readonly sequence: number };

/** A number of 15 or more digits is µs since the epoch (1973 or later); a shorter one is a sequence. */
export const place: TextValue<Place> = {
  read(text) {
    if (/^\d{1,14}$/.test(text)) return { sequence: Number(text) };
    const timeUs = time.read(text);
    return timeUs === undefined ? undefined : { timeUs };
  },
  expected: `the sequence of an input, or a time: ${time.expected}`,
};

/** `name`: of the field or option, for the error. */
export function parsePlace(name: string, text: string): Place {
  const found = place.read(text);
  if (found !== undefined) return found;
  throw new EigenwatchError({ action: `read ${name}`, value: show(text), expected: place.expected });
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
