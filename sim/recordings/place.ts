/** A place in a recording as people write it: a time, or the sequence of an input. The place lies before the first input that reaches it. */
import { time } from "../../actors/command-line/option-values.ts";
import { firstInput, type Place } from "../../actors/mod.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { EigenwatchError, show } from "../../protocol/errors.ts";
import type { TextValue } from "../../protocol/text-values.ts";

export type SeekPlace = Exclude<Place, { readonly block: number }>;

/** A number of 15 or more digits is µs since the epoch (1973 or later); a shorter one is a sequence. */
export const place: TextValue<SeekPlace> = {
  read(text) {
    if (/^\d{1,14}$/.test(text)) return { sequence: Number(text) };
    const timeUs = time.read(text);
    return timeUs === undefined ? undefined : { timeUs };
  },
  expected: `the sequence of an input, or a time: ${time.expected}`,
};

/** `name`: of the field or option, for the error. */
export function parsePlace(name: string, text: string): SeekPlace {
  const found = place.read(text);
  if (found !== undefined) return found;
  throw new EigenwatchError({ action: `read ${name}`, value: show(text), expected: place.expected });
}

/** The time of a place: of a sequence, the time of that input. */
export async function timeOfPlace(journal: Journal, at: SeekPlace): Promise<number> {
  if ("timeUs" in at) return at.timeUs;
  return (await firstInput(journal, at))?.timeUs ?? journal.last!.timeUs;
}

/** Time of the first data, null without any: before it logical time is 0. */
export async function firstDataUs(journal: Journal): Promise<number | null> {
  return (await firstInput(journal, { timeUs: 1 }))?.timeUs ?? null;
}
