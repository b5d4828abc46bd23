/**
 * The notes of two recordings side by side: events in their order, and aligned by time; state hashes at equal inputs.
 *
 * What one has noted and the other not yet waits here.
 */
import { sameBytes } from "../../../actors/mod.ts";
import type { Checkpoint } from "../../../protocol/messages.ts";
import { EventAligner } from "../event-alignment.ts";
import { differingFields } from "./differing-fields.ts";
import { differenceOfEvents, differenceOfStates, type FirstDifference } from "./first-difference.ts";
import type { NotedEvent, RecordingReader } from "./recording-reader.ts";

export class NoteComparison {
  eventDifference: FirstDifference | null = null;
  stateDifference: FirstDifference | null = null;
  /** Of events of A in B. */
  readonly counts = { same: 0, moved: 0, changed: 0, gone: 0, new: 0 };
  private readonly aligner: EventAligner;
  private readonly events: { a: NotedEvent[]; b: NotedEvent[] } = { a: [], b: [] };
  /** By input. */
  private readonly hashes = { a: new Map<number, Checkpoint>(), b: new Map<number, Checkpoint>() };

  /** `toleranceUs`: an event may come so much later or earlier and still be taken for the same. */
  constructor(toleranceUs: number) {
    this.aligner = new EventAligner(toleranceUs, ({ type }) => {
      this.counts[type]++;
    });
  }

  /** What the reader has read since the last time. */
  take(side: "a" | "b", reader: RecordingReader): void {
    for (const noted of reader.events.splice(0)) {
      if (side === "a") this.aligner.original(noted.event);
      else this.aligner.branch(noted.event);
      if (this.eventDifference === null) this.events[side].push(noted);
    }
    for (const checkpoint of reader.checkpoints.splice(0))
      if (this.stateDifference === null) this.hashes[side].set(checkpoint.sequence, checkpoint);
  }

  /** All notes of inputs before `a` and `b` have been taken, all events before `notedUs`. */
  compare(a: number, b: number, notedUs: number): void {
    this.aligner.passed(notedUs);
    this.compareEvents();
    this.compareStates(a, b);
  }

  /** Events that one recording has and the other has not. */
  finish(): void {
    const { a, b } = this.events;
    if (this.eventDifference === null && (a.length > 0 || b.length > 0))
      this.eventDifference = differenceOfEvents(a[0], b[0], []);
    this.aligner.finish();
  }

  private compareEvents(): void {
    const { a, b } = this.events;
    let at = 0;
    for (; this.eventDifference === null && at < a.length && at < b.length; at++) {
      const [one, other] = [a[at]!, b[at]!];
      const fields = differingFields(one.event, other.event);
      if (fields.length > 0) this.eventDifference = differenceOfEvents(one, other, fields);
    }
    a.splice(0, at);
    b.splice(0, at);
  }

  private compareStates(positionA: number, positionB: number): void {
    const { a, b } = this.hashes;
    for (const [sequence, one] of a) {
      const other = b.get(sequence);
      if (other !== undefined && this.stateDifference === null && differ(one, other))
        this.stateDifference = differenceOfStates(one, other);
      // Where the other has none it is past that input: another cut, another place for hashes.
      if (other !== undefined || sequence < positionB) a.delete(sequence);
      b.delete(sequence);
    }
    for (const sequence of b.keys()) if (sequence < positionA) b.delete(sequence);
  }
}

/** Hashes of different state versions differ whatever the states are. */
function differ(one: Checkpoint, other: Checkpoint): boolean {
  return (one.stateVersion ?? 1) === (other.stateVersion ?? 1) && !sameBytes(one.hash, other.hash);
}
