/**
 * Reads rows of delimited text (RFC 4180): quoted cells may contain delimiters, line ends and doubled quotes. Lines end in LF or CRLF.
 *
 * Works on bytes: a cell is a place in the buffer until its text or number is read. docs/decisions/feeds.md compares it with libraries.
 */

import { joinedBytes } from "../../../protocol/joined-bytes.ts";
import { latin1, readDecimal } from "./decimal.ts";
import { badTable, FINE, MAX_ROW_BYTES, MISSING, type RowReader, reasonOf } from "./rows.ts";
import { readTime, type TimeForm } from "./times.ts";

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;

/** Cells of a row that there is room for at first; the room doubles as needed. */
const FIRST_CELLS = 64;

export class CsvRows implements RowReader {
  line = 0;
  width = 0;
  reason = FINE;
  readonly #delimiter: number;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where the unread bytes start. */
  #position = 0;
  #nextLine = 1;
  #ended = false;
  #start = new Int32Array(FIRST_CELLS);
  #stop = new Int32Array(FIRST_CELLS);
  /** 1: the cell is quoted and contains doubled quotes. */
  #doubled = new Uint8Array(FIRST_CELLS);
  #decoder = new TextDecoder();

  constructor(delimiter: number) {
    this.#delimiter = delimiter;
  }

  push(chunk: Uint8Array): void {
    const rest = this.#bytes.subarray(this.#position);
    this.#bytes = rest.length === 0 ? chunk : joinedBytes([rest, chunk]);
    this.#position = 0;
  }

  end(): void {
    this.#ended = true;
  }

  next(): boolean {
    for (;;) {
      if (!this.#scan()) return false;
      const blank = this.width === 1 && this.#start[0] === this.#stop[0];
      if (!blank) return true;
    }
  }

  text(column: number): string {
    if (column >= this.width) return "";
    const start = this.#start[column]!;
    const stop = this.#stop[column]!;
    for (let k = start; k < stop; k++) {
      if (this.#bytes[k]! < 128) continue;
      return this.#unquote(column, this.#decoder.decode(this.#bytes.subarray(start, stop)));
    }
    return this.#unquote(column, latin1(this.#bytes, start, stop));
  }

  number(column: number): number {
    if (column >= this.width) {
      this.reason = MISSING;
      return Number.NaN;
    }
    const value = readDecimal(this.#bytes, this.#start[column]!, this.#stop[column]!);
    if (!Number.isNaN(value)) {
      this.reason = FINE;
      return value;
    }
    const text = this.text(column);
    this.reason = reasonOf(text);
    // Forms such as 0x1f are rare, so they may be read twice.
    return this.reason === FINE ? Number(text.trim()) : Number.NaN;
  }

  time(column: number, form: TimeForm): number {
    if (column >= this.width) return Number.NaN;
    return readTime(this.#bytes, this.#start[column]!, this.#stop[column]!, form);
  }

  #unquote(column: number, text: string): string {
    return this.#doubled[column] === 1 ? text.replaceAll('""', '"') : text;
  }

  /** Finds the cells of the next row. False: its end has not been read yet. */
  #scan(): boolean {
    const bytes = this.#bytes;
    const length = bytes.length;
    const delimiter = this.#delimiter;
    let p = this.#position;
    if (p >= length) return false;
    let cells = 0;
    let lines = 1;
    for (;;) {
      if (cells === this.#start.length) this.#grow();
      let start = p;
      let stop = -1;
      let doubled = 0;
      if (p < length && bytes[p] === QUOTE) {
        const from = p;
        for (p++; p < length; p++) {
          const byte = bytes[p]!;
          if (byte === NEWLINE) lines++;
          if (byte !== QUOTE) continue;
          if (bytes[p + 1] !== QUOTE) break;
          doubled = 1;
          p++;
        }
        if (p >= length) return this.#incomplete(length, true);
        start = from + 1;
        stop = p++;
        // Text after the closing quote: then the quotes are part of the text.
        const after = bytes[p];
        if (p < length && after !== delimiter && after !== NEWLINE && after !== RETURN) {
          start = from;
          stop = -1;
          doubled = 0;
        }
      }
      while (p < length && bytes[p] !== delimiter && bytes[p] !== NEWLINE) p++;
      if (p >= length && !this.#ended) return this.#incomplete(length, false);
      const lineEnds = p >= length || bytes[p] === NEWLINE;
      if (stop < 0) stop = lineEnds && p > start && bytes[p - 1] === RETURN ? p - 1 : p;
      this.#start[cells] = start;
      this.#stop[cells] = stop;
      this.#doubled[cells] = doubled;
      cells++;
      p++;
      if (lineEnds) break;
    }
    this.width = cells;
    this.line = this.#nextLine;
    this.#nextLine += lines;
    this.#position = Math.min(p, length);
    return true;
  }

  #incomplete(length: number, quoted: boolean): false {
    const row = `the row that begins in line ${this.#nextLine}`;
    if (this.#ended && quoted) throw badTable(`${row} has a quote that is never closed`);
    if (length - this.#position > MAX_ROW_BYTES)
      throw badTable(`${row} is longer than ${MAX_ROW_BYTES} bytes`, "rows of text");
    return false;
  }

  #grow(): void {
    const double = this.#start.length * 2;
    this.#start = extended(this.#start, new Int32Array(double));
    this.#stop = extended(this.#stop, new Int32Array(double));
    this.#doubled = extended(this.#doubled, new Uint8Array(double));
  }
}

function extended<T extends Int32Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
