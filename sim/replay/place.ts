/** A place in a recording: before the first input at or after a time, or before the input with a sequence. */
import { CommandError } from "../../actors/mod.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { parseTimeUs } from "./parse-time.ts";

export type Place = { readonly timeUs: number } | { readonly sequence: number };

/** What there is to go to. `fromUs` is the time of the first data: before it logical time is still 0. */
export interface RecordedRange {
  readonly fromUs: number;
  readonly toUs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** From 15 digits on a number is µs since the epoch (the year 1973), below it is a sequence. */
export function parsePlace(option: string, text: string): Place {
  return /^\d{1,14}$/.test(text) ? { sequence: Number(text) } : { timeUs: parseTimeUs(option, text) };
}

/** Throws when the recording is empty. */
export async function rangeOf(journal: Journal): Promise<RecordedRange> {
  const { first, last } = journal;
  if (!first || !last)
    throw new CommandError("Cannot replay: the recording is empty; wanted at least one block");
  const { firstSequence } = first;
  return {
    fromUs: await firstDataUs(journal, last.timeUs),
    toUs: last.timeUs,
    firstSequence,
    lastSequence: last.lastSequence,
  };
}

/** Throws a CommandError that names the range when the place is not in it. */
export function checkPlace(place: Place, range: RecordedRange, action: string): void {
  const { fromUs, toUs, firstSequence, lastSequence } = range;
  if ("sequence" in place) {
    const { sequence } = place;
    if (sequence >= firstSequence && sequence <= lastSequence) return;
    throw new CommandError(
      `Cannot ${action}: input ${sequence} is not in the recording; wanted ${firstSequence} to ${lastSequence}`,
    );
  }
  if (place.timeUs >= fromUs && place.timeUs <= toUs) return;
  throw new CommandError(
    `Cannot ${action}: ${iso(place.timeUs)} is outside of the recording; wanted ${iso(fromUs)} to ${iso(toUs)}`,
  );
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

async function firstDataUs(journal: Journal, lastUs: number): Promise<number> {
  return (await firstTime(journal, { timeUs: 1 }, (_sequence, timeUs) => timeUs > 0)) ?? lastUs;
}

/** Time of the first input that passes, in the block that reaches `at`. */
async function firstTime(
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
