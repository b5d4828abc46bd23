/** What of a recording can be gone to: all of it, or what lies behind the oldest usable snapshot where retention removed the beginning. */
import { type CoreDefinitions, SILENT } from "../../actors/core/core.ts";
import { CommandError } from "../../actors/mod.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { firstTime, iso, type Place } from "./place.ts";
import { openAt } from "./replay/replay.ts";

/** What there is to go to. `fromUs` is the time of the first data: before it logical time is still 0. */
export interface RecordedRange {
  readonly fromUs: number;
  readonly toUs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** Throws when the recording is empty, or its beginning is gone and no snapshot is usable. */
export async function rangeOf(journal: Journal, definitions: CoreDefinitions): Promise<RecordedRange> {
  const { first, last } = journal;
  if (!first || !last)
    throw new CommandError("Cannot replay: the recording is empty; expected at least one block");
  const { timeUs: toUs, lastSequence } = last;
  if (first.number > 1) {
    const { core } = await openAt(journal, definitions, SILENT, { sequence: first.firstSequence });
    return { fromUs: core.now, toUs, firstSequence: core.sequence + 1, lastSequence };
  }
  const fromUs = (await firstTime(journal, { timeUs: 1 }, (_sequence, timeUs) => timeUs > 0)) ?? toUs;
  return { fromUs, toUs, firstSequence: first.firstSequence, lastSequence };
}

/** Throws a CommandError that names the range when the place is not in it. */
export function checkPlace(place: Place, range: RecordedRange, action: string): void {
  const { fromUs, toUs, firstSequence, lastSequence } = range;
  if ("sequence" in place) {
    const { sequence } = place;
    if (sequence >= firstSequence && sequence <= lastSequence) return;
    throw new CommandError(
      `Cannot ${action}: input ${sequence} is not in the recording; expected ${firstSequence} to ${lastSequence}`,
    );
  }
  if (place.timeUs >= fromUs && place.timeUs <= toUs) return;
  throw new CommandError(
    `Cannot ${action}: ${iso(place.timeUs)} is outside of the recording; expected ${iso(fromUs)} to ${iso(toUs)}`,
  );
}
