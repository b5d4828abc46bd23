/**
 * Rows of intervals: the smallest, largest and last value that each channel (or measure) had in an interval of time, as messages carry them.
 *
 * A row belongs to the interval [interval · everyUs, (interval + 1) · everyUs), counted from the epoch, so everybody has the same intervals.
 */
import { encodeMessage } from "./codec.ts";

/** Intervals after the first that a message can name: its offsets have 32 bits. */
const OFFSET_MAX = 0xffff_ffff;

/** Rows of one message: at 42 bytes a row it stays below MAX_MESSAGE_BYTES. */
export const MESSAGE_ROWS_MAX = 12_000;

/** The rows as plain columns, which can be sent to another thread. */
export interface IntervalColumns {
  readonly everyUs: number;
  readonly interval: readonly number[];
  readonly channel: readonly number[];
  readonly min: readonly number[];
  readonly max: readonly number[];
  readonly last: readonly number[];
  readonly samples: readonly number[];
  readonly volume: readonly number[];
}

export class IntervalRows {
  readonly everyUs: number;
  readonly #interval: number[] = [];
  readonly #channel: number[] = [];
  readonly #min: number[] = [];
  readonly #max: number[] = [];
  readonly #last: number[] = [];
  readonly #samples: number[] = [];
  readonly #volume: number[] = [];
  /** A sample had a size. */
  #isSized = false;
  /** Of all channels: many subscriptions share them. */
  #parts: readonly Part[] | null = null;

  constructor(everyUs: number) {
    this.everyUs = everyUs;
  }

  static of({ everyUs, interval, channel, min, max, last, samples, volume }: IntervalColumns): IntervalRows {
    const rows = new IntervalRows(everyUs);
    for (const [k, each] of interval.entries())
      rows.push(each, channel[k]!, min[k]!, max[k]!, last[k]!, samples[k]!, volume[k]!);
    return rows;
  }

  get length(): number {
    return this.#interval.length;
  }

  get columns(): IntervalColumns {
    return {
      everyUs: this.everyUs,
      interval: this.#interval,
      channel: this.#channel,
      min: this.#min,
      max: this.#max,
      last: this.#last,
      samples: this.#samples,
      volume: this.#volume,
    };
  }

  /** Rows come in the order of their intervals. */
  push(
    interval: number,
    channel: number,
    min: number,
    max: number,
    last: number,
    samples: number,
    volume = 0,
  ): void {
    this.#interval.push(interval);
    this.#channel.push(channel);
    this.#min.push(min);
    this.#max.push(max);
    this.#last.push(last);
    this.#samples.push(samples);
    this.#volume.push(volume);
    if (volume !== 0) this.#isSized = true;
  }

  /**
   * As `decimated` messages with the channels whose entry of `included` is 1 (null: all): none when no such channel has a row, several when the
   * rows reach further than one message can count intervals, or are too many for it.
   */
  decimated(
    id: number,
    included: Uint8Array | null,
    { group, inputSequence }: { group: string; inputSequence: number },
  ): Uint8Array[] {
    return this.#chosen(included).map(({ first, columns }) => {
      const { everyUs } = this;
      const fromUs = first * everyUs;
      return encodeMessage({ type: "decimated", id, inputSequence, group, fromUs, everyUs, ...columns });
    });
  }

  /** As `measures` messages of those whose entry of `included` is 1 (null: all): channel k is the measure `names[k]`. */
  measures(group: string, names: readonly string[], included: Uint8Array | null = null): Uint8Array[] {
    return this.#chosen(included).map(({ first, columns: { channel: measure, volume: _, ...columns } }) => {
      const { everyUs } = this;
      const fromUs = first * everyUs;
      return encodeMessage({
        type: "measures",
        group,
        names: [...names],
        fromUs,
        everyUs,
        measure,
        ...columns,
      });
    });
  }

  #chosen(included: Uint8Array | null): readonly Part[] {
    if (included !== null) return this.#partsOf(this.#rowsOf(included));
    this.#parts ??= this.#partsOf(Array.from(this.#interval, (_, row) => row));
    return this.#parts;
  }

  #rowsOf(included: Uint8Array): number[] {
    return this.#channel.flatMap((channel, row) => (included[channel] === 1 ? [row] : []));
  }

  #partsOf(rows: readonly number[]): Part[] {
    const parts: Part[] = [];
    for (let from = 0; from < rows.length; ) {
      const first = this.#interval[rows[from]!]!;
      let to = from + 1;
      while (
        to < rows.length &&
        to - from < MESSAGE_ROWS_MAX &&
        this.#interval[rows[to]!]! - first <= OFFSET_MAX
      )
        to++;
      parts.push(this.#part(first, rows.slice(from, to)));
      from = to;
    }
    return parts;
  }

  #part(first: number, rows: readonly number[]): Part {
    const { length } = rows;
    const float64 = (column: readonly number[]) => gathered(new Float64Array(length), column, rows);
    return {
      first,
      columns: {
        interval: gathered(new Uint32Array(length), this.#interval, rows, first),
        channel: gathered(new Uint16Array(length), this.#channel, rows),
        min: float64(this.#min),
        max: float64(this.#max),
        last: float64(this.#last),
        samples: gathered(new Uint32Array(length), this.#samples, rows),
        ...(this.#isSized ? { volume: float64(this.#volume) } : {}),
      },
    };
  }
}

interface Part {
  /** The first interval, since the epoch; those of the rows count from there. */
  readonly first: number;
  readonly columns: Record<"interval" | "channel" | "min" | "max" | "last" | "samples", Uint8Array> & {
    readonly volume?: Uint8Array;
  };
}

/** The values of these rows less `base`, as bytes: all machines that run Node or Deno are little-endian, as the wire is. */
function gathered(
  into: Uint16Array | Uint32Array | Float64Array,
  column: readonly number[],
  rows: readonly number[],
  base = 0,
): Uint8Array {
  for (let k = 0; k < rows.length; k++) into[k] = column[rows[k]!]! - base;
  return new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
}
