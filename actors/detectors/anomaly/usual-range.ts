/**
 * The range that a statistic has kept in, and by how much it leaves it.
 *
 *   novelty v = excess beyond [low, high] / (high − low)         0 inside
 *   evidence  = ln((n + 1) / m) + a ln(1 + w), nats              n values remembered, m records of them; a from the records before this one
 *
 * Values that stand for one row are judged by their novelty: w = v. Means of blocks that overlap come near each other: each goes a little beyond the one
 * before, however far all of them go. Their w is the excess beyond the range from before their cluster, over its length.
 *
 * A record moves its edge by LEARNS of the excess: one extreme value does not double the range, a lasting one is usual after a few rows. Edges
 * return to the mean with a time constant of hours to weeks (`memory`), so a range is what has been usual for long.
 *
 * The chance that the last of n + 1 exchangeable values is the largest is 1/(n + 1), for both sides and edges that follow by half about four
 * times as much: m is at least EXCEEDED. Edges that return have more records: half of the mean excess of a record makes up for the way back, so a
 * normal law leaves its range some fifty times in the memory. Clusters of records are therefore counted over the values remembered, those of each
 * side apart, as is its index: an exponential law has small records at one end and large ones at the other. That a record exceeds the range by w falls as
 * (1 + w)^−a in a Pareto tail (peaks over threshold; Pickands 1975).
 *
 * The index a is learnt from the channel's own records, one for each cluster: bursts on nothing have records of several times the range, and only a
 * much wider margin is evidence there. l = ln(1 + w) is exponential in that tail, with mean 1/a and mean square 2/a², so a = 2 Σl / Σl². Records that hardly
 * exceed say little about the tail, and weigh little there. In 1 / mean l they weigh as much as others: counts, which equal the largest one again and
 * again and exceed edges that return by next to nothing, would make the next larger count look impossible.
 */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";

/** Share of the excess by which a record moves its edge. */
const LEARNS = 0.5;
/** Values that make the first range. */
const FIRST_VALUES = 50;
/** Memory of the mean to which the edges return, in values. */
const MEAN_MEMORY = 2000;
/** Least memory of the edges, in values. */
const LEAST_MEMORY = 20_000;
/** Novelty of a departure from a constant: its range gives no unit, so it counts as large as all that was seen. */
const LEFT_CONSTANT = 1;
/** The largest novelty. */
const LARGEST = 1000;
/** A smaller range, relative to its edges, is rounding: 2⁻⁴⁰. */
const ROUNDING = 1 / 1_099_511_627_776;

/** Least records of exchangeable values in n, of an edge that does not return: two sides, and edges that follow by half. */
const EXCEEDED = 4;
/** Values within which records belong to one cluster. */
const CLUSTER = 64;
/**
 * A normal law exceeds its range of 5 to 7 s at a rate of 2.5 to 3.6 per s: an index of 13 to 25. An exponential law has ln n = 8 at 3000
 * values. The lower one, with the weight of PRIOR_RECORDS records.
 */
const PRIOR_INDEX = 8;
const PRIOR_RECORDS = 2;
/** Σl and Σl² of such records. */
const PRIOR_LOGS = PRIOR_RECORDS / PRIOR_INDEX;
const PRIOR_SQUARES = (2 * PRIOR_RECORDS) / (PRIOR_INDEX * PRIOR_INDEX);

/** Offsets of the numbers of a statistic that every row reads. */
const RANGE = { count: 0, low: 1, high: 2, mean: 3 } as const;
const RANGE_WIDTH = 4;
/** Offsets of those that only records need. `beforeLow` and `beforeHigh`: the range when the last cluster of records began. `excess`: w of the last. */
const RECORD = { beforeLow: 0, beforeHigh: 1, last: 2, side: 3, excess: 4, low: 5, high: 9 } as const;
/** Of the records on one side, at RECORD.low and RECORD.high; RECORD.side is where the last record counted. */
const SIDE = {
  /** The largest w of the last cluster; Σl and Σl² of the clusters before it. */
  peak: 0,
  logs: 1,
  squares: 2,
  /** Clusters among the values remembered, with the one under way, at the last record. */
  remembered: 3,
} as const;
const RECORD_WIDTH = 13;

export class UsualRange {
  readonly fields: { ranges: Float64Array; records: Float64Array };
  private readonly state: Float64Array;
  private readonly records: Float64Array;
  /** Statistics from this one on are of blocks that overlap. */
  private readonly blocksFrom: number;
  /** Statistics of the row at hand that are outside their range, or too young to have one; not registered. */
  private readonly outside: Uint32Array;
  /** Share of the way to the mean that an edge returns in a row. */
  private returns = 1 / LEAST_MEMORY;
  private memory = LEAST_MEMORY;

  /** `ofRows`: how many of the statistics, the first ones, are of one row each; the others are of blocks that overlap. */
  constructor(statistics: number, ofRows: number) {
    this.blocksFrom = ofRows;
    this.state = new Float64Array(statistics * RANGE_WIDTH);
    this.records = new Float64Array(statistics * RECORD_WIDTH);
    this.outside = new Uint32Array(statistics);
    this.fields = { ranges: this.state, records: this.records };
  }

  /** Sets the memory of the edges: a day of rows, at least LEAST_MEMORY. */
  remember(rowsADay: number): void {
    this.memory = Math.max(LEAST_MEMORY, rowsADay);
    this.returns = 1 / this.memory;
  }

  /**
   * Writes the novelty of each statistic from ≤ s < to, in [0, LARGEST], to out[s], 0 for one that is not finite, and learns it. Statistics lie
   * in rows of `news.length` channels: those with fresh[at + c] = 0 are left out, and news[c] becomes 1 where a novelty is above 0. A
   * value stands for `rows` values. O(1) a statistic, about 4 ns. No call inside the loop: the places of the arrays then stay known.
   */
  see(
    from: number,
    to: number,
    fresh: Uint8Array,
    at: number,
    statistics: Float64Array,
    out: Float64Array,
    news: Uint8Array,
    rows: number,
  ): void {
    const { state, outside } = this;
    const returns = rows * this.returns;
    let count = 0;
    for (let s = from, k = from * RANGE_WIDTH; s < to; ) {
      for (let c = 0; c < news.length; c++, s++, k += RANGE_WIDTH) {
        if (fresh[at + c] === 0) continue;
        const x = statistics[s]!;
        out[s] = 0;
        if (x - x !== 0) continue;
        const seen = state[k + RANGE.count]!;
        const low = state[k + RANGE.low]!;
        const high = state[k + RANGE.high]!;
        if (x > high || x < low || seen < FIRST_VALUES) {
          outside[count++] = s;
          continue;
        }
        const mean = state[k + RANGE.mean]!;
        state[k + RANGE.count] = seen + rows;
        const change = rows * (x - mean);
        state[k + RANGE.mean] =
          mean + (seen < MEAN_MEMORY ? change / (seen + rows) : change * (1 / MEAN_MEMORY));
        state[k + RANGE.high] = high - (high - mean) * returns;
        state[k + RANGE.low] = low + (mean - low) * returns;
      }
    }
    for (let k = 0; k < count; k++) {
      const s = outside[k]!;
      this.widen(s, statistics, out, rows);
      if (out[s]! > 0) news[s % news.length] = 1;
    }
  }

  /**
   * Evidence of the last record of statistic s, nats, counted as at most `most`. The index is that of its side, or of both if they are alike: of means
   * of many rows.
   */
  evidence(s: number, most: number): number {
    const { records } = this;
    const alike = s >= this.blocksFrom;
    const at = s * RECORD_WIDTH;
    const side = at + (records[at + RECORD.side]! || RECORD.high);
    const other = side === at + RECORD.low ? at + RECORD.high : at + RECORD.low;
    const seen = Math.min(this.state[s * RANGE_WIDTH + RANGE.count]!, this.memory);
    // The cluster under way is what is judged; what one side does, the other may do as well.
    const before = Math.max(EXCEEDED, 2 * (records[side + SIDE.remembered]! - 1));
    const logs = records[side + SIDE.logs]! + (alike ? records[other + SIDE.logs]! : 0);
    const squares = records[side + SIDE.squares]! + (alike ? records[other + SIDE.squares]! : 0);
    const index = (2 * (logs + PRIOR_LOGS)) / (squares + PRIOR_SQUARES);
    const known = records[at + RECORD.beforeHigh]! > records[at + RECORD.beforeLow]!;
    const excess = Math.min(records[at + RECORD.excess]!, most);
    return ln((seen + 1) / before) + (known ? index * log1p(excess) : 0);
  }

  /** The range of statistic s. */
  low(s: number): number {
    return this.state[s * RANGE_WIDTH + RANGE.low]!;
  }

  high(s: number): number {
    return this.state[s * RANGE_WIDTH + RANGE.high]!;
  }

  /** The range of statistic s without what a cluster of records under way has taught it. */
  usualLow(s: number): number {
    return this.inCluster(s) ? this.records[s * RECORD_WIDTH + RECORD.beforeLow]! : this.low(s);
  }

  usualHigh(s: number): number {
    return this.inCluster(s) ? this.records[s * RECORD_WIDTH + RECORD.beforeHigh]! : this.high(s);
  }

  private inCluster(s: number): boolean {
    const last = this.records[s * RECORD_WIDTH + RECORD.last]!;
    return last > 0 && this.state[s * RANGE_WIDTH + RANGE.count]! - last <= CLUSTER;
  }

  /** Takes a value of statistic s that is outside its range, or among the first. */
  private widen(s: number, statistics: Float64Array, out: Float64Array, rows: number): void {
    const { state } = this;
    const returns = rows * this.returns;
    const at = s * RANGE_WIDTH;
    const x = statistics[s]!;
    const count = state[at + RANGE.count]!;
    if (count < FIRST_VALUES) {
      this.begin(at, x, rows);
      return;
    }
    let low = state[at + RANGE.low]!;
    let high = state[at + RANGE.high]!;
    const mean = state[at + RANGE.mean]!;
    state[at + RANGE.count] = count + rows;
    this.record(s, statistics, out);
    const excess = x > high ? x - high : low - x;
    const moves = high > low ? LEARNS * excess : excess;
    if (x > high) high += moves;
    else low -= moves;
    const within = Math.max(low, Math.min(high, x));
    const change = rows * (within - mean);
    state[at + RANGE.mean] =
      mean + (count < MEAN_MEMORY ? change / (count + rows) : change * (1 / MEAN_MEMORY));
    state[at + RANGE.high] = high - (high - mean) * returns;
    state[at + RANGE.low] = low + (mean - low) * returns;
  }

  private begin(at: number, x: number, rows: number): void {
    const { state } = this;
    const before = state[at + RANGE.count]!;
    const count = before + rows;
    state[at + RANGE.count] = count;
    if (before === 0 || x < state[at + RANGE.low]!) state[at + RANGE.low] = x;
    if (before === 0 || x > state[at + RANGE.high]!) state[at + RANGE.high] = x;
    state[at + RANGE.mean] = state[at + RANGE.mean]! + (rows * (x - state[at + RANGE.mean]!)) / count;
  }

  /** Writes the novelty of a record to out[s]; it joins its cluster or begins one. */
  private record(s: number, statistics: Float64Array, out: Float64Array): void {
    const { records, state } = this;
    const at = s * RECORD_WIDTH;
    const x = statistics[s]!;
    const low = state[s * RANGE_WIDTH + RANGE.low]!;
    const high = state[s * RANGE_WIDTH + RANGE.high]!;
    const excess = x > high ? x - high : low - x;
    const range = high - low;
    const known = range > ROUNDING * Math.abs(x);
    const novelty = known
      ? Math.min(excess / range, LARGEST)
      : excess > ROUNDING * Math.abs(x)
        ? LEFT_CONSTANT
        : 0;
    const count = state[s * RANGE_WIDTH + RANGE.count]!;
    const last = records[at + RECORD.last]!;
    const begins = last === 0 || count - last > CLUSTER;
    if (begins) {
      records[at + RECORD.beforeLow] = low;
      records[at + RECORD.beforeHigh] = high;
    }
    const kept = this.kept(last, count);
    this.age(at + RECORD.low, kept, begins);
    this.age(at + RECORD.high, kept, begins);
    records[at + RECORD.last] = count;
    records[at + RECORD.side] = x > high ? RECORD.high : RECORD.low;
    records[at + RECORD.excess] = s < this.blocksFrom ? novelty : Math.max(novelty, this.beyondBefore(at, x));
    this.join(at + records[at + RECORD.side]!, records[at + RECORD.excess]!);
    out[s] = novelty;
  }

  /** How far x is beyond the range from before the cluster of the record at `at`, in lengths of that range. */
  private beyondBefore(at: number, x: number): number {
    const { records } = this;
    const low = records[at + RECORD.beforeLow]!;
    const high = records[at + RECORD.beforeHigh]!;
    const range = high - low;
    return range > ROUNDING * Math.abs(x) ? Math.min(Math.max(x - high, low - x) / range, LARGEST) : 0;
  }

  /** Adds the last cluster of a side to those before it if another begins; of the clusters remembered, the share `kept` still is. */
  private age(side: number, kept: number, begins: boolean): void {
    const { records } = this;
    records[side + SIDE.remembered] = records[side + SIDE.remembered]! * kept;
    if (!begins) return;
    const peak = records[side + SIDE.peak]!;
    records[side + SIDE.peak] = 0;
    if (peak === 0) return;
    const log = log1p(peak);
    records[side + SIDE.logs] = records[side + SIDE.logs]! + log;
    records[side + SIDE.squares] = records[side + SIDE.squares]! + log * log;
  }

  /** Adds a record to the cluster of its side. */
  private join(side: number, excess: number): void {
    const { records } = this;
    const peak = records[side + SIDE.peak]!;
    if (peak === 0) records[side + SIDE.remembered] = records[side + SIDE.remembered]! + 1;
    if (excess > peak) records[side + SIDE.peak] = excess;
  }

  /** Share of what was remembered after `last` values that is after `count`. All values are remembered at first, then they fade as edges return. */
  private kept(last: number, count: number): number {
    const { memory } = this;
    return (
      (Math.min(last, memory) / Math.min(count, memory)) *
      exp(Math.min(0, Math.max(last, memory) - count) / memory)
    );
  }
}
