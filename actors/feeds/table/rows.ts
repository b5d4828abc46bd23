/** The rows of a table, read one by one, in any syntax; why a cell has no number; and the error for a table that cannot be read. */

import { EigenwatchError } from "../../../protocol/errors.ts";

import type { TimeForm } from "./times.ts";

/** Why a cell has no number. Codes, because a batch has one per cell. */
export const REASONS = ["", "missing", "nan", "infinite", "unparsable"] as const;
export const FINE = 0;
export const MISSING = 1;
const NOT_A_NUMBER = 2;
const INFINITE = 3;
export const UNPARSABLE = 4;

export interface RowReader {
  /** Adds bytes after those that are not yet read. */
  push(chunk: Uint8Array): void;
  /** Ends the input: the last line needs no line end. */
  end(): void;
  /** Moves to the next row that is not blank. False: more bytes are needed, or the input has ended. */
  next(): boolean;
  /** Line on which the row begins, from 1. */
  readonly line: number;
  /** Cells in this row. */
  readonly width: number;
  text(column: number): string;
  /** The finite value of the cell, or NaN with the reason in `reason`. */
  number(column: number): number;
  readonly reason: number;
  /** The time of the cell in µs, or NaN. */
  time(column: number, form: TimeForm): number;
}

/** A longer row is not a row of a table: most likely a quote is never closed. */
export const MAX_ROW_BYTES = 1_048_576;

/** The error for a table that cannot be read. readTable adds the name of the table. */
export function badTable(value: string, expected = ""): EigenwatchError {
  return new EigenwatchError({ action: "read table", value, expected, kind: "input" });
}

/**
 * Whether the text is a number with a decimal comma (1,5 or 1.234,5) or thousands separators (1,234.5; 1'234; 1 234). Dots alone (1.234.567) may be
 * a version.
 */
export function isSeparated(text: string): boolean {
  return /^[+-]?(\d+,\d+|\d{1,3}([,'’\s]\d{3})+(\.\d*)?|\d{1,3}([.'’\s]\d{3})+,\d+)$/.test(text.trim());
}

const ABSENT = new Set(["", "null", "none", "na", "n/a", "#n/a", "-"]);

/** Why `text` is not a finite number; FINE if it is one. */
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
