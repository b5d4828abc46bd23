/**
 * Infers from the first rows of a table which columns are channels, whether the channels share their times, how far apart the times are,
 * and how a value becomes an innovation. An option overrides each.
 */

import { EigenwatchError } from "../../../protocol/errors.ts";
import { type MostChannels, refuseTooMany, unnamedPlace } from "./columns.ts";
import { UNPARSABLE } from "./rows.ts";
import type { Problem, Table, TableBatch } from "./table.ts";

/** Rows to infer from, fewer if they are very wide: several times of a long table with 500 symbols, and few enough to keep in memory. */
export const TRAITS_ROWS = 4000;

/** Share of the times at which a rule must hold; the rest may be gaps. */
const MOSTLY = 0.9;
/** Prices of different channels do not move together within less than a second (Epps 1979). */
const PRICE_GRID_LEAST_US = 1_000_000;
const GRID_LEAST_US = 1000;

export interface TableTraits {
  sampling: "rows" | "ticks";
  /** Spacing of rows, or the grid of ticks, µs; 0 if not known. */
  everyUs: number;
  innovation: "logReturn" | "difference" | "ar1";
  /** Wide: places in `valueColumns` of the columns with numbers. */
  columns: number[];
  /** Wide: names of the columns that are left out because they have none. */
  textColumns: string[];
}

interface InferredTable {
  /** Name of the table in errors. */
  readonly name: string;
  readonly live: boolean;
  readonly most: MostChannels;
  readonly options: {
    readonly innovation?: TableTraits["innovation"] | undefined;
    readonly sampling?: TableTraits["sampling"] | undefined;
    /** µs; 0 if not given. */
    readonly every: number;
  };
}

/** Rows of a live table that come closer together were waiting when it was opened: they say nothing about how far apart rows are. */
export const QUEUED_US = 1_000;

/**
 * Throws if a recorded wide table has no column with numbers, or more than `most`; a live one may have numbers in its next rows. Throws too where
 * numbers have a decimal comma or thousands separators: without them the others would be taken for all there is.
 */
export function inferTraits(
  table: Table,
  first: TableBatch,
  { name, live, options, most }: InferredTable,
): TableTraits {
  const rows = Math.min(first.rows, TRAITS_ROWS);
  let columns = table.format === "long" ? [0] : numericColumns(table, first, rows);
  if (columns.length === 0) {
    if (!live) throw noNumbers(name, table);
    columns = table.valueColumns.map((_, k) => k);
  }
  if (table.separated !== null) throw separatedNumbers(name, table.separated);
  refuseTooMany(name, columns.length, most);
  const step = medianStep(first, rows);
  const rowsEvery = live && step < QUEUED_US ? 0 : step;
  const numeric = new Set(columns);
  const textColumns = table.valueColumns.filter((_, k) => !numeric.has(k));
  const innovation =
    options.innovation ?? (isPrice(table, first, rows, columns) ? "logReturn" : "difference");
  if (table.format === "wide")
    return {
      sampling: "rows",
      everyUs: options.every || rowsEvery,
      innovation,
      columns,
      textColumns,
    };
  const sampling = options.sampling ?? (sharesTimes(first, rows) ? "rows" : "ticks");
  const everyUs = options.every || (sampling === "rows" ? rowsEvery : tickGrid(first, rows, innovation));
  return { sampling, everyUs, innovation, columns, textColumns };
}

/** Median of the steps forward between successive times; 0 if there are none. */
function medianStep(batch: TableBatch, rows: number): number {
  const steps: number[] = [];
  for (let r = 1; r < rows; r++) {
    const step = batch.timeUs[r]! - batch.timeUs[r - 1]!;
    if (step > 0) steps.push(step);
  }
  return median(steps);
}

/** 1,234 may be one and a bit or more than a thousand: neither is guessed. */
function separatedNumbers(name: string, { line, column, text }: Problem): EigenwatchError {
  return new EigenwatchError({
    action: `read ${name}`,
    value: `line ${line}, column ${column} says "${text}"`,
    expected: "numbers such as 1234.5, without separators, or a choice of columns without this one",
    kind: "input",
  });
}

function noNumbers(name: string, table: Table): EigenwatchError {
  const problem = table.problems.get("unparsable");
  const shown =
    problem === undefined ? "" : `: line ${problem.line}, column ${problem.column} says "${problem.text}"`;
  return new EigenwatchError({
    action: `read ${name}`,
    value: `no column holds numbers${shown}`,
    expected: "numbers such as 1234.5",
    kind: "input",
  });
}

/**
 * Columns that have a number, or no cell yet that is not one. A column without a name must have a number: most such columns are the empty
 * text after a last delimiter.
 */
function numericColumns(table: Table, batch: TableBatch, rows: number): number[] {
  const n = table.valueColumns.length;
  const kept: number[] = [];
  for (let k = 0; k < n; k++) {
    let unparsable = 0;
    let fine = 0;
    for (let r = 0; r < rows; r++) {
      if (batch.reasons[r * n + k] === UNPARSABLE) unparsable++;
      else if (batch.reasons[r * n + k] === 0) fine++;
    }
    if (fine > 0 || (unparsable === 0 && !isUnnamed(table, k))) kept.push(k);
  }
  return kept;
}

function isUnnamed(table: Table, k: number): boolean {
  const name = table.valueColumns[k]!;
  const place = unnamedPlace(name);
  return place !== null && table.header[place] === name;
}

function isPrice(table: Table, batch: TableBatch, rows: number, columns: readonly number[]): boolean {
  const named = table.valueColumns.some((name) => /price|close|last/i.test(name));
  const traded = /^(symbol|ticker)$/i.test(table.symbolColumn ?? "");
  if (!named && !traded) return false;
  const n = table.valueColumns.length;
  let seen = 0;
  for (let r = 0; r < rows; r++)
    for (const k of columns) {
      const value = batch.values[r * n + k]!;
      if (value <= 0) return false;
      if (value > 0) seen++;
    }
  return seen > 0;
}

/** Long: whether every symbol appears once at most of the times. A single symbol counts as rows if its times are evenly spaced. */
function sharesTimes(batch: TableBatch, rows: number): boolean {
  const times = new Map<number, number>();
  const symbols = new Set<number>();
  const pairs = new Set<string>();
  let samples = 0;
  for (let r = 0; r < rows; r++) {
    const time = batch.timeUs[r]!;
    const symbol = batch.symbol[r]!;
    if (Number.isNaN(time) || symbol < 0) continue;
    samples++;
    symbols.add(symbol);
    pairs.add(`${symbol} ${time}`);
    times.set(time, (times.get(time) ?? 0) + 1);
  }
  if (pairs.size < samples * MOSTLY) return false;
  if (symbols.size <= 1) return evenlySpaced(batch, rows);
  const counts = [...times.values()];
  // The last time may lack rows that were not read yet.
  if (counts.length > 1) counts.pop();
  const complete = counts.filter((count) => count >= symbols.size * MOSTLY).length;
  return complete >= counts.length * MOSTLY;
}

function evenlySpaced(batch: TableBatch, rows: number): boolean {
  const step = medianStep(batch, rows);
  let even = 0;
  for (let r = 1; r < rows; r++)
    if (Math.abs(batch.timeUs[r]! - batch.timeUs[r - 1]! - step) <= step * 0.01) even++;
  return step > 0 && even >= (rows - 1) * 0.8;
}

/** The longest median spacing of a channel, rounded up to 1, 2 or 5 · 10ᵏ: most channels then tick between two points of the grid. */
function tickGrid(batch: TableBatch, rows: number, innovation: TableTraits["innovation"]): number {
  const lastTime = new Map<number, number>();
  const steps = new Map<number, number[]>();
  for (let r = 0; r < rows; r++) {
    const symbol = batch.symbol[r]!;
    const time = batch.timeUs[r]!;
    if (Number.isNaN(time)) continue;
    const step = time - (lastTime.get(symbol) ?? Number.NaN);
    lastTime.set(symbol, time);
    if (step > 0) steps.set(symbol, [...(steps.get(symbol) ?? []), step]);
  }
  const medians = [...steps.values()].map(median);
  const least = innovation === "logReturn" ? PRICE_GRID_LEAST_US : GRID_LEAST_US;
  return Math.max(least, roundedUp(Math.max(0, ...medians)));
}

function roundedUp(us: number): number {
  for (let decade = 1; decade < 1e15; decade *= 10)
    for (const step of [1, 2, 5]) if (step * decade >= us) return step * decade;
  return us;
}

/** The lower median, so that it is one of the values. */
function median(values: number[]): number {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  return Math.round(values[(values.length - 1) >> 1]!);
}
