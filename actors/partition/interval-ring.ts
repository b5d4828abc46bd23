/**
 * The newest intervals in which something was measured: per column its smallest, largest and last value, how many there were, and the sum of
 * their sizes, for which there is space once something has one.
 *
 * Only intervals with a value have an entry, so a slow group reaches further back than a fast one in the same space. Entries are numbered from
 * 0 in the order of their intervals; the oldest go when the ring is full. Space is taken as it is needed.
 */

/** Entries of a new ring. */
const FIRST_SLOTS = 16;

/** Bytes of one column of an entry. */
export const CELL_BYTES = 3 * 8 + 4;

export class IntervalRing {
  readonly everyUs: number;
  /** The oldest entry kept, and the one after the newest. */
  first = 0;
  end = 0;
  columns = 0;
  /** From this interval on, everything that was added is here. */
  wholeFrom = Number.NEGATIVE_INFINITY;
  private capacity: number;
  private slots = FIRST_SLOTS;
  private interval = new Float64Array(FIRST_SLOTS);
  private min = new Float64Array(0);
  private max = new Float64Array(0);
  private last = new Float64Array(0);
  private samples = new Uint32Array(0);
  /** Null: nothing had a size. */
  private volume: Float64Array | null = null;
  /** Where the columns of the newest entry begin. */
  private newestAt = 0;

  constructor(everyUs: number, capacity: number) {
    this.everyUs = everyUs;
    this.capacity = capacity;
  }

  /** The interval of the newest entry; NaN before the first. */
  get newest(): number {
    return this.end === this.first ? Number.NaN : this.intervalOf(this.end - 1);
  }

  intervalOf(entry: number): number {
    return this.interval[entry % this.slots]!;
  }

  /** Begins an entry after the newest one. */
  open(interval: number): void {
    if (this.end - this.first >= this.slots) {
      if (this.slots < this.capacity) this.reshape(Math.min(this.capacity, 2 * this.slots), this.columns);
      else this.dropOldest();
    }
    const slot = this.end++ % this.slots;
    this.interval[slot] = interval;
    this.newestAt = slot * this.columns;
    this.samples.fill(0, this.newestAt, this.newestAt + this.columns);
    this.volume?.fill(0, this.newestAt, this.newestAt + this.columns);
  }

  /** Adds a value to the newest entry. */
  take(column: number, value: number, size = 0): void {
    const at = this.newestAt + column;
    if (this.samples[at] === 0) {
      this.min[at] = value;
      this.max[at] = value;
    } else {
      if (value < this.min[at]!) this.min[at] = value;
      if (value > this.max[at]!) this.max[at] = value;
    }
    this.last[at] = value;
    this.samples[at]! += 1;
    if (size !== 0) this.volumes()[at]! += size;
  }

  /** Adds an entry of a finer ring to the newest entry. */
  takeEntry(finer: IntervalRing, entry: number): void {
    const { newestAt, min, max, last, samples } = this;
    const volume = finer.volume === null ? this.volume : this.volumes();
    finer.each(entry, (column, low, high, value, count, size) => {
      const at = newestAt + column;
      if (samples[at] === 0) {
        min[at] = low;
        max[at] = high;
      } else {
        if (low < min[at]!) min[at] = low;
        if (high > max[at]!) max[at] = high;
      }
      last[at] = value;
      samples[at]! += count;
      if (volume !== null) volume[at]! += size;
    });
  }

  /** The columns of an entry that have a value. */
  each(entry: number, take: TakeColumn): void {
    const from = (entry % this.slots) * this.columns;
    for (let column = 0; column < this.columns; column++) {
      const at = from + column;
      const samples = this.samples[at]!;
      if (samples > 0)
        take(column, this.min[at]!, this.max[at]!, this.last[at]!, samples, this.volume?.[at] ?? 0);
    }
  }

  /** The first entry kept of this interval or a later one; `end` when there is none. O(log entries). */
  firstFrom(interval: number): number {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.intervalOf(middle) < interval) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Forgets this interval and all later ones. */
  dropFrom(interval: number): void {
    this.end = this.firstFrom(interval);
    this.newestAt = ((this.end - 1) % this.slots) * this.columns;
  }

  widen(columns: number): void {
    if (columns > this.columns) this.reshape(this.slots, columns);
  }

  /** Keeps at most so many entries from now on. */
  limit(capacity: number): void {
    this.capacity = capacity;
    while (this.end - this.first > capacity) this.dropOldest();
    if (this.slots > capacity) this.reshape(capacity, this.columns);
  }

  get bytes(): number {
    return this.slots * (8 + (CELL_BYTES + (this.volume === null ? 0 : 8)) * this.columns);
  }

  private volumes(): Float64Array {
    this.volume ??= new Float64Array(this.slots * this.columns);
    return this.volume;
  }

  private dropOldest(): void {
    this.wholeFrom = this.intervalOf(this.first++) + 1;
  }

  private reshape(slots: number, columns: number): void {
    const { interval, min, max, last, samples, volume } = this;
    const before = { slots: this.slots, columns: this.columns };
    this.slots = slots;
    this.columns = columns;
    this.interval = new Float64Array(slots);
    this.min = new Float64Array(slots * columns);
    this.max = new Float64Array(slots * columns);
    this.last = new Float64Array(slots * columns);
    this.samples = new Uint32Array(slots * columns);
    this.volume = volume === null ? null : new Float64Array(slots * columns);
    for (let entry = this.first; entry < this.end; entry++) {
      const from = (entry % before.slots) * before.columns;
      const to = (entry % slots) * columns;
      this.interval[entry % slots] = interval[entry % before.slots]!;
      this.min.set(min.subarray(from, from + before.columns), to);
      this.max.set(max.subarray(from, from + before.columns), to);
      this.last.set(last.subarray(from, from + before.columns), to);
      this.samples.set(samples.subarray(from, from + before.columns), to);
      if (volume !== null) this.volume!.set(volume.subarray(from, from + before.columns), to);
    }
    this.newestAt = ((this.end - 1) % slots) * columns;
  }
}

type TakeColumn = (
  column: number,
  min: number,
  max: number,
  last: number,
  samples: number,
  volume: number,
) => void;
