/**
 * Which event of one lane is which of the other: an alignment in order, by time, of events that say the same kind of thing.
 *
 *   original ──┐  by (actor, group, kind, channels)   ┌─► same · moved · changed      pairs
 *              ├──────────► pairs of least cost ──────┤
 *   branch ────┘                                      └─► gone · new                  what is left of each lane
 *
 * A1  Each event of either lane stands in exactly one difference.
 * A2  Pairs agree in actor, group, kind and channels, are at most the tolerance apart, and do not cross within those.
 * A3  Of all such alignments it is one of least cost: |Δt| a pair, half the tolerance an event that stays alone. That is the
 *     distance of Victor and Purpura (J. Neurophysiol. 76, 1996) between trains of events, with q = 1 / (half the tolerance).
 * A4  What is decided early is what would be decided at the end: an event that is further than the tolerance from all that
 *     come later decides alone, and heads at the same time belong together in some best alignment.
 *
 * Ids cannot be compared, since an inserted input shifts those that follow. A3 and A4 hold within PENDING_MAX undecided events of a kind.
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

interface Pending {
  original: EventMessage[];
  branch: EventMessage[];
}

export class EventAligner {
  private readonly toleranceUs: number;
  private readonly decided: Decided;
  private readonly pendingByKind = new Map<string, Pending>();
  /** No kind can be decided before both lanes have passed this. */
  private nextUs = Number.POSITIVE_INFINITY;

  constructor(toleranceUs: number, decided: Decided) {
    this.toleranceUs = toleranceUs;
    this.decided = decided;
  }

  original(event: EventMessage): void {
    this.add("original", event);
  }

  branch(event: EventMessage): void {
    this.add("branch", event);
  }

  /** Both lanes have told all their events before `timeUs`: what lies far enough behind is decided. */
  passed(timeUs: number): void {
    if (timeUs <= this.nextUs) return;
    this.nextUs = Number.POSITIVE_INFINITY;
    for (const [kind, pending] of this.pendingByKind) {
      const { original, branch } = pending;
      while (original.length > PENDING_MAX || branch.length > PENDING_MAX)
        this.settle(pending, PENDING_MAX / 2);
      const openUs = newestUs(pending) + this.toleranceUs;
      if (timeUs > openUs) {
        this.settle(pending, Number.POSITIVE_INFINITY);
        this.pendingByKind.delete(kind);
      } else if (openUs < this.nextUs) this.nextUs = openUs;
    }
  }

  finish(): void {
    this.passed(Number.POSITIVE_INFINITY);
  }

  private add(lane: keyof Pending, event: EventMessage): void {
    const kind = kindOf(event);
    const pending = this.pendingByKind.get(kind) ?? { original: [], branch: [] };
    this.pendingByKind.set(kind, pending);
    pending[lane].push(event);
    while (pending.original[0] && pending.original[0].timeUs === pending.branch[0]?.timeUs)
      this.pair(pending.original.shift()!, pending.branch.shift()!);
    const { original, branch } = pending;
    if (original.length + branch.length === 0) this.pendingByKind.delete(kind);
    else if (original.length > PENDING_MAX || branch.length > PENDING_MAX) this.nextUs = 0;
    else this.nextUs = Math.min(this.nextUs, newestUs(pending) + this.toleranceUs);
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
      if (a && b && here === cost[(i + 1) * width + j + 1]! + pairCost(a, b, this.toleranceUs)) {
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
  return [...found]
    .sort((a, b) => a.timeUs - b.timeUs || a.sequence - b.sequence)
    .map(({ difference }) => difference);
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
        const paired = pairCost(original[i]!, branch[j]!, toleranceUs);
        least = Math.min(least, cost[(i + 1) * width + j + 1]! + paired);
      }
      cost[i * width + j] = least;
    }
  }
  return cost;
}

/** Twice the distance; further apart than the tolerance is no pair. */
function pairCost(a: EventMessage, b: EventMessage, toleranceUs: number): number {
  const apart = Math.abs(a.timeUs - b.timeUs);
  return apart <= toleranceUs ? 2 * apart : Number.POSITIVE_INFINITY;
}

function kindOf({ actor, group, kind, channels }: EventMessage): string {
  return [actor, group, kind, ...channels].join("\n");
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
  for (const name of new Set([...Object.keys(a.detail), ...Object.keys(b.detail)])) {
    if (!Object.is(a.detail[name], b.detail[name])) fields.push(`detail.${name}`);
  }
  return fields;
}
