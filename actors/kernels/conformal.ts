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
    if (Number.isNaN(scores[i]!)) return;
    if (this.count < this.window) {
      this.rankAt(this.insert(scores, i), scores, i, thetas, j);
      return;
    }
    const { sorted } = this;
    const old = this.ring[this.scalars[HEAD]!]!;
    const fresh = scores[i]!;
    // Both lower bounds in one loop: a step waits for memory and for the step before, so that two searches take the time of one.
    let from = 0;
    let to = 0;
    let length = this.window;
    while (length > 1) {
      const half = length >>> 1;
      from += half & -+(sorted[from + half - 1]! < old);
      to += half & -+(sorted[to + half - 1]! < fresh);
      length -= half;
    }
    from += +(sorted[from]! < old);
    to += +(sorted[to]! < fresh);
    this.rankAt(this.replaceOldest(scores, i, from, to), scores, i, thetas, j);
  }

  /**
   * As `pushAt` of scores[i] with thetas[at + i] here, and of scores[k] with thetas[at + k] in `other`. Full windows are searched together: four
   * searches take little more time than two.
   */
  pushBoth(
    other: ConformalRank,
    scores: Float64Array,
    i: number,
    k: number,
    thetas: Float64Array,
    at: number,
  ): void {
    const { sorted, window } = this;
    const oneByOne =
      other.window !== window ||
      this.count < window ||
      other.count < window ||
      Number.isNaN(scores[i]! + scores[k]!);
    if (oneByOne) {
      this.pushAt(scores, i, thetas, at + i);
      other.pushAt(scores, k, thetas, at + k);
      return;
    }
    const otherSorted = other.sorted;
    const old = this.ring[this.scalars[HEAD]!]!;
    const fresh = scores[i]!;
    const otherOld = other.ring[other.scalars[HEAD]!]!;
    const otherFresh = scores[k]!;
    let from = 0;
    let to = 0;
    let otherFrom = 0;
    let otherTo = 0;
    let length = window;
    while (length > 1) {
      const half = length >>> 1;
      const last = half - 1;
      from += half & -+(sorted[from + last]! < old);
      to += half & -+(sorted[to + last]! < fresh);
      otherFrom += half & -+(otherSorted[otherFrom + last]! < otherOld);
      otherTo += half & -+(otherSorted[otherTo + last]! < otherFresh);
      length -= half;
    }
    from += +(sorted[from]! < old);
    to += +(sorted[to]! < fresh);
    otherFrom += +(otherSorted[otherFrom]! < otherOld);
    otherTo += +(otherSorted[otherTo]! < otherFresh);
    this.rankAt(this.replaceOldest(scores, i, from, to), scores, i, thetas, at + i);
    other.rankAt(other.replaceOldest(scores, k, otherFrom, otherTo), scores, k, thetas, at + k);
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

  /** Replaces scores[i], which is in place `at` of the sorted array, by its p-value. */
  private rankAt(at: number, scores: Float64Array, i: number, thetas: Float64Array, j: number): void {
    const { sorted, count } = this;
    const score = scores[i]!;
    // Equal scores are neighbours.
    const above = at + 1 < count && sorted[at + 1] === score ? upperBound(sorted, count, scores, i) : at + 1;
    const below = at > 0 && sorted[at - 1] === score ? lowerBound(sorted, above, scores, i) : at;
    scores[i] = (count - above + thetas[j]! * (above - below)) / count;
  }

  /** Adds scores[i] to a window that is not full and returns its index in the sorted array. */
  private insert(scores: Float64Array, i: number): number {
    const { sorted, count } = this;
    const at = upperBound(sorted, count, scores, i);
    moveUp(sorted, at, count);
    sorted[at] = scores[i]!;
    this.ring[count] = scores[i]!;
    this.scalars[COUNT] = count + 1;
    return at;
  }

  /**
   * Replaces the oldest score by scores[i], moving only the scores between them, and returns its index in the sorted array. `from` and `below`: how
   * many scores are smaller than the oldest, and than the new one.
   */
  private replaceOldest(scores: Float64Array, i: number, from: number, below: number): number {
    const { ring, sorted, scalars, window } = this;
    const head = scalars[HEAD]!;
    const old = ring[head]!;
    const fresh = scores[i]!;
    let to = below;
    ring[head] = fresh;
    scalars[HEAD] = head + 1 === window ? 0 : head + 1;
    if (fresh > old) {
      moveDown(sorted, from, to - 1);
      sorted[to - 1] = fresh;
      return to - 1;
    }
    if (fresh === old) return from;
    // After the scores that are equal to it.
    if (sorted[to] === fresh) to = upperBound(sorted, window, scores, i);
    moveUp(sorted, to, from);
    sorted[to] = fresh;
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

/** Moves of fewer scores take less time than a call of the engine. */
const FEW = 16;

/** The scores from ≤ k < to move up by one place, over that at `to`. */
function moveUp(sorted: Float64Array, from: number, to: number): void {
  if (to - from > FEW) sorted.copyWithin(from + 1, from, to);
  else for (let k = to; k > from; k--) sorted[k] = sorted[k - 1]!;
}

/** The scores from < k ≤ to move down by one place, over that at `from`. */
function moveDown(sorted: Float64Array, from: number, to: number): void {
  if (to - from > FEW) sorted.copyWithin(from, from + 1, to + 1);
  else for (let k = from; k < to; k++) sorted[k] = sorted[k + 1]!;
}

/** A score and its θ. */
const pair = new Float64Array(2);

/*
 * Binary searches turn the comparison into a mask instead of a branch: it is true or false with equal probability, and a mispredicted
 * branch costs more than the whole step. They take the place of a score, not the score: it would be boxed.
 */

/** First index whose value is > scores[i]. */
function upperBound(sorted: Float64Array, count: number, scores: Float64Array, i: number): number {
  const x = scores[i]!;
  let base = 0;
  let length = count;
  while (length > 1) {
    const half = length >>> 1;
    base += half & -+(sorted[base + half - 1]! <= x);
    length -= half;
  }
  return length === 1 && sorted[base]! <= x ? base + 1 : base;
}

/** First index whose value is ≥ scores[i]. */
function lowerBound(sorted: Float64Array, count: number, scores: Float64Array, i: number): number {
  const x = scores[i]!;
  let base = 0;
  let length = count;
  while (length > 1) {
    const half = length >>> 1;
    base += half & -+(sorted[base + half - 1]! < x);
    length -= half;
  }
  return length === 1 && sorted[base]! < x ? base + 1 : base;
}
