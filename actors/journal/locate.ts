/** A place in the log by block number, by logical time or by input sequence. */
import type { BlockPosition, LogPlace } from "../ports/journal.ts";

/** The field that decides, and the value it must reach: a place is the first block whose field is at least that. */
export function placeOf(at: LogPlace): { field: "number" | "timeUs" | "lastSequence"; value: number } {
  if (at.block !== undefined) return { field: "number", value: at.block };
  if (at.timeUs !== undefined) return { field: "timeUs", value: at.timeUs };
  if (at.sequence !== undefined) return { field: "lastSequence", value: at.sequence };
  throw new TypeError("Cannot locate a place in the log: expected block, timeUs or sequence");
}

/**
 * The lowest index in [low, high) whose position reaches `value` in `field`, or `high`. Fields never go back (order.ts).
 */
export function firstReaching(
  low: number,
  high: number,
  positionAt: (index: number) => Pick<BlockPosition, "number" | "timeUs" | "lastSequence">,
  field: "number" | "timeUs" | "lastSequence",
  value: number,
): number {
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (positionAt(middle)[field] >= value) high = middle;
    else low = middle + 1;
  }
  return low;
}
