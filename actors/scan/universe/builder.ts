/** Collects rows in any order of symbols and makes a universe of them: columns by symbol, times rising, defects by symbol. */
import { EigenwatchError } from "../../../protocol/errors.ts";
import { COLUMNS, type ColumnName } from "../rules/symbol-view.ts";
import {
  type Defect,
  type DefectKind,
  MAX_UNIVERSE_ROWS,
  MAX_UNIVERSE_SYMBOLS,
  sharedColumn,
  type Universe,
} from "./universe.ts";

/** A row as it comes; NaN where it has no value. */
export type Bar = Record<ColumnName, number>;

/** Rows that there is room for at first; the room doubles as needed. */
const FIRST_ROWS = 16_384;

export class UniverseBuilder {
  /** What the numbers of lines are of: "prices.csv, line". */
  source = "";
  private readonly name: string;
  private readonly indices = new Map<string, number>();
  private readonly defects = new Map<number, Map<DefectKind, { rows: number; first: string }>>();
  private readonly has: Record<ColumnName, boolean> = {
    open: false,
    high: false,
    low: false,
    close: true,
    volume: false,
  };
  private rows = 0;
  private symbol = new Int32Array(FIRST_ROWS);
  private timeUs: Float64Array = new Float64Array(FIRST_ROWS);
  private columns = Object.fromEntries(COLUMNS.map((name) => [name, new Float64Array(FIRST_ROWS)])) as Record<
    ColumnName,
    Float64Array
  >;

  constructor(name: string) {
    this.name = name;
  }

  /** The index of a symbol, which has rows or is known to have none. */
  indexOf(symbol: string): number {
    let index = this.indices.get(symbol);
    if (index === undefined) {
      index = this.indices.size;
      if (index >= MAX_UNIVERSE_SYMBOLS) throw this.tooLarge("symbols", MAX_UNIVERSE_SYMBOLS);
      this.indices.set(symbol, index);
    }
    return index;
  }

  /** Adds a row of the symbol `index`, or counts why it cannot be used. `bars`: open, high and low are due in each row. */
  add(index: number, timeUs: number, bar: Bar, bars: boolean, line: number): void {
    const defect = defectOf(timeUs, bar, bars);
    if (defect !== null) {
      this.count(index, defect, `${this.source} ${line}`);
      return;
    }
    if (this.rows === this.symbol.length) this.grow();
    const row = this.rows++;
    this.symbol[row] = index;
    this.timeUs[row] = timeUs;
    for (const name of COLUMNS) {
      this.columns[name][row] = bar[name];
      if (!this.has[name]) this.has[name] = Number.isFinite(bar[name]);
    }
  }

  build(): Universe {
    const symbols = [...this.indices.keys()];
    const order = this.order(symbols);
    const timeUs = sharedColumn(order.rows.length);
    order.rows.forEach((row, i) => {
      timeUs[i] = this.timeUs[row]!;
    });
    const columns: Partial<Record<ColumnName, Float64Array>> = {};
    for (const name of COLUMNS) {
      if (!this.has[name]) continue;
      const from = this.columns[name];
      const to = sharedColumn(order.rows.length);
      for (let i = 0; i < to.length; i++) to[i] = from[order.rows[i]!]!;
      columns[name] = to;
    }
    const offsets = new Int32Array(new SharedArrayBuffer(order.offsets.byteLength));
    offsets.set(order.offsets);
    return {
      name: this.name,
      data: { symbols, offsets, timeUs, columns, market: null },
      defects: this.listed(symbols),
    };
  }

  /** The rows by symbol, in each by time; of those with the same time the last one. */
  private order(symbols: readonly string[]): { rows: Int32Array; offsets: Int32Array } {
    const starts = new Int32Array(symbols.length + 1);
    for (let row = 0; row < this.rows; row++) starts[this.symbol[row]! + 1]!++;
    for (let s = 0; s < symbols.length; s++) starts[s + 1]! += starts[s]!;
    const grouped = new Int32Array(this.rows);
    const next = starts.slice();
    for (let row = 0; row < this.rows; row++) grouped[next[this.symbol[row]!]!++] = row;
    const offsets = new Int32Array(symbols.length + 1);
    let kept = 0;
    for (let s = 0; s < symbols.length; s++) {
      const own = grouped.subarray(starts[s]!, starts[s + 1]!);
      if (!this.rises(own)) own.sort((a, b) => this.timeUs[a]! - this.timeUs[b]! || a - b);
      for (let i = 0; i < own.length; i++) {
        if (i + 1 < own.length && this.timeUs[own[i]!] === this.timeUs[own[i + 1]!])
          this.count(s, "repeated", timeShown(this.timeUs[own[i]!]!));
        else grouped[kept++] = own[i]!;
      }
      offsets[s + 1] = kept;
    }
    return { rows: grouped.subarray(0, kept), offsets };
  }

  private rises(rows: Int32Array): boolean {
    for (let i = 1; i < rows.length; i++)
      if (!(this.timeUs[rows[i - 1]!]! < this.timeUs[rows[i]!]!)) return false;
    return true;
  }

  private count(symbol: number, kind: DefectKind, first: string): void {
    const counts = this.defects.get(symbol) ?? new Map<DefectKind, { rows: number; first: string }>();
    this.defects.set(symbol, counts);
    const before = counts.get(kind);
    if (before === undefined) counts.set(kind, { rows: 1, first });
    else before.rows++;
  }

  private listed(symbols: readonly string[]): Map<string, Defect[]> {
    const listed = new Map<string, Defect[]>();
    for (const [symbol, counts] of this.defects)
      listed.set(
        symbols[symbol]!,
        [...counts].map(([kind, count]) => ({ kind, ...count })),
      );
    return listed;
  }

  private grow(): void {
    const size = Math.min(2 * this.symbol.length, MAX_UNIVERSE_ROWS);
    if (size === this.symbol.length) throw this.tooLarge("rows", MAX_UNIVERSE_ROWS);
    const symbol = new Int32Array(size);
    symbol.set(this.symbol);
    this.symbol = symbol;
    this.timeUs = longer(this.timeUs, size);
    for (const name of COLUMNS) this.columns[name] = longer(this.columns[name], size);
  }

  private tooLarge(what: string, most: number): EigenwatchError {
    return new EigenwatchError({
      action: `load ${this.name}`,
      value: `it has more than ${most} ${what}`,
      expected: "a part of it in a file or folder of its own",
      kind: "limit",
    });
  }
}

function defectOf(timeUs: number, bar: Bar, bars: boolean): DefectKind | null {
  const { open, high, low, close } = bar;
  if (Number.isNaN(timeUs)) return "badTime";
  if (!Number.isFinite(close)) return "missing";
  if (!bars) return null;
  if (!Number.isFinite(open) || !Number.isFinite(high) || !Number.isFinite(low)) return "missing";
  return close > high || close < low ? "outside" : null;
}

function longer(from: Float64Array, size: number): Float64Array {
  const to = new Float64Array(size);
  to.set(from);
  return to;
}

function timeShown(timeUs: number): string {
  return new Date(timeUs / 1000).toISOString();
}
