/**
 * A histogram of durations for p50 and p99 without keeping samples: buckets of equal ratio, HDR-style (Tene 2012).
 *
 * Range 1 µs to 100 s, 16 buckets per doubling: a quantile is right within 4.5 %. `quantile` on an empty histogram is 0.
 */
export class LatencyHistogram {
  private readonly counts = new Uint32Array(BUCKETS);
  private total = 0;

  add(microseconds: number, times = 1): void {
    const bucket = microseconds <= 1 ? 0 : Math.floor(Math.log2(microseconds) * PER_DOUBLING);
    const index = bucket >= BUCKETS ? BUCKETS - 1 : bucket;
    this.counts[index] = this.counts[index]! + times;
    this.total += times;
  }

  /** Microseconds under which the share `q` of all durations lies: the upper edge of its bucket. */
  quantile(q: number): number {
    const expected = q * this.total;
    let seen = 0;
    for (let i = 0; i < BUCKETS && this.total > 0; i++) {
      seen += this.counts[i]!;
      if (seen >= expected) return 2 ** ((i + 1) / PER_DOUBLING);
    }
    return 0;
  }

  get count(): number {
    return this.total;
  }

  clear(): void {
    this.counts.fill(0);
    this.total = 0;
  }
}

const PER_DOUBLING = 16;
const BUCKETS = 27 * PER_DOUBLING;
