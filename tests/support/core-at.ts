/** The actors of this program as they stand at the end of a recording. */
import type { Core } from "../../actors/core/core.ts";
import { foldJournal } from "../../actors/log/fold.ts";
import { openRecording, SYSTEM } from "../../actors/mod.ts";
import { openAt } from "../../sim/recordings/seek.ts";

export async function coreAt(directory: string): Promise<Core> {
  const journal = await openRecording(directory);
  const silent = { event() {}, state() {}, metrics() {} };
  const { core, startBlock } = await openAt(journal, SYSTEM, silent, Number.NEGATIVE_INFINITY);
  await foldJournal(journal.read(startBlock), core);
  await journal.close();
  return core;
}
