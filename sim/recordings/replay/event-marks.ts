/**
 * Where the events of a recording stand, from its notes: time, severity and block of each, read once in the background.
 *
 * M1  Reading gives way to whatever else there is to do; what is known so far is there at once.
 */

import type { Journal } from "../../../actors/ports/journal.ts";
import { decodeDerived } from "../../../protocol/block.ts";
import type { ReplayMark } from "../../../protocol/controls.ts";

/** About a millisecond of reading. */
const REST_AFTER_ENTRIES = 64;

export class EventMarks {
  /** In the order of their sequences. */
  readonly marks: ReplayMark[] = [];
  complete = false;
  private readonly blocks: number[] = [];
  private stopped = false;

  /** Resolves when all notes were read, or `stop` was called. Rejects when the recording cannot be read. */
  async read(journal: Journal, rest: () => Promise<void>): Promise<void> {
    let entries = 0;
    for await (const entry of journal.read()) {
      if (++entries % REST_AFTER_ENTRIES === 0) await rest();
      if (this.stopped) return;
      if (entry.kind !== "derived") continue;
      for (const { sequence, id, timeUs, severity, kind, title } of decodeDerived(entry.bytes).events) {
        // An id is partition/input/k, and a partition's name may have slashes.
        const input = Number(id.split("/").at(-2));
        this.marks.push({ sequence, input, timeUs, severity, kind, title });
        this.blocks.push(entry.block);
      }
    }
    this.complete = true;
  }

  /** The block with the first known event at or behind `sequence`; undefined when it is not known yet. */
  blockOf(sequence: number): number | undefined {
    let low = 0;
    let high = this.marks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.marks[middle]!.sequence < sequence) low = middle + 1;
      else high = middle;
    }
    // Between two known events there may be one whose note was lost: then the block before is the safe one.
    return this.marks[low]?.sequence === sequence ? this.blocks[low] : undefined;
  }

  stop(): void {
    this.stopped = true;
  }
}
