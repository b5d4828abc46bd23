/**
 * The order books of an exchange's feed, and what is published of them.
 *
 *   updates ─► book (books/order-book.ts) ─► known: a row of middle, spread, imbalance and sizes, at the time of the exchange
 *      ▲           └─ lost: no rows, told once ─► whole book asked for (books/book-asker.ts) ─┐
 *      └──────────────────────────────────────────────────────────────────────────────────────┘
 *
 * K1  Nothing is published of a book that may be wrong, and no row is invented for the time in which it was not known. That it was lost is told once, as a gap,
 *     and that it is known again.
 * K2  Books are those of one connection: the next one begins without.
 * K3  Where messages are numbered and one is missing, or changes have no ids and a message cannot be read, no book of the connection is known any more.
 */
import { MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { BadSamples } from "./bad-samples.ts";
import { BookAsker } from "./books/book-asker.ts";
import { OrderBook } from "./books/order-book.ts";
import { ChannelGroups } from "./channel-groups.ts";
import type { BookRules, BookUpdate } from "./exchanges/venue.ts";
import type { FeedWriter } from "./feed-writer.ts";
import { Silence } from "./silence.ts";

/** What is published of a book. */
const CHANNELS = ["mid", "spread", "imbalance", "bid size", "ask size"];

/** Books at most: those of one group. With all their levels they take 50 MB. */
export const BOOKS_MAX = Math.floor(MAX_GROUP_CHANNELS / CHANNELS.length);

/** Symbols that a report names. */
const NAMED = 3;

export interface ExchangeBooksOptions {
  readonly rules: BookRules;
  readonly depth: number;
  /** Of requests by HTTP, without a path. */
  readonly address: string;
  readonly symbols: readonly string[];
  readonly group: string;
  readonly staleUs: number;
  readonly clock: Clock;
  /** Spreads attempts. */
  random(): number;
}

/** The channels of all books, for the life of a feed. */
export class ExchangeBooks {
  readonly options: ExchangeBooksOptions;
  readonly badSamples: BadSamples;
  private readonly writer: FeedWriter;
  private readonly channels: ChannelGroups;
  /** First slot of each symbol. */
  private readonly slots = new Map<string, number>();
  private readonly silences = new Map<string, Silence>();
  /** Books that are told as lost. */
  private readonly lostSymbols = new Set<string>();

  constructor(options: ExchangeBooksOptions, writer: FeedWriter, badSamples: BadSamples) {
    this.options = options;
    this.writer = writer;
    this.badSamples = badSamples;
    const traits = { unit: "", sampling: "ticks", everyUs: 0, innovation: "difference" } as const;
    this.channels = new ChannelGroups(writer, { ...traits, group: `${options.group}-book` });
    for (const [k, symbol] of options.symbols.entries()) {
      for (const what of CHANNELS) this.channels.add(`${symbol} ${what}`);
      this.slots.set(symbol, k * CHANNELS.length);
      this.silences.set(symbol, new Silence(`the book of ${symbol}`, options, writer));
    }
    this.channels.declare();
  }

  flush(): void {
    this.channels.flush();
  }

  /** Tells of books that have become silent. */
  check(): void {
    for (const silence of this.silences.values()) silence.check();
  }

  heard(symbol: string): void {
    this.silences.get(symbol)!.heard();
  }

  /** `timeUs` null: when it was so is not known before the next change. */
  known(symbol: string, book: OrderBook, timeUs: number | null): void {
    if (this.lostSymbols.delete(symbol))
      this.writer.status("running", `the book of ${symbol} is known again`);
    const measures = book.measures();
    if (timeUs === null || measures === null) return;
    const slot = this.slots.get(symbol)!;
    const { middle, spread, imbalance, bidSize, askSize } = measures;
    for (const [k, value] of [middle, spread, imbalance, bidSize, askSize].entries()) {
      if (!this.channels.hasRoom(slot + k)) this.channels.makeRoom();
      this.channels.sample(slot + k, timeUs, value, Number.NaN);
    }
  }

  lost(symbols: readonly string[], reason: string): void {
    const untold = symbols.filter((symbol) => !this.lostSymbols.has(symbol));
    if (untold.length === 0) return;
    for (const symbol of untold) this.lostSymbols.add(symbol);
    // What was right before it precedes the report.
    this.flush();
    const more = untold.length > NAMED ? ` and ${untold.length - NAMED} more` : "";
    const named = untold.slice(0, NAMED).join(", ") + more;
    this.writer.status("gap", `the book of ${named} is not known: ${reason}; a whole one is asked for`, {
      gap: untold.length,
    });
  }

  unavailable(symbol: string, reason: string): void {
    this.writer.status("stalled", `there is no book of ${symbol}: ${reason}; it is asked for again`);
  }
}

export interface Connection {
  send(message: unknown): void;
  refused(reason: string): void;
  /** A book came by another way than the connection. */
  given(): void;
}

/** The books of one connection. */
export class ConnectedBooks {
  private readonly all: ExchangeBooks;
  private readonly books: ReadonlyMap<string, OrderBook>;
  private readonly asker: BookAsker;
  /** Of the last message, where they are numbered. */
  private sequence = Number.NaN;

  constructor(all: ExchangeBooks, { send, refused, given }: Connection) {
    this.all = all;
    const { rules, depth, symbols } = all.options;
    const window = rules.window(depth);
    this.books = new Map(symbols.map((symbol) => [symbol, new OrderBook({ depth, window })]));
    this.asker = new BookAsker(symbols, {
      ...all.options,
      send,
      refused,
      given: (update) => {
        this.take(update);
        given();
      },
      unavailable: (symbol, reason) => all.unavailable(symbol, reason),
    });
  }

  /** The greeting is sent. */
  greeted(): void {
    if (this.all.options.rules.ask.by === "messages") this.asker.expect();
  }

  /** Of a symbol that was asked for. */
  take(update: BookUpdate): void {
    const { symbol } = update;
    const book = this.books.get(symbol)!;
    if (!update.isWhole) this.all.heard(symbol);
    const wasKnown = book.isKnown;
    const outcome = book.take(update);
    if (update.isWhole) this.asker.came(symbol, outcome.is === "known");
    switch (outcome.is) {
      case "known":
        this.all.known(symbol, book, outcome.timeUs);
        if (outcome.isShort) this.asker.need(symbol);
        break;
      case "lost":
        this.all.lost([symbol], outcome.reason);
        if (wasKnown) this.asker.lost(symbol);
        break;
      case "duplicate":
        this.all.badSamples.count("duplicate", 1, () => `a change of the book of ${symbol} came before`);
        break;
      case "waiting":
        // With a change at hand, the whole book that is asked for cannot miss one.
        if (!wasKnown && this.all.options.rules.ask.by === "request") this.asker.need(symbol);
    }
  }

  /** The number of the message that is read now. */
  numbered(sequence: number): void {
    const due = this.sequence + 1;
    this.sequence = sequence;
    if (sequence !== due && !Number.isNaN(due))
      this.doubt(`message ${sequence} came instead of message ${due}`);
  }

  /** A message could not be read. */
  unreadable(): void {
    if (!this.all.options.rules.hasIds) this.doubt("a message could not be read");
  }

  close(): void {
    this.asker.close();
  }

  private doubt(reason: string): void {
    const known = [...this.books].filter(([, book]) => book.isKnown);
    if (known.length === 0) return;
    this.all.lost(
      known.map(([symbol]) => symbol),
      reason,
    );
    for (const [symbol, book] of known) {
      book.forget();
      this.asker.lost(symbol);
    }
  }
}
