/**
 * Binance Spot: combined streams, in the address.
 *
 *   {"stream": "btcusdt@trade", "data": {"e": "trade", "s": "BTCUSDT", "t": 3735683259, "p": "61837.63", "q": "0.02", "T": 1723161255342, …}}
 *   {"stream": "btcusdt@depth@100ms", "data": {"e": "depthUpdate", "s": "BTCUSDT", "U": 50093239203, "u": 50093239207, "b": [["61837.63", "3.78"], …], …}}
 *
 * Source: developers.binance.com, "WebSocket Streams". Trade ids of a symbol are contiguous, and so are those of changes of its book: `U` is one more
 * than the `u` before. A whole book is asked for by HTTP. The server pings every 20 s and ends a connection after a day, which it announces by
 * `serverShutdown`.
 */
import {
  type BookVenue,
  type Fields,
  fieldsOf,
  levelsOf,
  positiveOf,
  textOf,
  type VenueSink,
  wholeOf,
} from "./venue.ts";

/** Of a side of a whole book. It weighs 50 of the 6,000 that an address may ask for in a minute, and 5,000 levels would weigh 250. */
const SNAPSHOT_LEVELS = 1_000;

export const binance: BookVenue = {
  name: "Binance",
  example: "btcusdt",
  symbolOf: (text) => (/^[a-z0-9]{3,20}$/i.test(text) ? text.toUpperCase() : null),
  address: "wss://stream.binance.com:9443",
  path({ symbols, quotes, depth }) {
    const kinds = ["trade", ...(quotes ? ["bookTicker"] : []), ...(depth > 0 ? ["depth@100ms"] : [])];
    const streams = symbols.flatMap((symbol) => kinds.map((kind) => `${symbol.toLowerCase()}@${kind}`));
    return `/stream?streams=${streams.join("/")}`;
  },
  greeting: () => [],
  read(message, sink) {
    const data = message["data"] === undefined ? message : fieldsOf(message, "data");
    if (data["e"] === "trade") readTrade(data, sink);
    else if (data["e"] === "depthUpdate") readChange(data, sink);
    else if (data["e"] === "serverShutdown") sink.leaving();
    else if (data["error"] !== undefined) sink.refused(textOf(fieldsOf(data, "error"), "msg"));
    // A best price has no kind.
    else if (data["e"] === undefined && data["u"] !== undefined && data["b"] !== undefined)
      sink.quote(textOf(data, "s"), positiveOf(data, "b"), positiveOf(data, "a"));
  },
  books: {
    window: () => null,
    hasIds: true,
    ask: {
      by: "request",
      address: "https://api.binance.com",
      path: (symbol) => `/api/v3/depth?symbol=${symbol}&limit=${SNAPSHOT_LEVELS}`,
      read(symbol, answer) {
        const id = wholeOf(answer, "lastUpdateId");
        const [bids, asks] = [levelsOf(answer, "bids"), levelsOf(answer, "asks")];
        const ids = { first: id, last: id };
        return { symbol, isWhole: true, timeUs: null, bids, asks, ids, levelsMax: SNAPSHOT_LEVELS };
      },
      refusal: (answer) => textOf(answer, "msg"),
    },
  },
};

function readChange(data: Fields, sink: VenueSink): void {
  sink.book({
    symbol: textOf(data, "s"),
    isWhole: false,
    timeUs: wholeOf(data, "E") * 1_000,
    bids: levelsOf(data, "b"),
    asks: levelsOf(data, "a"),
    ids: { first: wholeOf(data, "U"), last: wholeOf(data, "u") },
  });
}

function readTrade(data: Fields, sink: VenueSink): void {
  sink.trade({
    symbol: textOf(data, "s"),
    timeUs: wholeOf(data, "T") * 1_000,
    price: positiveOf(data, "p"),
    size: positiveOf(data, "q"),
    id: wholeOf(data, "t"),
  });
}
