/**
 * The feed of an exchange: trades, best quotes and order books, over a WebSocket.
 *
 *   connect ─► greeting ─► messages ─► trades, quotes, books ─► channels
 *      ▲                      └─ closed, silent, leaving ─► stalled ─┐
 *      └────────────────── after a delay that grows ◄────────────────┘
 *
 * E1  A trade has the time of the exchange, a quote that of its arrival.
 * E2  Ids of trades are contiguous: missing ones are a gap, also those of the time without a connection; one that is known counts once.
 * E3  A message that cannot be read is counted; the next one is read. Messages of other kinds mean nothing.
 * E4  A symbol of which nothing came for a while is told, and again when it is back. A connection without a sign of life is given up.
 * E5  A connection that breaks again and again is tried less often (actors/link/breaker.ts). What the exchange refuses ends the feed.
 *
 * exchange-books.ts says what holds of books.
 */
import { WebSocket } from "ws";
import { EigenwatchError } from "../../protocol/errors.ts";
import { Breaker } from "../link/breaker.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { BadSamples } from "./bad-samples.ts";
import { ChannelGroups } from "./channel-groups.ts";
import { ConnectedBooks, ExchangeBooks } from "./exchange-books.ts";
import {
  type BookRules,
  isFields,
  type Trade,
  type Venue,
  type VenueSink,
  type Wanted,
} from "./exchanges/venue.ts";
import { FeedWriter } from "./feed-writer.ts";
import { Pause } from "./pause.ts";
import { Silence } from "./silence.ts";
import { type Ending, stayConnected } from "./stay-connected.ts";

export interface ExchangeFeedOptions {
  readonly source: string;
  readonly group: string;
  readonly venue: Venue;
  readonly wanted: Wanted;
  /** Null: no books are wanted. */
  readonly books: { readonly rules: BookRules; readonly address: string } | null;
  /** Instead of the exchange's own. */
  readonly address: string | null;
  /** A symbol of which nothing came for so long is told. */
  readonly staleUs: number;
  readonly clock: Clock;
  /** Spreads attempts. */
  random(): number;
}

/** Exchanges take ten connections a minute: with a delay that doubles from a second there are at most seven. */
const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;
/** A connection that has held so long was sound. */
const LASTS_MS = 60_000;

/** Exchanges ping every 20 s, or send heartbeats each second. */
const SILENT_MS = 60_000;
const HANDSHAKE_MS = 10_000;
const CHECK_MS = 1_000;

/** Far more than trades and quotes have. */
const MESSAGE_BYTES_MAX = 4 << 20;
/** A whole book of Coinbase has several megabytes: all its levels, a hundred bytes each. */
const BOOK_BYTES_MAX = 16 << 20;

/** Bad messages between two reports of totals. */
const REPORT_MS = 10_000;

export class ExchangeFeed implements Feed {
  readonly source: string;
  readonly kind = "live";
  private readonly options: ExchangeFeedOptions;
  private readonly pause: Pause;
  private readonly breaker: Breaker;
  private end: (ending: Ending) => void = () => {};

  constructor(options: ExchangeFeedOptions) {
    const { clock, random } = options;
    this.options = options;
    this.source = options.source;
    this.pause = new Pause(clock);
    this.breaker = new Breaker({ clock, random, firstMs: RETRY_MS, mostMs: RETRY_MS_MAX, lastsMs: LASTS_MS });
  }

  async stop(): Promise<void> {
    this.pause.stop();
    this.end({ reason: "stopped", isFinal: false });
  }

  async run(sink: FeedSink): Promise<void> {
    const writer = new FeedWriter(this.options.source, sink);
    const market = new Market(this.options, writer);
    await stayConnected({
      ...{ writer, pause: this.pause, breaker: this.breaker },
      connection: (heard) => this.connection(market, heard),
      summary: () => market.summary(),
      ended: () => market.flush(),
      counts: () => market.badSamples.take(),
    });
  }

  /** Resolves when the connection has ended. `heard`: with its first message. */
  private connection(market: Market, heard: () => void): Promise<Ending> {
    const { venue, wanted, address, clock, books } = this.options;
    const maxPayload = books === null ? MESSAGE_BYTES_MAX : BOOK_BYTES_MAX;
    const url = `${address ?? venue.address}${venue.path(wanted)}`;
    return new Promise((resolve) => {
      const socket = new WebSocket(url, { maxPayload, handshakeTimeout: HANDSHAKE_MS });
      let lastMs = clock.monotonicMs();
      let isHeard = false;
      let cancel = (): void => {};
      this.end = (ending) => {
        this.end = () => {};
        cancel();
        // What comes after its end is of no interest, nor are its errors.
        socket.removeAllListeners();
        socket.on("error", () => {});
        socket.terminate();
        reader.close();
        resolve(ending);
      };
      const check = (): void => {
        market.check();
        if (clock.monotonicMs() - lastMs < SILENT_MS) cancel = clock.after(CHECK_MS, check);
        else this.end({ reason: `${venue.name} is silent`, isFinal: false });
      };
      cancel = clock.after(CHECK_MS, check);
      const sign = (): void => {
        lastMs = clock.monotonicMs();
      };
      const leave = (reason: string, isFinal: boolean): void => this.end({ reason, isFinal });
      const send = (message: unknown): void => socket.send(JSON.stringify(message));
      const reader = market.reader(leave, send);
      socket.on("open", () => {
        for (const message of venue.greeting(wanted)) send(message);
        reader.greeted();
      });
      socket.on("ping", sign);
      socket.on("message", (data, isBinary) => {
        sign();
        if (!isHeard) {
          isHeard = true;
          heard();
        }
        market.take(isBinary ? null : String(data), reader);
      });
      socket.on("error", (error) => leave(`Cannot read ${url}: ${error.message}`, false));
      socket.on("close", (code) => leave(`${venue.name} closed the connection (${code})`, false));
    });
  }
}

interface Listed {
  readonly slot: number;
  readonly silence: Silence;
  lastId: number;
  lastTimeUs: number;
}

/** Takes what the messages of one connection say. */
interface Reader extends VenueSink {
  greeted(): void;
  /** A message could not be read. */
  unreadable(): void;
  close(): void;
}

/** The symbols of a feed and what came of them. */
class Market {
  readonly badSamples: BadSamples;
  private readonly options: ExchangeFeedOptions;
  private readonly trades: ChannelGroups;
  /** Middle and spread of each symbol, at the slots 2k and 2k + 1; null when quotes are not wanted. */
  private readonly quotes: ChannelGroups | null;
  private readonly books: ExchangeBooks | null;
  private readonly listed: ReadonlyMap<string, Listed>;
  private flushing = false;
  private reportedMs: number;

  constructor(options: ExchangeFeedOptions, writer: FeedWriter) {
    const { group, wanted, clock, books } = options;
    this.options = options;
    const ticks = { unit: "", sampling: "ticks", everyUs: 0 } as const;
    this.trades = new ChannelGroups(writer, { ...ticks, group, innovation: "logReturn" });
    this.quotes = wanted.quotes
      ? new ChannelGroups(writer, { ...ticks, group: `${group}-quotes`, innovation: "difference" })
      : null;
    this.listed = new Map(
      wanted.symbols.map((symbol) => {
        for (const what of ["mid", "spread"]) this.quotes?.add(`${symbol} ${what}`);
        const slot = this.trades.add(symbol);
        const silence = new Silence(symbol, options, writer);
        return [symbol, { slot, silence, lastId: Number.NaN, lastTimeUs: 0 }];
      }),
    );
    this.trades.declare();
    this.quotes?.declare();
    this.badSamples = new BadSamples((status, detail, counts) => {
      // Samples before a bad one precede its report.
      this.flush();
      writer.status(status, detail, counts);
    });
    this.books =
      books === null ? null : new ExchangeBooks({ ...options, ...wanted, ...books }, writer, this.badSamples);
    this.reportedMs = clock.monotonicMs();
  }

  summary(): string {
    return `${this.options.venue.name}: ${[...this.listed.keys()].join(", ")}`;
  }

  /** What the messages of one connection mean. `leave` ends it. */
  reader(leave: (reason: string, isFinal: boolean) => void, send: (message: unknown) => void): Reader {
    const { venue } = this.options;
    const refused = (reason: string): void => leave(`${venue.name} refuses it: ${reason}`, true);
    const given = (): void => this.flushSoon();
    const books = this.books === null ? null : new ConnectedBooks(this.books, { send, refused, given });
    return {
      trade: (trade) => this.trade(trade),
      quote: (symbol, bid, ask) => this.quote(symbol, bid, ask),
      book: (update) => {
        if (this.heard(update.symbol) !== null) books?.take(update);
      },
      numbered: (sequence) => books?.numbered(sequence),
      leaving: () => leave(`${venue.name} closes this connection soon`, false),
      refused,
      greeted: () => books?.greeted(),
      unreadable: () => books?.unreadable(),
      close: () => books?.close(),
    };
  }

  /** Null: a message in bytes. */
  take(text: string | null, reader: Reader): void {
    const { venue } = this.options;
    try {
      const message: unknown = text === null ? null : (venue.parse?.(text) ?? JSON.parse(text));
      if (!isFields(message)) throw new SyntaxError("it is no object in JSON");
      venue.read(message, reader);
    } catch (error) {
      if (!(error instanceof EigenwatchError) && !(error instanceof SyntaxError)) throw error;
      this.badSamples.count("malformed", 1, () => error.message);
      reader.unreadable();
    }
    this.flushSoon();
  }

  private flushSoon(): void {
    if (this.flushing) return;
    this.flushing = true;
    this.options.clock.soon(() => this.flush());
  }

  flush(): void {
    this.flushing = false;
    this.trades.flush();
    this.quotes?.flush();
    this.books?.flush();
  }

  /** Tells of symbols that have become silent, and counts. */
  check(): void {
    const nowMs = this.options.clock.monotonicMs();
    for (const { silence } of this.listed.values()) silence.check();
    this.books?.check();
    if (nowMs - this.reportedMs < REPORT_MS) return;
    this.reportedMs = nowMs;
    this.badSamples.total();
  }

  private trade({ symbol, timeUs, price, size, id }: Trade): void {
    const listed = this.heard(symbol);
    if (listed === null) return;
    const missing = id - listed.lastId - 1;
    if (missing < 0) {
      this.badSamples.count("duplicate", 1, () => `trade ${id} of ${symbol} came before`);
      return;
    }
    if (missing > 0) this.badSamples.count("gap", 1, () => `${missing} trades of ${symbol} are missing`);
    if (timeUs < listed.lastTimeUs)
      this.badSamples.count("backward", 1, () => `trade ${id} of ${symbol} is before the last one`);
    listed.lastId = id;
    listed.lastTimeUs = Math.max(listed.lastTimeUs, timeUs);
    if (!this.trades.hasRoom(listed.slot)) this.trades.makeRoom();
    this.trades.sample(listed.slot, timeUs, price, size);
  }

  private quote(symbol: string, bid: number, ask: number): void {
    const listed = this.heard(symbol);
    if (listed === null || this.quotes === null) return;
    const nowUs = this.options.clock.nowUs();
    const values = [(bid + ask) / 2, ask - bid];
    for (const [k, value] of values.entries()) {
      const slot = 2 * listed.slot + k;
      if (!this.quotes.hasRoom(slot)) this.quotes.makeRoom();
      this.quotes.sample(slot, nowUs, value, Number.NaN);
    }
  }

  /** Null for a symbol that nobody asked for. */
  private heard(symbol: string): Listed | null {
    const listed = this.listed.get(symbol);
    listed?.silence.heard();
    return listed ?? null;
  }
}
