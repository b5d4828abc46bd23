/**
 * The events of the original behind the point: those that the recording noted, run again only where a note is missing.
 *
 *   notes ──► by sequence, without gaps ──► told
 *               ▲
 *   snapshot says how many events there were ──less are known──► actors run again up to there
 *
 * N1  Events are told in their order, each once; after `finish` all there are up to the last input.
 * N2  Before `completeUs` all are known. A note may be missing (killed before it was written) or come late (written by the recovery),
 *     so time that passed without a note says nothing; the next event does, by its sequence, and a snapshot.
 */
import { Core, type CoreDefinitions, type CoreSink, readSnapshot, SILENT } from "../../../actors/core/mod.ts";
import { foldJournal } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { decodeDerived } from "../../../protocol/block.ts";
import type { EventMessage } from "../../../protocol/messages.ts";

/** A state of the actors that can be gone on from. */
interface Anchor {
  block: number;
  bytes: Uint8Array;
}

export class OriginalEvents {
  completeUs = Number.NEGATIVE_INFINITY;
  private readonly journal: Journal;
  private readonly definitions: CoreDefinitions;
  private readonly tell: (event: EventMessage) => void;
  /** Sequence of the last event told, or that came before the point. */
  private told: number;
  private readonly ahead = new Map<number, EventMessage>();
  /** Where the branch parts, and the newest state known: nearer, but perhaps of another version of the program. */
  private readonly base: Anchor | null;
  private anchor: Anchor | null;

  /** `eventsBefore`: how many there were before the point; `base`: a state before the point, null for the very beginning. */
  constructor(
    journal: Journal,
    definitions: CoreDefinitions,
    eventsBefore: number,
    base: Anchor | null,
    tell: (event: EventMessage) => void,
  ) {
    this.journal = journal;
    this.definitions = definitions;
    this.told = eventsBefore;
    this.base = base;
    this.anchor = base;
    this.tell = tell;
  }

  /** Takes a note of the recording. */
  note(bytes: Uint8Array): void {
    for (const event of decodeDerived(bytes).events) this.take(event);
  }

  /** Asks the newest snapshot up to `block` whether anything is missing. */
  async confirm(block: number): Promise<void> {
    const stored = await this.journal.loadSnapshot({ block });
    if (!stored || stored.block <= (this.anchor?.block ?? 0)) return;
    const events = eventsIn(stored.bytes);
    if (events === null) return;
    if (events > this.told) await this.runAgain(stored.sequence);
    this.anchor = stored;
    this.completeUs = stored.timeUs;
  }

  /** Tells what is left, up to an input: behind the newest snapshot there is no other way to know than to run the actors. */
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
        // The branch itself began with the base: what is wrong with that is more than its version.
        if (each === this.base) throw error;
      }
    }
    return { core: new Core(this.definitions, sink), block: 0 };
  }

  private take(event: EventMessage): void {
    if (event.sequence <= this.told) return;
    this.ahead.set(event.sequence, event);
    for (let next = this.ahead.get(this.told + 1); next; next = this.ahead.get(this.told + 1)) {
      this.ahead.delete(++this.told);
      this.completeUs = Math.max(this.completeUs, next.timeUs);
      this.tell(next);
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
