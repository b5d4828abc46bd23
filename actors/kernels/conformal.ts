/**
 * Smoothed conformal p-values of a stream of scores: the rank of each score among the last N.
 *
 *   p_t = (#{s ≤ t : a_s > a_t} + θ_t #{s ≤ t : a_s = a_t}) / t,   θ_t ~ U(0,1)
 *
 * They are exactly uniform if the scores in the window are exchangeable, whatever their law. Scores are stored twice, in order of arrival
 * (a ring) and in order of size (a sorted array), so that a new score costs two binary searches and one block move.
 * Source: Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World, §2.5.
 */

/** Largest window: with 10⁴ scores a block move takes less than 2 µs, and the smallest p is 10⁻⁴. */
const MAX_CONFORMAL_WINDOW = 10_000;

const COUNT = 0;
const HEAD = 1;

export class ConformalRank {
  readonly window: number;
  /** All of the state. `scalars` = [scores held, ring position of the oldest]. */
  readonly fields: {
    readonly ring: Float64Array;
    readonly sorted: Float64Array;
    readonly scalars: Float64Array;
  };
  private readonly ring: Float64Array;
  private readonly sorted: Float64Array;
  private readonly scalars: Float64Array;

  /** Keeps the last `window` scores, the new one included; 1 ≤ window ≤ 10⁴. */
  constructor(window: number) {
    if (!Number.isInteger(window) || window < 1 || window > MAX_CONFORMAL_WINDOW) {
      throw new RangeError(
        `Cannot make a conformal window of ${window} scores: expected an integer from 1 to ${MAX_CONFORMAL_WINDOW}`,
      );
    }
    this.window = window;
    this.ring = new Float64Array(window);
    this.sorted = new Float64Array(window);
    this.scalars = new Float64Array(2);
    this.fields = { ring: this.ring, sorted: this.sorted, scalars: this.scalars };
  }

  /**
   * Adds `score` and returns its p-value in (0, 1], with `theta` in (0, 1]. A full window drops its oldest score.
   * A NaN score is not stored and returns NaN. O(log N) comparisons and one move of at most N doubles.
   */
  push(score: number, theta: number): number {
    if (Number.isNaN(score)) return Number.NaN;
    const held = this.scalars[COUNT]!;
    if (held < this.window) {
      this.ring[held] = score;
      this.scalars[COUNT] = held + 1;
      const at = upperBound(this.sorted, held, score);
      if (at < held) this.sorted.copyWithin(at + 1, at, held);
      this.sorted[at] = score;
      return this.rankAt(at, score, theta, held + 1);
    }
    const head = this.scalars[HEAD]!;
    const old = this.ring[head]!;
    this.ring[head] = score;
    this.scalars[HEAD] = head + 1 === held ? 0 : head + 1;
    return this.rankAt(this.replace(old, score), score, theta, held);
  }

  /** Number of scores in the window. */
  get count(): number {
    return this.scalars[COUNT]!;
  }

  reset(): void {
    this.ring.fill(0);
    this.sorted.fill(0);
    this.scalars.fill(0);
  }

  /** Replaces `old` by `fresh` in the sorted array, moving only the scores between them. Returns the index of `fresh`. */
  private replace(old: number, fresh: number): number {
    const n = this.window;
    const from = lowerBound(this.sorted, n, old);
    if (fresh > old) {
      const to = lowerBound(this.sorted, n, fresh);
      if (to - 1 > from) this.sorted.copyWithin(from, from + 1, to);
      this.sorted[to - 1] = fresh;
      return to - 1;
    }
    if (fresh === old) return from;
    const to = upperBound(this.sorted, n, fresh);
    if (from > to) this.sorted.copyWithin(to + 1, to, from);
    this.sorted[to] = fresh;
    return to;
  }

  /** p-value of the score at index `at`. Equal scores are its neighbours. */
  private rankAt(at: number, score: number, theta: number, count: number): number {
    const sorted = this.sorted;
    const above = at + 1 < count && sorted[at + 1] === score ? upperBound(sorted, count, score) : at + 1;
    const below = at > 0 && sorted[at - 1] === score ? lowerBound(sorted, above, score) : at;
    return (count - above + theta * (above - below)) / count;
  }
}

/*
 * Both binary searches turn the comparison into a mask instead of a branch: it is true or false with equal probability, and a mispredicted
 * branch costs more than the whole step.
 */

/** First index whose value is > x. */
function upperBound(sorted: Float64Array, count: number, x: number): number {
  let base = 0;
  let length = count;
  while (length > 1) {
    const half = length >>> 1;
    base += half & -+(sorted[base + half - 1]! <= x);
    length -= half;
  }
  return length === 1 && sorted[base]! <= x ? base + 1 : base;
}

/** First index whose value is ≥ x. */
function lowerBound(sorted: Float64Array, count: number, x: number): number {
  let base = 0;
  let length = count;
  while (length > 1) {
    const half = length >>> 1;
    base += half & -+(sorted[base + half - 1]! < x);
    length -= half;
  }
  return length === 1 && sorted[base]! < x ? base + 1 : base;
}
