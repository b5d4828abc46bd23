/**
 * Seeking: which places a recording has, the first input at a place, and a core that stands before it.
 *
 * Retention may have removed the beginning: then the recording begins after the oldest snapshot that this version of the program can use.
 */
import { Core, type CoreDefinitions, type CoreSink, SILENT } from "../../actors/core/mod.ts";
import { CommandError, RecordingDamaged } from "../../actors/mod.ts";
import type { Journal, StoredSnapshot } from "../../actors/ports/journal.ts";
import { decodeBlock } from "../../protocol/block.ts";
import { firstTime, iso, type Place, parsePlace, reaches } from "./place.ts";

/** The places of a recording. `fromUs` is the time of the first data: before it logical time is still 0. */
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

/** Throws a CommandError with the recording's range when the place is outside of it. */
export async function findInput(
  journal: Journal,
  definitions: CoreDefinitions,
  at: number | string,
): Promise<InputPlace> {
  const place = parsePlace("--at", String(at));
  const range = await rangeOf(journal, definitions);
  checkPlace(place, range, "branch");
  const { fromUs } = range;
  const block = (await journal.locate(place))!;
  for await (const entry of journal.read(block)) {
    if (entry.kind === "damage") throw new RecordingDamaged(entry);
    if (entry.kind !== "block") continue;
    let found: InputPlace | null = null;
    decodeBlock(entry.block.bytes).forEach((sequence, timeUs) => {
      if (found !== null || !reaches(place, sequence, timeUs)) return;
      found = { block, sequence, atUs: "timeUs" in place ? place.timeUs : timeUs, fromUs };
    });
    if (found !== null) return found;
  }
  throw new CommandError(`Cannot branch at ${at}: block ${block} cannot be read; expected it undamaged`);
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

/** The core before a time, or a place, of the recording: nearest snapshot before it, and the number of the next block. */
export async function openAt(
  journal: Journal,
  definitions: CoreDefinitions,
  sink: CoreSink,
  at: number | Place,
): Promise<{ core: Core; startBlock: number }> {
  const { first } = journal;
  if (!first) throw new Error("Cannot replay: the recording is empty; expected at least one block");
  // Before that time, not at it: what came earlier in the same microsecond is expected too.
  const stored = await snapshotBefore(journal, typeof at === "number" ? { timeUs: at } : at);
  if (stored && stored.block >= first.number - 1) {
    try {
      return { core: Core.restore(stored.bytes, definitions, sink), startBlock: stored.block + 1 };
    } catch {
      // Of another version of the program: the log itself does as well, only slower.
    }
  }
  if (first.number === 1) return { core: new Core(definitions, sink), startBlock: 1 };
  const oldest = await oldestSnapshot(journal, first.number - 1);
  if (!oldest) {
    throw new Error(`Cannot replay: blocks before ${first.number} are gone; expected a snapshot behind them`);
  }
  return { core: Core.restore(oldest.bytes, definitions, sink), startBlock: oldest.block + 1 };
}

function snapshotBefore(journal: Journal, place: Place): Promise<StoredSnapshot | null> {
  if ("sequence" in place) return journal.loadSnapshot({ sequence: place.sequence - 1 });
  return Number.isFinite(place.timeUs)
    ? journal.loadSnapshot({ timeUs: place.timeUs - 1 })
    : Promise.resolve(null);
}

async function oldestSnapshot(journal: Journal, fromBlock: number): Promise<StoredSnapshot | null> {
  let oldest: StoredSnapshot | null = null;
  let before = journal.last!.number;
  for (;;) {
    const stored = await journal.loadSnapshot({ block: before });
    if (!stored || stored.block < fromBlock) return oldest;
    oldest = stored;
    before = stored.block - 1;
  }
}
