/**
 * The one queue of a simulated world, ordered by (time, order of insertion).
 *
 * Q1  Time never goes back, and does not advance while an entry acts.
 * Q2  Entries of the same time act in the order of their insertion.
 * Q3  An entry of an ended process never acts. An entry of a paused process acts when the process wakes, one of a busy process when it is done.
 */

/** The process that an entry belongs to (process.ts). */
export interface Owner {
  readonly state: "running" | "paused" | "ended";
  /** Entries that became due while it was paused. */
  readonly held: Entry[];
  /** Its code has taken the time until then. */
  readonly busyUntilUs: number;
}

export interface Entry {
  atUs: number;
  order: number;
  /** Null after it has acted or was cancelled. */
  act: (() => void) | null;
  readonly owner: Owner | null;
  /** Interned name of the step (trace.ts). */
  readonly what: number;
}

export class EventQueue {
  /** Time of the acting entry, µs since the epoch. */
  nowUs: number;
  /** How many entries have acted, the present one among them. */
  acted = 0;
  #orders = 0;
  /** A binary heap. A cancelled entry stays until it reaches the top. */
  readonly #heap: Entry[] = [];

  constructor(startUs: number) {
    this.nowUs = startUs;
  }

  get length(): number {
    return this.#heap.length;
  }

  /** `delayUs` is rounded up to whole µs. */
  after(delayUs: number, owner: Owner | null, what: number, act: () => void): Entry {
    const entry = {
      atUs: this.nowUs + Math.max(0, Math.ceil(delayUs)),
      order: ++this.#orders,
      act,
      owner,
      what,
    };
    this.#push(entry);
    return entry;
  }

  /** Advances time to the next entry and returns it; null when none is left before `untilUs`. */
  next(untilUs: number): Entry | null {
    for (;;) {
      const top = this.#heap[0];
      if (top === undefined || top.atUs > untilUs) return null;
      this.#pop();
      if (top.act === null) continue;
      const { owner } = top;
      if (owner !== null && owner.state !== "running") {
        if (owner.state === "paused") owner.held.push(top);
        continue;
      }
      if (owner !== null && owner.busyUntilUs > top.atUs) {
        top.atUs = Math.ceil(owner.busyUntilUs);
        this.#push(top);
        continue;
      }
      this.nowUs = top.atUs;
      this.acted++;
      return top;
    }
  }

  /** Inserts entries that a paused process missed: they act now, in their order. */
  release(held: readonly Entry[]): void {
    for (const entry of held) {
      if (entry.act === null) continue;
      entry.atUs = this.nowUs;
      entry.order = ++this.#orders;
      this.#push(entry);
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above]!;
      if (before(other, entry)) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= size) break;
      if (below + 1 < size && before(heap[below + 1]!, heap[below]!)) below++;
      const other = heap[below]!;
      if (before(last, other)) break;
      heap[at] = other;
      at = below;
    }
    heap[at] = last;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.atUs < b.atUs || (a.atUs === b.atUs && a.order < b.order);
}
