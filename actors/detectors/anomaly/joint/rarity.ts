/**
 * How rare a size is among all that a stream has shown, with long memory.
 *
 *   evidence = ln((N + 1) / (1 + #{sizes ≥ s}))        nats; 0 where more than `share` of the sizes are larger
 *
 * Sizes are counted in bins of an eighth of an octave, each with a weight. Counts are halved when their sum reaches HALVE_AT, so that a size
 * of months ago is forgotten. Beyond the largest size seen, evidence grows by `index` times the logarithm of the excess, as in a Pareto tail.
 * With index 1 twice the size is half as frequent: a record of a heavy tail gains little.
 */
import { lnAt } from "../../../kernels/elementary.ts";

/** 24 octaves from 2⁻¹², around sizes whose unit is what is usual. What components explain leaves residuals far below one. */
const OCTAVES = 24;
const BINS = OCTAVES * 8;
/** Biased exponent of 2⁻¹² and three bits of mantissa: the top 14 bits of a double number the bins. */
const FIRST_BIN = (1023 - 12) * 8;
/** The sum of counts at which they are halved: a memory of three to six weeks of rows a minute apart. */
const HALVE_AT = 65_536;
/** A count below this is forgotten as the largest. */
const FORGOTTEN = 0.125;

/** The smallest size in each bin. */
const EDGE = new Float64Array(BINS);
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
for (let bin = 0; bin < BINS; bin++) {
  words[1] = (bin + FIRST_BIN) << 17;
  words[0] = 0;
  EDGE[bin] = double[0]!;
}

const ONE = Float64Array.of(1);

export class Rarity {
  readonly fields: {
    readonly counts: Float64Array;
    readonly totals: Float64Array;
    readonly highest: Uint8Array;
    readonly cut: Uint8Array;
    readonly aboveCut: Float64Array;
  };
  private readonly share: number;
  /** Evidence that a bin beyond the largest size adds. */
  private readonly natsPerBin: number;
  private readonly counts: Float64Array;
  private readonly totals: Float64Array;
  /** The highest bin with a count. */
  private readonly highest: Uint8Array;
  /** Sizes below this bin are ordinary: more than `share` of the sizes lie in or above the bin under it. */
  private readonly cut: Uint8Array;
  private readonly aboveCut: Float64Array;
  /** Bins of the sizes seen last; not registered, because `see` sets them before `learn` reads them. */
  private readonly bins: Uint8Array;

  /** `share` in (0, 1): sizes that a larger share of the stream reaches have no evidence. `index` > 0: of the tail beyond the largest size. */
  constructor(streams: number, share: number, index: number) {
    this.share = share;
    this.natsPerBin = (index * Math.LN2) / 8;
    this.counts = new Float64Array(streams * BINS);
    this.totals = new Float64Array(streams);
    this.highest = new Uint8Array(streams);
    this.cut = new Uint8Array(streams);
    this.aboveCut = new Float64Array(streams);
    this.bins = new Uint8Array(streams);
    this.fields = {
      counts: this.counts,
      totals: this.totals,
      highest: this.highest,
      cut: this.cut,
      aboveCut: this.aboveCut,
    };
  }

  /** Replaces the size of each stream, sizes[i] ≥ 0, by its evidence. False: all are ordinary, and their evidence is 0. */
  evidence(sizes: Float64Array): boolean {
    const { bins, cut } = this;
    let isRare = false;
    for (let i = 0; i < bins.length; i++) {
      const bin = binOf(sizes[i]!);
      bins[i] = bin;
      if (bin < cut[i]!) sizes[i] = 0;
      else {
        this.rare(i, sizes, i);
        isRare = true;
      }
    }
    return isRare;
  }

  /** Replaces the size values[k] ≥ 0 of stream i by its evidence. */
  evidenceAt(i: number, values: Float64Array, k: number): void {
    this.bins[i] = binOf(values[k]!);
    if (this.bins[i]! < this.cut[i]!) values[k] = 0;
    else this.rare(i, values, k);
  }

  /** Counts the size that each stream showed last, with the weight weights[at] > 0. */
  learnAll(weights: Float64Array, at: number): void {
    this.count(0, this.bins.length, weights, at);
  }

  /** Counts the size that stream i showed last. */
  learn(i: number, weights: Float64Array, at: number): void {
    this.count(i, i + 1, weights, at);
  }

  /** Counts the size sizes[k] of stream i. */
  learnSize(i: number, sizes: Float64Array, k: number): void {
    this.bins[i] = binOf(sizes[k]!);
    this.count(i, i + 1, ONE, 0);
  }

  /** The size that about `share` of the stream reaches. */
  tailSize(i: number): number {
    return EDGE[this.cut[i]!]!;
  }

  /** Writes the evidence of the size that stream i showed last to values[k]. */
  private rare(i: number, values: Float64Array, k: number): void {
    const { counts } = this;
    const bin = this.bins[i]!;
    const base = i * BINS;
    const highest = this.highest[i]!;
    // Sizes in the same bin lie on both sides of this one.
    let above = counts[base + bin]! / 2;
    for (let b = base + highest; b > base + bin; b--) above += counts[b]!;
    const rows = this.totals[i]!;
    values[k] = (rows + 1) / (above + 1);
    lnAt(values, k);
    if (above < 1 && bin > highest && rows > 0) values[k] = values[k]! + (bin - highest) * this.natsPerBin;
  }

  /** Counts the last sizes of the streams from ≤ i < to. No call inside the loop: the places of the arrays then stay known. */
  private count(from: number, to: number, weights: Float64Array, at: number): void {
    const { counts, totals, highest, cut, aboveCut, bins, share } = this;
    const weight = weights[at]!;
    let isFull = false;
    for (let i = from, base = from * BINS; i < to; i++, base += BINS) {
      const bin = bins[i]!;
      counts[base + bin] = counts[base + bin]! + weight;
      if (bin > highest[i]!) highest[i] = bin;
      const total = totals[i]! + weight;
      totals[i] = total;
      let bound = cut[i]!;
      let above = aboveCut[i]! + (bin >= bound ? weight : 0);
      // The cut moves by at most one bin a row.
      const most = share * total;
      if (above > most && bound < BINS - 1) above -= counts[base + bound++]!;
      else if (bound > 0 && above + counts[base + bound - 1]! <= most) above += counts[base + --bound]!;
      cut[i] = bound;
      aboveCut[i] = above;
      if (total >= HALVE_AT) isFull = true;
    }
    if (!isFull) return;
    for (let i = from; i < to; i++) if (totals[i]! >= HALVE_AT) this.halve(i);
  }

  private halve(i: number): void {
    const { counts } = this;
    const base = i * BINS;
    let total = 0;
    let above = 0;
    let highest = 0;
    for (let b = 0; b < BINS; b++) {
      const half = counts[base + b]! / 2;
      counts[base + b] = half;
      total += half;
      if (b >= this.cut[i]!) above += half;
      if (half >= FORGOTTEN) highest = b;
    }
    this.totals[i] = total;
    this.aboveCut[i] = above;
    this.highest[i] = highest;
  }
}

function binOf(size: number): number {
  double[0] = size;
  const bin = (words[1]! >>> 17) - FIRST_BIN;
  return bin < 0 ? 0 : bin >= BINS ? BINS - 1 : bin;
}
