/**
 * One place for several partitions: logical time alone orders them among each other, so all are met at the same time.
 *
 *   a time                 of each partition the first input that reaches it; a partition that begins later, its beginning
 *   an input's sequence    that of the first partition, and of the others the time of that input
 *   none                   of each its first data
 */
import { report } from "../../actors/command-line/terminal.ts";
import { openRecording, type PartitionFolder, SYSTEM } from "../../actors/mod.ts";
import { type SeekPlace, timeOfPlace } from "./place.ts";
import { checkPlace, type RecordedRange, rangeOf } from "./seek.ts";

export interface PartitionPlace extends PartitionFolder {
  readonly at: SeekPlace;
  /** Times of its first and last data. */
  readonly fromUs: number;
  readonly toUs: number;
}

/**
 * At least one. Throws for a place that is in none of them. Says on standard error of which partition nothing follows the place, so that it is not
 * `done`, such as "replayed".
 */
export async function placesIn(
  folders: readonly PartitionFolder[],
  at: SeekPlace | null,
  { action, done }: { action: string; done: string },
): Promise<PartitionPlace[]> {
  const ranges: RecordedRange[] = [];
  let timeUs = 0;
  for (const [k, { directory }] of folders.entries()) {
    const journal = await openRecording(directory);
    try {
      const range = await rangeOf(journal, SYSTEM);
      ranges.push(range);
      if (k > 0 || at === null) continue;
      if ("sequence" in at) checkPlace(at, range, action);
      timeUs = await timeOfPlace(journal, at);
    } finally {
      await journal.close();
    }
  }
  if (at !== null && "timeUs" in at) checkPlace(at, wholeOf(ranges), action);
  const places: PartitionPlace[] = [];
  for (const [k, folder] of folders.entries()) {
    const range = ranges[k]!;
    const place =
      at === null ? { timeUs: range.fromUs } : k === 0 && "sequence" in at ? at : placeFrom(timeUs, range);
    if (place === null) report(`${folder.partition} has nothing after that place: it is not ${done}`);
    else places.push({ ...folder, at: place, fromUs: range.fromUs, toUs: range.toUs });
  }
  return places;
}

/** From the beginning of the first to the end of the last. */
function wholeOf(ranges: readonly RecordedRange[]): RecordedRange {
  const fromUs = Math.min(...ranges.map((range) => range.fromUs));
  const toUs = Math.max(...ranges.map((range) => range.toUs));
  return { ...ranges[0]!, fromUs, toUs };
}

/** A partition that begins later is met at its beginning. Null for one that ended before. */
function placeFrom(timeUs: number, { fromUs, toUs, firstSequence }: RecordedRange): SeekPlace | null {
  if (timeUs > toUs) return null;
  return timeUs < fromUs ? { sequence: firstSequence } : { timeUs };
}
