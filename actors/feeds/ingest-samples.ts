/**
 * Samples in JSON, as any program can send them: an object per row, or an array of them, oldest first.
 *
 *     {"time": "2026-03-01T17:30:00Z", "hall": 20.1, "cellar": 12.9}
 *
 * `time` is ISO 8601 or a count of s, ms, µs or ns since 1970, by its size; without it a row has the time of its arrival. Every other key is a
 * channel. null is a missing sample; anything else that is no number refuses the message.
 */
import { MalformedMessage, show } from "../../protocol/errors.ts";
import { FORBIDDEN_KEYS } from "../../protocol/fields.ts";
import { MAX_FRAME_SAMPLES } from "../../protocol/limits.ts";
import { readTime, timeFormOf, timeOfNumber } from "./table/times.ts";

/** The key that is no channel. */
const TIME = "time";

export interface IngestedRow {
  /** Integer µs. */
  readonly timeUs: number;
  /** Name and value of each sample. */
  readonly samples: readonly (readonly [channel: string, value: number])[];
}

/** Rows of a message that arrived at `nowUs`. Throws MalformedMessage that names what is wrong. */
export function readRows(bytes: Uint8Array, nowUs: number): IngestedRow[] {
  const json = parse(bytes);
  const objects = Array.isArray(json) ? json : [json];
  const rows = objects.map((object) => readRow(object, nowUs));
  const samples = rows.reduce((sum, row) => sum + row.samples.length, 0);
  if (samples > MAX_FRAME_SAMPLES)
    throw malformed(`${samples} samples`, `at most MAX_FRAME_SAMPLES (${MAX_FRAME_SAMPLES}) in a message`);
  return rows.filter((row) => row.samples.length > 0);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw malformed(cause instanceof Error ? cause.message : String(cause), "JSON in UTF-8");
  }
}

function readRow(object: unknown, nowUs: number): IngestedRow {
  if (typeof object !== "object" || object === null || Array.isArray(object))
    throw malformed(show(object), 'an object such as {"hall": 20.1}');
  let timeUs = nowUs;
  const samples: [string, number][] = [];
  for (const [key, value] of Object.entries(object)) {
    if (key === TIME) timeUs = timeOf(value);
    else if (FORBIDDEN_KEYS.has(key) || key === "") throw malformed(`channel ${show(key)}`, "another name");
    else if (typeof value === "number" && Number.isFinite(value)) samples.push([key, value]);
    else if (value !== null) throw malformed(`${key} is ${show(value)}`, "a number, or null");
  }
  return { timeUs, samples };
}

function timeOf(value: unknown): number {
  const timeUs = typeof value === "number" ? timeOfNumber(value, formOf(String(value))) : timeOfText(value);
  if (Number.isSafeInteger(timeUs)) return timeUs;
  throw malformed(`time ${show(value)}`, "ISO 8601, or a count since 1970");
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

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });
