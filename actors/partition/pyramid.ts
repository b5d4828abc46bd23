/**
 * The past of a group in intervals of several lengths, so that any stretch of it is told in few rows and no extreme is lost.
 *
 *   samples ─► level 0: intervals of `finestUs` ──an interval has ended──► level 1: four times as long ─► … ─► level k: 4^k times as long
 *
 * Y1  Each level has, for every interval that it keeps whole, exactly the extremes, the last value and the number of the samples in it, and their volume.
 * Y2  A sample that comes after the end of its interval counts in the open one: the past that was told is not told otherwise later.
 * Y3  The newest entry of a level has not reached the next one yet; every earlier entry has, once.
 */
import { IntervalRows } from "../../protocol/interval-rows.ts";
import type { PastRange } from "../ports/session.ts";
import { IntervalRing } from "./interval-ring.ts";

/** Intervals of one level in one of the next. */
export const LEVEL_FACTOR = 4;

export class Pyramid {
  private readonly levels: readonly IntervalRing[];
  private readonly finest: IntervalRing;

  /** `capacities`: entries that each level keeps, the finest first. */
  constructor(finestUs: number, capacities: readonly number[]) {
    this.levels = capacities.map((capacity, k) => new IntervalRing(finestUs * LEVEL_FACTOR ** k, capacity));
    this.finest = this.levels[0]!;
  }

  get columns(): number {
    return this.finest.columns;
  }

  get bytes(): number {
    return this.levels.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  widen(columns: number): void {
    if (columns > this.columns) for (const level of this.levels) level.widen(columns);
  }

  /** Of each level, the finest first. */
  limit(capacities: readonly number[]): void {
    for (const [k, level] of this.levels.entries()) level.limit(capacities[k]!);
  }

  /** The column is one of `columns`. O(1), amortised. */
  add(timeUs: number, column: number, value: number, size = 0): void {
    const { finest } = this;
    const interval = Math.floor(timeUs / finest.everyUs);
    if (!(interval <= finest.newest)) this.open(0, interval);
    finest.take(column, value, size);
  }

  /** Forgets everything from the interval of this time on. */
  rewind(timeUs: number): void {
    const from = Math.floor(timeUs / this.finest.everyUs);
    this.finest.dropFrom(from);
    for (let k = 1; k < this.levels.length; k++) {
      const finer = this.levels[k - 1]!;
      const level = this.levels[k]!;
      const none = Math.floor(from / LEVEL_FACTOR ** k);
      const interval = Number.isNaN(finer.newest) ? none : Math.floor(finer.newest / LEVEL_FACTOR);
      level.dropFrom(interval);
      // What the dropped interval had of entries that stay, except the newest one, which is still to come.
      const first = finer.firstFrom(interval * LEVEL_FACTOR);
      if (first < finer.end - 1) level.open(interval);
      for (let entry = first; entry < finer.end - 1; entry++) level.takeEntry(finer, entry);
    }
  }

  /** From which time on, rounded down to `everyUs` of an answer, nothing is missing that was added. */
  get wholeFromUs(): number {
    return Math.min(...this.levels.map(({ wholeFrom, everyUs }) => wholeFrom * everyUs));
  }

  /**
   * The range in about so many intervals, as `range.columns` says: half as many again at most, and at least two thirds where the levels are that
   * fine, and all that is kept where they do not reach back to its beginning. O(entries of a level).
   */
  rows(range: PastRange): IntervalRows {
    const [chosen, everyUs] = this.choose(range);
    const level = this.levels[chosen]!;
    const rows = new IntervalRows(everyUs);
    const gathered = new Gathered(rows, this.columns);
    const first = Math.floor(range.fromUs / everyUs);
    const last = range.isOpen ? Number.POSITIVE_INFINITY : Math.floor(range.toUs / everyUs);
    const merged = everyUs / level.everyUs;
    for (let entry = level.firstFrom(first * merged); entry < level.end; entry++) {
      const interval = Math.floor(level.intervalOf(entry) / merged);
      if (interval > last) break;
      gathered.take(level, entry, interval);
    }
    // What has not reached this level yet: it is later than all that has.
    for (let k = chosen - 1; k >= 0; k--) {
      const finer = this.levels[k]!;
      const interval = Math.floor((finer.newest * finer.everyUs) / everyUs);
      if (interval >= first && interval <= last) gathered.take(finer, finer.end - 1, interval);
    }
    gathered.end();
    return rows;
  }

  /** The length of the intervals that `rows` has. */
  everyUs(range: PastRange): number {
    return this.choose(range)[1];
  }

  /** The level to read, and the length of the answer's intervals: a multiple of the level's. */
  private choose({ fromUs, toUs, columns }: PastRange): [level: number, everyUs: number] {
    let coarsest: [number, number] = [0, this.finest.everyUs];
    for (const [k, level] of this.levels.entries()) {
      const merged = Math.max(1, Math.round((toUs - fromUs) / (columns * level.everyUs)));
      coarsest = [k, merged * level.everyUs];
      const [, everyUs] = coarsest;
      if (level.wholeFrom * level.everyUs <= Math.floor(fromUs / everyUs) * everyUs) break;
    }
    return coarsest;
  }

  /** Begins an interval of a level; the one before it goes up. */
  private open(k: number, interval: number): void {
    const level = this.levels[k]!;
    this.rise(k);
    level.open(interval);
  }

  private rise(k: number): void {
    const level = this.levels[k]!;
    const above = this.levels[k + 1];
    if (above === undefined || level.end === level.first) return;
    const interval = Math.floor(level.newest / LEVEL_FACTOR);
    if (!(interval <= above.newest)) this.open(k + 1, interval);
    above.takeEntry(level, level.end - 1);
  }
}

/** Joins entries that follow each other into the rows of longer intervals. */
class Gathered {
  private readonly rows: IntervalRows;
  private readonly joined: IntervalRing;
  private interval = Number.NaN;
  /** The only entry of the interval yet: most intervals have one. */
  private single: { readonly from: IntervalRing; readonly entry: number } | null = null;

  constructor(rows: IntervalRows, columns: number) {
    this.rows = rows;
    this.joined = new IntervalRing(rows.everyUs, 1);
    this.joined.widen(columns);
  }

  take(from: IntervalRing, entry: number, interval: number): void {
    if (interval !== this.interval) {
      this.end();
      this.interval = interval;
      this.single = { from, entry };
      return;
    }
    if (this.single !== null) {
      this.joined.open(interval);
      this.joined.takeEntry(this.single.from, this.single.entry);
      this.single = null;
    }
    this.joined.takeEntry(from, entry);
  }

  end(): void {
    const { joined, single, interval, rows } = this;
    if (Number.isNaN(interval)) return;
    const { from, entry } = single ?? { from: joined, entry: joined.end - 1 };
    from.each(entry, (column, min, max, last, samples, volume) => {
      rows.push(interval, column, min, max, last, samples, volume);
    });
  }
}
