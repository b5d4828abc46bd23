/**
 * Tables as columnar batches: CSV or JSON lines, long (`ts,symbol,value[,size]`) or wide (`ts,a,b,c`), plain or gzipped.
 *
 *   bytes ─► rows ─► batch of rows: times, values, why a cell gave none
 *
 * T1  Reading is streaming: beside one chunk and one batch nothing is kept, however long the table.
 * T2  A bad cell or row is coded in the batch and never ends the reading; a damaged file throws TableError after its good rows.
 * T3  Except for the first, a batch is handed over as soon as the bytes at hand are used up: no look-ahead.
 */

import { type ByteSource, readBytes } from "./bytes.ts";
import { type ColumnOptions, type Columns, findColumns, timeFormFor, unnamedColumn } from "./columns.ts";
import { CsvRows } from "./csv.ts";
import { JsonRows } from "./ndjson.ts";
import { FINE, REASONS, type RowReader, TableError } from "./rows.ts";
import type { TimeForm } from "./times.ts";

export type { ByteSource };
export { FINE, REASONS, TableError };

export interface TableOptions extends ColumnOptions {
  /** Stands for the file in errors. */
  name?: string;
  /** Without a time column: spacing of the rows, µs. 0 or absent: then a time column is needed. */
  everyUs?: number;
  /** Without a time column: time of the first row, µs (default 0). */
  startUs?: number;
  /** Without a time column: the time of a row is that of its arrival. */
  arrival?: () => number;
  /** Keep the text of the time column. */
  keepTimeText?: boolean;
  /** The first batch has so many rows, if there are as many and they fit a batch: for a look at the data. Default 1. */
  firstRows?: number;
}

export interface Table {
  /** Columns without a name are "column 1", "column 2" … by their place. */
  readonly header: readonly string[];
  readonly format: "long" | "wide";
  /** Null when the rows have no time column. */
  readonly timeColumn: string | null;
  readonly symbolColumn: string | null;
  readonly sizeColumn: string | null;
  /** Wide: the channels; long: the one value column. */
  readonly valueColumns: readonly string[];
  /** Long: symbols in order of first appearance; grows while batches are read. */
  readonly symbols: readonly string[];
  /** The first bad cell of each reason. */
  readonly problems: ReadonlyMap<string, Problem>;
  /** Batches in order; the same object each time, valid until the next is asked for. Can be iterated once. */
  batches(): AsyncGenerator<TableBatch>;
}

export interface Problem {
  line: number;
  column: string;
  text: string;
}

/** Row r has its values at `values[r * n … r * n + n − 1]`, n = number of value columns. Arrays are longer than what is used. */
export interface TableBatch {
  rows: number;
  /** Line on which the row begins, from 1. */
  readonly line: Float64Array;
  /** Integer µs; NaN when the time could not be read. */
  readonly timeUs: Float64Array;
  /** The time column as it stood; empty unless `keepTimeText`. */
  readonly timeText: string[];
  /** Finite, or NaN where there is none. */
  readonly values: Float64Array;
  /** Why a value is NaN: index into REASONS; 0 where it is fine. */
  readonly reasons: Uint8Array;
  /** Long: index into `symbols`; −1 where the symbol is empty. */
  readonly symbol: Int32Array;
  /** Long, with a size column: NaN where there is none. */
  readonly size: Float64Array;
  /** 1 where the row has more cells than the header. */
  readonly ragged: Uint8Array;
}

/** Values in one batch: 2 MB, and some thousand rows of an ordinary table. */
const MAX_BATCH_VALUES = 262_144;
const MAX_BATCH_ROWS = 4096;
/** Rows looked through for a first readable time. */
const TIME_ROWS_TRIED = 100;

/** Reads the header and finds the columns; rows are read by `batches()`. Throws TableError. */
export async function readTable(source: ByteSource, options: TableOptions = {}): Promise<Table> {
  const name = options.name ?? (typeof source === "string" ? source : "standard input");
  const chunks = readBytes(source);
  try {
    const rows = await openRows(chunks);
    return new OpenTable(name, chunks, rows, options);
  } catch (error) {
    // Not awaited: a stream that waits for its next bytes would not answer.
    void chunks.return(undefined).catch(() => {});
    throw located(name, error);
  }
}

interface OpenedRows {
  rows: RowReader;
  header: string[];
  /** The first row was read to know the columns (JSON) and is still to be handed over. */
  holdsRow: boolean;
}

async function openRows(chunks: AsyncGenerator<Uint8Array>): Promise<OpenedRows> {
  let head = await nextChunk(chunks);
  // Enough to see a byte-order mark and what the first line begins with.
  while (head !== null && head.length < 4) {
    const more = await nextChunk(chunks);
    if (more === null) break;
    head = Buffer.concat([head, more]);
  }
  if (head === null) throw new TableError("it is empty; expected a header line and rows");
  const text = withoutMark(head);
  refuseBinary(text);
  const json = firstVisible(text) === 123;
  const rows = json ? new JsonRows() : new CsvRows(delimiterOf(text));
  rows.push(text);
  while (!rows.next()) {
    const more = await nextChunk(chunks);
    if (more !== null) {
      rows.push(more);
      continue;
    }
    rows.end();
    if (rows.next()) break;
    throw new TableError("it has nothing but blank lines; expected a header line and rows");
  }
  if (rows instanceof JsonRows) return { rows, header: rows.columns, holdsRow: true };
  const header = Array.from({ length: rows.width }, (_, k) => rows.text(k).trim() || unnamedColumn(k));
  return { rows, header, holdsRow: false };
}

async function nextChunk(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array | null> {
  const { value, done } = await chunks.next();
  return done === true ? null : (value as Uint8Array);
}

function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes;
}

function refuseBinary(bytes: Uint8Array): void {
  const wide = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  if (wide) throw new TableError("it is UTF-16; expected UTF-8 text");
  const at = bytes.subarray(0, 4096).findIndex((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27));
  if (at >= 0)
    throw new TableError(
      `byte ${at} is ${bytes[at]}, which no text has; expected CSV or JSON lines (or these gzipped)`,
    );
  if (firstVisible(bytes) === 91)
    throw new TableError(`it begins with "["; expected one JSON object a line instead of an array`);
}

function firstVisible(bytes: Uint8Array): number {
  return bytes.find((byte) => byte > 32) ?? 0;
}

/** The one of comma, tab, semicolon and bar that the first line has most of, outside quotes. */
function delimiterOf(bytes: Uint8Array): number {
  const candidates = [44, 9, 59, 124];
  const counts = [0, 0, 0, 0];
  let quoted = false;
  for (const byte of bytes) {
    if (byte === 34) quoted = !quoted;
    else if (byte === 10 && !quoted) break;
    else if (!quoted) {
      const k = candidates.indexOf(byte);
      if (k >= 0) counts[k]!++;
    }
  }
  return candidates[counts.indexOf(Math.max(...counts))]!;
}

class OpenTable implements Table {
  readonly header: readonly string[];
  readonly format: "long" | "wide";
  readonly timeColumn: string | null;
  readonly symbolColumn: string | null;
  readonly sizeColumn: string | null;
  readonly valueColumns: readonly string[];
  readonly symbols: string[] = [];
  readonly problems = new Map<string, Problem>();

  readonly #name: string;
  readonly #chunks: AsyncGenerator<Uint8Array>;
  readonly #rows: RowReader;
  readonly #columns: Columns;
  readonly #values: Int32Array;
  readonly #options: TableOptions;
  readonly #symbolIndex = new Map<string, number>();
  readonly #batch: TableBatch;
  readonly #capacity: number;
  #timeForm: TimeForm | null;
  #holdsRow: boolean;
  #rowNumber = 0;

  constructor(name: string, chunks: AsyncGenerator<Uint8Array>, opened: OpenedRows, options: TableOptions) {
    const { rows, header, holdsRow } = opened;
    const untimed = (options.everyUs ?? 0) > 0 || options.arrival !== undefined;
    const columns = findColumns(header, options, !untimed);
    this.#name = name;
    this.#chunks = chunks;
    this.#rows = rows;
    this.#columns = columns;
    this.#values = Int32Array.from(columns.values);
    this.#options = options;
    this.#timeForm = options.timeUnit ?? null;
    this.#holdsRow = holdsRow;
    this.header = header;
    this.format = columns.format;
    this.timeColumn = header[columns.time] ?? null;
    this.symbolColumn = header[columns.symbol] ?? null;
    this.sizeColumn = header[columns.size] ?? null;
    this.valueColumns = columns.values.map((k) => header[k]!);
    const most = Math.floor(MAX_BATCH_VALUES / columns.values.length);
    this.#capacity = Math.max(1, Math.min(MAX_BATCH_ROWS, most));
    this.#batch = emptyBatch(this.#capacity, columns);
  }

  async *batches(): AsyncGenerator<TableBatch> {
    let least = this.#options.firstRows ?? 1;
    const batch = this.#batch;
    batch.rows = 0;
    let failure: unknown = null;
    try {
      for (;;) {
        try {
          this.#fill();
          if (batch.rows === 0 || (batch.rows < least && batch.rows < this.#capacity)) {
            if (await this.#more()) continue;
            this.#fill();
            if (batch.rows === 0) break;
          }
        } catch (error) {
          failure = error;
          if (batch.rows === 0) break;
        }
        yield batch;
        batch.rows = 0;
        least = 1;
        if (failure !== null) break;
      }
    } finally {
      void this.#chunks.return(undefined).catch(() => {});
    }
    if (failure === null && this.#rowNumber > 0 && this.#columns.time >= 0 && this.#timeForm === null)
      failure = this.#noTimes();
    if (failure !== null) throw located(this.#name, failure);
  }

  /** Adds bytes; false at the end of the source. */
  async #more(): Promise<boolean> {
    const chunk = await nextChunk(this.#chunks);
    if (chunk === null) this.#rows.end();
    else this.#rows.push(chunk);
    return chunk !== null;
  }

  /** Reads rows until the batch is full or the bytes are used up. */
  #fill(): void {
    const batch = this.#batch;
    while (batch.rows < this.#capacity) {
      if (this.#holdsRow) this.#holdsRow = false;
      else if (!this.#rows.next()) return;
      this.#readRow(batch.rows);
      batch.rows++;
      this.#rowNumber++;
    }
  }

  #readRow(r: number): void {
    const { time, symbol, size } = this.#columns;
    const rows = this.#rows;
    const batch = this.#batch;
    const n = this.#values.length;
    batch.line[r] = rows.line;
    batch.ragged[r] = rows.width > this.header.length ? 1 : 0;
    batch.timeUs[r] = time < 0 ? this.#timeWithoutColumn() : this.#timeOf(time);
    if (this.#options.keepTimeText === true) batch.timeText[r] = time < 0 ? "" : rows.text(time);
    for (let k = 0; k < n; k++) {
      const at = r * n + k;
      const value = rows.number(this.#values[k]!);
      batch.values[at] = value;
      batch.reasons[at] = rows.reason;
      if (rows.reason !== FINE) this.#note(REASONS[rows.reason]!, this.#values[k]!);
    }
    if (symbol >= 0) batch.symbol[r] = this.#symbolOf(rows.text(symbol));
    if (size >= 0) batch.size[r] = rows.number(size);
  }

  #timeWithoutColumn(): number {
    const { arrival, startUs = 0, everyUs = 0 } = this.#options;
    return arrival !== undefined ? arrival() : startUs + this.#rowNumber * everyUs;
  }

  #timeOf(column: number): number {
    this.#timeForm ??= timeFormFor(this.header[column]!, this.#rows.text(column));
    const us = this.#timeForm === null ? Number.NaN : this.#rows.time(column, this.#timeForm);
    if (Number.isNaN(us)) this.#note("badTime", column);
    if (this.#timeForm === null && this.#rowNumber >= TIME_ROWS_TRIED) throw this.#noTimes();
    return us;
  }

  #noTimes(): TableError {
    const { line, column, text } = this.problems.get("badTime")!;
    const expected = "seconds, ms, µs or ns since the epoch, or ISO 8601 such as 2024-05-01T12:30:00Z";
    return new TableError(`column ${column} has no times: line ${line} says "${text}"; expected ${expected}`);
  }

  #symbolOf(text: string): number {
    const known = this.#symbolIndex.get(text);
    if (known !== undefined) return known;
    const name = text.trim();
    const index = name === "" ? -1 : (this.#symbolIndex.get(name) ?? this.symbols.push(name) - 1);
    this.#symbolIndex.set(text, index);
    return index;
  }

  #note(reason: string, column: number): void {
    if (this.problems.has(reason)) return;
    const text = this.#rows.text(column).slice(0, 60);
    this.problems.set(reason, { line: this.#rows.line, column: this.header[column] ?? "", text });
  }
}

function emptyBatch(capacity: number, columns: Columns): TableBatch {
  const long = columns.format === "long";
  return {
    rows: 0,
    line: new Float64Array(capacity),
    timeUs: new Float64Array(capacity),
    timeText: [],
    values: new Float64Array(capacity * columns.values.length),
    reasons: new Uint8Array(capacity * columns.values.length),
    symbol: new Int32Array(long ? capacity : 0),
    size: new Float64Array(columns.size >= 0 ? capacity : 0),
    ragged: new Uint8Array(capacity),
  };
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EISDIR: "it is a folder; expected a file",
  EACCES: "reading it is not permitted",
};

/** Every error says which table. */
function located(name: string, error: unknown): TableError {
  if (error instanceof TableError && error.message.startsWith("Cannot read ")) return error;
  const code = (error as { code?: unknown } | null)?.code;
  const plain = typeof code === "string" ? SYSTEM_ERRORS[code] : undefined;
  const what = plain ?? (error instanceof Error ? error.message : String(error));
  return new TableError(`Cannot read ${name}: ${what}`, { cause: error });
}
