/**
 * The actors as they stood behind a block of a recording: the newest snapshot they can use, and what follows up to there.
 */
import { Core, type CoreDefinitions, type CoreSink } from "../../../actors/core/mod.ts";
import { CommandError, foldJournal } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";

export interface Base {
  core: Core;
  /** The block behind which it stands, 0 before the first. */
  block: number;
}

/** The core behind `block`; what it says on the way goes to `sink`. */
export async function coreBehind(
  journal: Journal,
  definitions: CoreDefinitions,
  sink: CoreSink,
  block: number,
): Promise<Base> {
  const start = await newestCore(journal, definitions, sink, block);
  if (start.block < block) {
    await foldJournal(journal.read(start.block + 1), start.core, { block: ({ number }) => number <= block });
  }
  return { core: start.core, block };
}

/** The newest snapshot not behind `block` that this version of the program can use, else the very beginning. */
export async function newestCore(
  journal: Journal,
  definitions: CoreDefinitions,
  sink: CoreSink,
  block: number,
): Promise<Base> {
  const first = journal.first?.number ?? 1;
  for (let before = block; before >= first - 1 && before > 0; ) {
    const stored = await journal.loadSnapshot({ block: before });
    if (!stored || stored.block < first - 1) break;
    try {
      return { core: Core.restore(stored.bytes, definitions, sink), block: stored.block };
    } catch {
      // Of another version of the program: an older one, or the log itself, does as well.
      before = stored.block - 1;
    }
  }
  if (first === 1) return { core: new Core(definitions, sink), block: 0 };
  throw new CommandError(
    `Cannot run the actors from block ${block + 1} on: blocks before ${first} are gone and no snapshot lies between; ` +
      "expected a later place",
  );
}
