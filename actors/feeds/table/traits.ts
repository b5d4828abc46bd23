/**
 * What the first rows of a table say about the rest: which columns are channels, whether they share their times, how far apart
 * the times are, and how a value becomes an innovation. Options override each.
 */

import type { TableFeedOptions } from "../kinds.ts";
import { unnamedColumn } from "./columns.ts";
import { TableError, UNPARSABLE } from "./rows.ts";
import type { Table, TableBatch } from "./table.ts";

/** Rows looked at, less where they are very wide: some times of a long table of 500 symbols, few enough to hold. */
export const PLAN_ROWS = 4000;

/** Shares of times at which the rule must hold to be the rule; the rest may be holes. */
const MOSTLY = 0.9;
/** Below a second, prices of different channels do not yet move together (Epps 1979). */
const PRICE_GRID_LEAST_US = 1_000_000;
const GRID_LEAST_US = 1000;

export interface Plan {
  sampling: "rows" | "ticks";
  /** Spacing of rows, or the grid of ticks, µs; 0 when not known. */
  everyUs: number;
  innovation: "logReturn" | "difference" | "ar1";
  /** Wide: places in `valueColumns` of columns that hold numbers. */
  columns: number[];
  /** Wide: names of columns left out because they hold none. */
  textColumns: string[];
}

export interface PlannedFeed {
  /** Stands for the table in errors. */
  name: string;
  live: boolean;
  options: TableFeedOptions;
}

/** Throws TableError when no column of a recorded wide table holds numbers; of a live one, the next rows may. */
export function planTable(table: Table, first: TableBatch, { name, live, options }: PlannedFeed): Plan {
  const rows = Math.min(first.rows, PLAN_ROWS);
  let columns = table.format === "long" ? [0] : numericColumns(table, first, rows);
  if (columns.length === 0) {
    if (!live) throw noNumbers(name, table);
    columns = table.valueColumns.map((_, k) => k);
  }
  const textColumns = table.valueColumns.filter((_, k) => !columns.includes(k));
  const innovation =
    options.innovation ?? (isPrice(table, first, rows, columns) ? "logReturn" : "difference");
  if (table.format === "wide")
    return {
      sampling: "rows",
      everyUs: options.every || medianStep(first, rows),
      innovation,
      columns,
      textColumns,
    };
  const sampling = options.sampling ?? (sharesTimes(first, rows) ? "rows" : "ticks");
  const everyUs =
    options.every || (sampling === "rows" ? medianStep(first, rows) : tickGrid(first, rows, innovation));
  return { sampling, everyUs, innovation, columns, textColumns };
}

/** Median of the steps forward between successive times; 0 when there are none. */
function medianStep(batch: TableBatch, rows: number): number {
  const steps: number[] = [];
  for (let r = 1; r < rows; r++) {
    const step = batch.timeUs[r]! - batch.timeUs[r - 1]!;
    if (step > 0) steps.push(step);
  }
  return median(steps);
}

/** Decimal commas and thousands separators end here: 1,234 may mean either, so neither is guessed. */
function noNumbers(name: string, table: Table): TableError {
  const problem = table.problems.get("unparsable");
  const shown =
    problem === undefined ? "" : `: line ${problem.line}, column ${problem.column} says "${problem.text}"`;
  return new TableError(
    `Cannot read ${name}: no column holds numbers${shown}; expected numbers such as 1234.5`,
  );
}

/** Columns with a number, or still without any cell that is none; one without a name needs a number: most are what follows a last delimiter. */
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
  return name === unnamedColumn(table.header.indexOf(name));
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

/** Long: at most times every symbol appears, and once. A single symbol counts as rows when its times are evenly spaced. */
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
  // The last time may be cut off by the number of rows looked at.
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

/** The longest of the channels' median spacings, rounded up to 1, 2 or 5 · 10ᵏ: most channels tick between two points of the grid. */
function tickGrid(batch: TableBatch, rows: number, innovation: Plan["innovation"]): number {
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

/** The lower one of an even number: a spacing that is there. */
function median(values: number[]): number {
  if (values.length === 0) return 0;
  values.sort((a, b) => a - b);
  return Math.round(values[(values.length - 1) >> 1]!);
}
