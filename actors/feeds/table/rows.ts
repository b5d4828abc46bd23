/** Rows of a table as they are read one by one, whatever its syntax. */

import type { TimeForm } from "./times.ts";

/** Why a cell gives no sample. Codes, because there is one per cell of a batch. */
export const REASONS = ["", "missing", "nan", "infinite", "unparsable"] as const;
export const FINE = 0;
export const MISSING = 1;
export const NOT_A_NUMBER = 2;
export const INFINITE = 3;
export const UNPARSABLE = 4;

export interface RowReader {
  /** Adds bytes behind those not yet read. */
  push(chunk: Uint8Array): void;
  /** No more bytes will come: the last line needs no line end. */
  end(): void;
  /** Moves to the next row that is not blank; false when more bytes are needed, or at the end. */
  next(): boolean;
  /** Line on which the row begins, from 1. */
  readonly line: number;
  /** Cells in this row. */
  readonly width: number;
  text(column: number): string;
  /** The cell's value, finite; or NaN, and `reason` says why. */
  number(column: number): number;
  readonly reason: number;
  /** The cell's time in µs, or NaN. */
  time(column: number, form: TimeForm): number;
}

/** Longer rows are no table: most likely a quote that is never closed. */
export const MAX_ROW_BYTES = 1_048_576;

/** A table that cannot be read: says where, what is there and what was expected. */
export class TableError extends Error {
  override name = "TableError";
}

const ABSENT = new Set(["", "null", "none", "na", "n/a", "#n/a", "-"]);

/** Why `text` is not a finite number; FINE when it is one after all. */
export function reasonOf(text: string): number {
  const word = text.trim().toLowerCase();
  if (ABSENT.has(word)) return MISSING;
  if (word === "nan" || word === "-nan" || word === "+nan") return NOT_A_NUMBER;
  const value = Number(word);
  if (
    /^[+-]?inf(inity)?$/.test(word) ||
    value === Number.POSITIVE_INFINITY ||
    value === Number.NEGATIVE_INFINITY
  )
    return INFINITE;
  return Number.isNaN(value) ? UNPARSABLE : FINE;
}
