/**
 * The latest joint states of a group, to show the state of an earlier moment.
 *
 * A ring of whole matrices and their spectra within a budget of bytes: at n = 24 and 20 states a second the default keeps about four
 * minutes.
 */

import type { Samples } from "../../charts/spectrogram.ts";

/** What the page may spend on past states of one group. */
export const HISTORY_BYTES = 24 * 1024 * 1024;

/** Nobody looks through more single matrices than this. */
const MOST_STATES = 6000;

export class StateHistory {
  readonly n: number;
  readonly capacity: number;
  written = 0;
  readonly #time: Float64Array;
  readonly #re: Float32Array;
  readonly #im: Float32Array;
  readonly #spectrum: Float32Array;

  constructor(n: number, budgetBytes = HISTORY_BYTES) {
    this.n = n;
    this.capacity = Math.max(1, Math.min(MOST_STATES, Math.floor(budgetBytes / (8 * n * n))));
    this.#time = new Float64Array(this.capacity);
    this.#re = new Float32Array(this.capacity * n * n);
    this.#im = new Float32Array(this.capacity * n * n);
    this.#spectrum = new Float32Array(this.capacity * n);
  }

  get kept(): number {
    return Math.min(this.written, this.capacity);
  }

  /** A spectrum shorter than n is filled up with zeros. */
  add(timeUs: number, re: Float32Array, im: Float32Array, spectrum: ArrayLike<number>): void {
    const at = this.written % this.capacity;
    this.#time[at] = timeUs;
    this.#re.set(re, at * this.n * this.n);
    this.#im.set(im, at * this.n * this.n);
    for (let k = 0; k < this.n; k++) this.#spectrum[at * this.n + k] = spectrum[k] ?? 0;
    this.written++;
  }

  timeAt(state: number): number {
    return this.#time[state % this.capacity]!;
  }

  /** 2 Re ρij in time, as samples: what a pair gives together beyond the sum of each. */
  interferenceOf(i: number, j: number): Samples {
    const { written, kept, capacity, n } = this;
    return {
      written,
      kept,
      timeAt: (state) => this.timeAt(state),
      valueAt: (state) => 2 * this.#re[((state % capacity) * n + i) * n + j]!,
    };
  }

  /** Views on the ring: valid until an `add` overwrites them. */
  matrixAt(state: number): { re: Float32Array; im: Float32Array } {
    const from = (state % this.capacity) * this.n * this.n;
    const to = from + this.n * this.n;
    return { re: this.#re.subarray(from, to), im: this.#im.subarray(from, to) };
  }

  spectrumAt(state: number): Float32Array {
    const from = (state % this.capacity) * this.n;
    return this.#spectrum.subarray(from, from + this.n);
  }

  /** Number of the last state at or before `timeUs`; −1 when no state that old is kept. O(log kept). */
  indexBefore(timeUs: number): number {
    let low = this.written - this.kept;
    const first = low;
    let high = this.written;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (this.timeAt(middle) <= timeUs) low = middle + 1;
      else high = middle;
    }
    return low - 1 >= first ? low - 1 : -1;
  }
}
