/**
 * The values of one channel: its latest samples, and two coarser levels for longer views.
 *
 *     samples  every sample            the last RAW_SAMPLES
 *     levels   extremes per 100 ms     the last 15 minutes
 *              extremes per 2 s        the last 4 hours
 *
 * A view asks for columns of its own width. `fill` reads the finest level that reaches back far enough, so extremes survive every zoom.
 * Memory is constant once the ring has grown: about 0.7 MB a channel.
 */
import { Columns } from "./columns.ts";

/** 16 s at 1,000 samples a second, 27 minutes at 10: people look at milliseconds only in recent data. */
const RAW_SAMPLES = 16_384;

/** The ring starts small: most channels have ten samples a second. */
const FIRST_SAMPLES = 1024;

const LEVELS: readonly { widthUs: number; capacity: number }[] = [
  { widthUs: 100_000, capacity: 9_000 },
  { widthUs: 2_000_000, capacity: 7_200 },
];

export class Series {
  /** Samples ever written. The ring holds sample k while k ≥ written − kept. */
  written = 0;
  kept = 0;
  lastTimeUs = Number.NaN;
  lastValue = Number.NaN;
  /** Smoothed spacing of samples, µs; 0 before the second one. */
  spacingUs = 0;
  readonly levels: readonly Columns[] = LEVELS.map((level) => new Columns(level.widthUs, level.capacity));
  #time = new Float64Array(FIRST_SAMPLES);
  #value = new Float64Array(FIRST_SAMPLES);

  /** Adds a sample. One that is older than the latest counts at the latest time: a picture's time only goes forward. */
  add(timeUs: number, value: number): void {
    let time = timeUs;
    // Not Math.max: the first time seen is compared with NaN.
    if (timeUs < this.lastTimeUs) time = this.lastTimeUs;
    if (this.written > 0) this.#learnSpacing(time - this.lastTimeUs);
    if (this.kept === this.#time.length && this.kept < RAW_SAMPLES) this.#grow();
    const at = this.written & (this.#time.length - 1);
    this.#time[at] = time;
    this.#value[at] = value;
    this.written++;
    if (this.kept < this.#time.length) this.kept++;
    this.lastTimeUs = time;
    this.lastValue = value;
    for (const level of this.levels) level.add(time, value);
  }

  timeAt(sample: number): number {
    return this.#time[sample & (this.#time.length - 1)]!;
  }

  valueAt(sample: number): number {
    return this.#value[sample & (this.#time.length - 1)]!;
  }

  /** First sample kept whose time is ≥ `timeUs`; `written` when there is none. O(log kept). */
  firstAtOrAfter(timeUs: number): number {
    let low = this.written - this.kept;
    let high = this.written;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.timeAt(middle) < timeUs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The value of the last sample at or before `timeUs`, from the coarser levels for older times. NaN if none is kept. */
  valueBefore(timeUs: number): number {
    const next = this.firstAtOrAfter(timeUs + 1);
    if (next > this.written - this.kept) return this.valueAt(next - 1);
    for (const level of this.levels) {
      // The column of the time itself may hold later samples.
      const column = level.columnOf(timeUs) - 1;
      for (let a = column; a >= Math.max(level.oldest, column - 5); a--) {
        const value = level.last(a);
        if (!Number.isNaN(value)) return value;
      }
    }
    return Number.NaN;
  }

  /**
   * Adds all values in [fromUs, toUs) to `target`, from the finest source that reaches back that far. Returns the width of that source's
   * columns in µs, 0 for samples.
   */
  fill(target: Columns, fromUs: number, toUs: number): number {
    const firstRaw = this.written - this.kept;
    if (firstRaw === 0 || this.timeAt(firstRaw) <= fromUs) {
      this.fillFrom(target, this.firstAtOrAfter(fromUs), toUs);
      return 0;
    }
    const level =
      this.levels.find((l) => l.oldest * l.widthUs <= fromUs) ?? this.levels[this.levels.length - 1]!;
    const rawFromUs = this.timeAt(firstRaw);
    for (let a = Math.max(level.oldest, level.columnOf(fromUs)); a <= level.newest; a++) {
      const startUs = a * level.widthUs;
      // The column in which the ring begins comes from the level: the ring has lost some of its samples.
      if (startUs > rawFromUs || startUs >= toUs) break;
      const low = level.low(a);
      if (!Number.isNaN(low)) target.addRange(startUs, low, level.high(a), level.last(a));
    }
    this.fillFrom(target, firstRaw, toUs);
    return level.widthUs;
  }

  /** Adds the samples with numbers ≥ `sample` and times < `toUs`. */
  fillFrom(target: Columns, sample: number, toUs: number): void {
    for (let k = Math.max(sample, this.written - this.kept); k < this.written; k++) {
      const time = this.timeAt(k);
      if (time >= toUs) return;
      target.add(time, this.valueAt(k));
    }
  }

  #learnSpacing(gapUs: number): void {
    if (gapUs <= 0) return;
    if (this.spacingUs === 0) this.spacingUs = gapUs;
    // A gap is not the usual spacing: an interval that is far longer counts as four times the usual one.
    else this.spacingUs += (Math.min(gapUs, 4 * this.spacingUs) - this.spacingUs) / 32;
  }

  #grow(): void {
    const time = new Float64Array(this.#time.length * 2);
    const value = new Float64Array(time.length);
    for (let k = this.written - this.kept; k < this.written; k++) {
      time[k & (time.length - 1)] = this.timeAt(k);
      value[k & (time.length - 1)] = this.valueAt(k);
    }
    this.#time = time;
    this.#value = value;
  }
}
