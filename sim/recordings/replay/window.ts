/** How much before a place is delivered with it: as far back as asked for, but no more than is quickly folded. */
import type { Journal } from "../../../actors/ports/journal.ts";

/** Snapshots stand 131,072 samples apart: two of them are a quarter of a second of work. */
const SNAPSHOTS_BACK = 2;

/** The time to begin with, from `fromUs` to `timeUs`. */
export async function windowStart(journal: Journal, fromUs: number, timeUs: number): Promise<number> {
  let stored = await journal.loadSnapshot({ timeUs: timeUs - 1 });
  for (let back = 1; stored !== null && back < SNAPSHOTS_BACK && stored.timeUs > fromUs; back++)
    stored = await journal.loadSnapshot({ block: stored.block - 1 });
  return stored === null ? fromUs : Math.min(timeUs, Math.max(fromUs, stored.timeUs));
}
