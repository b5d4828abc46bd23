/**
 * Samples of one group in intervals of logical time: min, max and last of each channel, so that no spike is lost, and the sum of sizes.
 *
 * An interval of a group ends when a sample of a later one arrives; then its rows are complete, in the order of the channels. A sample that comes
 * after the end of its interval counts in the open one.
 */
import type { Frame } from "../../protocol/frame.ts";
import { IntervalRows } from "../../protocol/interval-rows.ts";
import { MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";

export class Decimation {
  readonly everyUs: number;
  /** It has seen all samples of its group after this input. */
  readonly since: number;
  /** The last input that it has seen. */
  #through: number;
  /** The open interval: its number since the epoch, and per channel what was in it. */
  #open = Number.NaN;
  readonly #min = new Float64Array(MAX_GROUP_CHANNELS);
  readonly #max = new Float64Array(MAX_GROUP_CHANNELS);
  readonly #last = new Float64Array(MAX_GROUP_CHANNELS);
  readonly #samples = new Uint32Array(MAX_GROUP_CHANNELS);
  readonly #volume = new Float64Array(MAX_GROUP_CHANNELS);
  #channels = 0;

  constructor(everyUs: number, since: number) {
    this.everyUs = everyUs;
    this.since = since;
    this.#through = since;
  }

  get through(): number {
    return this.#through;
  }

  /** Adds a frame. Returns the rows of the intervals that ended with it, or null. O(samples). */
  add(frame: Frame, inputSequence: number): IntervalRows | null {
    this.#through = inputSequence;
    const { count, time, channel, value, size } = frame;
    let rows: IntervalRows | null = null;
    for (let k = 0; k < count; k++) {
      const interval = Math.floor(time[k]! / this.everyUs);
      if (!(interval <= this.#open)) {
        if (this.#channels > 0) rows = this.#close(rows);
        this.#open = interval;
      }
      this.#take(channel[k]!, value[k]!);
      if (size !== null) this.#volume[channel[k]!]! += size[k]!;
    }
    return rows;
  }

  #take(c: number, value: number): void {
    if (this.#samples[c] === 0) {
      this.#min[c] = value;
      this.#max[c] = value;
      if (c >= this.#channels) this.#channels = c + 1;
    } else {
      if (value < this.#min[c]!) this.#min[c] = value;
      if (value > this.#max[c]!) this.#max[c] = value;
    }
    this.#last[c] = value;
    this.#samples[c]! += 1;
  }

  #close(rows: IntervalRows | null): IntervalRows {
    const into = rows ?? new IntervalRows(this.everyUs);
    for (let c = 0; c < this.#channels; c++) {
      if (this.#samples[c] === 0) continue;
      const [samples, volume] = [this.#samples[c]!, this.#volume[c]!];
      into.push(this.#open, c, this.#min[c]!, this.#max[c]!, this.#last[c]!, samples, volume);
      this.#samples[c] = 0;
      this.#volume[c] = 0;
    }
    this.#channels = 0;
    return into;
  }
}
