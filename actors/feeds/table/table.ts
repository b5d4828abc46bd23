/**
 * Reads a table as columnar batches: CSV or JSON lines, long (`ts,symbol,value[,size]`) or wide (`ts,a,b,c`), plain or gzipped.
 *
 *   bytes ─► rows ─► batch of rows: times, values, why a cell has no value
 *
 * T1  Reading is streaming: for a table of any length, one chunk and one batch are in memory.
 * T2  A bad cell or row is marked in the batch and never ends the reading. A damaged file throws after its good rows.
 * T3  A batch, except the first, is returned as soon as the bytes that were read are used up: no look-ahead.
 */
import { EigenwatchError, type ErrorKind, errorText } from "../../../protocol/errors.ts";
import { type ByteSource, readBytes } from "./bytes.ts";
import { type ColumnOptions, type Columns, findColumns, timeFormFor } from "./columns.ts";
import { badTable, FINE, isSeparated, REASONS, type RowReader, UNPARSABLE } from "./rows.ts";
import { type OpenedRows, openRows } from "./syntax.ts";
import type { TimeForm } from "./times.ts";

export interface TableOptions extends ColumnOptions {
  /** Name of the table in errors. */
  name?: string;
  /** Spacing of rows without a time column, µs. 0 or absent: a time column is needed. */
  everyUs?: number;
  /** Time of the first row without a time column, µs (default 0). */
  startUs?: number;
  /** Time of a row without a time column: that of its arrival. */
  arrival?: () => number;
  /** Keeps the text of the time column. */
  keepTimeText?: boolean;
  /** Least rows of the first batch, if the table has as many and they fit a batch: for a look at the data. Default 1. */
  firstRows?: number;
}

export interface Table {
  /** Columns without a name are "column 1", "column 2" … by their place. */
  readonly header: readonly string[];
  readonly format: "long" | "wide";
  /** Null if there is no time column. */
  readonly timeColumn: string | null;
  readonly symbolColumn: string | null;
  readonly sizeColumn: string | null;
  /** Wide: the channels; long: the one value column, then those of `beside`. */
  readonly valueColumns: readonly string[];
  /** Long: symbols in order of first appearance. Grows while batches are read. */
  readonly symbols: readonly string[];
  /** The first bad cell of each reason. */
  readonly problems: ReadonlyMap<string, Problem>;
  /** The first column that begins its bad cells with a number that has a decimal comma or thousands separators; null: none does. */
  readonly separated: Problem | null;
  /** Batches in order: the same object each time, valid until the next is read. Can be iterated once. */
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
  /** Integer µs; NaN if the time cannot be read. */
  readonly timeUs: Float64Array;
  /** Text of the time column; empty without `keepTimeText`. */
  readonly timeText: string[];
  /** Finite, or NaN where there is no value. */
  readonly values: Float64Array;
  /** Why a value is NaN: index into REASONS; 0 for a value. */
  readonly reasons: Uint8Array;
  /** Long: index into `symbols`; −1 for an empty symbol. */
  readonly symbol: Int32Array;
  /** Long, with a size column: NaN where there is no size. */
  readonly size: Float64Array;
  /** 1 for a row with more cells than the header. */
  readonly ragged: Uint8Array;
}

/** Values in one batch: 2 MB, and some thousand rows of an ordinary table. */
const MAX_BATCH_VALUES = 262_144;
const MAX_BATCH_ROWS = 4096;
/** Rows that may pass before a first readable time. */
const TIME_ROWS_TRIED = 100;

/** Bytes whose first row was read. */
export interface OpenedSource {
  readonly name: string;
  readonly chunks: AsyncGenerator<Uint8Array>;
  readonly opened: OpenedRows;
}

/** Reads the header and finds the columns; `batches()` reads the rows. Both throw an EigenwatchError that names the table. */
export async function readTable(source: ByteSource, options: TableOptions = {}): Promise<Table> {
  const name = options.name ?? (typeof source === "string" ? source : "standard input");
  return tableOf(await openSource(source, name), options);
}

/** Reads up to the header. Throws an EigenwatchError that names the source. */
export async function openSource(source: ByteSource, name: string): Promise<OpenedSource> {
  const chunks = readBytes(source);
  try {
    return { name, chunks, opened: await openRows(chunks) };
  } catch (error) {
    throw givenUp(name, chunks, error);
  }
}

/** The table in a source. Throws as `readTable` does. */
export function tableOf({ name, chunks, opened }: OpenedSource, options: TableOptions): Table {
  try {
    return new OpenTable(name, chunks, opened, options);
  } catch (error) {
    throw givenUp(name, chunks, error);
  }
}

function givenUp(name: string, chunks: AsyncGenerator<Uint8Array>, error: unknown): EigenwatchError {
  // Not awaited: a stream that waits for its next bytes does not return.
  void chunks.return(undefined).catch(() => {});
  return named(name, error, "input");
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
  separated: Problem | null = null;

  readonly #name: string;
  readonly #chunks: AsyncGenerator<Uint8Array>;
  readonly #rows: RowReader;
  readonly #columns: Columns;
  readonly #values: Int32Array;
  readonly #options: TableOptions;
  /** Columns with a cell that is no number. */
  readonly #unparsable = new Set<number>();
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
    if (failure !== null) throw named(this.#name, failure, "failed");
  }

  /** Adds bytes; false at the end of the source. */
  async #more(): Promise<boolean> {
    const { value, done } = await this.#chunks.next();
    if (done === true) this.#rows.end();
    else this.#rows.push(value as Uint8Array);
    return done !== true;
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

  #noTimes(): EigenwatchError {
    const { line, column, text } = this.problems.get("badTime")!;
    return badTable(
      `column ${column} has no times: line ${line} says "${text}"`,
      "seconds, ms, µs or ns since the epoch, or ISO 8601 such as 2024-05-01T12:30:00Z",
    );
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
    const isFirstOfColumn = reason === REASONS[UNPARSABLE] && !this.#unparsable.has(column);
    if (isFirstOfColumn) this.#unparsable.add(column);
    if (this.problems.has(reason) && !isFirstOfColumn) return;
    const text = this.#rows.text(column).slice(0, 60);
    const problem = { line: this.#rows.line, column: this.header[column] ?? "", text };
    if (!this.problems.has(reason)) this.problems.set(reason, problem);
    if (isFirstOfColumn && isSeparated(text)) this.separated ??= problem;
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

const SYSTEM_ERRORS: Readonly<Record<string, { value: string; expected?: string }>> = {
  ENOENT: { value: "there is no such file" },
  EISDIR: { value: "it is a folder", expected: "a file" },
  EACCES: { value: "reading it is not permitted" },
};

/**
 * The error with the name of the table: `kind` is "input" for a table that cannot be opened, "failed" for one that ends in damage. One that is
 * over a limit stays so.
 */
function named(name: string, error: unknown, kind: ErrorKind): EigenwatchError {
  const action = `read ${name}`;
  if (error instanceof EigenwatchError) {
    const { value, expected } = error;
    const limited = error.kind === "limit" ? "limit" : kind;
    return new EigenwatchError({ action, value, expected, kind: limited }, { cause: error });
  }
  const code = (error as { code?: unknown } | null)?.code;
  const known = typeof code === "string" ? SYSTEM_ERRORS[code] : undefined;
  const met = known ?? { value: errorText(error) };
  return new EigenwatchError({ action, ...met, kind }, { cause: error });
}
