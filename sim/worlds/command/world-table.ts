/**
 * A world as a table that `detect`, the `file` and the `stdin` feed read.
 *
 *   rows                 ts_us,a,b,c            one row a time; an empty cell (null) where a channel sent nothing
 *   ticks                ts_us,symbol,price,size  one row a tick
 *   states, matrices     {"ts_us","group","n","re":[…],"im":[…]}   JSON only: what `measure` reads
 *   measurement records  ts_us,operator         one row a sample of the current
 */

import type { LineWriter } from "../../../actors/filters/lines.ts";
import type { FeedSink } from "../../../actors/mod.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { Frame } from "../../../protocol/frame.ts";
import type { Channels, QuantumInput } from "../../../protocol/messages.ts";

export type TableFormat = "csv" | "ndjson";
type Cell = string | number | null;

export class WorldTable implements FeedSink {
  rows = 0;
  samples = 0;
  /** Called with the last time of each piece. */
  onPiece: (timeUs: number) => void = () => {};
  private readonly format: TableFormat;
  private readonly writer: LineWriter;
  private readonly groups = new Map<string, Channels>();
  private columns: readonly string[] = [];
  private waiting: Promise<void> | undefined;
  /** The row that is being filled: its time, and how many of its channels are there. */
  private row: Cell[] = [];
  private rowTimeUs = Number.NaN;
  private lastChannel = -1;

  constructor(format: TableFormat, writer: LineWriter) {
    this.format = format;
    this.writer = writer;
  }

  channels(declaration: Channels): void {
    this.groups.set(declaration.group, declaration);
    if (this.groups.size > 1)
      throw new EigenwatchError({
        action: `write groups ${[...this.groups.keys()].join(", ")} as one table`,
        value: `${this.groups.size} groups`,
        expected: "one group",
      });
  }

  frame(frame: Frame): boolean {
    const declaration = this.groups.get(frame.group)!;
    const names = declaration.channels.map(({ name }) => name);
    if (declaration.sampling === "rows") this.addRows(frame, names);
    else this.addTicks(frame, names, declaration.innovation === "logReturn" ? "price" : "value");
    this.samples += frame.count;
    this.onPiece(frame.time[frame.count - 1]!);
    return this.waiting === undefined;
  }

  quantum(input: QuantumInput): boolean {
    if (input.type === "measurementRecord") this.addRecord(input);
    else {
      if (this.format === "csv")
        throw new EigenwatchError({
          action: "write states as CSV",
          value: "the format has no states",
          expected: ".ndjson, or a world that streams its record",
        });
      const { timeUs, group, n } = input;
      this.line(JSON.stringify({ ts_us: timeUs, group, n, re: floats(input.re), im: floats(input.im) }));
      this.samples++;
    }
    this.onPiece(input.timeUs);
    return this.waiting === undefined;
  }

  status(): void {}

  async drained(): Promise<void> {
    await this.waiting;
    this.waiting = undefined;
  }

  async end(): Promise<void> {
    this.closeRow();
    await this.writer.flush();
  }

  /** A row ends where a later channel does not follow, or the time changes. */
  private addRows(frame: Frame, names: readonly string[]): void {
    this.head(names);
    for (let k = 0; k < frame.count; k++) {
      const channel = frame.channel[k]!;
      if (frame.time[k] !== this.rowTimeUs || channel <= this.lastChannel) {
        this.closeRow();
        this.rowTimeUs = frame.time[k]!;
        this.row = new Array<Cell>(names.length).fill(null);
      }
      this.row[channel] = frame.value[k]!;
      this.lastChannel = channel;
    }
  }

  private closeRow(): void {
    if (this.lastChannel >= 0) this.write(this.rowTimeUs, this.row);
    this.lastChannel = -1;
  }

  private addTicks(frame: Frame, names: readonly string[], valueName: string): void {
    const { size } = frame;
    this.head(size === null ? ["symbol", valueName] : ["symbol", valueName, "size"]);
    for (let k = 0; k < frame.count; k++) {
      const cells: Cell[] = [names[frame.channel[k]!]!, frame.value[k]!];
      if (size !== null) cells.push(size[k]!);
      this.write(frame.time[k]!, cells);
    }
  }

  private addRecord(input: QuantumInput & { type: "measurementRecord" }): void {
    this.head([input.operator]);
    const current = floats(input.current);
    for (const [k, value] of current.entries()) this.write(input.timeUs + k * input.everyUs, [value]);
    this.samples += current.length;
  }

  private head(columns: readonly string[]): void {
    if (this.columns.length > 0) return;
    this.columns = columns;
    if (this.format === "csv") this.line(["ts_us", ...columns].join(","));
  }

  private write(timeUs: number, cells: readonly Cell[]): void {
    this.rows++;
    if (this.format === "csv") this.line([timeUs, ...cells].join(","));
    else {
      let text = `{"ts_us":${timeUs}`;
      for (const [k, name] of this.columns.entries())
        text += `,${JSON.stringify(name)}:${JSON.stringify(cells[k])}`;
      this.line(`${text}}`);
    }
  }

  private line(text: string): void {
    this.waiting = this.writer.write(text) ?? this.waiting;
  }
}

/** Little-endian doubles, wherever they lie. */
function floats(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength / 8 }, (_, k) => view.getFloat64(8 * k, true));
}
