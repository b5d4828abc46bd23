/**
 * The latest joint states of a group, to show the state of an earlier moment.
 *
 * A ring of whole matrices and their spectra within a budget of bytes: at n = 24 and 20 states a second the default keeps about four
 * minutes. Room is made as states come: after a jump in a recording a history begins anew.
 */

import type { Samples } from "../../charts/samples.ts";

/** What the page may spend on past states of one group. */
export const HISTORY_BYTES = 24 * 1024 * 1024;

/** Nobody looks through more single matrices than this. */
const MOST_STATES = 6000;

/** States that there is room for at first: more than come with a jump. */
const FIRST_STATES = 64;

export class StateHistory {
  readonly n: number;
  readonly capacity: number;
  written = 0;
  /** States that there is room for. */
  #room: number;
  #time: Float64Array;
  #re: Float32Array;
  #im: Float32Array;
  #spectrum: Float32Array;

  constructor(n: number, budgetBytes = HISTORY_BYTES) {
    this.n = n;
    this.capacity = Math.max(1, Math.min(MOST_STATES, Math.floor(budgetBytes / (8 * n * n))));
    this.#room = Math.min(this.capacity, FIRST_STATES);
    this.#time = new Float64Array(this.#room);
    this.#re = new Float32Array(this.#room * n * n);
    this.#im = new Float32Array(this.#room * n * n);
    this.#spectrum = new Float32Array(this.#room * n);
  }

  get kept(): number {
    return Math.min(this.written, this.capacity);
  }

  /** A spectrum shorter than n is filled up with zeros. */
  add(timeUs: number, re: Float32Array, im: Float32Array, spectrum: ArrayLike<number>): void {
    if (this.written === this.#room && this.#room < this.capacity) this.#grow();
    const at = this.written % this.#room;
    this.#time[at] = timeUs;
    this.#re.set(re, at * this.n * this.n);
    this.#im.set(im, at * this.n * this.n);
    for (let k = 0; k < this.n; k++) this.#spectrum[at * this.n + k] = spectrum[k] ?? 0;
    this.written++;
  }

  timeAt(state: number): number {
    return this.#time[state % this.#room]!;
  }

  /** 2 Re ρij in time, as samples: what a pair gives together beyond the sum of each. */
  interferenceOf(i: number, j: number): Samples {
    const { written, kept, n } = this;
    return {
      written,
      kept,
      timeAt: (state) => this.timeAt(state),
      valueAt: (state) => 2 * this.#re[((state % this.#room) * n + i) * n + j]!,
    };
  }

  /** Views on the ring: valid until an `add` overwrites them. */
  matrixAt(state: number): { re: Float32Array; im: Float32Array } {
    const from = (state % this.#room) * this.n * this.n;
    const to = from + this.n * this.n;
    return { re: this.#re.subarray(from, to), im: this.#im.subarray(from, to) };
  }

  spectrumAt(state: number): Float32Array {
    const from = (state % this.#room) * this.n;
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

  /** Before the ring is full for the first time: state k lies at k. */
  #grow(): void {
    const { n } = this;
    this.#room = Math.min(this.capacity, 2 * this.#room);
    const time = new Float64Array(this.#room);
    time.set(this.#time);
    const larger = (from: Float32Array, each: number): Float32Array => {
      const to = new Float32Array(this.#room * each);
      to.set(from);
      return to;
    };
    this.#time = time;
    this.#re = larger(this.#re, n * n);
    this.#im = larger(this.#im, n * n);
    this.#spectrum = larger(this.#spectrum, n);
  }
}
