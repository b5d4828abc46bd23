/**
 * The range that a statistic has kept in, and by how much it leaves it.
 *
 *   novelty v = excess beyond [low, high] / (high − low)         0 inside
 *   evidence  = ln((n + 1) / EXCEEDED) + a ln(1 + v), nats       n values seen; a from the records before this one
 *
 * A record moves its edge by LEARNS of the excess: one extreme value does not double the range, a lasting one is usual after a few rows. Edges
 * return to the mean with a time constant of hours to weeks (`memory`), so a range is what has been usual for long.
 *
 * The chance that the last of n + 1 exchangeable values is the largest is 1/(n + 1), for both sides and edges that follow by half about four
 * times as much. That it exceeds the range by v falls as (1 + v)^−a in a Pareto tail (peaks over threshold; Pickands 1975). The index a is learnt from the channel's own records, one for each cluster: bursts on
 * nothing have records of several times the range, and only a much wider margin is evidence there.
 */
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

/** Records of exchangeable values, in units of 1/(n + 1): two sides, and edges that follow by half. */
const EXCEEDED = 4;
/** Values within which records belong to one cluster. */
const CLUSTER = 64;
/**
 * A normal law exceeds its range of 5 to 7 s at a rate of 2.5 to 3.6 per s: an index of 13 to 25. An exponential law has ln n = 8 at 3000
 * values. The lower one, with the weight of PRIOR_RECORDS records.
 */
const PRIOR_INDEX = 8;
const PRIOR_RECORDS = 2;

/** Offsets of the numbers of a statistic. `beforeLow` and `beforeHigh`: the range when the last cluster of records began. */
const RANGE = {
  count: 0,
  low: 1,
  high: 2,
  mean: 3,
  beforeLow: 4,
  beforeHigh: 5,
  lastRecord: 6,
  /** The largest novelty of the last cluster; number and sum of ln(1 + v) of the clusters before it. */
  peak: 7,
  clusters: 8,
  sumOfLogs: 9,
} as const;
const RANGE_WIDTH = 10;

export class UsualRange {
  readonly fields: { ranges: Float64Array };
  private readonly state: Float64Array;
  /** Share of the way to the mean that an edge returns in a row. */
  private returns = 1 / LEAST_MEMORY;
  private memory = LEAST_MEMORY;

  constructor(statistics: number) {
    this.state = new Float64Array(statistics * RANGE_WIDTH);
    this.fields = { ranges: this.state };
  }

  /** Sets the memory of the edges: a day of rows, at least LEAST_MEMORY. */
  remember(rowsADay: number): void {
    this.memory = Math.max(LEAST_MEMORY, rowsADay);
    this.returns = 1 / this.memory;
  }

  /**
   * Writes the novelty of each statistic from ≤ s < to, in [0, LARGEST], to out[s], 0 for one that is not finite, and learns it. Returns whether
   * any is above 0. O(1) a statistic, about 6 ns.
   */
  see(from: number, to: number, statistics: Float64Array, out: Float64Array): boolean {
    const { state, returns } = this;
    let isNew = false;
    for (let s = from, at = from * RANGE_WIDTH; s < to; s++, at += RANGE_WIDTH) {
      const x = statistics[s]!;
      out[s] = 0;
      if (x - x !== 0) continue;
      const count = state[at + RANGE.count]!;
      if (count < FIRST_VALUES) {
        this.begin(at, statistics, s);
        continue;
      }
      let low = state[at + RANGE.low]!;
      let high = state[at + RANGE.high]!;
      const mean = state[at + RANGE.mean]!;
      let within = x;
      state[at + RANGE.count] = count + 1;
      if (x > high || x < low) {
        const excess = x > high ? x - high : low - x;
        const novelty = this.record(at, excess, high - low, x);
        out[s] = novelty;
        if (novelty > 0) isNew = true;
        const moves = high > low ? LEARNS * excess : excess;
        if (x > high) high += moves;
        else low -= moves;
        within = Math.max(low, Math.min(high, x));
      }
      const change = within - mean;
      state[at + RANGE.mean] =
        mean + (count < MEAN_MEMORY ? change / (count + 1) : change * (1 / MEAN_MEMORY));
      state[at + RANGE.high] = high - (high - mean) * returns;
      state[at + RANGE.low] = low + (mean - low) * returns;
    }
    return isNew;
  }

  /** Evidence of a novelty of statistic s, nats. */
  evidence(s: number, novelty: number): number {
    const { state } = this;
    const at = s * RANGE_WIDTH;
    const seen = Math.min(state[at + RANGE.count]!, this.memory);
    const clusters = state[at + RANGE.clusters]!;
    const index = (clusters + PRIOR_RECORDS) / (state[at + RANGE.sumOfLogs]! + PRIOR_RECORDS / PRIOR_INDEX);
    const known = state[at + RANGE.beforeHigh]! > state[at + RANGE.beforeLow]!;
    return ln((seen + 1) / EXCEEDED) + (known ? index * log1p(novelty) : 0);
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
    return this.state[s * RANGE_WIDTH + (this.inCluster(s) ? RANGE.beforeLow : RANGE.low)]!;
  }

  usualHigh(s: number): number {
    return this.state[s * RANGE_WIDTH + (this.inCluster(s) ? RANGE.beforeHigh : RANGE.high)]!;
  }

  private inCluster(s: number): boolean {
    const at = s * RANGE_WIDTH;
    const last = this.state[at + RANGE.lastRecord]!;
    return last > 0 && this.state[at + RANGE.count]! - last <= CLUSTER;
  }

  private begin(at: number, statistics: Float64Array, s: number): void {
    const { state } = this;
    const x = statistics[s]!;
    const count = state[at + RANGE.count]! + 1;
    state[at + RANGE.count] = count;
    if (count === 1 || x < state[at + RANGE.low]!) state[at + RANGE.low] = x;
    if (count === 1 || x > state[at + RANGE.high]!) state[at + RANGE.high] = x;
    state[at + RANGE.mean] = state[at + RANGE.mean]! + (x - state[at + RANGE.mean]!) / count;
  }

  /** The novelty of a record, which joins its cluster or begins one. */
  private record(at: number, excess: number, range: number, x: number): number {
    const { state } = this;
    const known = range > ROUNDING * Math.abs(x);
    const novelty = known
      ? Math.min(excess / range, LARGEST)
      : excess > ROUNDING * Math.abs(x)
        ? LEFT_CONSTANT
        : 0;
    const count = state[at + RANGE.count]!;
    if (count - state[at + RANGE.lastRecord]! > CLUSTER || state[at + RANGE.lastRecord] === 0) {
      if (state[at + RANGE.peak]! > 0) {
        state[at + RANGE.clusters] = state[at + RANGE.clusters]! + 1;
        state[at + RANGE.sumOfLogs] = state[at + RANGE.sumOfLogs]! + log1p(state[at + RANGE.peak]!);
      }
      state[at + RANGE.peak] = 0;
      state[at + RANGE.beforeLow] = state[at + RANGE.low]!;
      state[at + RANGE.beforeHigh] = state[at + RANGE.high]!;
    }
    state[at + RANGE.lastRecord] = count;
    if (novelty > state[at + RANGE.peak]!) state[at + RANGE.peak] = novelty;
    return novelty;
  }
}
