/** One symbol, as the functions of a rule see it. */

/** The columns of a symbol, by name. */
export const COLUMNS = ["open", "high", "low", "close", "volume"] as const;
export type ColumnName = (typeof COLUMNS)[number];

export interface SymbolView {
  readonly rows: number;
  readonly timeUs: Float64Array;
  /** Throws where the symbol has no such column: it may lack each of COLUMNS. */
  column(name: string): Float64Array;
  /** Mean log return of the other symbols at the times of this one; NaN where there are none. */
  market(): Float64Array;
  /** ln xᵢ/xᵢ₋₁ of the close, computed once. */
  logReturns(): Float64Array;
}
