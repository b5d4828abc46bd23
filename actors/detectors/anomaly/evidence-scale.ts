/**
 * Calibrates evidence by its long-run frequency.
 *
 *   evidence of views (largest) ──► long-run rank ──► evidence that may open an episode
 *
 * Views depend on each other and on their past, so the largest of several −ln p is not itself the −ln p of a probability. This scale counts
 * how often each size of evidence occurs and forgets slowly. It restores the false-alarm rate of one in S samples in the long run, for any
 * dependence. Above the largest evidence seen, the scale continues with the slope of the observed tail, at most 1 (an exact p has slope 1).
 */
import ln from "@stdlib/math-base-special-ln";
import { lnAt } from "../../kernels/elementary.ts";

const BINS = 96;
/** Width of a bin in nats. */
const WIDTH = 0.5;
/** Counts are halved when they reach this: memory of 8 to 16 thousand samples. */
const HALVE_AT = 16_384;
/** Evidence below this is ordinary and returned unchanged. */
const ORDINARY = 2;
/** Bins by which one value may raise the highest bin: a single extreme value must not make later ones look ordinary. */
const MAX_RISE = 2;
/** Prior of the mean excess: that of an exact p-value, with the weight of PRIOR_WEIGHT values. */
const PRIOR_EXCESS = 1;
const PRIOR_WEIGHT = 4;

export class EvidenceScale {
  readonly fields: { evidence: Float64Array; total: Float64Array; highest: Uint8Array };
  private readonly counts: Float64Array;
  private readonly total: Float64Array;
  /** The highest bin that is not empty, at least that of ordinary evidence. */
  private readonly highest: Uint8Array;

  constructor(size: number) {
    this.counts = new Float64Array(size * BINS);
    this.total = new Float64Array(size);
    this.highest = new Uint8Array(size).fill(ORDINARY / WIDTH);
    this.fields = { evidence: this.counts, total: this.total, highest: this.highest };
  }

  /** Replaces the evidence of stream i, values[i], by −ln of the long-run frequency of so much or more, and counts it. */
  calibrateAt(i: number, values: Float64Array): void {
    const { counts } = this;
    const evidence = values[i]!;
    const base = i * BINS;
    const total = this.total[i]!;
    const exact = evidence / WIDTH;
    const bin = exact < BINS - 1 ? exact | 0 : BINS - 1;
    if (evidence <= ORDINARY) {
      this.count(i, base + bin);
      return;
    }
    const top = this.highest[i]!;
    let above = 0;
    for (let b = base + top, end = base + bin; b > end; b--) above += counts[b]!;
    // The value's own bin counts in proportion: whole bins would cause jumps of half a nat.
    above += counts[base + bin]! * Math.max(0, bin + 1 - exact);
    if (above >= 1) {
      values[i] = (total + 1) / (above + 1);
      lnAt(values, i);
    } else values[i] = this.beyond(base, top, total, evidence);
    const counted = Math.min(bin, top + MAX_RISE);
    if (counted > top) this.highest[i] = counted;
    this.count(i, base + counted);
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
      // A bin with less than half a count is forgotten: its sample is about 30,000 samples old.
      if (b > top && counts[base + b]! >= 0.5) top = b;
    }
    this.total[i] = total;
    this.highest[i] = top;
  }
}
