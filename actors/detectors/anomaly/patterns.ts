/**
 * How far the recent course of a channel is from everything that its memory holds: the distance to the nearest neighbour.
 *
 *   values ─► means of 16 rows ─► word of the last 8 means ─► min over 64 earlier words of √(mean squared difference)
 *
 * A beat that is missing or comes twice is far from all words although no value of it is unusual. Means are compared as they are, so the
 * distance has the channel's unit. Source: matrix profile, Yeh et al. 2016 (here from the left only, over a bounded memory).
 * The search stops at the first difference beyond the best so far: about 30 ns a row.
 */
import type { Fields } from "../../ports/detector.ts";

const BLOCK_ROWS = 16;
const WORD = 8;
/** Words that are compared. */
const WORDS = 64;
/** Means that are kept: all words, the last one, and the distance between them, so that a word is never compared with a part of itself. */
const KEPT = WORDS + 2 * WORD;
/** Means before there is a distance. */
const LEAST_MEANS = 3 * WORD;

/** Rows of a word. */
export const PATTERN_ROWS = BLOCK_ROWS * WORD;

const CHANNEL = { inBlock: 0, sum: 1, means: 2 } as const;
const CHANNEL_WIDTH = 3;

export class Patterns {
  readonly fields: Fields;
  /** 1 for each channel of which a block ended that has a distance. Of the last row, and so not registered. */
  readonly ended: Uint8Array;
  /** Whether there is any. */
  hasEnded = false;
  private readonly state: Float64Array;
  /** The last KEPT means of each channel, twice over: a word never wraps. */
  private readonly means: Float64Array;

  constructor(channels: number) {
    this.ended = new Uint8Array(channels);
    this.state = new Float64Array(channels * CHANNEL_WIDTH);
    this.means = new Float64Array(channels * 2 * KEPT);
    this.fields = { patterns: this.state, patternMeans: this.means };
  }

  /**
   * Adds values[c] of each channel c of a row, and writes the distances of the blocks that end with it to out[o + c]. Channels with
   * fresh[at + c] = 0 did not report.
   */
  see(fresh: Uint8Array, at: number, values: Float64Array, out: Float64Array, o: number): void {
    const { state, ended } = this;
    if (this.hasEnded) ended.fill(0);
    this.hasEnded = false;
    let isFull = false;
    for (let c = 0, of = 0; of < state.length; c++, of += CHANNEL_WIDTH) {
      if (fresh[at + c] === 0) continue;
      state[of + CHANNEL.sum] = state[of + CHANNEL.sum]! + values[c]!;
      const inBlock = state[of + CHANNEL.inBlock]! + 1;
      state[of + CHANNEL.inBlock] = inBlock;
      if (inBlock >= BLOCK_ROWS) isFull = true;
    }
    if (isFull) this.endBlocks(out, o);
  }

  private endBlocks(out: Float64Array, o: number): void {
    const { state, ended } = this;
    for (let c = 0, of = 0; of < state.length; c++, of += CHANNEL_WIDTH) {
      if (state[of + CHANNEL.inBlock]! < BLOCK_ROWS) continue;
      const means = state[of + CHANNEL.means]!;
      // Whole numbers from here on: places that are computed from fractions cost a check each.
      const last = (means % KEPT) | 0;
      this.endBlock(c, of, last);
      const earlier = means + 1 - 2 * WORD;
      if (earlier < LEAST_MEANS - 2 * WORD) continue;
      this.nearest(c, last, Math.min(earlier + 1, WORDS + 1) | 0, out, o + c);
      ended[c] = 1;
      this.hasEnded = true;
    }
  }

  /** Keeps the mean of the block of channel c at `slot`. */
  private endBlock(c: number, of: number, slot: number): void {
    const { state, means } = this;
    const at = c * 2 * KEPT + slot;
    means[at] = state[of + CHANNEL.sum]! / BLOCK_ROWS;
    means[at + KEPT] = means[at]!;
    state[of + CHANNEL.means] = state[of + CHANNEL.means]! + 1;
    state[of + CHANNEL.inBlock] = 0;
    state[of + CHANNEL.sum] = 0;
  }

  /** Compares the word that ends at slot `last` with as many words that end before it. */
  private nearest(c: number, last: number, words: number, out: Float64Array, o: number): void {
    const { means } = this;
    const base = c * 2 * KEPT;
    const word = base + ((last + 1 + KEPT - WORD) % KEPT);
    let other = base + ((last + 1 + KEPT - 2 * WORD) % KEPT);
    let best = Number.POSITIVE_INFINITY;
    // The word in local variables: it is compared with all others.
    const w0 = means[word]!;
    const w1 = means[word + 1]!;
    const w2 = means[word + 2]!;
    const w3 = means[word + 3]!;
    const w4 = means[word + 4]!;
    const w5 = means[word + 5]!;
    const w6 = means[word + 6]!;
    const w7 = means[word + 7]!;
    for (let n = 0; n < words; n++) {
      let a = w0 - means[other]!;
      let b = w1 - means[other + 1]!;
      let e = w2 - means[other + 2]!;
      let d = w3 - means[other + 3]!;
      let sum = a * a + b * b + (e * e + d * d);
      if (sum < best) {
        a = w4 - means[other + 4]!;
        b = w5 - means[other + 5]!;
        e = w6 - means[other + 6]!;
        d = w7 - means[other + 7]!;
        sum += a * a + b * b + (e * e + d * d);
        if (sum < best) best = sum;
      }
      other = other === base ? base + KEPT - 1 : other - 1;
    }
    out[o] = Math.sqrt(best / WORD);
  }
}
