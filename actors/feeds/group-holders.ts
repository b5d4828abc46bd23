/**
 * Which live source sends a group: samples of two in one group would be mixed, and nobody could tell them apart. The first one holds the group; what
 * another one sends is refused until the holder has been silent, as one is whose feed goes on on another node.
 */
import type { Clock } from "../ports/clock.ts";

/** A source that has ended gives its groups up after this: live feeds declare theirs every two seconds. */
export const HELD_MS = 5_000;

export class GroupHolders {
  readonly #clock: Clock;
  readonly #holders = new Map<string, { source: string; seenMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The other source that holds the group, or null: then `source` holds it from now on. */
  otherThan(source: string, group: string): string | null {
    const nowMs = this.#clock.monotonicMs();
    const holder = this.#holders.get(group);
    if (holder === undefined || (holder.source !== source && nowMs - holder.seenMs > HELD_MS)) {
      this.#holders.set(group, { source, seenMs: nowMs });
      return null;
    }
    if (holder.source !== source) return holder.source;
    holder.seenMs = nowMs;
    return null;
  }
}
