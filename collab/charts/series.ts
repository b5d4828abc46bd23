/**
 * The values of one channel: its latest samples, two coarser levels for longer views, and stretches of the past that were asked for.
 *
 *     samples  every sample            the last RAW_SAMPLES
 *     levels   extremes per 100 ms     the last 15 minutes
 *              extremes per 2 s        the last 4 hours
 *     pasts    extremes per interval   before the first sample, where somebody looked
 *
 * A view asks for columns of its own width. `fill` reads the finest level that reaches back far enough, so extremes survive every zoom.
 * Memory is constant once the ring and the levels have grown: about 0.7 MB a channel, and 24 bytes for each interval of the pasts.
 *
 * V1  Every moment is drawn from one source: the pasts before the first sample that is held, the samples and levels from it on.
 */
import { Columns } from "./columns.ts";
import { firstAtOrAfter } from "./samples.ts";

/** 16 s at 1,000 samples a second, 27 minutes at 10: people look at milliseconds only in recent data. */
const RAW_SAMPLES = 16_384;

/** The ring starts small: most channels have ten samples a second. */
const FIRST_SAMPLES = 1024;

const LEVELS: readonly { widthUs: number; capacity: number }[] = [
  { widthUs: 100_000, capacity: 9_000 },
  { widthUs: 2_000_000, capacity: 7_200 },
];

/** Stretches of the past kept besides those that stay: where the page looked last. */
const MOST_LOOKS = 3;

/** Extremes per interval of a stretch of time. */
export interface Past {
  readonly fromUs: number;
  /** ∞ where it goes on with the samples. */
  readonly toUs: number;
  readonly columns: Columns;
  /** Other looks do not replace it. */
  readonly stays?: boolean;
}

export class Series {
  /** Samples ever written. The ring holds sample k while k ≥ written − kept. */
  written = 0;
  kept = 0;
  lastTimeUs = Number.NaN;
  lastValue = Number.NaN;
  /** Where samples come as extremes and last values of intervals: how long those are, µs. 0: every sample comes. */
  extremesUs = 0;
  /** Smoothed spacing of samples, µs; 0 before the second one. */
  spacingUs = 0;
  /** It is no more than that, as far as is known: it is the width of columns, none of which is empty. */
  #isSpacingAtMost = false;
  readonly #levels: readonly Columns[] = LEVELS.map((level) => new Columns(level.widthUs, level.capacity));
  /** Counts pasts that were added. */
  pastVersion = 0;
  #pasts: readonly Past[] = [];
  /** Time of the first sample. */
  #firstUs = Number.POSITIVE_INFINITY;
  #time = new Float64Array(FIRST_SAMPLES);
  #value = new Float64Array(FIRST_SAMPLES);

  /** Adds a sample. One that is older than the latest counts at the latest time: a picture's time only goes forward. */
  add(timeUs: number, value: number): void {
    let time = timeUs;
    // The first sample may lie within a past that was known before.
    if (this.written > 0 && timeUs < this.lastTimeUs) time = this.lastTimeUs;
    if (this.written > 0) this.#learnSpacing(time - this.lastTimeUs);
    else this.#firstUs = time;
    if (this.kept === this.#time.length && this.kept < RAW_SAMPLES) this.#grow();
    const at = this.written & (this.#time.length - 1);
    this.#time[at] = time;
    this.#value[at] = value;
    this.written++;
    if (this.kept < this.#time.length) this.kept++;
    this.lastTimeUs = time;
    this.lastValue = value;
    for (const level of this.#levels) level.add(time, value);
  }

  /** Takes a stretch of the past. The one that begins a series stays. */
  addPast(past: Past): void {
    const { columns } = past;
    if (this.#pasts.length === 0 && this.written === 0) {
      let newest = columns.newest;
      while (newest > columns.oldest && Number.isNaN(columns.low(newest))) newest--;
      this.lastTimeUs = newest * columns.widthUs;
      this.lastValue = columns.last(newest);
    }
    this.#learnPastSpacing(usualSpacing(columns), columns.widthUs);
    const looks = [...this.#pasts.slice(1), past].filter(({ stays }) => !stays);
    const gone = new Set(looks.slice(0, -MOST_LOOKS));
    this.#pasts = [...this.#pasts, past].filter((each) => !gone.has(each));
    this.pastVersion++;
  }

  /** Time of the oldest value known, of samples or of pasts; ∞ of none. */
  get firstUs(): number {
    return Math.min(this.#firstUs, ...this.#pasts.map(({ columns }) => columns.oldest * columns.widthUs));
  }

  /** From this time on the samples and levels have everything; ∞ before the first sample. */
  get heldFromUs(): number {
    const longest = this.#levels[this.#levels.length - 1]!;
    if (this.written === this.kept) return this.#firstUs;
    return Math.max(this.#firstUs, longest.oldest * longest.widthUs);
  }

  timeAt(sample: number): number {
    return this.#time[sample & (this.#time.length - 1)]!;
  }

  valueAt(sample: number): number {
    return this.#value[sample & (this.#time.length - 1)]!;
  }

  /** First sample kept whose time is ≥ `timeUs`; `written` when there is none. O(log kept). */
  firstAtOrAfter(timeUs: number): number {
    return firstAtOrAfter(this, timeUs);
  }

  /** The value of the last sample at or before `timeUs`, from the coarser levels for older times. NaN if none is kept. */
  valueBefore(timeUs: number): number {
    const next = this.firstAtOrAfter(timeUs + 1);
    if (next > this.written - this.kept) return this.valueAt(next - 1);
    if (timeUs < this.heldFromUs) return this.#pastBefore(timeUs);
    for (const level of this.#levels) {
      // The column of the time itself may hold later samples.
      const column = level.columnOf(timeUs) - 1;
      for (let a = column; a >= Math.max(level.oldest, column - 5); a--) {
        const value = level.last(a);
        if (!Number.isNaN(value)) return value;
      }
    }
    return this.#pastBefore(timeUs);
  }

  /**
   * Adds all values in [fromUs, toUs) to `target`, from the finest source that reaches back that far. Returns the width of that source's
   * columns in µs, 0 for samples.
   */
  fill(target: Columns, fromUs: number, toUs: number): number {
    const { heldFromUs } = this;
    if (fromUs >= heldFromUs) return this.#fillHeld(target, fromUs, toUs);
    const widthUs = this.#fillPast(target, fromUs, Math.min(toUs, heldFromUs));
    return toUs <= heldFromUs ? widthUs : Math.max(widthUs, this.#fillHeld(target, heldFromUs, toUs));
  }

  /** The last value of a past at or before the time. */
  #pastBefore(timeUs: number): number {
    const past = this.#pastAt(timeUs) ?? this.#openPastBefore(timeUs);
    if (past === undefined) return Number.NaN;
    const { columns } = past;
    for (let a = Math.min(columns.newest, columns.columnOf(timeUs)); a >= columns.oldest; a--) {
      const value = columns.last(a);
      if (!Number.isNaN(value)) return value;
    }
    return Number.NaN;
  }

  /** The finest past that has this time; of equally fine ones the last that was added, which may know more. */
  #pastAt(timeUs: number): Past | undefined {
    return [...this.#pasts]
      .reverse()
      .filter((past) => past.fromUs <= timeUs && timeUs < endOf(past))
      .sort((a, b) => a.columns.widthUs - b.columns.widthUs)[0];
  }

  /** Nothing came between the last of them and the samples that are held. */
  #openPastBefore(timeUs: number): Past | undefined {
    return this.#pasts
      .filter((past) => past.fromUs <= timeUs && past.toUs === Number.POSITIVE_INFINITY)
      .sort((a, b) => endOf(b) - endOf(a))[0];
  }

  #fillPast(target: Columns, fromUs: number, toUs: number): number {
    let widthUs = 0;
    for (let at = fromUs; at < toUs; ) {
      const past = this.#pastAt(at) ?? this.#nextPast(at);
      if (past === undefined) break;
      const { columns } = past;
      const begin = Math.max(at, past.fromUs);
      const finer = this.#pasts.filter(
        (each) => each.columns.widthUs < columns.widthUs && each.fromUs > begin,
      );
      const end = Math.min(toUs, endOf(past), ...finer.map((each) => each.fromUs));
      // The interval in which it begins may be known from the source before.
      const first = Math.ceil(begin / columns.widthUs);
      const from = at === fromUs ? columns.columnOf(begin) : first;
      for (let a = Math.max(columns.oldest, from); a <= columns.newest && a * columns.widthUs < end; a++) {
        const low = columns.low(a);
        if (!Number.isNaN(low)) target.addRange(a * columns.widthUs, low, columns.high(a), columns.last(a));
      }
      widthUs = Math.max(widthUs, columns.widthUs);
      at = end;
    }
    return widthUs;
  }

  #nextPast(timeUs: number): Past | undefined {
    return this.#pasts.filter(({ fromUs }) => fromUs > timeUs).sort((a, b) => a.fromUs - b.fromUs)[0];
  }

  #fillHeld(target: Columns, fromUs: number, toUs: number): number {
    const firstRaw = this.written - this.kept;
    if (firstRaw === 0 || this.timeAt(firstRaw) <= fromUs) {
      this.fillFrom(target, this.firstAtOrAfter(fromUs), toUs);
      return 0;
    }
    const level =
      this.#levels.find((l) => l.oldest * l.widthUs <= fromUs) ?? this.#levels[this.#levels.length - 1]!;
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
    this.#isSpacingAtMost = false;
    if (this.spacingUs === 0) this.spacingUs = gapUs;
    // A gap is not the usual spacing: an interval that is far longer counts as four times the usual one.
    else this.spacingUs += (Math.min(gapUs, 4 * this.spacingUs) - this.spacingUs) / 32;
  }

  /** A later, longer past may show that the first samples were unusually close. */
  #learnPastSpacing(spacingUs: number, widthUs: number): void {
    if (spacingUs === 0) return;
    // A past without empty columns tells nothing of what lies within, but a finer one does.
    const isExact = spacingUs > widthUs;
    if (this.spacingUs === 0 || (this.#isSpacingAtMost && spacingUs < this.spacingUs)) {
      this.spacingUs = spacingUs;
      this.#isSpacingAtMost = !isExact;
    } else if (isExact) this.spacingUs = Math.max(this.spacingUs, spacingUs);
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

/** Where it ends: one that goes on with the samples says nothing of what comes after it. */
function endOf({ toUs, columns }: Past): number {
  return toUs === Number.POSITIVE_INFINITY ? (columns.newest + 1) * columns.widthUs : toUs;
}

/** The median distance of columns with values, µs; 0 of fewer than two. */
function usualSpacing(columns: Columns): number {
  const gaps: number[] = [];
  let before = Number.NaN;
  for (let a = columns.oldest; a <= columns.newest; a++) {
    if (Number.isNaN(columns.low(a))) continue;
    if (!Number.isNaN(before)) gaps.push(a - before);
    before = a;
  }
  gaps.sort((a, b) => a - b);
  return (gaps[gaps.length >> 1] ?? 0) * columns.widthUs;
}
