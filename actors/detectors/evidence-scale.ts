/**
 * A long memory of evidence: what was said to be unusual is compared with how often so much was said before.
 *
 *   evidence of views (largest) ──► long-run rank ──► evidence that an episode may be opened on
 *
 * Views depend on each other and on their past, so the largest of several −ln p is not −ln p of anything. Here its own frequency is
 * counted with slow forgetting, which gives the promise "one in S samples" back, whatever the dependence in the long run.
 * Beyond the largest seen, evidence continues with the slope of the tail that was seen, at most 1 (an exact p has slope 1).
 */
import ln from "@stdlib/math-base-special-ln";

const BINS = 96;
/** Width of a bin in nats. */
const WIDTH = 0.5;
/** Counts are halved when they reach this: memory of 8 to 16 thousand samples. */
const HALVE_AT = 16_384;
/** Below this evidence is ordinary, and is passed on as it is. */
const ORDINARY = 2;
/** Bins by which one value may raise the highest seen: a single giant must not make the next ones look ordinary. */
const MAX_RISE = 2;
/** Mean excess of an exact p-value's evidence, and how many values it weighs as. */
const PRIOR_EXCESS = 1;
const PRIOR_WEIGHT = 4;

export class EvidenceScale {
  readonly fields: { counts: Float64Array; total: Float64Array };
  private readonly counts: Float64Array;
  private readonly total: Float64Array;

  constructor(size: number) {
    this.counts = new Float64Array(size * BINS);
    this.total = new Float64Array(size);
    this.fields = { counts: this.counts, total: this.total };
  }

  /** −ln of the long-run frequency of `evidence` or more in stream i; then it is counted. */
  calibrate(i: number, evidence: number): number {
    const { counts } = this;
    const base = i * BINS;
    const total = this.total[i]!;
    const exact = evidence / WIDTH;
    const bin = exact < BINS - 1 ? exact | 0 : BINS - 1;
    let calibrated = evidence;
    if (evidence > ORDINARY) {
      let above = 0;
      for (let b = base + BINS - 1, end = base + bin; b > end; b--) above += counts[b]!;
      // Within the own bin by its share: a step of half a nat would show as jumps.
      above += counts[base + bin]! * Math.max(0, bin + 1 - exact);
      calibrated = above >= 1 ? ln((total + 1) / (above + 1)) : this.beyond(base, total, evidence);
    }
    counts[base + (evidence > ORDINARY ? Math.min(bin, this.top(base) + MAX_RISE) : bin)]!++;
    if (total + 1 >= HALVE_AT) this.halve(i);
    else this.total[i] = total + 1;
    return calibrated;
  }

  private beyond(base: number, total: number, evidence: number): number {
    const { counts } = this;
    const top = this.top(base);
    const from = ORDINARY / WIDTH;
    let inTail = 0;
    let excess = 0;
    for (let b = from; b <= top; b++) {
      inTail += counts[base + b]!;
      excess += counts[base + b]! * (b + 0.5 - from) * WIDTH;
    }
    const mean = (excess + PRIOR_EXCESS * PRIOR_WEIGHT) / (inTail + PRIOR_WEIGHT);
    const slope = mean > PRIOR_EXCESS ? 1 / mean : 1;
    return ln(total + 1) + slope * Math.max(0, evidence - (top + 1) * WIDTH);
  }

  /** The highest bin that holds something, not below ordinary evidence. */
  private top(base: number): number {
    let top = BINS - 1;
    while (top > ORDINARY / WIDTH && this.counts[base + top]! < 0.5) top--;
    return top;
  }

  private halve(i: number): void {
    const { counts } = this;
    let total = 0;
    for (let b = i * BINS; b < (i + 1) * BINS; b++) {
      counts[b] = counts[b]! / 2;
      total += counts[b]!;
    }
    this.total[i] = total;
  }
}
