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
  private readonly state: Float64Array;
  /** The last KEPT means of each channel, twice over: a word never wraps. */
  private readonly means: Float64Array;

  constructor(channels: number) {
    this.state = new Float64Array(channels * CHANNEL_WIDTH);
    this.means = new Float64Array(channels * 2 * KEPT);
    this.fields = { patterns: this.state, patternMeans: this.means };
  }

  /** Adds values[k] of channel c. When a block ends, writes the distance to out[o] and returns true. */
  see(c: number, values: Float64Array, k: number, out: Float64Array, o: number): boolean {
    const { state } = this;
    const at = c * CHANNEL_WIDTH;
    state[at + CHANNEL.sum] = state[at + CHANNEL.sum]! + values[k]!;
    const inBlock = state[at + CHANNEL.inBlock]! + 1;
    state[at + CHANNEL.inBlock] = inBlock;
    if (inBlock < BLOCK_ROWS) return false;
    const means = state[at + CHANNEL.means]!;
    const slot = c * 2 * KEPT + (means % KEPT);
    this.means[slot] = state[at + CHANNEL.sum]! / BLOCK_ROWS;
    this.means[slot + KEPT] = this.means[slot]!;
    state[at + CHANNEL.means] = means + 1;
    state[at + CHANNEL.inBlock] = 0;
    state[at + CHANNEL.sum] = 0;
    if (means + 1 < LEAST_MEANS) return false;
    this.nearest(c, means + 1, out, o);
    return true;
  }

  private nearest(c: number, seen: number, out: Float64Array, o: number): void {
    const { means } = this;
    const base = c * 2 * KEPT;
    const word = base + ((seen - WORD) % KEPT);
    const compared = Math.min(seen - 2 * WORD, WORDS) + 1;
    let other = base + ((seen - 2 * WORD) % KEPT);
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
    for (let n = 0; n < compared; n++) {
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
