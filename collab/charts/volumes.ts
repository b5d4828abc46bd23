/**
 * What was traded of a channel: sums of sizes per second for some hours, and per minute for a month.
 *
 * Each sum is bound to absolute time, as the columns of a line are. A stretch of the past replaces what was known of it.
 */

const LEVELS: readonly { readonly widthUs: number; readonly capacity: number }[] = [
  { widthUs: 1e6, capacity: 4 * 3_600 },
  { widthUs: 60e6, capacity: 30 * 1_440 },
];

/** Sums over intervals of a stretch of the past. */
export interface PastVolume {
  readonly fromUs: number;
  readonly toUs: number;
  /** Begin and sum of each interval. */
  readonly sums: readonly (readonly [timeUs: number, volume: number])[];
}

export class Volumes {
  readonly #levels = LEVELS.map(({ widthUs, capacity }) => new Sums(widthUs, capacity));
  /** Time of the first sample that was added by itself. */
  #firstUs = Number.POSITIVE_INFINITY;

  add(timeUs: number, size: number): void {
    if (timeUs < this.#firstUs) this.#firstUs = timeUs;
    for (const level of this.#levels) level.add(timeUs, size);
  }

  addPast({ fromUs, toUs, sums }: PastVolume): void {
    const untilUs = Math.min(toUs, this.#firstUs);
    for (const level of this.#levels) {
      level.forget(fromUs, untilUs);
      for (const [timeUs, volume] of sums) if (timeUs < untilUs) level.add(timeUs, volume);
    }
  }

  /** The sum over [fromUs, toUs), which are multiples of a second: from the level that reaches back so far. */
  between(fromUs: number, toUs: number): number {
    const [fine, coarse] = this.#levels as [Sums, Sums];
    const level = fromUs >= fine.oldestUs || toUs - fromUs < coarse.widthUs ? fine : coarse;
    return level.between(fromUs, toUs);
  }
}

class Sums {
  readonly widthUs: number;
  readonly #values: Float64Array;
  /** Of the newest interval; NaN before the first. */
  #newest = Number.NaN;

  constructor(widthUs: number, capacity: number) {
    this.widthUs = widthUs;
    this.#values = new Float64Array(capacity);
  }

  /** Older intervals are forgotten. */
  get oldestUs(): number {
    return (this.#newest - this.#values.length + 1) * this.widthUs;
  }

  add(timeUs: number, size: number): void {
    const interval = Math.floor(timeUs / this.widthUs);
    const { length } = this.#values;
    if (!(interval <= this.#newest)) {
      const from = Math.max(Number.isNaN(this.#newest) ? interval : this.#newest + 1, interval - length + 1);
      for (let k = from; k <= interval; k++) this.#values[k % length] = 0;
      this.#newest = interval;
    }
    if (interval > this.#newest - length) this.#values[interval % length]! += size;
  }

  forget(fromUs: number, toUs: number): void {
    this.#each(fromUs, toUs, (at) => {
      this.#values[at] = 0;
    });
  }

  between(fromUs: number, toUs: number): number {
    let sum = 0;
    this.#each(fromUs, toUs, (at) => {
      sum += this.#values[at]!;
    });
    return sum;
  }

  #each(fromUs: number, toUs: number, act: (at: number) => void): void {
    const { length } = this.#values;
    const first = Math.max(Math.floor(fromUs / this.widthUs), this.#newest - length + 1);
    const last = Math.min(Math.ceil(toUs / this.widthUs) - 1, this.#newest);
    for (let k = first; k <= last; k++) act(k % length);
  }
}
