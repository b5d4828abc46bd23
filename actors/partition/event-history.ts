/**
 * Events by their sequence: the recent ones in memory, older ones read back from the derived records of the journal.
 *
 * E1  Sequences are contiguous; `after(n)` begins with n + 1, wherever that event is.
 * E2  Damage of the journal is reported; events that it cost are left out.
 */
import type { EventMessage } from "../../protocol/messages.ts";
import { damageLine } from "../log/damage.ts";
import { derivedEvents } from "../log/read.ts";
import type { Journal } from "../ports/journal.ts";

/** Events kept in memory: a day of one event every nine seconds. */
const EVENTS_KEPT = 10_000;

/** First step back in a journal: a second or two of blocks, which takes a millisecond to read. */
const BLOCKS_BACK = 256;

/** Events whose block is remembered: some pages of more clients than come back at the same time. */
const BLOCKS_REMEMBERED = 4_096;

export interface EventHistoryOptions {
  readonly journal: Pick<Journal, "read" | "first" | "last">;
  /** Sequence of the last event, 0 without one. */
  readonly newest: number;
  /** The last ones up to it, oldest first; default: none. */
  readonly events?: EventMessage[];
  /** How many stay in memory, at times twice as many; default EVENTS_KEPT. */
  readonly kept?: number | undefined;
  /** A block at or before the one with an event, where that is known. */
  readonly blockOf?: ((sequence: number) => number | undefined) | undefined;
  log?(message: string): void;
}

export class EventHistory {
  private readonly options: EventHistoryOptions;
  private recent: EventMessage[];
  private newest: number;
  /** The blocks of events that were read back, by sequence. A client goes on after one of them: with the next page, or earlier if it is slow. */
  private readonly blocks = new Map<number, number>();

  constructor(options: EventHistoryOptions) {
    this.options = options;
    this.newest = options.newest;
    this.recent = options.events ?? [];
  }

  add(event: EventMessage): void {
    this.recent.push(event);
    this.newest = event.sequence;
    const { kept = EVENTS_KEPT } = this.options;
    if (this.recent.length > 2 * kept) this.recent = this.recent.slice(-kept);
  }

  /** Sequence of the newest event, 0 without one. */
  get last(): number {
    return this.newest;
  }

  /** Forgets all events after `newest`. */
  rewind(newest: number): void {
    this.newest = newest;
    this.recent = [];
    this.blocks.clear();
  }

  /** Events with a higher sequence, oldest first, at most `limit`. */
  async after(sequence: number, limit: number): Promise<EventMessage[]> {
    const { recent } = this;
    const first = recent[0]?.sequence ?? this.newest + 1;
    if (sequence + 1 >= first) {
      const start = Math.max(0, sequence + 1 - first);
      return recent.slice(start, start + limit);
    }
    const found: EventMessage[] = [];
    for await (const { block, events } of this.recorded(await this.startFor(sequence + 1))) {
      for (const event of events) {
        if (event.sequence <= sequence || event.sequence >= first || found.length >= limit) continue;
        found.push(event);
        this.remember(event.sequence, block);
      }
      if (found.length >= limit || (found.at(-1)?.sequence ?? 0) >= first - 1) break;
    }
    return [...found, ...recent.slice(0, Math.max(0, limit - found.length))];
  }

  /**
   * A block at or before the one whose record holds an event. Where it is not known, the search goes back from the end in growing steps:
   * what clients miss is mostly recent. Undefined: the first block kept.
   */
  private async startFor(sequence: number): Promise<number | undefined> {
    const { journal, blockOf } = this.options;
    const known = blockOf?.(sequence) ?? this.blocks.get(sequence - 1);
    const { first, last } = journal;
    if (known !== undefined || first === null || last === null) return known;
    for (let back = BLOCKS_BACK; last.number - back > first.number; back *= 4) {
      const block = last.number - back;
      if ((await this.firstRecordedFrom(block)) <= sequence) return block;
    }
    return undefined;
  }

  private remember(sequence: number, block: number): void {
    this.blocks.set(sequence, block);
    if (this.blocks.size <= BLOCKS_REMEMBERED) return;
    const [oldest] = this.blocks.keys();
    this.blocks.delete(oldest!);
  }

  /** Sequence of the first event that is recorded at or after a block. */
  private async firstRecordedFrom(block: number): Promise<number> {
    for await (const { events } of this.recorded(block))
      if (events[0] !== undefined) return events[0].sequence;
    return Number.POSITIVE_INFINITY;
  }

  private recorded(from: number | undefined): ReturnType<typeof derivedEvents> {
    return derivedEvents(this.options.journal, from, (damage) => this.options.log?.(damageLine(damage)));
  }
}
