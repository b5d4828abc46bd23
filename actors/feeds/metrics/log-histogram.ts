/**
 * Counts of positive numbers in bins whose width grows with them: quantiles within 1 %, in memory that depends on the range alone.
 *
 *   bin of x: ⌈ln x / ln γ⌉,   γ = (1 + ε)/(1 − ε),   its value 2γ^k/(γ + 1)
 *
 * Source: Masson, Rim & Lee 2019, "DDSketch: A fast and fully-mergeable quantile sketch with relative-error guarantees".
 */
const ERROR = 0.01;
const GAMMA = (1 + ERROR) / (1 - ERROR);
const LN_GAMMA = Math.log(GAMMA);

export class LogHistogram {
  private readonly bins = new Map<number, number>();
  /** Numbers that are 0 or below. */
  private zeros = 0;
  /** Of all. */
  count = 0;

  /** `weight`: of how many it is one. */
  add(value: number, weight = 1): void {
    this.count += weight;
    if (!(value > 0)) this.zeros += weight;
    else {
      const bin = Math.ceil(Math.log(value) / LN_GAMMA);
      this.bins.set(bin, (this.bins.get(bin) ?? 0) + weight);
    }
  }

  /** NaN when there is none. `q` in (0, 1]. */
  quantile(q: number): number {
    if (this.count === 0) return Number.NaN;
    const rank = q * this.count;
    let below = this.zeros;
    if (below >= rank) return 0;
    for (const bin of [...this.bins.keys()].sort((a, b) => a - b)) {
      below += this.bins.get(bin)!;
      if (below >= rank) return (2 * GAMMA ** bin) / (GAMMA + 1);
    }
    return Number.NaN;
  }

  clear(): void {
    this.bins.clear();
    this.zeros = 0;
    this.count = 0;
  }
}
