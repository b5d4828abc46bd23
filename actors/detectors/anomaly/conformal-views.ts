/**
 * Ranks a statistic among its own last N values, for many views, in constant time each.
 *
 *   statistic s ≥ 0 ──► bin (8 an octave) ──► rank in the window ──► evidence −ln p
 *
 * p = (1 + #{window ≥ s}) / (N + 1) is the conformal p-value of s under exchangeability (Vovk, Gammerman & Shafer 2005), with ties
 * (equal bins) counted against s, so it is conservative. Its smallest value is 1/(N+1). The evidence of a new record is extended by the tail
 * of the window: a generalised Pareto law fitted by moments to the excesses of the largest 5 % (Hosking & Wallis 1987), its index shrunk
 * towards a light tail. In a heavy tail a record gains little evidence.
 *
 * A repeated extreme is no longer a record: evidence decreases while an anomaly lasts.
 */
import ln from "@stdlib/math-base-special-ln";

/** Bins: 16 octaves from 2⁻⁶ to 2¹⁰ around a statistic whose ordinary size is 1, eight bins in each. */
const BINS = 128;
/** Biased exponent of 2⁻⁶, then three bits of mantissa: the top 14 bits of a double number bins of 1/8 octave. */
const FIRST_BIN = (1023 - 6) * 8;
/** Values below and above fall in the first and last bin. */
export const LARGEST_STATISTIC = 1024;

/** The upper tenth of the window is ranked exactly. All other values are ordinary. */
const ORDINARY_SHARE = 0.1;
/** Share of the window that counts as its tail. */
const TAIL_SHARE = 0.05;
/** The tail index is shrunk towards PRIOR_INDEX with the weight of PRIOR_WEIGHT values: a window of 64 has only 3 in its tail. */
const PRIOR_INDEX = 0.15;
const PRIOR_WEIGHT = 20;
/** Bounds of the tail index: at least nearly exponential, at most a tail that still has a mean. */
const MIN_INDEX = 0.05;
const MAX_INDEX = 0.9;
/** Least scale of the tail, in units of the largest value: about the width of a bin. */
const MIN_SCALE = 0.1;

/** Edges of the bins. */
const EDGE = new Float64Array(BINS + 1);
const floatBits = new Float64Array(1);
const words = new Uint32Array(floatBits.buffer);
for (let bin = 0; bin <= BINS; bin++) {
  words[1] = (bin + FIRST_BIN) << 17;
  words[0] = 0;
  EDGE[bin] = floatBits[0]!;
}

export class ConformalViews {
  readonly fields: {
    ring: Uint8Array;
    counts: Uint16Array;
    filled: Uint16Array;
    next: Uint16Array;
    cut: Uint8Array;
    aboveCut: Uint16Array;
  };
  private readonly window: number;
  private readonly ring: Uint8Array;
  private readonly counts: Uint16Array;
  private readonly filled: Uint16Array;
  private readonly next: Uint16Array;
  /** The bin that separates ordinary values from about the upper tenth, and the number of values in or above it. */
  private readonly cut: Uint8Array;
  private readonly aboveCut: Uint16Array;
  /** ln k for whole k. Constants. */
  private readonly lnWhole: Float64Array;

  /** `views` windows of `window` values, 1 ≤ window ≤ 10,000. One byte a value. */
  constructor(views: number, window: number) {
    this.window = window;
    this.ring = new Uint8Array(views * window);
    this.counts = new Uint16Array(views * BINS);
    this.filled = new Uint16Array(views);
    this.next = new Uint16Array(views);
    this.cut = new Uint8Array(views);
    this.aboveCut = new Uint16Array(views);
    this.fields = {
      ring: this.ring,
      counts: this.counts,
      filled: this.filled,
      next: this.next,
      cut: this.cut,
      aboveCut: this.aboveCut,
    };
    this.lnWhole = new Float64Array(window + 2);
    for (let k = 1; k < window + 2; k++) this.lnWhole[k] = ln(k);
  }

  /**
   * Replaces the statistic s = values[k] ≥ 0 by its evidence −ln p ≥ 0 against its window, and adds s to the window. Ordinary values, with p
   * above ORDINARY_SHARE, have evidence 0 and are not ranked, so that most samples cost 10 ns.
   */
  evidenceAt(view: number, values: Float64Array, k: number): void {
    const { counts, window, ring, cut, aboveCut } = this;
    floatBits[0] = values[k]!;
    let bin = (words[1]! >>> 17) - FIRST_BIN;
    if (bin < 0) bin = 0;
    else if (bin >= BINS) bin = BINS - 1;
    const base = view * BINS;
    const filled = this.filled[view]!;
    let edge = cut[view]!;
    values[k] = bin < edge ? 0 : this.rank(base, filled, bin, values[k]!);
    const slot = this.next[view]!;
    const at = view * window + slot;
    let above = aboveCut[view]!;
    if (filled === window) {
      const gone = ring[at]!;
      counts[base + gone]!--;
      if (gone >= edge) above--;
    } else this.filled[view] = filled + 1;
    ring[at] = bin;
    counts[base + bin]!++;
    if (bin >= edge) above++;
    this.next[view] = slot + 1 === window ? 0 : slot + 1;
    // The edge moves by at most one bin per sample.
    if (above > ORDINARY_SHARE * filled && edge < BINS - 1) above -= counts[base + edge++]!;
    else if (above < (ORDINARY_SHARE / 2) * filled && edge > 0) above += counts[base + --edge]!;
    cut[view] = edge;
    aboveCut[view] = above;
  }

  private rank(base: number, filled: number, bin: number, s: number): number {
    const { counts, lnWhole } = this;
    let above = 0;
    for (let b = base + BINS - 1, end = base + bin; b >= end; b--) above += counts[b]!;
    if (above > 0) return lnWhole[filled + 1]! - lnWhole[above + 1]!;
    return filled > 0 ? lnWhole[filled + 1]! + this.beyond(base, filled, s) : 0;
  }

  /** −ln of the probability that a value above the largest of the window also exceeds s, estimated from the tail of the window. */
  private beyond(base: number, filled: number, s: number): number {
    const { counts } = this;
    let top = BINS - 1;
    while (counts[base + top] === 0) top--;
    const expected = Math.max(2, TAIL_SHARE * filled);
    let inTail = 0;
    let bin = top;
    for (; bin > 0 && inTail < expected; bin--) inTail += counts[base + bin]!;
    const threshold = EDGE[bin + 1]!;
    let sum = 0;
    let squares = 0;
    for (let b = top; b > bin; b--) {
      const excess = (EDGE[b]! + EDGE[b + 1]!) / 2 - threshold;
      sum += counts[base + b]! * excess;
      squares += counts[base + b]! * excess * excess;
    }
    // Moments of a generalised Pareto excess: mean² / variance = 1 − 2ξ.
    const mean = inTail > 0 ? sum / inTail : 0;
    const variance = inTail > 0 ? squares / inTail - mean * mean : 0;
    const moment = variance > 0 ? 0.5 * (1 - (mean * mean) / variance) : 0;
    const index = Math.min(
      MAX_INDEX,
      Math.max(MIN_INDEX, (inTail * moment + PRIOR_WEIGHT * PRIOR_INDEX) / (inTail + PRIOR_WEIGHT)),
    );
    // A statistic of ordinary size is not a record, even if all values in the window are smaller.
    const largest = Math.max(1, EDGE[top + 1]!);
    const scale = Math.max(MIN_SCALE * largest, mean * (1 - index) + index * (largest - threshold));
    const distance = s - largest;
    return distance > 0 ? ln(1 + (index * distance) / scale) / index : 0;
  }
}
