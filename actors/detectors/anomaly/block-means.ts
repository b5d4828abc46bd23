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

/** What `see` writes, in this order. */
const MEAN = { short: 0, middle: 1, long: 2, step: 3 } as const;
export const MEANS = MEAN;
/** Rows of `middle` and `step`. */
export const MIDDLE_ROWS = MIDDLE;
export const SHORT_ROWS = SHORT;

export class BlockMeans {
  readonly fields: Fields;
  private readonly state: Float64Array;
  private readonly values: Float64Array;
  private readonly steps: Float64Array;

  constructor(channels: number) {
    this.state = new Float64Array(channels * CHANNEL_WIDTH);
    this.values = new Float64Array(channels * LONG);
    this.steps = new Float64Array(channels * MIDDLE);
    this.fields = { sums: this.state, recent: this.values, recentSteps: this.steps };
  }

  /** Adds the value x = values[k] of channel c and writes the means to out[0..3]: of short, middle and long blocks, and of |steps|. */
  see(c: number, values: Float64Array, k: number, out: Float64Array): void {
    const { state } = this;
    const at = c * CHANNEL_WIDTH;
    const ring = this.values;
    const x = values[k]!;
    const rows = state[at + CHANNEL.rows]!;
    const base = c * LONG;
    const slot = state[at + CHANNEL.slot]! | 0;
    const step = rows === 0 ? 0 : Math.abs(x - state[at + CHANNEL.last]!);
    const stepAt = c * MIDDLE + (slot & (MIDDLE - 1));
    if (slot === 0 && rows > 0) this.sumAnew(c, at);
    // Rows that do not exist yet are zeros in the rings.
    const short = state[at + CHANNEL.short]! + x - ring[base + ((slot - SHORT) & (LONG - 1))]!;
    const middle = state[at + CHANNEL.middle]! + x - ring[base + ((slot - MIDDLE) & (LONG - 1))]!;
    const long = state[at + CHANNEL.long]! + x - ring[base + slot]!;
    const steps = state[at + CHANNEL.steps]! + step - this.steps[stepAt]!;
    ring[base + slot] = x;
    this.steps[stepAt] = step;
    state[at + CHANNEL.short] = short;
    state[at + CHANNEL.middle] = middle;
    state[at + CHANNEL.long] = long;
    state[at + CHANNEL.steps] = steps;
    state[at + CHANNEL.last] = x;
    state[at + CHANNEL.slot] = (slot + 1) & (LONG - 1);
    const seen = rows < LONG ? rows + 1 : LONG;
    state[at + CHANNEL.rows] = seen;
    const isFull = seen === LONG;
    // Lengths are powers of two: a product with their inverse has the same bits as a quotient.
    out[MEAN.short] = isFull ? short * (1 / SHORT) : short / Math.min(seen, SHORT);
    out[MEAN.middle] = isFull ? middle * (1 / MIDDLE) : middle / Math.min(seen, MIDDLE);
    out[MEAN.long] = isFull ? long * (1 / LONG) : long / seen;
    const size = steps > 0 ? steps : 0;
    out[MEAN.step] = isFull ? size * (1 / MIDDLE) : size / Math.min(seen, MIDDLE);
  }

  /** Mean size of the last steps of channel c, summed anew: exactly 0 if there was none. O(64). */
  meanStep(c: number): number {
    let sum = 0;
    for (let k = c * MIDDLE; k < (c + 1) * MIDDLE; k++) sum += this.steps[k]!;
    return sum / MIDDLE;
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
