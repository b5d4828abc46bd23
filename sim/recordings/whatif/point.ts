/** Where a branch begins: the first input that may be different. */
import type { CoreDefinitions } from "../../../actors/core/core.ts";
import { RecordingDamaged } from "../../../actors/log/fold.ts";
import { CommandError } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { decodeBlock } from "../../../protocol/block.ts";
import { parsePlace, reaches } from "../place.ts";
import { checkPlace, rangeOf } from "../seek.ts";

export interface BranchPoint {
  /** The block that holds the input. */
  block: number;
  sequence: number;
  /** The time from which something may be different: the one asked for, or the input's own. */
  atUs: number;
  /** Time of the recording's first data: before it logical time is 0. */
  fromUs: number;
}

/** Throws CommandError with the recording's range when the place is outside of it. */
export async function findPoint(
  journal: Journal,
  definitions: CoreDefinitions,
  at: number | string,
): Promise<BranchPoint> {
  const place = parsePlace("--at", String(at));
  const range = await rangeOf(journal, definitions);
  checkPlace(place, range, "branch");
  const { fromUs } = range;
  const block = (await journal.locate(place))!;
  for await (const entry of journal.read(block)) {
    if (entry.kind === "damage") throw new RecordingDamaged(entry);
    if (entry.kind !== "block") continue;
    let found: BranchPoint | null = null;
    decodeBlock(entry.block.bytes).forEach((sequence, timeUs) => {
      if (found !== null || !reaches(place, sequence, timeUs)) return;
      found = { block, sequence, atUs: "timeUs" in place ? place.timeUs : timeUs, fromUs };
    });
    if (found !== null) return found;
  }
  throw new CommandError(`Cannot branch at ${at}: block ${block} cannot be read; expected it undamaged`);
}
