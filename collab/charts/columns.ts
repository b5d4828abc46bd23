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
 * O(1) per sample. Memory grows with the columns that are held, up to the capacity: a page has hundreds of series, most of them short, and a jump in a
 * recording begins all of them anew.
 */

/** No column has been written yet. */
const NONE = -1;

/** Columns that there is memory for at first. */
const FIRST_COLUMNS = 32;

export class Columns {
  readonly widthUs: number;
  readonly capacity: number;
  /** The newest column written and the oldest one kept; NONE before the first sample. */
  newest = NONE;
  oldest = NONE;
  /** Column a is at a modulo their length. */
  #low: Float64Array;
  #high: Float64Array;
  #last: Float64Array;

  constructor(widthUs: number, capacity: number) {
    if (!(widthUs >= 1))
      throw new RangeError(`Cannot make columns: width ${widthUs} µs; expected at least 1`);
    if (!(capacity >= 1))
      throw new RangeError(`Cannot make columns: capacity ${capacity}; expected at least 1`);
    this.widthUs = widthUs;
    this.capacity = capacity;
    const length = Math.min(capacity, FIRST_COLUMNS);
    this.#low = new Float64Array(length).fill(Number.NaN);
    this.#high = new Float64Array(length).fill(Number.NaN);
    this.#last = new Float64Array(length).fill(Number.NaN);
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
    const at = column % this.#low.length;
    const was = this.#low[at]!;
    // NaN compares false both ways: the first sample of a column always counts.
    if (!(was <= low)) this.#low[at] = low;
    if (!(this.#high[at]! >= high)) this.#high[at] = high;
    this.#last[at] = last;
  }

  low(column: number): number {
    return this.#holds(column) ? this.#low[column % this.#low.length]! : Number.NaN;
  }

  high(column: number): number {
    return this.#holds(column) ? this.#high[column % this.#high.length]! : Number.NaN;
  }

  last(column: number): number {
    return this.#holds(column) ? this.#last[column % this.#last.length]! : Number.NaN;
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
      if (this.#low.length < this.capacity) this.#grow(this.capacity);
      this.clear();
      this.oldest = column - this.capacity + 1;
    } else {
      const count = Math.min(this.capacity, column - this.oldest + 1);
      if (count > this.#low.length) this.#grow(count);
      for (let a = this.newest + 1; a <= column; a++) {
        const at = a % this.#low.length;
        this.#low[at] = Number.NaN;
        this.#high[at] = Number.NaN;
        this.#last[at] = Number.NaN;
      }
      this.oldest = Math.max(this.oldest, column - this.capacity + 1);
    }
    this.newest = column;
  }

  #grow(count: number): void {
    const length = Math.min(this.capacity, Math.max(count, 2 * this.#low.length));
    const grown = (before: Float64Array): Float64Array => {
      const after = new Float64Array(length).fill(Number.NaN);
      for (let a = this.oldest; a <= this.newest; a++) after[a % length] = before[a % before.length]!;
      return after;
    };
    this.#low = grown(this.#low);
    this.#high = grown(this.#high);
    this.#last = grown(this.#last);
  }
}
