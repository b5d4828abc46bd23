/**
 * Smoothed conformal p-values of a stream of scores: how unusual is this one among the last N?
 *
 *   p_t = (#{s ≤ t : a_s > a_t} + θ_t #{s ≤ t : a_s = a_t}) / t,   θ_t ~ U(0,1)
 *
 * Exactly uniform when the scores in the window are exchangeable, whatever their law. Scores are kept twice: in order of
 * arrival (a ring) and in order of size (a sorted array), so a new score costs two binary searches and one block move.
 * Source: Vovk, Gammerman & Shafer 2005, Algorithmic Learning in a Random World, §2.5.
 */

/** Scores a window may hold: 10⁴ keep the block move under 2 µs and the smallest p at 10⁻⁴. */
export const MAX_CONFORMAL_WINDOW = 10_000;

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
        `Cannot make a conformal window of ${window} scores: wanted an integer from 1 to ${MAX_CONFORMAL_WINDOW}`,
      );
    }
    this.window = window;
    this.ring = new Float64Array(window);
    this.sorted = new Float64Array(window);
    this.scalars = new Float64Array(2);
    this.fields = { ring: this.ring, sorted: this.sorted, scalars: this.scalars };
  }

  /**
   * Adds `score` (the oldest leaves when the window is full) and returns its p-value in (0, 1], `theta` in (0, 1].
   * A score that is NaN is not kept and gives NaN. O(log N) comparisons and one move of at most N doubles.
   */
  push(score: number, theta: number): number {
    if (Number.isNaN(score)) return Number.NaN;
    const held = this.scalars[COUNT]!;
    const count = held < this.window ? held + 1 : held;
    if (held < this.window) {
      this.ring[held] = score;
      this.scalars[COUNT] = count;
      const at = upperBound(this.sorted, held, score);
      if (at < held) this.sorted.copyWithin(at + 1, at, held);
      this.sorted[at] = score;
    } else {
      const head = this.scalars[HEAD]!;
      this.replace(this.ring[head]!, score);
      this.ring[head] = score;
      this.scalars[HEAD] = head + 1 === this.window ? 0 : head + 1;
    }
    return this.rank(score, theta, count);
  }

  /** The p-value `score` would have as one more member of the present window, without adding it. O(log N). */
  peek(score: number, theta: number): number {
    const count = this.scalars[COUNT]!;
    const above = upperBound(this.sorted, count, score);
    const below = lowerBound(this.sorted, count, score);
    return (count - above + theta * (above - below + 1)) / (count + 1);
  }

  /** Scores held. */
  get count(): number {
    return this.scalars[COUNT]!;
  }

  reset(): void {
    this.ring.fill(0);
    this.sorted.fill(0);
    this.scalars.fill(0);
  }

  /** Takes `old` out of the sorted array and puts `fresh` in, moving only what lies between them. */
  private replace(old: number, fresh: number): void {
    const n = this.window;
    const from = lowerBound(this.sorted, n, old);
    if (fresh > old) {
      const to = lowerBound(this.sorted, n, fresh);
      if (to - 1 > from) this.sorted.copyWithin(from, from + 1, to);
      this.sorted[to - 1] = fresh;
    } else if (fresh < old) {
      const to = upperBound(this.sorted, n, fresh);
      if (from > to) this.sorted.copyWithin(to + 1, to, from);
      this.sorted[to] = fresh;
    }
  }

  private rank(score: number, theta: number, count: number): number {
    const above = upperBound(this.sorted, count, score);
    // Ties are rare: look at the neighbour before searching for where they begin.
    const single = above < 2 || this.sorted[above - 2]! < score;
    const below = single ? above - 1 : lowerBound(this.sorted, above, score);
    return (count - above + theta * (above - below)) / count;
  }
}

/** First index whose value is > x. */
function upperBound(sorted: Float64Array, count: number, x: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! <= x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First index whose value is ≥ x. */
function lowerBound(sorted: Float64Array, count: number, x: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The same by counting: p-value of the last of `scores`. O(N). */
export function conformalSlow(scores: ArrayLike<number>, theta: number): number {
  const last = scores[scores.length - 1]!;
  let above = 0;
  let equal = 0;
  for (let s = 0; s < scores.length; s++) {
    if (scores[s]! > last) above++;
    else if (scores[s]! === last) equal++;
  }
  return (above + theta * equal) / scores.length;
}
