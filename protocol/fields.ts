/**
 * Schemas of the fields of messages.
 *
 * Times are integer µs since the epoch; ids are `partition/inputSequence/k`. All numbers are finite; outside columns −0 becomes 0.
 * Binary fields of a decoded message are views of its bytes: copy what must outlive them.
 */
import * as v from "valibot";
import { HASH_BYTES, MAX_NAME_BYTES, MAX_NESTING, MAX_TEXT_BYTES } from "./limits.ts";

export const name = v.pipe(
  v.string(),
  v.nonEmpty(),
  v.check((name) => withinBytes(name, MAX_NAME_BYTES), "Expected at most MAX_NAME_BYTES bytes"),
);
/** Whether a text may name a field of an event. */
export function isName(text: string): boolean {
  return text !== "" && withinBytes(text, MAX_NAME_BYTES);
}

export const text = v.pipe(
  v.string(),
  v.check((text) => withinBytes(text, MAX_TEXT_BYTES), "Expected at most MAX_TEXT_BYTES bytes"),
);
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const timeUs = v.pipe(v.number(), v.safeInteger());
export const finite = v.pipe(v.number(), v.finite());
export const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array, "Expected binary");
/** SHA-256. */
export const hash32 = v.pipe(bytes, v.length(HASH_BYTES));
/** Binary columns, little-endian. Only the length is checked. */
export const float32s = v.pipe(
  bytes,
  v.check((column) => column.length % 4 === 0, "Expected whole float32 elements"),
);
export const float64s = v.pipe(
  bytes,
  v.check((column) => column.length % 8 === 0, "Expected whole float64 elements"),
);
export const uint32s = v.pipe(
  bytes,
  v.check((column) => column.length % 4 === 0, "Expected whole uint32 elements"),
);
export const uint16s = v.pipe(
  bytes,
  v.check((column) => column.length % 2 === 0, "Expected whole uint16 elements"),
);
/** Any JSON value. */
export const json = v.custom<unknown>((value) => isJson(value, 0), "Expected plain JSON");
/** JSON values that are not arrays or objects, for details and settings. */
export const plain = v.union([v.string(), finite, v.boolean(), v.null()]);
export const plainMap = mapOf(plain);

/** A map by name. */
export function mapOf<Schema extends v.GenericSchema>(value: Schema) {
  const plainKeys = v.custom<Record<string, v.InferInput<Schema>>>(
    hasPlainKeys,
    "Expected a map without __proto__, constructor, prototype",
  );
  return v.pipe(plainKeys, v.record(name, value));
}

/** Keys that can change a prototype when an object is copied. Refused in bytes, therefore also here. */
export const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

function hasPlainKeys(value: unknown): boolean {
  return (
    typeof value === "object" && value !== null && Object.keys(value).every((key) => !FORBIDDEN_KEYS.has(key))
  );
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || depth >= MAX_NESTING) return false;
  if (Array.isArray(value)) return value.every((element) => isJson(element, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.entries(value).every(
    ([key, element]) => !FORBIDDEN_KEYS.has(key) && isJson(element, depth + 1),
  );
}

const encoder = new TextEncoder();

/** A UTF-16 unit takes at most three bytes of UTF-8, so the bytes of most strings need no count. */
function withinBytes(text: string, limit: number): boolean {
  return 3 * text.length <= limit || (text.length <= limit && encoder.encode(text).length <= limit);
}
