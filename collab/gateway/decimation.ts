/**
 * Samples of one subscription in intervals of logical time: min, max and last of each channel, so that no spike is lost.
 *
 * An interval of a group ends when a sample of a later one arrives; then its rows are sent, in the order of the channels. A sample that comes
 * after the end of its interval counts in the open one.
 */
import { encodeMessage } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import { MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";

export class Decimation {
  readonly #id: number;
  readonly #everyUs: number;
  readonly #channelsOf: (group: string) => Uint8Array | null;
  readonly #groups = new Map<string, GroupDecimation>();

  /** `channelsOf(group)`: 1 for each channel index to include, or null for all. Called once per group. */
  constructor(id: number, everyUs: number, channelsOf: (group: string) => Uint8Array | null) {
    this.#id = id;
    this.#everyUs = everyUs;
    this.#channelsOf = channelsOf;
  }

  /** Forgets the open intervals. */
  clear(): void {
    this.#groups.clear();
  }

  /** Adds a frame. Returns a `decimated` message if intervals ended with it, else null. O(samples). */
  add(frame: Frame, inputSequence: number): Uint8Array | null {
    let group = this.#groups.get(frame.group);
    if (group === undefined) {
      group = new GroupDecimation(this.#everyUs, this.#channelsOf(frame.group));
      this.#groups.set(frame.group, group);
    }
    const rows = group.add(frame);
    if (rows === null) return null;
    return encodeMessage({
      type: "decimated",
      id: this.#id,
      inputSequence,
      group: frame.group,
      fromUs: rows.first * this.#everyUs,
      everyUs: this.#everyUs,
      ...rows.columns(),
    });
  }
}

class GroupDecimation {
  readonly #everyUs: number;
  readonly #included: Uint8Array | null;
  /** The open interval: its number since the epoch, and per channel what was in it. */
  #open = Number.NaN;
  readonly #min = new Float64Array(MAX_GROUP_CHANNELS);
  readonly #max = new Float64Array(MAX_GROUP_CHANNELS);
  readonly #last = new Float64Array(MAX_GROUP_CHANNELS);
  readonly #samples = new Uint32Array(MAX_GROUP_CHANNELS);
  #channels = 0;

  constructor(everyUs: number, expected: Uint8Array | null) {
    this.#everyUs = everyUs;
    this.#included = expected;
  }

  add(frame: Frame): Rows | null {
    const { count, time, channel, value } = frame;
    let rows: Rows | null = null;
    for (let k = 0; k < count; k++) {
      const interval = Math.floor(time[k]! / this.#everyUs);
      if (!(interval <= this.#open)) {
        if (this.#channels > 0) rows = this.#close(rows);
        this.#open = interval;
      }
      const c = channel[k]!;
      if (this.#included === null || this.#included[c] === 1) this.#take(c, value[k]!);
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

  #close(rows: Rows | null): Rows {
    const into = rows ?? new Rows(this.#open);
    for (let c = 0; c < this.#channels; c++) {
      if (this.#samples[c] === 0) continue;
      into.push(this.#open, c, this.#min[c]!, this.#max[c]!, this.#last[c]!, this.#samples[c]!);
      this.#samples[c] = 0;
    }
    this.#channels = 0;
    return into;
  }
}

/** The rows of one message. */
class Rows {
  readonly first: number;
  readonly #interval: number[] = [];
  readonly #channel: number[] = [];
  readonly #min: number[] = [];
  readonly #max: number[] = [];
  readonly #last: number[] = [];
  readonly #samples: number[] = [];

  constructor(first: number) {
    this.first = first;
  }

  push(interval: number, channel: number, min: number, max: number, last: number, samples: number): void {
    this.#interval.push(interval - this.first);
    this.#channel.push(channel);
    this.#min.push(min);
    this.#max.push(max);
    this.#last.push(last);
    this.#samples.push(samples);
  }

  columns(): Record<"interval" | "channel" | "min" | "max" | "last" | "samples", Uint8Array> {
    return {
      interval: bytesOf(Uint32Array.from(this.#interval)),
      channel: bytesOf(Uint16Array.from(this.#channel)),
      min: bytesOf(Float64Array.from(this.#min)),
      max: bytesOf(Float64Array.from(this.#max)),
      last: bytesOf(Float64Array.from(this.#last)),
      samples: bytesOf(Uint32Array.from(this.#samples)),
    };
  }
}

/** All machines that run Node or Deno are little-endian, as the wire is. */
function bytesOf(column: Uint16Array | Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
