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

/**
 * Intervals that an answer of /api/history joins for a channel that nobody looks at closely: its line in a list is a quarter as wide as a chart, at
 * most.
 */
export const COARSE_INTERVALS = 4;

/** Rows that there is room for at first. */
const FIRST_ROOM = 64;

/** The rows as plain columns, which can be sent to another thread. */
export interface IntervalColumns {
  readonly everyUs: number;
  /** Since the epoch. */
  readonly interval: Float64Array;
  readonly channel: Uint16Array;
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly last: Float64Array;
  readonly samples: Uint32Array;
  /** Null: no sample had a size. */
  readonly volume: Float64Array | null;
}

export class IntervalRows {
  readonly everyUs: number;
  #length = 0;
  /** With room for more than there are. */
  #columns: IntervalColumns;
  /** Of all channels: many subscriptions share them. */
  #parts: readonly Part[] | null = null;

  constructor(everyUs: number) {
    this.everyUs = everyUs;
    this.#columns = columnsFor(FIRST_ROOM, everyUs, false);
  }

  static of(columns: IntervalColumns): IntervalRows {
    const rows = new IntervalRows(columns.everyUs);
    rows.#columns = columns;
    rows.#length = columns.interval.length;
    return rows;
  }

  get length(): number {
    return this.#length;
  }

  get columns(): IntervalColumns {
    const { interval, channel, min, max, last, samples, volume } = this.#columns;
    const length = this.#length;
    return {
      everyUs: this.everyUs,
      interval: interval.slice(0, length),
      channel: channel.slice(0, length),
      min: min.slice(0, length),
      max: max.slice(0, length),
      last: last.slice(0, length),
      samples: samples.slice(0, length),
      volume: volume?.slice(0, length) ?? null,
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
    const row = this.#length++;
    if (row >= this.#columns.interval.length) this.#makeRoom(2 * Math.max(FIRST_ROOM, row), false);
    if (volume !== 0 && this.#columns.volume === null) this.#makeRoom(this.#columns.interval.length, true);
    const columns = this.#columns;
    columns.interval[row] = interval;
    columns.channel[row] = channel;
    columns.min[row] = min;
    columns.max[row] = max;
    columns.last[row] = last;
    columns.samples[row] = samples;
    if (columns.volume !== null) columns.volume[row] = volume;
  }

  /** Forgets the rows of this interval and of later ones. */
  dropFrom(interval: number): void {
    while (this.#length > 0 && this.#columns.interval[this.#length - 1]! >= interval) this.#length--;
    this.#parts = null;
  }

  /** Adds rows of the same length of intervals, which are not before those that are here. */
  append(rows: IntervalRows): void {
    const { interval, channel, min, max, last, samples, volume } = rows.#columns;
    for (let k = 0; k < rows.length; k++)
      this.push(interval[k]!, channel[k]!, min[k]!, max[k]!, last[k]!, samples[k]!, volume?.[k]);
  }

  /**
   * The rows of the channels whose entry of `without` is not 1, in intervals `factor` times as long. What came before the first row is missing in the
   * first of them. O(rows).
   */
  joined(factor: number, without: Uint8Array): IntervalRows {
    const joined = new IntervalRows(factor * this.everyUs);
    const { interval, channel, min, max, last, samples, volume } = this.#columns;
    /** The rows of the interval that is being joined, by channel, in the order in which they came. */
    const open = new Map<number, JoinedRow>();
    let current = Number.NaN;
    const end = (): void => {
      for (const [of, row] of open)
        joined.push(current, of, row.min, row.max, row.last, row.samples, row.volume);
      open.clear();
    };
    for (let k = 0; k < this.#length; k++) {
      const of = channel[k]!;
      if (without[of] === 1) continue;
      const into = Math.floor(interval[k]! / factor);
      if (into !== current) end();
      current = into;
      const row = open.get(of);
      if (row === undefined) {
        open.set(of, {
          min: min[k]!,
          max: max[k]!,
          last: last[k]!,
          samples: samples[k]!,
          volume: volume?.[k] ?? 0,
        });
        continue;
      }
      row.min = Math.min(row.min, min[k]!);
      row.max = Math.max(row.max, max[k]!);
      row.last = last[k]!;
      row.samples += samples[k]!;
      row.volume += volume?.[k] ?? 0;
    }
    end();
    return joined;
  }

  #makeRoom(rows: number, isSized: boolean): void {
    const from = this.#columns;
    const to = columnsFor(rows, this.everyUs, isSized || from.volume !== null);
    to.interval.set(from.interval);
    to.channel.set(from.channel);
    to.min.set(from.min);
    to.max.set(from.max);
    to.last.set(from.last);
    to.samples.set(from.samples);
    if (from.volume !== null) to.volume!.set(from.volume);
    this.#columns = to;
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
    this.#parts ??= this.#partsOf(null);
    return this.#parts;
  }

  #rowsOf(included: Uint8Array): Uint32Array {
    const { channel } = this.#columns;
    const rows = new Uint32Array(this.#length);
    let count = 0;
    for (let row = 0; row < this.#length; row++) if (included[channel[row]!] === 1) rows[count++] = row;
    return rows.subarray(0, count);
  }

  /** Null: of all rows. */
  #partsOf(rows: Uint32Array | null): Part[] {
    const parts: Part[] = [];
    const length = rows?.length ?? this.#length;
    const intervalOf = (k: number): number => this.#columns.interval[rows === null ? k : rows[k]!]!;
    for (let from = 0; from < length; ) {
      const first = intervalOf(from);
      let to = from + 1;
      while (to < length && to - from < MESSAGE_ROWS_MAX && intervalOf(to) - first <= OFFSET_MAX) to++;
      const take =
        rows === null ? <Column extends AnyColumn>(of: Column) => of.slice(from, to) as Column : gather;
      parts.push(this.#part(first, take));
      from = to;

      function gather<Column extends AnyColumn>(of: Column): Column {
        const into = of.slice(0, to - from) as Column;
        for (let k = from; k < to; k++) into[k - from] = of[rows![k]!]!;
        return into;
      }
    }
    return parts;
  }

  #part(first: number, take: <Column extends AnyColumn>(of: Column) => Column): Part {
    const { interval, channel, min, max, last, samples, volume } = this.#columns;
    return {
      first,
      columns: {
        interval: bytesOf(Uint32Array.from(take(interval), (each) => each - first)),
        channel: bytesOf(take(channel)),
        min: bytesOf(take(min)),
        max: bytesOf(take(max)),
        last: bytesOf(take(last)),
        samples: bytesOf(take(samples)),
        ...(volume === null ? {} : { volume: bytesOf(take(volume)) }),
      },
    };
  }
}

interface JoinedRow {
  min: number;
  max: number;
  last: number;
  samples: number;
  volume: number;
}

type AnyColumn = Float64Array | Uint16Array | Uint32Array;

interface Part {
  /** The first interval, since the epoch; those of the rows count from there. */
  readonly first: number;
  readonly columns: Record<"interval" | "channel" | "min" | "max" | "last" | "samples", Uint8Array> & {
    readonly volume?: Uint8Array;
  };
}

function columnsFor(rows: number, everyUs: number, isSized: boolean): IntervalColumns {
  return {
    everyUs,
    interval: new Float64Array(rows),
    channel: new Uint16Array(rows),
    min: new Float64Array(rows),
    max: new Float64Array(rows),
    last: new Float64Array(rows),
    samples: new Uint32Array(rows),
    volume: isSized ? new Float64Array(rows) : null,
  };
}

/** All machines that run Node or Deno are little-endian, as the wire is. */
function bytesOf(column: AnyColumn): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
