/** The kinds of feeds that come from exchanges (exchange-feed.ts), one row each. */
import { MAX_GROUP_CHANNELS } from "../../protocol/limits.ts";
import { ExchangeFeed } from "./exchange-feed.ts";
import { binance } from "./exchanges/binance.ts";
import { coinbase } from "./exchanges/coinbase.ts";
import { kraken } from "./exchanges/kraken.ts";
import type { Venue } from "./exchanges/venue.ts";
import { badSpec, feedKind } from "./feed-kind.ts";
import { duration, flag, text } from "./options.ts";

const exchangeKind = (venue: Venue) =>
  feedKind({
    target: "SYMBOLS",
    help: `trades of ${venue.name}, symbols separated by commas: ${venue.example}`,
    options: {
      quotes: flag("also the middle and the spread of the best prices, in a group of their own"),
      stale: duration(30_000_000, 1_000_000, "a symbol of which nothing comes for so long is told"),
      url: text("another address, ws:// or wss://, without a path (default: that of the exchange)"),
      group: text("name of the channel group (default: the exchange)"),
    },
    named: () => "",
    speed: () => null,
    create: ({ spec, target, source, group, options, context: { clock } }) =>
      new ExchangeFeed({
        source,
        group,
        venue,
        wanted: { symbols: symbolsOf(spec, target, venue), quotes: options.quotes },
        address: addressOf(spec, options.url),
        staleUs: options.stale,
        clock,
        random: Math.random,
      }),
  });

export const binanceKind = exchangeKind(binance);
export const coinbaseKind = exchangeKind(coinbase);
export const krakenKind = exchangeKind(kraken);

/** Symbols at most: those of one group, so that all can be compared. */
const SYMBOLS_MAX = MAX_GROUP_CHANNELS;

function symbolsOf(spec: string, target: string, venue: Venue): string[] {
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
  if (symbols.length > SYMBOLS_MAX)
    throw badSpec(spec, `it names ${symbols.length} symbols`, `at most ${SYMBOLS_MAX}`);
  return symbols;
}

function addressOf(spec: string, url: string | undefined): string | null {
  if (url === undefined) return null;
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (
    parsed !== null &&
    /^wss?:$/.test(parsed.protocol) &&
    parsed.username === "" &&
    parsed.pathname === "/" &&
    parsed.search === ""
  )
    return `${parsed.protocol}//${parsed.host}`;
  throw badSpec(spec, `url=${url} is no address`, "ws:// or wss://, a host, and perhaps a port");
}
