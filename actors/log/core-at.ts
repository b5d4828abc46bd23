/**
 * A core at a place of a log.
 *
 *   const { core } = await coreAt(journal, SYSTEM, { sequence: 4711 });       before input 4711
 *   const { core } = await coreAt(journal, SYSTEM, "latest", sink);           after the last input: recovery
 *
 *   newest usable snapshot before the place ─┐
 *   else the log's beginning ────────────────┼─► fold up to the place
 *   else the oldest usable snapshot ─────────┘   (only where retention removed the beginning)
 *
 * C1  A snapshot that is damaged or of another version of the program is passed over and reported; the next one is tried.
 * C2  Damage of the log on the way ends it as damage.ts says.
 * C3  A place that no core can reach, because the beginning is gone, is refused.
 */
import { EigenwatchError, errorText } from "../../protocol/errors.ts";
import { timeText } from "../../protocol/text-values.ts";
import { OtherActorFile } from "../core/actor-versions.ts";
import { Core, type CoreDefinitions } from "../core/core.ts";
import { type CoreSink, SILENT } from "../core/core-sink.ts";
import { OtherVersion } from "../core/snapshot.ts";
import type { Journal, LogPlace, StoredSnapshot } from "../ports/journal.ts";
import { type FoldObserver, foldJournal } from "./fold.ts";
import { type Place, reaches } from "./place.ts";

/** What of a journal is read to come to a place. */
export type SnapshottedLog = Pick<Journal, "first" | "last" | "read" | "loadSnapshot">;

export interface StandingCore {
  readonly core: Core;
  /** Number of the block that holds its next input, or will. */
  readonly nextBlock: number;
  /** Samples that the snapshot it was restored from had; 0 for a core that was new. */
  readonly samplesAtSnapshot: number;
}

export interface CoreAtOptions {
  /** Hears of the fold. */
  readonly observer?: FoldObserver;
  /** Hears of snapshots that were passed over. */
  log?(message: string): void;
}

/** The core before the first input that reaches `place`. What is derived, on the way and later, goes to `sink`. */
export async function coreAt(
  journal: SnapshottedLog,
  definitions: CoreDefinitions,
  place: Place | "latest",
  sink: CoreSink = SILENT,
  { observer = {}, log = ignore }: CoreAtOptions = {},
): Promise<StandingCore> {
  const nearest = await nearestCore(journal, definitions, place, sink, log);
  const { core, nextBlock } = nearest;
  const isReached = (sequence: number, timeUs: number, block: number): boolean =>
    place !== "latest" && reaches(place, sequence, timeUs, block);
  if (core.sequence > 0 && isReached(core.sequence, core.now, nextBlock - 1))
    throw new EigenwatchError({
      action: `run the actors from ${placeText(place)}`,
      value: "the beginning of the log is gone",
      expected: `a place after block ${nextBlock - 1} (input ${core.sequence})`,
    });
  if (nextBlock > (journal.last?.number ?? 0)) return nearest;
  let number = nextBlock;
  let lastSequence = core.sequence;
  await foldJournal(journal.read(nextBlock), core, {
    ...observer,
    block(block) {
      number = block.number;
      lastSequence = block.lastSequence;
      return observer.block?.(block);
    },
    input(sequence, timeUs) {
      return !isReached(sequence, timeUs, number) && observer.input?.(sequence, timeUs) !== false;
    },
    applied(block) {
      // Where the place is known to be next, what comes after it is not read: it may be damaged.
      return !isReached(core.sequence + 1, core.now, number + 1) && observer.applied?.(block, core) !== false;
    },
  });
  return { ...nearest, nextBlock: core.sequence < lastSequence ? number : number + 1 };
}

/**
 * The core from which a place is reached with the least work: restored from the newest usable snapshot before it, else new at the
 * beginning of the log. Where the beginning is gone, the core is as early as a snapshot allows, even if that is after the place.
 */
export async function nearestCore(
  journal: SnapshottedLog,
  definitions: CoreDefinitions,
  place: Place | "latest",
  sink: CoreSink = SILENT,
  log: (message: string) => void = ignore,
): Promise<StandingCore> {
  const first = journal.first?.number ?? 1;
  let otherVersion: OtherVersion | null = null;
  const restored = (stored: StoredSnapshot): StandingCore | null => {
    try {
      const core = Core.restore(stored.bytes, definitions, sink);
      return { core, nextBlock: stored.block + 1, samplesAtSnapshot: core.samples };
    } catch (error) {
      // Another snapshot is no help: the log names the same file.
      if (error instanceof OtherActorFile) throw error;
      if (error instanceof OtherVersion) otherVersion ??= error;
      log(`snapshot of block ${stored.block} is not usable, trying another: ${errorText(error)}`);
      return null;
    }
  };
  let tried = first - 2;
  for await (const stored of snapshotsDown(journal, boundOf(journal, place), first - 1)) {
    tried = Math.max(tried, stored.block);
    const found = restored(stored);
    if (found !== null) return found;
  }
  if (first === 1) return { core: new Core(definitions, sink), nextBlock: 1, samplesAtSnapshot: 0 };
  const later: number[] = [];
  for await (const { block } of snapshotsDown(journal, {}, tried + 1)) later.push(block);
  for (const block of later.reverse()) {
    const found = restored((await journal.loadSnapshot({ block }))!);
    if (found !== null) return found;
  }
  throw unreachableStart(first, otherVersion);
}

/** `other`: a snapshot that is sound, but of a version that this program does not continue. */
function unreachableStart(first: number, other: OtherVersion | null): EigenwatchError {
  const gone = `blocks before ${first} are gone and no snapshot after them is usable`;
  return new EigenwatchError({
    action: "run the actors",
    value: other === null ? gone : `${gone}: ${other.value}, this program continues ${other.expected}`,
    expected: other === null ? "a usable snapshot" : "the version of the program that wrote it",
    kind: "failed",
  });
}

/** Snapshots from the newest within `bound` down to block `lowest`. */
async function* snapshotsDown(
  journal: SnapshottedLog,
  bound: LogPlace,
  lowest: number,
): AsyncGenerator<StoredSnapshot> {
  let stored = await journal.loadSnapshot(bound);
  while (stored !== null && stored.block >= lowest) {
    yield stored;
    stored = await journal.loadSnapshot({ block: stored.block - 1 });
  }
}

/** What a snapshot before the place may follow at most. */
function boundOf(journal: SnapshottedLog, place: Place | "latest"): LogPlace {
  if (place === "latest") return { block: journal.last?.number ?? 0 };
  if ("block" in place) return { block: place.block - 1 };
  return "sequence" in place ? { sequence: place.sequence - 1 } : { timeUs: place.timeUs - 1 };
}

function placeText(place: Place | "latest"): string {
  if (place === "latest") return "the end of the log";
  if ("block" in place) return `block ${place.block}`;
  return "sequence" in place ? `input ${place.sequence}` : timeText(place.timeUs);
}

function ignore(): void {}
