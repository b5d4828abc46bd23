/**
 * Matches the events of two lists, original and branch: an alignment in order, by time, of events of the same kind.
 *
 *   original ──┐  by actor, group, kind, channels   ┌─► same · moved · changed        pairs
 *              ├───────► pairs of least cost ───────┤
 *   branch ────┘                                    └─► alone ──by actor, group, kind; a channel in common──► pairs · gone · new
 *
 * A1  Each event of either list is in exactly one difference.
 * A2  Pairs agree in actor, group and kind, share a channel if they name any, are at most the tolerance apart, and do not cross.
 * A3  Of all such alignments each round makes one of least cost: |Δt| a pair, half the tolerance an event that stays alone. That is the
 *     distance of Victor and Purpura (J. Neurophysiol. 76, 1996) between trains of events, with q = 1 / (half the tolerance).
 * A4  What is decided early is what would be decided at the end: an event further than the tolerance from all
 *     later ones is decided alone, and first events at the same time are a pair in some best alignment.
 *
 * Ids cannot be compared, since an inserted input shifts those that follow. The second round is for alarms of many channels, which name
 * first those that did most. A3 and A4 hold within PENDING_MAX undecided events of a kind.
 */
import type { EventMessage } from "../../protocol/messages.ts";
import type { EventDifference } from "./alignment-round.ts";
import { AlignmentRound, type Decided } from "./alignment-round.ts";

export class EventAligner {
  private readonly exact: AlignmentRound;
  private readonly kindred: AlignmentRound;

  constructor(toleranceUs: number, decided: Decided) {
    this.kindred = new AlignmentRound(toleranceUs, kindOf, false, decided);
    this.exact = new AlignmentRound(toleranceUs, channelsOf, true, (difference, a, b) => {
      if (a && b) decided(difference, a, b);
      else this.kindred.add(a ? "original" : "branch", (a ?? b)!);
    });
  }

  original(event: EventMessage): void {
    this.exact.add("original", event);
  }

  branch(event: EventMessage): void {
    this.exact.add("branch", event);
  }

  /** Both lists are complete before `timeUs`: events far enough before it are decided. */
  passed(timeUs: number): void {
    this.exact.passed(timeUs);
    this.kindred.passed(Math.min(timeUs, this.exact.oldestUs()));
  }

  finish(): void {
    this.exact.passed(Number.POSITIVE_INFINITY);
    this.kindred.passed(Number.POSITIVE_INFINITY);
  }
}

/** Aligns two whole lists at once; differences in order of time. */
export function differencesOf(
  original: readonly EventMessage[],
  branch: readonly EventMessage[],
  toleranceUs: number,
): EventDifference[] {
  const found: TimedDifference[] = [];
  const aligner = new EventAligner(toleranceUs, (difference, a, b) => found.push(timed(difference, a, b)));
  for (const event of original) aligner.original(event);
  for (const event of branch) aligner.branch(event);
  aligner.finish();
  return inOrder(found);
}

export interface TimedDifference {
  difference: EventDifference;
  timeUs: number;
  sequence: number;
}

/** With what it is ordered by: the time of its earlier event, then that event's place in its list. */
export function timed(
  difference: EventDifference,
  a: EventMessage | null,
  b: EventMessage | null,
): TimedDifference {
  const earlier = a && b ? (a.timeUs <= b.timeUs ? a : b) : (a ?? b)!;
  return { difference, timeUs: earlier.timeUs, sequence: earlier.sequence };
}

export function inOrder(found: readonly TimedDifference[]): EventDifference[] {
  return [...found].sort(byTime).map(({ difference }) => difference);
}

export function byTime(a: TimedDifference, b: TimedDifference): number {
  return a.timeUs - b.timeUs || a.sequence - b.sequence;
}

function kindOf({ actor, group, kind }: EventMessage): string {
  return [actor, group, kind].join("\n");
}

function channelsOf(event: EventMessage): string {
  return [kindOf(event), ...event.channels].join("\n");
}
