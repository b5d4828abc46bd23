/**
 * Samples of one group in intervals of logical time: min, max and last of each channel, so that no spike is lost.
 *
 * An interval of a group ends when a sample of a later one arrives; then its rows are complete, in the order of the channels. A sample that comes
 * after the end of its interval counts in the open one.
 */
import { encodeMessage } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
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
  add(frame: Frame, inputSequence: number): Rows | null {
    this.#through = inputSequence;
    const { count, time, channel, value } = frame;
    let rows: Rows | null = null;
    for (let k = 0; k < count; k++) {
      const interval = Math.floor(time[k]! / this.everyUs);
      if (!(interval <= this.#open)) {
        if (this.#channels > 0) rows = this.#close(rows);
        this.#open = interval;
      }
      this.#take(channel[k]!, value[k]!);
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
    const into = rows ?? new Rows();
    for (let c = 0; c < this.#channels; c++) {
      if (this.#samples[c] === 0) continue;
      into.push(this.#open, c, this.#min[c]!, this.#max[c]!, this.#last[c]!, this.#samples[c]!);
      this.#samples[c] = 0;
    }
    this.#channels = 0;
    return into;
  }
}

interface Row {
  readonly interval: number;
  readonly channel: number;
  readonly min: number;
  readonly max: number;
  readonly last: number;
  readonly samples: number;
}

/** The rows of intervals that ended with one frame. */
export class Rows {
  readonly #rows: Row[] = [];
  /** For subscriptions to all channels, which share them. */
  #columns: Columns[] | null = null;

  get length(): number {
    return this.#rows.length;
  }

  push(interval: number, channel: number, min: number, max: number, last: number, samples: number): void {
    this.#rows.push({ interval, channel, min, max, last, samples });
  }

  /**
   * As `decimated` messages with the channels whose entry of `included` is 1 (null: all): one, none when no such channel has a row, more when
   * the frame jumps further than a message can count intervals.
   */
  messages(
    { id, everyUs, included }: { id: number; everyUs: number; included: Uint8Array | null },
    group: string,
    inputSequence: number,
  ): Uint8Array[] {
    return this.#chosen(included).map(({ first, columns }) =>
      encodeMessage({
        type: "decimated",
        id,
        inputSequence,
        group,
        fromUs: first * everyUs,
        everyUs,
        ...columns,
      }),
    );
  }

  #chosen(included: Uint8Array | null): readonly Columns[] {
    if (included !== null) return columnsOf(this.#rows.filter(({ channel }) => included[channel] === 1));
    this.#columns ??= columnsOf(this.#rows);
    return this.#columns;
  }
}

/** Intervals after the first that a message can name: its offsets have 32 bits. */
const OFFSET_MAX = 0xffff_ffff;

interface Columns {
  /** The first interval, since the epoch; those of the rows count from there. */
  readonly first: number;
  readonly columns: Record<"interval" | "channel" | "min" | "max" | "last" | "samples", Uint8Array>;
}

function columnsOf(rows: readonly Row[]): Columns[] {
  const parts: Columns[] = [];
  for (let from = 0; from < rows.length; ) {
    const last = rows[from]!.interval + OFFSET_MAX;
    const beyond = rows.findIndex(({ interval }, r) => r > from && interval > last);
    const to = beyond < 0 ? rows.length : beyond;
    parts.push(columnsOfPart(rows.slice(from, to)));
    from = to;
  }
  return parts;
}

/** There is a row, and all are within OFFSET_MAX of the first. */
function columnsOfPart(rows: readonly Row[]): Columns {
  const first = rows[0]!.interval;
  const interval = new Uint32Array(rows.length);
  const channel = new Uint16Array(rows.length);
  const min = new Float64Array(rows.length);
  const max = new Float64Array(rows.length);
  const last = new Float64Array(rows.length);
  const samples = new Uint32Array(rows.length);
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    interval[r] = row.interval - first;
    channel[r] = row.channel;
    min[r] = row.min;
    max[r] = row.max;
    last[r] = row.last;
    samples[r] = row.samples;
  }
  return {
    first,
    columns: {
      interval: bytesOf(interval),
      channel: bytesOf(channel),
      min: bytesOf(min),
      max: bytesOf(max),
      last: bytesOf(last),
      samples: bytesOf(samples),
    },
  };
}

/** All machines that run Node or Deno are little-endian, as the wire is. */
function bytesOf(column: Uint16Array | Uint32Array | Float64Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
