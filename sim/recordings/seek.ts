/**
 * Seeking: which places a recording has, and the first input at a place.
 *
 * A core that stands there comes from `coreAt` (actors/log/core-at.ts). Retention may have removed the beginning of a recording: then it
 * begins after the oldest snapshot that this version of the program can use.
 */
import type { CoreDefinitions } from "../../actors/core/mod.ts";
import { firstInput, nearestCore } from "../../actors/mod.ts";
import type { BlockPosition, Journal } from "../../actors/ports/journal.ts";
import { EigenwatchError } from "../../protocol/errors.ts";
import { exactTimeText } from "../../protocol/text-values.ts";
import { firstDataUs, parsePlace, type SeekPlace } from "./place.ts";

/** The places of a recording. `fromUs` is the time of the first data: before it logical time is still 0. */
export interface RecordedRange {
  readonly fromUs: number;
  readonly toUs: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
}

/** Throws when the recording is empty, or its beginning is gone and no snapshot is usable. */
export async function rangeOf(journal: Journal, definitions: CoreDefinitions): Promise<RecordedRange> {
  const { first, last } = endsOf(journal);
  const { timeUs: toUs, lastSequence } = last;
  if (first.number > 1) {
    const { core } = await nearestCore(journal, definitions, { sequence: first.firstSequence });
    return { fromUs: core.now, toUs, firstSequence: core.sequence + 1, lastSequence };
  }
  return {
    fromUs: (await firstDataUs(journal)) ?? toUs,
    toUs,
    firstSequence: first.firstSequence,
    lastSequence,
  };
}

/** First and last block. Throws when the recording is empty. */
export function endsOf({ first, last }: Journal): { first: BlockPosition; last: BlockPosition } {
  if (first && last) return { first, last };
  throw new EigenwatchError({
    action: "replay",
    value: "the recording is empty",
    expected: "at least one block",
  });
}

/** Throws an error that names the range when the place is not in it. */
export function checkPlace(place: SeekPlace, range: RecordedRange, action: string): void {
  const { fromUs, toUs, firstSequence, lastSequence } = range;
  if ("sequence" in place) {
    const { sequence } = place;
    if (sequence >= firstSequence && sequence <= lastSequence) return;
    throw new EigenwatchError({
      action,
      value: `input ${sequence} is not in the recording`,
      expected: `${firstSequence} to ${lastSequence}`,
    });
  }
  if (place.timeUs >= fromUs && place.timeUs <= toUs) return;
  throw new EigenwatchError({
    action,
    value: `${exactTimeText(place.timeUs)} is outside of the recording`,
    expected: `${exactTimeText(fromUs)} to ${exactTimeText(toUs)}`,
  });
}

/** The first input at or after a place. */
export interface InputPlace {
  /** The block that holds the input. */
  block: number;
  sequence: number;
  /** The requested time, or the input's own time for a place by sequence. */
  atUs: number;
  /** Time of the recording's first data: before it logical time is 0. */
  fromUs: number;
}

/** Throws an error with the recording's range when the place is outside of it. */
export async function findInput(
  journal: Journal,
  definitions: CoreDefinitions,
  at: number | string,
): Promise<InputPlace> {
  const place = parsePlace("at", String(at));
  const range = await rangeOf(journal, definitions);
  checkPlace(place, range, "branch");
  const { fromUs } = range;
  const { block, sequence, timeUs } = (await firstInput(journal, place))!;
  return { block, sequence, atUs: "timeUs" in place ? place.timeUs : timeUs, fromUs };
}

/** Snapshots are 131,072 samples apart: two of them are a quarter of a second of work. */
const SNAPSHOTS_BACK = 2;

/** Where to begin so that the stretch from `fromUs` to `timeUs` is shown: at `fromUs`, but no earlier than is quickly folded. */
export async function windowStart(journal: Journal, fromUs: number, timeUs: number): Promise<number> {
  let stored = await journal.loadSnapshot({ timeUs: timeUs - 1 });
  for (let back = 1; stored !== null && back < SNAPSHOTS_BACK && stored.timeUs > fromUs; back++)
    stored = await journal.loadSnapshot({ block: stored.block - 1 });
  return stored === null ? fromUs : Math.min(timeUs, Math.max(fromUs, stored.timeUs));
}
