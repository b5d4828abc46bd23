/**
 * Kraken, version 2.
 *
 *   → {"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}}
 *   ← {"channel": "trade", "type": "update", "data": [{"symbol": "BTC/USD", "price": 61837.6, "qty": 0.02, "trade_id": 4665906, "timestamp": "2023-…Z", …}]}
 *   ← {"channel": "book", "type": "update", "data": [{"symbol": "BTC/USD", "bids": [{"price": 61837.6, "qty": 0.02000000}], "asks": [], "checksum": 974947235, …}]}
 *
 * Source: docs.kraken.com/api, "Spot WebSocket v2" and "Book checksum". Trade ids of a symbol are contiguous. Changes of books are not numbered: their checksum is
 * over the ten best levels, with all digits of prices and sizes. A heartbeat comes every second when nothing else does.
 */
import {
  type BookVenue,
  decimalOf,
  type Fields,
  type LevelText,
  listOf,
  positiveOf,
  textOf,
  timeOf,
  wholeOf,
} from "./venue.ts";

/** Levels of a side that one may subscribe to. */
const DEPTHS = [10, 25, 100, 500, 1_000];

const windowOf = (depth: number): number => DEPTHS.find((each) => each >= depth)!;

export const kraken: BookVenue = {
  name: "Kraken",
  example: "BTC/USD",
  symbolOf: (text) => (/^[a-z0-9]{1,12}\/[a-z0-9]{1,12}$/i.test(text) ? text.toUpperCase() : null),
  address: "wss://ws.kraken.com",
  path: () => "/v2",
  greeting: ({ symbols, quotes, depth }) => [
    ...(quotes ? ["trade", "ticker"] : ["trade"]).map((channel) => ({
      method: "subscribe",
      params: { channel, symbol: symbols },
    })),
    ...(depth > 0 ? [bookRequest("subscribe", symbols, depth)] : []),
  ],
  // A number of JSON loses the zeros at its end, which count in a checksum.
  parse: (text) => JSON.parse(text.replace(/"(price|qty)":\s*([\d.eE+-]+)/g, '"$1":"$2"')) as unknown,
  read(message, sink) {
    if (message["channel"] === "trade")
      for (const trade of listOf(message, "data"))
        sink.trade({
          symbol: textOf(trade, "symbol"),
          timeUs: timeOf(trade, "timestamp"),
          price: positiveOf(trade, "price"),
          size: positiveOf(trade, "qty"),
          id: wholeOf(trade, "trade_id"),
        });
    else if (message["channel"] === "book")
      for (const book of listOf(message, "data"))
        sink.book({
          symbol: textOf(book, "symbol"),
          isWhole: message["type"] === "snapshot",
          timeUs: book["timestamp"] === undefined ? null : timeOf(book, "timestamp"),
          bids: sideOf(book, "bids"),
          asks: sideOf(book, "asks"),
          checksum: wholeOf(book, "checksum"),
        });
    else if (message["channel"] === "ticker")
      for (const ticker of listOf(message, "data"))
        sink.quote(textOf(ticker, "symbol"), positiveOf(ticker, "bid"), positiveOf(ticker, "ask"));
    else if (message["method"] === "subscribe" && message["success"] === false)
      sink.refused(textOf(message, "error"));
  },
  books: {
    window: windowOf,
    hasIds: false,
    ask: {
      by: "messages",
      messages: (symbol, depth) => [
        bookRequest("unsubscribe", [symbol], depth),
        bookRequest("subscribe", [symbol], depth),
      ],
    },
  },
};

function bookRequest(method: "subscribe" | "unsubscribe", symbols: readonly string[], depth: number) {
  return { method, params: { channel: "book", symbol: symbols, depth: windowOf(depth) } };
}

function sideOf(book: Fields, key: string): LevelText[] {
  return listOf(book, key).map((level) => [decimalOf(level, "price"), decimalOf(level, "qty")]);
}
