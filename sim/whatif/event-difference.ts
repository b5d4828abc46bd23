/**
 * Which event of one lane is which of the other: an alignment in order, by time, of events that say the same kind of thing.
 *
 *   original ──┐  by actor, group, kind, channels   ┌─► same · moved · changed        pairs
 *              ├───────► pairs of least cost ───────┤
 *   branch ────┘                                    └─► alone ──by actor, group, kind; a channel in common──► pairs · gone · new
 *
 * A1  Each event of either lane stands in exactly one difference.
 * A2  Pairs agree in actor, group and kind, share a channel if they name any, are at most the tolerance apart, and do not cross.
 * A3  Of all such alignments each round makes one of least cost: |Δt| a pair, half the tolerance an event that stays alone. That is the
 *     distance of Victor and Purpura (J. Neurophysiol. 76, 1996) between trains of events, with q = 1 / (half the tolerance).
 * A4  What is decided early is what would be decided at the end: an event that is further than the tolerance from all that
 *     come later decides alone, and heads at the same time belong together in some best alignment.
 *
 * Ids cannot be compared, since an inserted input shifts those that follow. The second round is for alarms of many channels, which name
 * first those that did most. A3 and A4 hold within PENDING_MAX undecided events of a kind.
 */
import type { EventMessage } from "../../protocol/messages.ts";
import type { EventDifference } from "./result.ts";

/** Undecided events of one kind and lane that are weighed together: the table of costs has the square of it. Of more, the earlier ones are decided. */
const PENDING_MAX = 1000;

export type Decided = (
  difference: EventDifference,
  original: EventMessage | null,
  branch: EventMessage | null,
) => void;

export class EventAligner {
  private readonly exact: Round;
  private readonly kindred: Round;

  constructor(toleranceUs: number, decided: Decided) {
    this.kindred = new Round(toleranceUs, kindOf, false, decided);
    this.exact = new Round(toleranceUs, channelsOf, true, (difference, a, b) => {
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

  /** Both lanes have told all their events before `timeUs`: what lies far enough behind is decided. */
  passed(timeUs: number): void {
    this.exact.passed(timeUs);
    this.kindred.passed(Math.min(timeUs, this.exact.oldestUs()));
  }

  finish(): void {
    this.exact.passed(Number.POSITIVE_INFINITY);
    this.kindred.passed(Number.POSITIVE_INFINITY);
  }
}

interface Pending {
  original: EventMessage[];
  branch: EventMessage[];
}

/** Aligns events that have the same key. */
class Round {
  private readonly toleranceUs: number;
  private readonly keyOf: (event: EventMessage) => string;
  private readonly decided: Decided;
  /** Whether each lane's events of a key come in their order, so that heads are known to be heads. */
  private readonly inOrder: boolean;
  private readonly pendingByKey = new Map<string, Pending>();
  /** Nothing can be decided before both lanes have passed this. */
  private nextUs = Number.POSITIVE_INFINITY;

  constructor(
    toleranceUs: number,
    keyOf: (event: EventMessage) => string,
    inOrder: boolean,
    decided: Decided,
  ) {
    this.toleranceUs = toleranceUs;
    this.keyOf = keyOf;
    this.inOrder = inOrder;
    this.decided = decided;
  }

  add(lane: keyof Pending, event: EventMessage): void {
    const key = this.keyOf(event);
    const pending = this.pendingByKey.get(key) ?? { original: [], branch: [] };
    this.pendingByKey.set(key, pending);
    insert(pending[lane], event);
    const { original, branch } = pending;
    while (this.inOrder && original[0] && original[0].timeUs === branch[0]?.timeUs)
      this.pair(original.shift()!, branch.shift()!);
    if (original.length + branch.length === 0) this.pendingByKey.delete(key);
    else if (original.length > PENDING_MAX || branch.length > PENDING_MAX) this.nextUs = 0;
    else this.nextUs = Math.min(this.nextUs, newestUs(pending) + this.toleranceUs);
  }

  passed(timeUs: number): void {
    if (timeUs <= this.nextUs) return;
    this.nextUs = Number.POSITIVE_INFINITY;
    for (const [key, pending] of this.pendingByKey) {
      while (pending.original.length > PENDING_MAX || pending.branch.length > PENDING_MAX)
        this.settle(pending, PENDING_MAX / 2);
      const openUs = newestUs(pending) + this.toleranceUs;
      if (timeUs > openUs) {
        this.settle(pending, Number.POSITIVE_INFINITY);
        this.pendingByKey.delete(key);
      } else if (openUs < this.nextUs) this.nextUs = openUs;
    }
  }

  /** Time of the oldest undecided event. */
  oldestUs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const { original, branch } of this.pendingByKey.values())
      for (const event of [original[0], branch[0]]) if (event) oldest = Math.min(oldest, event.timeUs);
    return oldest;
  }

  /** Decides the first `steps` of the best alignment of what is there. */
  private settle(pending: Pending, steps: number): void {
    const original = pending.original.slice(0, PENDING_MAX);
    const branch = pending.branch.slice(0, PENDING_MAX);
    const cost = costs(original, branch, this.toleranceUs);
    const width = branch.length + 1;
    let i = 0;
    let j = 0;
    for (; steps > 0 && (i < original.length || j < branch.length); steps--) {
      const here = cost[i * width + j]!;
      const a = original[i];
      const b = branch[j];
      if (a && b && here === cost[(i + 1) * width + j + 1]! + doubleCost(a, b, this.toleranceUs)) {
        this.pair(a, b);
        i++;
        j++;
      } else if (a && here === cost[(i + 1) * width + j]! + this.toleranceUs) {
        this.decided({ type: "gone", original: a.id }, a, null);
        i++;
      } else {
        this.decided({ type: "new", branch: b!.id }, null, b!);
        j++;
      }
    }
    pending.original.splice(0, i);
    pending.branch.splice(0, j);
  }

  private pair(a: EventMessage, b: EventMessage): void {
    const byUs = b.timeUs - a.timeUs;
    const fields = differingFields(a, b);
    const type = byUs !== 0 ? "moved" : fields.length > 0 ? "changed" : "same";
    const difference: EventDifference = { type, original: a.id, branch: b.id };
    if (type !== "same") Object.assign(difference, { byUs, fields });
    this.decided(difference, a, b);
  }
}

/** Two whole lanes at once; differences in order of time. */
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

/** With what it is ordered by: the time of its earlier event, then that event's place in its lane. */
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

/** Least cost of aligning the events from i and from j on, times two: whole numbers, so that equal costs are equal. O(n m). */
function costs(original: readonly EventMessage[], branch: readonly EventMessage[], toleranceUs: number) {
  const n = original.length;
  const m = branch.length;
  const width = m + 1;
  const cost = new Float64Array((n + 1) * width);
  for (let i = n; i >= 0; i--) {
    for (let j = m; j >= 0; j--) {
      let least = i === n && j === m ? 0 : Number.POSITIVE_INFINITY;
      if (i < n) least = Math.min(least, cost[(i + 1) * width + j]! + toleranceUs);
      if (j < m) least = Math.min(least, cost[i * width + j + 1]! + toleranceUs);
      if (i < n && j < m) {
        const paired = doubleCost(original[i]!, branch[j]!, toleranceUs);
        least = Math.min(least, cost[(i + 1) * width + j + 1]! + paired);
      }
      cost[i * width + j] = least;
    }
  }
  return cost;
}

/** Twice the distance of a pair; what is further apart than the tolerance, or shares no channel, is none. */
function doubleCost(a: EventMessage, b: EventMessage, toleranceUs: number): number {
  const apart = Math.abs(a.timeUs - b.timeUs);
  return apart <= toleranceUs && related(a.channels, b.channels) ? 2 * apart : Number.POSITIVE_INFINITY;
}

function related(a: readonly string[], b: readonly string[]): boolean {
  return (a.length === 0 && b.length === 0) || a.some((name) => b.includes(name));
}

function kindOf({ actor, group, kind }: EventMessage): string {
  return [actor, group, kind].join("\n");
}

function channelsOf(event: EventMessage): string {
  return [kindOf(event), ...event.channels].join("\n");
}

/** Keeps the order of the lane; mostly at the end. */
function insert(lane: EventMessage[], event: EventMessage): void {
  let at = lane.length;
  while (at > 0 && lane[at - 1]!.sequence > event.sequence) at--;
  lane.splice(at, 0, event);
}

function newestUs({ original, branch }: Pending): number {
  return Math.max(
    original.at(-1)?.timeUs ?? Number.NEGATIVE_INFINITY,
    branch.at(-1)?.timeUs ?? Number.NEGATIVE_INFINITY,
  );
}

function differingFields(a: EventMessage, b: EventMessage): string[] {
  const fields: string[] = [];
  if (a.severity !== b.severity) fields.push("severity");
  if (a.title !== b.title) fields.push("title");
  if (a.channels.join("\n") !== b.channels.join("\n")) fields.push("channels");
  for (const name of new Set([...Object.keys(a.detail), ...Object.keys(b.detail)])) {
    if (!Object.is(a.detail[name], b.detail[name])) fields.push(`detail.${name}`);
  }
  return fields;
}
