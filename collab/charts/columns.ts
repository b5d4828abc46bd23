/**
 * Extremes per column of time: the picture of a line at one zoom level, in a ring.
 *
 *     column a covers the times  a·width ≤ t < (a+1)·width      (a counts from the epoch, never from the screen)
 *
 * C1  A column keeps the smallest and the largest value of its samples: a spike of one sample is never lost.
 * C2  Columns are bound to absolute time. Filling them sample by sample gives the same columns as filling them all at once,
 *     so scrolling a picture gives the same pixels as drawing it from scratch.
 * C3  A column without samples is NaN: a gap stays a gap.
 *
 * O(1) per sample. Room is made as columns come, up to the capacity: most channels never fill theirs, and a page makes many at once.
 */

/** No column has been written yet. */
const NONE = -1;

/** Columns that there is room for at first. */
const FIRST_ROOM = 64;

export class Columns {
  readonly widthUs: number;
  readonly capacity: number;
  /** The newest column written and the oldest one kept; NONE before the first sample. */
  newest = NONE;
  oldest = NONE;
  /** Length of the ring. All kept columns fit in it. */
  #room: number;
  #low: Float64Array;
  #high: Float64Array;
  #last: Float64Array;

  /** `room`: for columns that are known to come. */
  constructor(widthUs: number, capacity: number, room = FIRST_ROOM) {
    if (!(widthUs >= 1))
      throw new RangeError(`Cannot make columns: width ${widthUs} µs; expected at least 1`);
    if (!(capacity >= 1))
      throw new RangeError(`Cannot make columns: capacity ${capacity}; expected at least 1`);
    this.widthUs = widthUs;
    this.capacity = capacity;
    this.#room = Math.min(capacity, room);
    this.#low = empty(this.#room);
    this.#high = empty(this.#room);
    this.#last = empty(this.#room);
  }

  columnOf(timeUs: number): number {
    return Math.floor(timeUs / this.widthUs);
  }

  add(timeUs: number, value: number): void {
    this.addRange(timeUs, value, value, value);
  }

  /** Adds a finer column that begins at `timeUs`. */
  addRange(timeUs: number, low: number, high: number, last: number): void {
    const column = Math.floor(timeUs / this.widthUs);
    if (column > this.newest) this.#advance(column);
    else if (column < this.oldest) return;
    const at = column % this.#room;
    const was = this.#low[at]!;
    // NaN compares false both ways: the first sample of a column always counts.
    if (!(was <= low)) this.#low[at] = low;
    if (!(this.#high[at]! >= high)) this.#high[at] = high;
    this.#last[at] = last;
  }

  low(column: number): number {
    return this.#holds(column) ? this.#low[column % this.#room]! : Number.NaN;
  }

  high(column: number): number {
    return this.#holds(column) ? this.#high[column % this.#room]! : Number.NaN;
  }

  last(column: number): number {
    return this.#holds(column) ? this.#last[column % this.#room]! : Number.NaN;
  }

  clear(): void {
    this.newest = NONE;
    this.oldest = NONE;
    this.#low.fill(Number.NaN);
    this.#high.fill(Number.NaN);
    this.#last.fill(Number.NaN);
  }

  #holds(column: number): boolean {
    return column >= this.oldest && column <= this.newest && this.newest !== NONE;
  }

  #advance(column: number): void {
    if (this.newest === NONE) {
      this.oldest = column;
    } else if (column - this.newest >= this.capacity) {
      this.clear();
      this.oldest = column - this.capacity + 1;
      this.#makeRoom(this.capacity);
    } else {
      this.oldest = Math.max(this.oldest, column - this.capacity + 1);
      this.#makeRoom(column - this.oldest + 1);
      for (let a = this.newest + 1; a <= column; a++) {
        const at = a % this.#room;
        this.#low[at] = Number.NaN;
        this.#high[at] = Number.NaN;
        this.#last[at] = Number.NaN;
      }
    }
    this.newest = column;
  }

  /** For so many columns up to the newest. */
  #makeRoom(columns: number): void {
    if (columns <= this.#room) return;
    const before = this.#room;
    this.#room = Math.min(this.capacity, Math.max(columns, 2 * before));
    const moved = (from: Float64Array): Float64Array => {
      const to = empty(this.#room);
      for (let a = this.oldest; a <= this.newest; a++) to[a % this.#room] = from[a % before]!;
      return to;
    };
    this.#low = moved(this.#low);
    this.#high = moved(this.#high);
    this.#last = moved(this.#last);
  }
}

function empty(columns: number): Float64Array {
  return new Float64Array(columns).fill(Number.NaN);
}
