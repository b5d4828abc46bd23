/**
 * The symbols that a scan goes through, with their rows: columns in memory that all threads of the process share, symbol after symbol.
 *
 *   offsets   0         504        1007 …        rows of symbol s: offsets[s] to offsets[s + 1]
 *   close     ├─ AAPL ─┼─── AAP ──┼ …
 *
 * U1  The rows of a symbol have rising times and whole values: what did not is left out, and stands in its defects.
 */
import { EigenwatchError } from "../../../protocol/errors.ts";
import { logReturn } from "../../kernels/indicators/returns.ts";
import type { ColumnName, SymbolView } from "../rules/symbol-view.ts";

/** Symbols of a universe: all shares of the world's largest exchanges. */
export const MAX_UNIVERSE_SYMBOLS = 20_000;
/** Rows of a universe, 56 bytes each: 450 MB. */
export const MAX_UNIVERSE_ROWS = 8_000_000;

/** What a thread is given; nothing of it is copied. */
export interface UniverseData {
  readonly symbols: readonly string[];
  readonly offsets: Int32Array;
  readonly timeUs: Float64Array;
  /** A column that no symbol has is absent. */
  readonly columns: Readonly<Partial<Record<ColumnName, Float64Array>>>;
  /** Mean log return of the other symbols. Absent until a rule needs it. */
  readonly market: Float64Array | null;
}

/** Why rows of a symbol were left out. */
export const DEFECTS = {
  missing: "rows without all their values",
  outside: "rows whose close is not between low and high",
  badTime: "rows whose time cannot be read",
  repeated: "rows that repeat the time of another",
} as const;
export type DefectKind = keyof typeof DEFECTS;

/** Rows left out, by reason, and where the first of them stood. */
export interface Defect {
  readonly kind: DefectKind;
  readonly rows: number;
  readonly first: string;
}

export interface Universe {
  readonly name: string;
  readonly data: UniverseData;
  /** By symbol; absent for a sound one. */
  readonly defects: ReadonlyMap<string, readonly Defect[]>;
}

/** A column that threads share. */
export function sharedColumn(rows: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(rows * Float64Array.BYTES_PER_ELEMENT));
}

/** One symbol, for a rule. */
export class UniverseSymbol implements SymbolView {
  readonly name: string;
  readonly rows: number;
  readonly timeUs: Float64Array;
  private readonly data: UniverseData;
  private readonly from: number;
  private readonly to: number;
  private returns: Float64Array | null = null;

  constructor(data: UniverseData, index: number) {
    this.data = data;
    this.name = data.symbols[index]!;
    this.from = data.offsets[index]!;
    this.to = data.offsets[index + 1]!;
    this.rows = this.to - this.from;
    this.timeUs = data.timeUs.subarray(this.from, this.to);
  }

  column(name: string): Float64Array {
    const { columns } = this.data;
    const column = Object.hasOwn(columns, name)
      ? columns[name as ColumnName]?.subarray(this.from, this.to)
      : undefined;
    if (column !== undefined && !(this.rows > 0 && Number.isNaN(column[0]) && column.every(Number.isNaN)))
      return column;
    throw new EigenwatchError({
      action: `evaluate ${this.name}`,
      value: `it has no ${name}`,
      expected: `a column ${name} in its table`,
      kind: "input",
    });
  }

  market(): Float64Array {
    const { market } = this.data;
    if (market === null || this.data.symbols.length < 2)
      throw new EigenwatchError({
        action: `compare ${this.name} with the others`,
        value: "it is the only symbol",
        expected: "at least two in the universe",
        kind: "input",
      });
    return market.subarray(this.from, this.to);
  }

  logReturns(): Float64Array {
    this.returns ??= logReturn(this.column("close"), new Float64Array(this.rows));
    return this.returns;
  }
}

/** The same universe with the column `market`: for each row the mean log return of the other symbols at its time. O(rows). */
export function withMarket(universe: Universe): Universe {
  const { data } = universe;
  if (data.market !== null) return universe;
  const { symbols, offsets, timeUs } = data;
  const returns = sharedColumn(timeUs.length);
  for (let s = 0; s < symbols.length; s++) returns.set(new UniverseSymbol(data, s).logReturns(), offsets[s]!);
  const places = new Map<number, number>();
  const placeOf = new Int32Array(timeUs.length);
  const sums: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < timeUs.length; i++) {
    let place = places.get(timeUs[i]!);
    if (place === undefined) {
      place = sums.push(0) - 1;
      counts.push(0);
      places.set(timeUs[i]!, place);
    }
    placeOf[i] = place;
    if (!Number.isFinite(returns[i])) continue;
    sums[place]! += returns[i]!;
    counts[place]!++;
  }
  for (let i = 0; i < timeUs.length; i++) {
    const own = returns[i]!;
    const others = counts[placeOf[i]!]! - (Number.isFinite(own) ? 1 : 0);
    const sum = sums[placeOf[i]!]! - (Number.isFinite(own) ? own : 0);
    returns[i] = others > 0 ? sum / others : Number.NaN;
  }
  return { ...universe, data: { ...data, market: returns } };
}
