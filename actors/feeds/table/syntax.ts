/** Recognises the syntax of a table from its first bytes and opens a reader of its rows; refuses what is not a table. */

import { unnamedColumn } from "./columns.ts";
import { CsvRows } from "./csv.ts";
import { JsonRows } from "./ndjson.ts";
import { badTable, type RowReader } from "./rows.ts";

export interface OpenedRows {
  rows: RowReader;
  header: string[];
  /** JSON: the first row was read for its columns and is the next row of the table. */
  holdsRow: boolean;
}

/** Reads up to the header. */
export async function openRows(chunks: AsyncGenerator<Uint8Array>): Promise<OpenedRows> {
  let head = await nextChunk(chunks);
  // A byte-order mark has up to three bytes.
  while (head !== null && head.length < 4) {
    const more = await nextChunk(chunks);
    if (more === null) break;
    head = Buffer.concat([head, more]);
  }
  if (head === null) throw badTable("it is empty", "a header line and rows");
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
    throw badTable("it has only blank lines", "a header line and rows");
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
  if (wide) throw badTable("it is UTF-16", "UTF-8 text");
  const at = bytes.subarray(0, 4096).findIndex((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27));
  if (at >= 0)
    throw badTable(`byte ${at} is ${bytes[at]}, which no text has`, "CSV or JSON lines (or these gzipped)");
  if (firstVisible(bytes) === 91)
    throw badTable(`it begins with "["`, "one JSON object a line instead of an array");
}

function firstVisible(bytes: Uint8Array): number {
  return bytes.find((byte) => byte > 32) ?? 0;
}

/** The most frequent of comma, tab, semicolon and bar in the first line, outside quotes. */
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
