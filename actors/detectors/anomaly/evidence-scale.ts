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
  readonly fields: { evidence: Float64Array; total: Float64Array; highest: Uint8Array };
  private readonly counts: Float64Array;
  private readonly total: Float64Array;
  /** The highest bin that holds something, not below ordinary evidence. */
  private readonly highest: Uint8Array;

  constructor(size: number) {
    this.counts = new Float64Array(size * BINS);
    this.total = new Float64Array(size);
    this.highest = new Uint8Array(size).fill(ORDINARY / WIDTH);
    this.fields = { evidence: this.counts, total: this.total, highest: this.highest };
  }

  /** −ln of the long-run frequency of `evidence` or more in stream i; then it is counted. */
  calibrate(i: number, evidence: number): number {
    const { counts } = this;
    const base = i * BINS;
    const total = this.total[i]!;
    const exact = evidence / WIDTH;
    const bin = exact < BINS - 1 ? exact | 0 : BINS - 1;
    if (evidence <= ORDINARY) {
      this.count(i, base + bin);
      return evidence;
    }
    const top = this.highest[i]!;
    let above = 0;
    for (let b = base + top, end = base + bin; b > end; b--) above += counts[b]!;
    // Within the own bin by its share: a step of half a nat would show as jumps.
    above += counts[base + bin]! * Math.max(0, bin + 1 - exact);
    const calibrated = above >= 1 ? ln((total + 1) / (above + 1)) : this.beyond(base, top, total, evidence);
    const counted = Math.min(bin, top + MAX_RISE);
    if (counted > top) this.highest[i] = counted;
    this.count(i, base + counted);
    return calibrated;
  }

  private count(i: number, at: number): void {
    this.counts[at] = this.counts[at]! + 1;
    const total = this.total[i]! + 1;
    if (total >= HALVE_AT) this.halve(i);
    else this.total[i] = total;
  }

  private beyond(base: number, top: number, total: number, evidence: number): number {
    const { counts } = this;
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

  private halve(i: number): void {
    const { counts } = this;
    const base = i * BINS;
    let total = 0;
    let top = ORDINARY / WIDTH;
    for (let b = 0; b < BINS; b++) {
      counts[base + b] = counts[base + b]! / 2;
      total += counts[base + b]!;
      // Half a sample of 30,000 ago is forgotten.
      if (b > top && counts[base + b]! >= 0.5) top = b;
    }
    this.total[i] = total;
    this.highest[i] = top;
  }
}
