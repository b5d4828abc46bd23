/**
 * What the gateway says of scans, as JSON: to those who follow one, and to those who ask what there is to scan. Whoever evaluates, serves and shows
 * scans has the same types.
 */

export interface ScanResult {
  readonly symbol: string;
  readonly score: number;
  readonly signal: boolean;
  /** What explains it, by the text of the rule: {"rsi(14)": 27.1}; null where it is undefined. */
  readonly values: Readonly<Record<string, number | null>>;
  /** 1, 2, … in the order of delivery, together with the problems. */
  readonly index: number;
  /** Time of the latest row, µs since the epoch. */
  readonly timeUs: number;
}

/** A symbol that could not be evaluated, or whose rows were not all sound (`evaluated`). */
export interface ScanProblem {
  /** Results and problems are numbered together. */
  readonly index: number;
  readonly symbol: string;
  readonly reason: string;
  readonly evaluated: boolean;
}

/** A universe, as it is offered. */
export interface UniverseState {
  readonly name: string;
  readonly state: "loading" | "loaded" | "failed";
  /** Number of symbols when it is loaded. */
  readonly symbols: number;
  /** Why it is failed, else "". */
  readonly reason: string;
}

/** What a rule can ask for. */
export interface RuleWord {
  readonly name: string;
  /** As it is written: "rsi([close], period = 14)". */
  readonly usage: string;
  readonly help: string;
  /** Its values are prices where its column is one, so that a chart draws it over the close. */
  readonly isPrice: boolean;
}

/** The latest rows of a symbol, with what a rule computes of them. */
export interface SymbolChart {
  readonly symbol: string;
  readonly timeUs: readonly number[];
  readonly close: readonly (number | null)[];
  readonly series: readonly { readonly text: string; readonly values: readonly (number | null)[] }[];
}
