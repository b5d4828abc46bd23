/**
 * Means of a channel over its last 16, 64 and 256 rows, and the mean size of its last 64 steps.
 *
 * Values lie in a ring. The sums are made anew whenever the ring is full, so that rounding does not gather. O(1) a row, about 15 ns.
 */
import type { Fields } from "../../ports/detector.ts";

/** Rows of the blocks, powers of two. */
const SHORT = 16;
const MIDDLE = 64;
const LONG = 256;

/** Offsets of a channel's numbers. */
/** `slot`: where the next value goes; `rows`: up to LONG. */
const CHANNEL = { rows: 0, slot: 1, short: 2, middle: 3, long: 4, steps: 5, last: 6 } as const;
const CHANNEL_WIDTH = 7;

/** What `see` writes for each channel, in this order. */
const MEAN = { short: 0, middle: 1, long: 2, step: 3 } as const;
const MEAN_WIDTH = 4;
export const MEANS = MEAN;
export const MEANS_WIDTH = MEAN_WIDTH;
/** Rows of `middle` and `step`. */
export const MIDDLE_ROWS = MIDDLE;
export const SHORT_ROWS = SHORT;

export class BlockMeans {
  readonly fields: Fields;
  /** 1 for each channel whose means were made. Of the last row, and so not registered. */
  readonly made: Uint8Array;
  /** Whether there is any. */
  hasMade = false;
  private readonly state: Float64Array;
  private readonly values: Float64Array;
  private readonly steps: Float64Array;

  constructor(channels: number) {
    this.made = new Uint8Array(channels);
    this.state = new Float64Array(channels * CHANNEL_WIDTH);
    this.values = new Float64Array(channels * LONG);
    this.steps = new Float64Array(channels * MIDDLE);
    this.fields = { sums: this.state, recent: this.values, recentSteps: this.steps };
  }

  /**
   * Adds values[c] of each channel c of a row. In every `each`-th row of a channel, a power of two, writes its means to out[4c..4c+3]: of short,
   * middle and long blocks, and of |steps|. Channels with fresh[at + c] = 0 did not report.
   */
  see(fresh: Uint8Array, at: number, values: Float64Array, out: Float64Array, each: number): void {
    const { state, values: ring, steps: stepRing, made } = this;
    if (this.hasMade) made.fill(0);
    let hasMade = false;
    let isRound = false;
    for (let c = 0, of = 0; of < state.length; c++, of += CHANNEL_WIDTH) {
      if (fresh[at + c] === 0) continue;
      const x = values[c]!;
      const rows = state[of + CHANNEL.rows]!;
      const base = c * LONG;
      const slot = state[of + CHANNEL.slot]! | 0;
      const step = rows === 0 ? 0 : Math.abs(x - state[of + CHANNEL.last]!);
      const stepAt = c * MIDDLE + (slot & (MIDDLE - 1));
      // Rows that do not exist yet are zeros in the rings.
      const short = state[of + CHANNEL.short]! + x - ring[base + ((slot - SHORT) & (LONG - 1))]!;
      const middle = state[of + CHANNEL.middle]! + x - ring[base + ((slot - MIDDLE) & (LONG - 1))]!;
      const long = state[of + CHANNEL.long]! + x - ring[base + slot]!;
      const steps = state[of + CHANNEL.steps]! + step - stepRing[stepAt]!;
      ring[base + slot] = x;
      stepRing[stepAt] = step;
      state[of + CHANNEL.short] = short;
      state[of + CHANNEL.middle] = middle;
      state[of + CHANNEL.long] = long;
      state[of + CHANNEL.steps] = steps;
      state[of + CHANNEL.last] = x;
      state[of + CHANNEL.slot] = (slot + 1) & (LONG - 1);
      if (slot === LONG - 1) isRound = true;
      const seen = rows < LONG ? rows + 1 : LONG;
      state[of + CHANNEL.rows] = seen;
      if ((slot & (each - 1)) !== each - 1) continue;
      made[c] = 1;
      hasMade = true;
      const isFull = seen === LONG;
      const means = c * MEAN_WIDTH;
      // Lengths are powers of two: a product with their inverse has the same bits as a quotient.
      out[means + MEAN.short] = isFull ? short * (1 / SHORT) : short / Math.min(seen, SHORT);
      out[means + MEAN.middle] = isFull ? middle * (1 / MIDDLE) : middle / Math.min(seen, MIDDLE);
      out[means + MEAN.long] = isFull ? long * (1 / LONG) : long / seen;
      const size = steps > 0 ? steps : 0;
      out[means + MEAN.step] = isFull ? size * (1 / MIDDLE) : size / Math.min(seen, MIDDLE);
    }
    this.hasMade = hasMade;
    if (!isRound) return;
    for (let c = 0, of = 0; of < state.length; c++, of += CHANNEL_WIDTH)
      if (fresh[at + c] !== 0 && state[of + CHANNEL.slot] === 0) this.sumAnew(c, of);
  }

  private sumAnew(c: number, at: number): void {
    const { state, values, steps } = this;
    const end = (c + 1) * LONG;
    let sum = 0;
    for (let k = end - SHORT; k < end; k++) sum += values[k]!;
    state[at + CHANNEL.short] = sum;
    for (let k = end - MIDDLE; k < end - SHORT; k++) sum += values[k]!;
    state[at + CHANNEL.middle] = sum;
    for (let k = c * LONG; k < end - MIDDLE; k++) sum += values[k]!;
    state[at + CHANNEL.long] = sum;
    let stepSum = 0;
    for (let k = c * MIDDLE; k < (c + 1) * MIDDLE; k++) stepSum += steps[k]!;
    state[at + CHANNEL.steps] = stepSum;
  }
}
