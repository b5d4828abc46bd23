/**
 * Means of a channel over its last 16, 64 and 256 rows, and the mean size of its last 64 steps.
 *
 * Values lie in a ring. The sums are made anew whenever the ring is full, so that rounding does not gather. O(1) a row, about 15 ns.
 */
import type { Fields } from "../../ports/detector.ts";

const SHORT = 16;
const MIDDLE = 64;
const LONG = 256;

/** Offsets of a channel's numbers. */
const CHANNEL = { rows: 0, short: 1, middle: 2, long: 3, steps: 4, last: 5 } as const;
const CHANNEL_WIDTH = 6;

/** What `see` writes, in this order. */
export const MEANS = { short: 0, middle: 1, long: 2, step: 3 } as const;
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
    const slot = rows % LONG;
    const step = rows === 0 ? 0 : Math.abs(x - state[at + CHANNEL.last]!);
    const stepAt = c * MIDDLE + (rows % MIDDLE);
    if (slot === 0 && rows > 0) this.sumAnew(c, at);
    // Rows that do not exist yet are zeros in the rings.
    state[at + CHANNEL.short] = state[at + CHANNEL.short]! + x - ring[base + ((slot + LONG - SHORT) % LONG)]!;
    state[at + CHANNEL.middle] =
      state[at + CHANNEL.middle]! + x - ring[base + ((slot + LONG - MIDDLE) % LONG)]!;
    state[at + CHANNEL.long] = state[at + CHANNEL.long]! + x - ring[base + slot]!;
    state[at + CHANNEL.steps] = state[at + CHANNEL.steps]! + step - this.steps[stepAt]!;
    ring[base + slot] = x;
    this.steps[stepAt] = step;
    state[at + CHANNEL.last] = x;
    const seen = rows + 1;
    state[at + CHANNEL.rows] = seen;
    out[MEANS.short] = state[at + CHANNEL.short]! / Math.min(seen, SHORT);
    out[MEANS.middle] = state[at + CHANNEL.middle]! / Math.min(seen, MIDDLE);
    out[MEANS.long] = state[at + CHANNEL.long]! / Math.min(seen, LONG);
    out[MEANS.step] = Math.max(0, state[at + CHANNEL.steps]!) / Math.min(seen, MIDDLE);
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
