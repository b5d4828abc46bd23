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

/** All of the state. `scalars` = [scores held, ring position of the oldest]. */
type RankFields = {
  readonly ring: Float64Array;
  readonly sorted: Float64Array;
  readonly scalars: Float64Array;
};

export class ConformalRank {
  readonly window: number;
  readonly fields: RankFields;
  private readonly ring: Float64Array;
  private readonly sorted: Float64Array;
  private readonly scalars: Float64Array;

  /** Keeps the last `window` scores, the new one included; 1 ≤ window ≤ 10⁴. `fields`: where the state lies, zeros. */
  constructor(window: number, fields: RankFields = rankFields(window, 1)) {
    if (!Number.isInteger(window) || window < 1 || window > MAX_CONFORMAL_WINDOW) {
      throw new RangeError(
        `Cannot make a conformal window of ${window} scores: expected an integer from 1 to ${MAX_CONFORMAL_WINDOW}`,
      );
    }
    this.window = window;
    this.fields = fields;
    this.ring = fields.ring;
    this.sorted = fields.sorted;
    this.scalars = fields.scalars;
  }

  /** Ranks of `count` streams whose states lie one after the other in common arrays. */
  static several(
    count: number,
    window: number,
  ): { readonly ranks: readonly ConformalRank[]; readonly fields: RankFields } {
    const fields = rankFields(window, count);
    const part = (of: Float64Array, k: number, width: number) => of.subarray(k * width, (k + 1) * width);
    const ranks = Array.from(
      { length: count },
      (_, k) =>
        new ConformalRank(window, {
          ring: part(fields.ring, k, window),
          sorted: part(fields.sorted, k, window),
          scalars: part(fields.scalars, k, 2),
        }),
    );
    return { ranks, fields };
  }

  /** Adds `score` and returns its p-value, with `theta` in (0, 1], as `pushAt` does. */
  push(score: number, theta: number): number {
    pair[0] = score;
    pair[1] = theta;
    this.pushAt(pair, 0, pair, 1);
    return pair[0]!;
  }

  /**
   * Adds the score scores[i] and replaces it by its p-value in (0, 1], with θ = thetas[j] in (0, 1]. A full window drops its oldest score.
   * A NaN score is not stored and stays NaN. O(log N) comparisons and one move of at most N doubles; allocates nothing.
   */
  pushAt(scores: Float64Array, i: number, thetas: Float64Array, j: number): void {
    const score = scores[i]!;
    if (Number.isNaN(score)) return;
    const held = this.scalars[COUNT]!;
    let at: number;
    let count = held;
    if (held < this.window) {
      this.ring[held] = score;
      count = held + 1;
      this.scalars[COUNT] = count;
      at = upperBound(this.sorted, held, score);
      if (at < held) this.sorted.copyWithin(at + 1, at, held);
      this.sorted[at] = score;
    } else {
      const head = this.scalars[HEAD]!;
      at = this.replaceOldest(head, scores, i);
      this.ring[head] = score;
      this.scalars[HEAD] = head + 1 === held ? 0 : head + 1;
    }
    // Equal scores are neighbours.
    const { sorted } = this;
    const above = at + 1 < count && sorted[at + 1] === score ? upperBound(sorted, count, score) : at + 1;
    const below = at > 0 && sorted[at - 1] === score ? lowerBound(sorted, above, score) : at;
    scores[i] = (count - above + thetas[j]! * (above - below)) / count;
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

  /** Replaces ring[head] by scores[i] in the sorted array, moving only the scores between them. Returns the index of the new one. */
  private replaceOldest(head: number, scores: Float64Array, i: number): number {
    const old = this.ring[head]!;
    const fresh = scores[i]!;
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
}

function rankFields(window: number, count: number): RankFields {
  const size = Number.isInteger(window) && window > 0 ? window * count : 0;
  return {
    ring: new Float64Array(size),
    sorted: new Float64Array(size),
    scalars: new Float64Array(2 * count),
  };
}

/** A score and its θ. */
const pair = new Float64Array(2);

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
