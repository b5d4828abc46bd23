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

/** A price, and how much is offered at it: as the exchange writes them, because a checksum needs every digit. A size of 0 is no level any more. */
export type LevelText = readonly [price: string, size: string];

/** Levels of a book that have changed, or all of them. */
export interface BookUpdate {
  readonly symbol: string;
  /** All levels: what was known before is void. */
  readonly isWhole: boolean;
  /** By the exchange; null where it says none. */
  readonly timeUs: number | null;
  /** Best first where it is whole. */
  readonly bids: readonly LevelText[];
  readonly asks: readonly LevelText[];
  /** Of the changes in it, where they are numbered: the numbers of a book are contiguous. */
  readonly ids?: { readonly first: number; readonly last: number };
  /** CRC-32 of the best levels when it is applied, where there is one. */
  readonly checksum?: number;
  /** Of a whole book: levels of a side that it has at most. With so many there may be more. */
  readonly levelsMax?: number;
}

/** What messages say. */
export interface VenueSink {
  trade(trade: Trade): void;
  /** Best prices, at this moment. */
  quote(symbol: string, bid: number, ask: number): void;
  book(update: BookUpdate): void;
  /** The number of this message in its connection, before what it says: such numbers are contiguous. */
  numbered(sequence: number): void;
  /** The exchange announces that it will close the connection. */
  leaving(): void;
  /** The exchange refuses what was asked of it: asking again changes nothing. */
  refused(reason: string): void;
}

export interface Wanted {
  /** As the exchange writes them. */
  readonly symbols: readonly string[];
  readonly quotes: boolean;
  /** Levels of a side of each book that are measured; 0: no books. */
  readonly depth: number;
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
  /** As JSON, but perhaps with more digits. Throws SyntaxError. */
  parse?(text: string): unknown;
  /** Messages of kinds that are not known mean nothing. Throws MalformedMessage. */
  read(message: Fields, sink: VenueSink): void;
}

export interface BookVenue extends Venue {
  readonly books: BookRules;
}

/** How an exchange keeps its books. */
export interface BookRules {
  /** Levels of a side that it keeps sending, for a depth that is measured. Those that fall out of them are sent again when they come back. Null: all. */
  window(depth: number): number | null;
  /** Whether changes have ids. Without them nothing tells which book a message that cannot be read was about. */
  readonly hasIds: boolean;
  readonly ask: AskByRequest | AskByMessages;
}

/** A whole book is the answer to a request by HTTP. */
export interface AskByRequest {
  readonly by: "request";
  readonly address: string;
  path(symbol: string): string;
  /** Throws MalformedMessage. */
  read(symbol: string, answer: Fields): BookUpdate;
  /** What the exchange says when it refuses. */
  refusal(answer: Fields): string;
}

/** A whole book is the first thing that comes after a subscription. */
export interface AskByMessages {
  readonly by: "messages";
  /** Ends the subscription, and begins it again. */
  messages(symbol: string, depth: number): readonly unknown[];
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

export function oneOf(message: Fields, key: string, words: readonly string[]): string {
  const value = message[key];
  if (typeof value === "string" && words.includes(value)) return value;
  throw malformed(key, value, `one of ${words.join(", ")}`);
}

/** A whole number in a text. */
export function wholeTextOf(message: Fields, key: string): number {
  const value = message[key];
  if (typeof value === "string" && /^\d{1,15}$/.test(value)) return Number(value);
  throw malformed(key, value, "a whole number in a text");
}

/** A number that is not below 0, in a text, with all its digits. */
export function decimalOf(message: Fields, key: string): string {
  const value = message[key];
  if (isDecimal(value)) return value;
  throw malformed(key, value, DECIMAL);
}

/** Levels as exchanges write them for short: [["61837.63", "3.78"], …]. */
export function levelsOf(message: Fields, key: string): readonly LevelText[] {
  const value = message[key];
  if (!Array.isArray(value)) throw malformed(key, value, "a list of levels");
  for (const level of value)
    if (!Array.isArray(level) || !isDecimal(level[0]) || !isDecimal(level[1]))
      throw malformed(key, level, "levels of a price and a size");
  return value as LevelText[];
}

const DECIMAL = "a number ≥ 0 in a text, without an exponent";

function isDecimal(value: unknown): value is string {
  return typeof value === "string" && value.length <= DECIMAL_CHARS_MAX && /^\d+(?:\.\d+)?$/.test(value);
}

/** More characters than any price or size has. */
const DECIMAL_CHARS_MAX = 40;

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
