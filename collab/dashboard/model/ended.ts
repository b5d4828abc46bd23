/** Which feeds bring nothing any more. */
import type { Group, Model } from "./model.ts";

const ENDS: ReadonlySet<string> = new Set(["feed.ended", "feed.failed"]);

/** When the feed of a group ended; null while it may bring more. A sample that came after the event says that it goes on. */
export function endedUs(model: Model, { source, channels }: Group): number | null {
  const told = model.events.value.find(({ kind, detail }) => ENDS.has(kind) && detail["source"] === source);
  const isOver = told !== undefined && channels.every(({ series }) => !(series.lastTimeUs > told.timeUs));
  return isOver ? told.timeUs : null;
}
