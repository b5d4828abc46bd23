/**
 * Where the events of a recording are: time, severity and block of each, read once in the background.
 *
 * M1  Reading gives way to everything else; the marks known so far are available at once.
 */
import { derivedEvents } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import type { ReplayMark } from "../../../protocol/controls.ts";

/** About a millisecond of reading. */
const REST_AFTER_BLOCKS = 32;

export class EventMarks {
  /** In the order of their sequences. */
  readonly marks: ReplayMark[] = [];
  complete = false;
  private readonly blocks: number[] = [];
  private stopped = false;

  /** Resolves when all events were read, or `stop` was called. Rejects when the recording cannot be read. */
  async read(journal: Journal, rest: () => Promise<void>): Promise<void> {
    let records = 0;
    for await (const { block, events } of derivedEvents(journal)) {
      if (++records % REST_AFTER_BLOCKS === 0) await rest();
      if (this.stopped) return;
      for (const { sequence, id, timeUs, severity, kind, title } of events) {
        // An id is partition/input/k, and a partition's name may have slashes.
        const input = Number(id.split("/").at(-2));
        this.marks.push({ sequence, input, timeUs, severity, kind, title });
        this.blocks.push(block);
      }
    }
    this.complete = true;
  }

  /** The block with an event's record; undefined while it is not known. */
  blockOf(sequence: number): number | undefined {
    let low = 0;
    let high = this.marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.marks[middle]!.sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return this.marks[low]?.sequence === sequence ? this.blocks[low] : undefined;
  }

  /** The sequence of the last event that an input before this one made, 0 without one; null while it is not known. */
  lastBefore(input: number): number | null {
    const after = this.marks.findIndex((mark) => mark.input >= input);
    if (after < 0 && !this.complete) return null;
    const [first] = this.marks;
    if (after === 0) return first!.sequence - 1;
    return (after < 0 ? this.marks.at(-1) : this.marks[after - 1])?.sequence ?? 0;
  }

  stop(): void {
    this.stopped = true;
  }
}
