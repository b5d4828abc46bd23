/** Which columns of a table are times, symbols, values and sizes, by their names or by options. */

import { expectedAmong } from "../../../protocol/closest-name.ts";
import { EigenwatchError } from "../../../protocol/errors.ts";
import { looksNumeric } from "./decimal.ts";
import { badTable } from "./rows.ts";
import { type TimeForm, timeFormOf } from "./times.ts";

export interface ColumnOptions {
  format?: "long" | "wide" | undefined;
  time?: string | undefined;
  timeUnit?: TimeForm | undefined;
  symbol?: string | undefined;
  value?: string | undefined;
  size?: string | undefined;
  /** Long: columns that are read behind the value, where the table has them: open, high and low of a bar. */
  beside?: readonly string[] | undefined;
  /** Only these channels; wide: columns, long: symbols. Empty: all. */
  columns?: readonly string[] | undefined;
  skip?: readonly string[] | undefined;
  /** Wide: a table with more channels is refused at its header. Default: no limit. */
  most?: MostChannels | undefined;
}

export interface MostChannels {
  readonly channels: number;
  /** The option that chooses columns, as a person gives it: "--columns NAMES". */
  readonly choose: string;
}

export interface Columns {
  readonly format: "long" | "wide";
  /** Places in the header; −1 where there is none. */
  readonly time: number;
  readonly symbol: number;
  readonly size: number;
  /** Wide: one per channel; long: the one value column, then those beside it. */
  readonly values: readonly number[];
}

const TIME_NAME =
  /^(ts|time|timestamp|date|datetime|epoch|unix|recv|received|(open|close|event|trade)_?time)(_(s|ms|us|ns|utc))?$/i;
const SYMBOL_NAME = /^(symbol|ticker|channel|name|metric|series|sensor)$/i;
/** In order of preference: of a bar, the close. */
const VALUE_NAMES = ["value", "price", "last", "close"];
/** The price of a wide table that has the volume, in order of preference. */
const TRADED_AT = ["close", "price", "last"];
const VOLUME_NAMES = ["volume", "size", "qty", "quantity"];
const SIZE_NAMES = ["size", "volume", "qty", "quantity", "amount"];

/** Finds the columns. Throws for a column that is missing; a time column may be missing if `timeNeeded` is false. */
export function findColumns(header: readonly string[], options: ColumnOptions, timeNeeded: boolean): Columns {
  refuseData(header, options);
  const time = options.time === undefined ? timeColumnIn(header) : named(header, options.time, "time");
  if (time < 0 && timeNeeded)
    throw badTable(
      `there is no time column among ${shortList(header)}`,
      "time=COLUMN, or every=1s where rows are evenly spaced",
    );
  const symbol =
    options.symbol === undefined
      ? header.findIndex((name, k) => k !== time && SYMBOL_NAME.test(name.trim()))
      : named(header, options.symbol, "symbol");
  const value =
    options.value === undefined ? firstOf(header, VALUE_NAMES, time) : named(header, options.value, "value");
  const wide = options.format === "wide" || (options.format === undefined && symbol < 0);
  if (wide) return { format: "wide", time, symbol: -1, size: -1, values: wideColumns(header, time, options) };
  if (symbol < 0)
    throw badTable(`format=long, but there is no symbol column among ${shortList(header)}`, "symbol=COLUMN");
  if (value < 0)
    throw badTable(
      `it has a symbol column (${header[symbol]}) but no value column among ${shortList(header)}`,
      "value=COLUMN or format=wide",
    );
  const size =
    options.size === undefined ? firstOf(header, SIZE_NAMES, time) : named(header, options.size, "size");
  const beside = (options.beside ?? []).map((name) => firstOf(header, [name], value)).filter((k) => k >= 0);
  return { format: "long", time, symbol, size, values: [value, ...beside] };
}

/** The place of the column that is named like one of times; −1 if there is none. */
export function timeColumnIn(header: readonly string[]): number {
  return header.findIndex((name) => TIME_NAME.test(name.trim()));
}

/** The unit in the name of a time column ("ts_ms", "recv_ns"), else the form of its first value; null if that is not a time. */
export function timeFormFor(name: string, firstText: string): TimeForm | null {
  const form = timeFormOf(firstText);
  if (form === null || form === "iso") return form;
  // 20150102 in a column of dates is a day and not a second of August 1970.
  if (/date/i.test(name) && /^(19|20|21)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])$/.test(firstText.trim()))
    return "iso";
  const unit = /_(s|ms|us|ns)$/i.exec(name.trim())?.[1];
  return unit === undefined ? form : (unit.toLowerCase() as TimeForm);
}

/** Name of a column without a name, for options and errors; `place` counts from 0. */
export function unnamedColumn(place: number): string {
  return `column ${place + 1}`;
}

/** The place in a name that `unnamedColumn` gives, or null. A column may also have such a name of its own, at another place. */
export function unnamedPlace(name: string): number | null {
  const number = /^column (\d+)$/.exec(name)?.[1];
  return number === undefined ? null : Number(number) - 1;
}

/**
 * Of a wide table of prices: for each column of values the place in `names` of what was traded at it, else −1. It is beside the price under the
 * same name ("close" and "volume", "AAPL.close" and "AAPL.volume"); of a bar it belongs to the close.
 */
export function volumeColumns(names: readonly string[]): number[] {
  const found = names.map(() => -1);
  const parts = new Map<string, number>();
  names.forEach((name, k) => {
    parts.set(name.trim().toLowerCase(), k);
  });
  for (const [name, k] of parts) {
    const [, thing, part = ""] = /^(.*[._\- /])?([a-z]+)$/.exec(name) ?? [];
    const prefix = thing ?? "";
    const priced = TRADED_AT.find((word) => parts.has(prefix + word));
    if (part !== priced) continue;
    const volume = VOLUME_NAMES.find((word) => parts.has(prefix + word));
    if (volume !== undefined) found[k] = parts.get(prefix + volume)!;
  }
  return found;
}

/** Names for an error: at most a line of them. */
export function shortList(names: readonly string[]): string {
  const shown = names.slice(0, 12).join(", ");
  return names.length > 12 ? `${shown}, … (${names.length})` : shown;
}

function wideColumns(header: readonly string[], time: number, options: ColumnOptions): number[] {
  const all = header.map((_, k) => k).filter((k) => k !== time);
  const expected = (options.columns ?? []).map((name) => named(header, name, "columns"));
  const skipped = new Set((options.skip ?? []).map((name) => named(header, name, "skip")));
  const kept = (expected.length > 0 ? expected : all).filter((k) => !skipped.has(k));
  if (options.most !== undefined) refuseTooMany("table", kept.length, options.most);
  refuseRepeated(kept.map((k) => header[k]!));
  if (kept.length === 0) throw badTable(`no column with values is left of ${shortList(header)}`);
  return kept;
}

/** Throws if a table of this name has more columns of values than there can be channels. */
export function refuseTooMany(name: string, channels: number, most: MostChannels): void {
  if (channels <= most.channels) return;
  throw new EigenwatchError({
    action: `read ${name}`,
    value: `it has ${channels} columns of values`,
    expected: `at most ${most.channels}, or ${most.choose} to choose some of them`,
    kind: "limit",
  });
}

function refuseRepeated(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw badTable(`two columns are called ${name}`, "different names");
    seen.add(name);
  }
}

function named(header: readonly string[], name: string, option: string): number {
  const at = header.indexOf(name);
  if (at >= 0) return at;
  const expected = expectedAmong(name, header, shortList(header));
  throw badTable(`${option}=${name} names no column`, expected);
}

function firstOf(header: readonly string[], names: readonly string[], except: number): number {
  const lower = header.map((name) => name.trim().toLowerCase());
  for (const name of names) {
    const at = lower.indexOf(name);
    if (at >= 0 && at !== except) return at;
  }
  return -1;
}

function refuseData(header: readonly string[], options: ColumnOptions): void {
  if (options.time !== undefined || timeColumnIn(header) >= 0) return;
  const data = header.find((name) => looksNumeric(name) || timeFormOf(name) !== null);
  if (data !== undefined)
    throw badTable(`line 1 has no column names but data ("${data}")`, "a header such as ts,symbol,value");
}
