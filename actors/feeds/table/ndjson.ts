/** Reads rows of newline-delimited JSON: one object per line. The keys of the first object are the columns. All cells of a line without an object are bad. */

import { badTable, FINE, MAX_ROW_BYTES, MISSING, type RowReader, reasonOf, UNPARSABLE } from "./rows.ts";
import { readTime, type TimeForm, timeOfNumber } from "./times.ts";

const NEWLINE = 10;

export class JsonRows implements RowReader {
  line = 0;
  reason = FINE;
  /** Keys of the first object; empty before it is read. */
  columns: string[] = [];
  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;
  #nextLine = 1;
  #ended = false;
  /** The object of the row, or null if the line has none. */
  #object: Readonly<Record<string, unknown>> | null = null;
  #decoder = new TextDecoder();
  #encoder = new TextEncoder();

  get width(): number {
    return this.columns.length;
  }

  /** The row itself; null where the line is no object. */
  get object(): Readonly<Record<string, unknown>> | null {
    return this.#object;
  }

  push(chunk: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#position);
    this.#bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    this.#position = 0;
  }

  end(): void {
    this.#ended = true;
  }

  next(): boolean {
    for (let text = this.#takeLine(); text !== null; text = this.#takeLine()) {
      if (text.trim() === "") continue;
      this.#object = objectOf(text);
      if (this.columns.length === 0) this.columns = this.#firstColumns();
      return true;
    }
    return false;
  }

  text(column: number): string {
    const value = this.#value(column);
    return value === null || value === undefined
      ? ""
      : typeof value === "string"
        ? value
        : JSON.stringify(value);
  }

  number(column: number): number {
    const value = this.#value(column);
    this.reason = FINE;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (this.#object === null) this.reason = UNPARSABLE;
    else if (value === null || value === undefined) this.reason = MISSING;
    else
      this.reason =
        typeof value === "object" || typeof value === "boolean" ? UNPARSABLE : reasonOf(String(value));
    return this.reason === FINE ? Number(value) : Number.NaN;
  }

  time(column: number, form: TimeForm): number {
    const value = this.#value(column);
    if (typeof value === "number") return timeOfNumber(value, form);
    if (typeof value !== "string") return Number.NaN;
    const bytes = this.#encoder.encode(value);
    return readTime(bytes, 0, bytes.length, form);
  }

  #value(column: number): unknown {
    const name = this.columns[column];
    if (this.#object === null || name === undefined || !Object.hasOwn(this.#object, name)) return undefined;
    return this.#object[name];
  }

  #firstColumns(): string[] {
    if (this.#object === null)
      throw badTable(`line ${this.line} is not a JSON object`, `one such as {"ts":…,"a":1}`);
    return Object.keys(this.#object);
  }

  /** The next line, or null if its end has not been read yet. */
  #takeLine(): string | null {
    const end = this.#bytes.indexOf(NEWLINE, this.#position);
    const length = this.#bytes.length;
    if (end < 0 && length - this.#position > MAX_ROW_BYTES)
      throw badTable(`line ${this.#nextLine} is longer than ${MAX_ROW_BYTES} bytes`);
    if (end < 0 && !(this.#ended && this.#position < length)) return null;
    const stop = end < 0 ? length : end;
    const text = this.#decoder.decode(this.#bytes.subarray(this.#position, stop));
    this.#position = Math.min(stop + 1, length);
    this.line = this.#nextLine++;
    return text;
  }
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}
