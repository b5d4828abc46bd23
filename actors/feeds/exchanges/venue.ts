/** What an exchange's feed needs to know of the exchange: its address, its greeting, and what its messages mean. */
import { MalformedMessage, show } from "../../../protocol/errors.ts";
import { readTime } from "../table/times.ts";

export interface Trade {
  readonly symbol: string;
  /** When it happened, by the exchange. */
  readonly timeUs: number;
  readonly price: number;
  readonly size: number;
  /** Ids of a symbol are contiguous. */
  readonly id: number;
}

/** What messages say. */
export interface VenueSink {
  trade(trade: Trade): void;
  /** Best prices, at this moment. */
  quote(symbol: string, bid: number, ask: number): void;
  /** The exchange announces that it will close the connection. */
  leaving(): void;
  /** The exchange refuses what was asked of it: asking again changes nothing. */
  refused(reason: string): void;
}

export interface Wanted {
  /** As the exchange writes them. */
  readonly symbols: readonly string[];
  readonly quotes: boolean;
}

export interface Venue {
  readonly name: string;
  /** As the exchange writes a symbol in its messages; null for a text that is none. */
  symbolOf(text: string): string | null;
  /** What a symbol looks like. */
  readonly example: string;
  readonly address: string;
  /** What follows the address. */
  path(wanted: Wanted): string;
  /** Messages that are sent when the connection is open. */
  greeting(wanted: Wanted): readonly unknown[];
  /** Messages of kinds that are not known mean nothing. Throws MalformedMessage. */
  read(message: Fields, sink: VenueSink): void;
}

/** An object of JSON. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function fieldsOf(message: Fields, key: string): Fields {
  const value = message[key];
  if (isFields(value)) return value;
  throw malformed(key, value, "an object");
}

export function listOf(message: Fields, key: string): readonly Fields[] {
  const value = message[key];
  if (Array.isArray(value) && value.every(isFields)) return value;
  throw malformed(key, value, "a list of objects");
}

export function textOf(message: Fields, key: string): string {
  const value = message[key];
  if (typeof value === "string" && value !== "") return value;
  throw malformed(key, value, "a text");
}

/** A number above 0, or one in a text, as exchanges write prices. */
export function positiveOf(message: Fields, key: string): number {
  const value = message[key];
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  if (typeof number === "number" && number > 0 && Number.isFinite(number)) return number;
  throw malformed(key, value, "a number above 0");
}

export function wholeOf(message: Fields, key: string): number {
  const value = message[key];
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw malformed(key, value, "a whole number");
}

/** A time in ISO 8601, in µs. */
export function timeOf(message: Fields, key: string): number {
  const bytes = encoder.encode(textOf(message, key));
  const timeUs = readTime(bytes, 0, bytes.length, "iso");
  if (Number.isSafeInteger(timeUs)) return timeUs;
  throw malformed(key, message[key], "a time in ISO 8601");
}

const encoder = new TextEncoder();

function malformed(key: string, value: unknown, expected: string): MalformedMessage {
  return new MalformedMessage("read a message of the exchange", `${key} is ${show(value)}`, expected);
}
