/**
 * The events of the original after the branch begins: those of its derived records; the actors run again only where a record is missing.
 *
 *   derived records ──► by sequence, without gaps ──► deliver
 *                           ▲
 *   snapshot holds the number of events ──fewer are known──► actors run again up to there
 *
 * N1  Events are delivered in order, each once; after `finish` all of them up to the last input.
 * N2  Before `completeUs` all are known. A record may be missing (the writer was killed) or late (written by recovery), so time without a
 *     record proves nothing. The sequence of the next event does, and so does a snapshot.
 */
import { Core, type CoreDefinitions, type CoreSink, readSnapshot, SILENT } from "../../../actors/core/mod.ts";
import { foldJournal } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { decodeDerived } from "../../../protocol/block.ts";
import type { EventMessage } from "../../../protocol/messages.ts";

/** A state from which the actors can continue. */
interface Anchor {
  block: number;
  bytes: Uint8Array;
}

export class OriginalEvents {
  completeUs = Number.NEGATIVE_INFINITY;
  private readonly journal: Journal;
  private readonly definitions: CoreDefinitions;
  private readonly deliver: (event: EventMessage) => void;
  /** Sequence of the last delivered event; at first of the last one before the branch. */
  private delivered: number;
  private readonly ahead = new Map<number, EventMessage>();
  /** The state where the branch begins, and the newest known one: nearer, but perhaps of another version of the program. */
  private readonly base: Anchor | null;
  private anchor: Anchor | null;

  /** `eventsBefore`: how many there were before the branch; `base`: a state before it, null for the beginning of the log. */
  constructor(
    journal: Journal,
    definitions: CoreDefinitions,
    eventsBefore: number,
    base: Anchor | null,
    deliver: (event: EventMessage) => void,
  ) {
    this.journal = journal;
    this.definitions = definitions;
    this.delivered = eventsBefore;
    this.base = base;
    this.anchor = base;
    this.deliver = deliver;
  }

  /** Takes a derived record of the recording. */
  note(bytes: Uint8Array): void {
    for (const event of decodeDerived(bytes).events) this.take(event);
  }

  /** Compares the number of events in the newest snapshot up to `block`, and runs the actors again if some are missing. */
  async confirm(block: number): Promise<void> {
    const stored = await this.journal.loadSnapshot({ block });
    if (!stored || stored.block <= (this.anchor?.block ?? 0)) return;
    const events = eventsIn(stored.bytes);
    if (events === null) return;
    if (events > this.delivered) await this.runAgain(stored.sequence);
    this.anchor = stored;
    this.completeUs = stored.timeUs;
  }

  /** Delivers the rest up to an input: after the newest snapshot only running the actors shows what there is. */
  async finish(block: number, lastSequence: number, timeUs: number): Promise<void> {
    await this.confirm(block);
    await this.runAgain(lastSequence);
    this.completeUs = timeUs;
  }

  private async runAgain(lastSequence: number): Promise<void> {
    const sink = {
      ...SILENT,
      event: (event: EventMessage) => this.take(event),
    };
    const { core, block } = this.restored(sink);
    if (core.sequence >= lastSequence) return;
    await foldJournal(this.journal.read(block + 1), core, {
      input: (sequence) => sequence <= lastSequence,
    });
  }

  private restored(sink: CoreSink): { core: Core; block: number } {
    for (const each of [this.anchor, this.base]) {
      if (each === null) continue;
      try {
        return { core: Core.restore(each.bytes, this.definitions, sink), block: each.block };
      } catch (error) {
        // The branch itself began with the base: that one is of this version.
        if (each === this.base) throw error;
      }
    }
    return { core: new Core(this.definitions, sink), block: 0 };
  }

  private take(event: EventMessage): void {
    if (event.sequence <= this.delivered) return;
    this.ahead.set(event.sequence, event);
    for (let next = this.ahead.get(this.delivered + 1); next; next = this.ahead.get(this.delivered + 1)) {
      this.ahead.delete(++this.delivered);
      this.completeUs = Math.max(this.completeUs, next.timeUs);
      this.deliver(next);
    }
  }
}

/** How many events there were at a snapshot, or null when it is not one of this version. */
function eventsIn(snapshot: Uint8Array): number | null {
  try {
    const { eventSequence } = readSnapshot(snapshot).control as { eventSequence?: unknown };
    return typeof eventSequence === "number" ? eventSequence : null;
  } catch {
    return null;
  }
}
