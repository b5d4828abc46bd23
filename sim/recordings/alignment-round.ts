/**
 * Aligns the events of two lists that have the same key, in order and at least cost. event-alignment.ts states the promises.
 *
 *   add ─► undecided ──both lists past the tolerance──► pairs of least cost ─► same · moved · changed · gone · new
 */
import type { EventMessage } from "../../protocol/messages.ts";

/** Undecided events of one kind and list that are aligned together: the table of costs has the square of that size. Of more events, the earlier ones are decided. */
const PENDING_MAX = 1000;

/** One event of the original, one of the branch, or a pair that is the same event. */
export interface EventDifference {
  /** `moved`: another time (perhaps other fields as well); `changed`: the same time, other fields. */
  type: "same" | "moved" | "changed" | "gone" | "new";
  /** Ids, each of its own list: an inserted input shifts the ids of all later events. */
  original?: string;
  branch?: string;
  /** Time of the branch's minus that of the original's, µs. */
  byUs?: number;
  /** What differs besides the time, e.g. "severity", "detail.evidence". */
  fields?: string[];
}

export type Decided = (
  difference: EventDifference,
  original: EventMessage | null,
  branch: EventMessage | null,
) => void;

interface Pending {
  original: EventMessage[];
  branch: EventMessage[];
}

export class AlignmentRound {
  private readonly toleranceUs: number;
  private readonly keyOf: (event: EventMessage) => string;
  private readonly decided: Decided;
  /** Whether the events of a key arrive in order in each list: then the first pending event is the earliest. */
  private readonly inOrder: boolean;
  private readonly pendingByKey = new Map<string, Pending>();
  /** Nothing can be decided before both lists have passed this time. */
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

  add(list: keyof Pending, event: EventMessage): void {
    const key = this.keyOf(event);
    const pending = this.pendingByKey.get(key) ?? { original: [], branch: [] };
    this.pendingByKey.set(key, pending);
    insert(pending[list], event);
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
      // One list may be ahead of the other: events after `timeUs` wait.
      while (before(pending.original, timeUs) > PENDING_MAX || before(pending.branch, timeUs) > PENDING_MAX)
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

/** Twice the distance of a pair in time; infinite for events further apart than the tolerance or without a common channel. */
function doubleCost(a: EventMessage, b: EventMessage, toleranceUs: number): number {
  const distanceUs = Math.abs(a.timeUs - b.timeUs);
  return distanceUs <= toleranceUs && related(a.channels, b.channels)
    ? 2 * distanceUs
    : Number.POSITIVE_INFINITY;
}

function related(a: readonly string[], b: readonly string[]): boolean {
  return (a.length === 0 && b.length === 0) || a.some((name) => b.includes(name));
}

/** How many events of the list lie before a time. */
function before(list: readonly EventMessage[], timeUs: number): number {
  const first = list.findIndex((event) => event.timeUs >= timeUs);
  return first < 0 ? list.length : first;
}

/** Keeps the list ordered; new events mostly belong at its end. */
function insert(list: EventMessage[], event: EventMessage): void {
  let at = list.length;
  while (at > 0 && list[at - 1]!.sequence > event.sequence) at--;
  list.splice(at, 0, event);
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
