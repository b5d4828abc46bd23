/** Which feeds bring nothing any more, or nothing for now. */
import type { Group, Model } from "./model.ts";

const ENDS: ReadonlySet<string> = new Set(["feed.ended", "feed.failed"]);

/** When the feed of a group ended; null while it may bring more. A sample that came after the event says that it goes on. */
export function endedUs(model: Model, { source, channels }: Group): number | null {
  const told = model.events.value.find(({ kind, detail }) => ENDS.has(kind) && detail["source"] === source);
  const isOver = told !== undefined && channels.every(({ series }) => !(series.lastTimeUs > told.timeUs));
  return isOver ? told.timeUs : null;
}

/** A stretch without data this long is worth a word, ms: rows of a minute are not missed after seconds. */
export function stalledAfterMs(groups: readonly Pick<Group, "everyUs">[]): number {
  const spacings = groups.map(({ everyUs }) => everyUs / 1000);
  return Math.max(STALLED_MS, STALLED_ROWS * Math.min(...spacings));
}

const STALLED_MS = 3000;
const STALLED_ROWS = 3;
