/**
 * Events by their sequence: the recent ones in memory, older ones read back from the journal's notes.
 *
 * E1  Sequences are contiguous; `after(n)` begins with n + 1 whatever is in memory.
 */

import { decodeDerived } from "../../protocol/block.ts";
import type { EventMessage } from "../../protocol/messages.ts";
import type { Journal } from "../ports/journal.ts";

/** Events kept in memory: a day of one event every nine seconds. */
const EVENTS_IN_MEMORY = 10_000;

/** First step back in a journal: a second or two of blocks, which takes a millisecond to read. */
const BLOCKS_BACK = 256;

export class EventHistory {
  private readonly journal: Journal;
  private recent: EventMessage[];
  private newest: number;
  private readonly blockOf: (sequence: number) => number | undefined;

  /**
   * `newest`: sequence of the last event there is, 0 without one; `events`: the last ones of them, perhaps none; `blockOf`: a block at
   * or before the one with an event's note, where that is known.
   */
  constructor(
    journal: Journal,
    newest: number,
    events: EventMessage[],
    blockOf: (sequence: number) => number | undefined = () => undefined,
  ) {
    this.blockOf = blockOf;
    this.journal = journal;
    this.newest = newest;
    this.recent = events;
  }

  add(event: EventMessage): void {
    this.recent.push(event);
    this.newest = event.sequence;
    if (this.recent.length > 2 * EVENTS_IN_MEMORY) this.recent = this.recent.slice(-EVENTS_IN_MEMORY);
  }

  /** Sequence of the newest event, 0 without one. */
  get last(): number {
    return this.newest;
  }

  async after(sequence: number, limit: number): Promise<EventMessage[]> {
    const first = this.recent[0]?.sequence ?? this.newest + 1;
    if (sequence + 1 >= first) {
      const start = Math.max(0, sequence + 1 - first);
      return this.recent.slice(start, start + limit);
    }
    const found: EventMessage[] = [];
    for await (const entry of this.journal.read(await this.startFor(sequence + 1))) {
      if (entry.kind !== "derived") continue;
      for (const event of decodeDerived(entry.bytes).events) {
        if (event.sequence > sequence && event.sequence < first && found.length < limit) found.push(event);
      }
      if (found.length >= limit || (found.at(-1)?.sequence ?? 0) >= first - 1) break;
    }
    return [...found, ...this.recent.slice(0, Math.max(0, limit - found.length))];
  }

  /**
   * A block from which on the note of an event is met: where nobody knows, from the end backwards, further each time, for what clients
   * miss is mostly recent.
   */
  private async startFor(sequence: number): Promise<number | undefined> {
    const known = this.blockOf(sequence);
    const { first, last } = this.journal;
    if (known !== undefined || first === null || last === null) return known;
    for (let back = BLOCKS_BACK; last.number - back > first.number; back *= 4) {
      const block = last.number - back;
      if ((await this.firstNotedFrom(block)) <= sequence) return block;
    }
    return undefined;
  }

  private async firstNotedFrom(block: number): Promise<number> {
    for await (const entry of this.journal.read(block)) {
      const event = entry.kind === "derived" ? decodeDerived(entry.bytes).events[0] : undefined;
      if (event !== undefined) return event.sequence;
    }
    return Number.POSITIVE_INFINITY;
  }
}
