/**
 * Binance Spot: combined streams, in the address.
 *
 *   {"stream": "btcusdt@trade", "data": {"e": "trade", "s": "BTCUSDT", "t": 3735683259, "p": "61837.63", "q": "0.02", "T": 1723161255342, …}}
 *
 * Source: developers.binance.com, "WebSocket Streams". Trade ids of a symbol are contiguous. The server pings every 20 s and ends a connection after a day,
 * which it announces by `serverShutdown`.
 */
import { type Fields, fieldsOf, positiveOf, textOf, type Venue, type VenueSink, wholeOf } from "./venue.ts";

export const binance: Venue = {
  name: "Binance",
  example: "btcusdt",
  symbolOf: (text) => (/^[a-z0-9]{3,20}$/i.test(text) ? text.toUpperCase() : null),
  address: "wss://stream.binance.com:9443",
  path({ symbols, quotes }) {
    const streams = symbols.flatMap((symbol) => {
      const name = symbol.toLowerCase();
      return quotes ? [`${name}@trade`, `${name}@bookTicker`] : [`${name}@trade`];
    });
    return `/stream?streams=${streams.join("/")}`;
  },
  greeting: () => [],
  read(message, sink) {
    const data = message["data"] === undefined ? message : fieldsOf(message, "data");
    if (data["e"] === "trade") readTrade(data, sink);
    else if (data["e"] === "serverShutdown") sink.leaving();
    else if (data["error"] !== undefined) sink.refused(textOf(fieldsOf(data, "error"), "msg"));
    // A best price has no kind.
    else if (data["e"] === undefined && data["u"] !== undefined && data["b"] !== undefined)
      sink.quote(textOf(data, "s"), positiveOf(data, "b"), positiveOf(data, "a"));
  },
};

function readTrade(data: Fields, sink: VenueSink): void {
  sink.trade({
    symbol: textOf(data, "s"),
    timeUs: wholeOf(data, "T") * 1_000,
    price: positiveOf(data, "p"),
    size: positiveOf(data, "q"),
    id: wholeOf(data, "t"),
  });
}
