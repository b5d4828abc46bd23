/**
 * Rows of samples as any program can send them: what arrives over the bus (ingest.ts) and what is pushed over HTTP (collab/gateway/ingest-route.ts).
 *
 *     json      {"time": "2026-03-01T17:30:00Z", "hall": 20.1, "cellar": 12.9}, or an array of such rows
 *     ndjson    such a row on each line
 *     msgpack   a map of this form, or an array of them
 *     lines     InfluxDB line protocol (line-protocol.ts)
 *
 * `time` is ISO 8601 or a count of s, ms, µs or ns since 1970, by its size; without it a row has the time of its arrival. Every other key is a
 * channel. null, and NaN in msgpack, is a missing sample; anything else that is no number refuses all rows. Rows are given back in the order of their times.
 */
import { Decoder } from "@msgpack/msgpack";
import { errorText, LimitExceeded, MalformedMessage, show } from "../../protocol/errors.ts";
import { FORBIDDEN_KEYS } from "../../protocol/fields.ts";
import { MAX_FRAME_SAMPLES, MAX_FRAME_SPAN_US } from "../../protocol/limits.ts";
import { checkStructure } from "../../protocol/msgpack-structure.ts";
import { readLine } from "./line-protocol.ts";
import { readTime, timeFormOf, timeOfNumber } from "./table/times.ts";

export type RowFormat = "json" | "ndjson" | "msgpack" | "lines";

/** The key that is no channel. */
const TIME = "time";

export interface IngestedRow {
  /** Integer µs. */
  readonly timeUs: number;
  /** Name and value of each sample. */
  readonly samples: readonly (readonly [channel: string, value: number])[];
}

/** Rows that arrived at `nowUs`, together at most a frame. Throws MalformedMessage that names row and field, or LimitExceeded. */
export function readRows(bytes: Uint8Array, nowUs: number, format: RowFormat = "json"): IngestedRow[] {
  const rows = inOrder(READERS[format](bytes, nowUs));
  const samples = samplesIn(rows);
  if (samples > MAX_FRAME_SAMPLES)
    throw tooMuch(`${samples} samples`, `at most MAX_FRAME_SAMPLES (${MAX_FRAME_SAMPLES}) in a message`);
  const spanUs = rows.length === 0 ? 0 : rows.at(-1)!.timeUs - rows[0]!.timeUs;
  if (spanUs > MAX_FRAME_SPAN_US)
    throw tooMuch(
      `rows over ${Math.round(spanUs / 1e6)} s`,
      `at most MAX_FRAME_SPAN_US (${Math.floor(MAX_FRAME_SPAN_US / 1e6)} s) in a message`,
    );
  return rows;
}

export function samplesIn(rows: readonly IngestedRow[]): number {
  return rows.reduce((sum, row) => sum + row.samples.length, 0);
}

const READERS: Readonly<Record<RowFormat, (bytes: Uint8Array, nowUs: number) => IngestedRow[]>> = {
  json: (bytes, nowUs) => rowsOf(parse(textOf(bytes), ""), nowUs),
  msgpack: (bytes, nowUs) => rowsOf(unpack(bytes), nowUs),
  ndjson: (bytes, nowUs) => byLine(bytes, (line, where) => readRow(parse(line, `${where}: `), nowUs, where)),
  lines: (bytes, nowUs) =>
    byLine(bytes, (line, where) => {
      if (line.startsWith("#")) return null;
      const { samples, time } = readLine(line, where);
      return { timeUs: time === null ? nowUs : timeOf(time, where), samples };
    }),
};

function inOrder(rows: IngestedRow[]): IngestedRow[] {
  const isInOrder = rows.every((row, k) => k === 0 || rows[k - 1]!.timeUs <= row.timeUs);
  return isInOrder ? rows : rows.sort((a, b) => a.timeUs - b.timeUs);
}

function rowsOf(value: unknown, nowUs: number): IngestedRow[] {
  const objects = Array.isArray(value) ? value : [value];
  return objects.map((object, k) => readRow(object, nowUs, `row ${k + 1}`));
}

/** Empty lines are left out, and those for which `read` returns null. */
function byLine(bytes: Uint8Array, read: (line: string, where: string) => IngestedRow | null): IngestedRow[] {
  const rows: IngestedRow[] = [];
  for (const [k, text] of textOf(bytes).split("\n").entries()) {
    const line = text.trim();
    const row = line === "" ? null : read(line, `line ${k + 1}`);
    if (row !== null) rows.push(row);
  }
  return rows;
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw malformed(errorText(cause), "text in UTF-8");
  }
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed(`${where}${errorText(cause)}`, "JSON");
  }
}

function unpack(bytes: Uint8Array): unknown {
  // The library trusts lengths.
  checkStructure("read samples", bytes, 0);
  try {
    return msgpack.decode(bytes);
  } catch (cause) {
    throw malformed(errorText(cause), "msgpack");
  }
}

function readRow(object: unknown, nowUs: number, where: string): IngestedRow {
  if (typeof object !== "object" || object === null || Array.isArray(object))
    throw malformed(`${where} is ${show(object)}`, 'an object such as {"hall": 20.1}');
  let timeUs = nowUs;
  const samples: [string, number][] = [];
  for (const key of Object.keys(object)) {
    const value = (object as Readonly<Record<string, unknown>>)[key];
    if (key === TIME) timeUs = timeOf(value, where);
    else if (FORBIDDEN_KEYS.has(key) || key === "")
      throw malformed(`${where}: channel ${show(key)}`, "another name");
    else if (typeof value === "number" && Number.isFinite(value)) samples.push([key, value]);
    else if (value !== null && !Number.isNaN(value))
      throw malformed(`${where}: ${show(key)} is ${show(value)}`, "a number, or null");
  }
  return { timeUs, samples };
}

function timeOf(value: unknown, where: string): number {
  const timeUs = typeof value === "number" ? timeOfNumber(value, formOf(String(value))) : timeOfText(value);
  if (Number.isSafeInteger(timeUs)) return timeUs;
  throw malformed(`${where}: time ${show(value)}`, "ISO 8601, or a count since 1970");
}

function timeOfText(value: unknown): number {
  if (typeof value !== "string") return Number.NaN;
  const bytes = encoder.encode(value);
  return readTime(bytes, 0, bytes.length, formOf(value));
}

function formOf(text: string) {
  return timeFormOf(text) ?? "iso";
}

function malformed(value: string, expected: string): MalformedMessage {
  return new MalformedMessage("read samples", value, expected);
}

function tooMuch(value: string, expected: string): LimitExceeded {
  return new LimitExceeded("read samples", value, expected);
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
const msgpack = new Decoder();
