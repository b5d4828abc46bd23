/** The kinds of feeds that come from exchanges (exchange-feed.ts), one row each. */
import { MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import { DEPTH_MAX } from "./books/order-book.ts";
import { BOOKS_MAX } from "./exchange-books.ts";
import { ExchangeFeed } from "./exchange-feed.ts";
import { binance } from "./exchanges/binance.ts";
import { coinbase } from "./exchanges/coinbase.ts";
import { coinbaseAdvanced } from "./exchanges/coinbase-advanced.ts";
import { kraken } from "./exchanges/kraken.ts";
import type { BookVenue, Venue } from "./exchanges/venue.ts";
import { badSpec, feedKind } from "./feed-kind.ts";
import { duration, flag, text, whole } from "./options.ts";

/** `bookVenue`: where all is read when books are wanted. */
const exchangeKind = (tradeVenue: Venue, bookVenue: BookVenue) =>
  feedKind({
    target: "SYMBOLS",
    help: `trades of ${tradeVenue.name}, symbols separated by commas: ${tradeVenue.example}`,
    options: {
      quotes: flag("also the middle and the spread of the best prices, in a group of their own"),
      depth: whole(
        0,
        0,
        DEPTH_MAX,
        "also order books, in a group of their own: middle, spread, sizes of so many best levels and their imbalance",
      ),
      stale: duration(30_000_000, 1_000_000, "a symbol of which nothing comes for so long is told"),
      url: text("another address, ws:// or wss://, without a path (default: that of the exchange)"),
      booksUrl: text(
        "another address of whole books, where HTTP brings them, http:// or https:// (default: the host of url)",
      ),
      group: text("name of the channel group (default: the exchange)"),
    },
    named: () => "",
    speed: () => null,
    create({ spec, target, source, group, options, context: { clock } }) {
      const { quotes, depth, url, booksUrl, stale } = options;
      const venue = depth > 0 ? bookVenue : tradeVenue;
      const address = url === undefined ? null : addressOf(spec, "url", url, "ws");
      const booksAddress = booksUrl === undefined ? null : addressOf(spec, "booksUrl", booksUrl, "http");
      return new ExchangeFeed({
        source,
        group,
        venue,
        wanted: {
          symbols: symbolsOf(spec, target, venue, depth > 0 ? BOOKS_MAX : SYMBOLS_MAX),
          quotes,
          depth,
        },
        books:
          depth > 0 ? { rules: bookVenue.books, address: booksAt(bookVenue, address, booksAddress) } : null,
        address,
        staleUs: stale,
        clock,
        random: Math.random,
      });
    },
  });

export const binanceKind = exchangeKind(binance, binance);
export const coinbaseKind = exchangeKind(coinbase, coinbaseAdvanced);
export const krakenKind = exchangeKind(kraken, kraken);

/** Symbols at most: those of one group, so that all can be compared. */
const SYMBOLS_MAX = MAX_GROUP_CHANNELS;

function symbolsOf(spec: string, target: string, venue: Venue, most: number): string[] {
  const symbols = target.split(",").map((each) => {
    const symbol = venue.symbolOf(each.trim());
    if (symbol === null)
      throw badSpec(
        spec,
        `${JSON.stringify(each)} is no symbol of ${venue.name}`,
        `one such as ${venue.example}`,
      );
    return symbol;
  });
  const twice = symbols.find((symbol, k) => symbols.indexOf(symbol) < k);
  if (twice !== undefined) throw badSpec(spec, `${twice} is named twice`, "it once");
  if (symbols.length > most)
    throw badSpec(
      spec,
      `it names ${symbols.length} symbols`,
      most === SYMBOLS_MAX ? `at most ${most}` : `at most ${most} with books`,
    );
  return symbols;
}

/** Where whole books are asked for by HTTP; "" where they are not. */
function booksAt({ books }: BookVenue, address: string | null, booksAddress: string | null): string {
  if (books.ask.by !== "request") return "";
  return booksAddress ?? address?.replace(/^ws/, "http") ?? books.ask.address;
}

/** Of a protocol, or the one over TLS. */
function addressOf(spec: string, option: string, url: string, protocol: "ws" | "http"): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (
    parsed !== null &&
    [`${protocol}:`, `${protocol}s:`].includes(parsed.protocol) &&
    parsed.username === "" &&
    parsed.pathname === "/" &&
    parsed.search === ""
  )
    return `${parsed.protocol}//${parsed.host}`;
  throw badSpec(
    spec,
    `${option}=${url} is no address`,
    `${protocol}:// or ${protocol}s://, a host, and perhaps a port`,
  );
}
