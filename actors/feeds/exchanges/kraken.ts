/**
 * Kraken, version 2.
 *
 *   → {"method": "subscribe", "params": {"channel": "trade", "symbol": ["BTC/USD"]}}
 *   ← {"channel": "trade", "type": "update", "data": [{"symbol": "BTC/USD", "price": 61837.6, "qty": 0.02, "trade_id": 4665906, "timestamp": "2023-…Z", …}]}
 *
 * Source: docs.kraken.com/api, "Spot WebSocket v2". Trade ids of a symbol are contiguous. A heartbeat comes every second when nothing else does.
 */
import { listOf, positiveOf, textOf, timeOf, type Venue, wholeOf } from "./venue.ts";

export const kraken: Venue = {
  name: "Kraken",
  example: "BTC/USD",
  symbolOf: (text) => (/^[a-z0-9]{1,12}\/[a-z0-9]{1,12}$/i.test(text) ? text.toUpperCase() : null),
  address: "wss://ws.kraken.com",
  path: () => "/v2",
  greeting: ({ symbols, quotes }) =>
    (quotes ? ["trade", "ticker"] : ["trade"]).map((channel) => ({
      method: "subscribe",
      params: { channel, symbol: symbols },
    })),
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
    else if (message["channel"] === "ticker")
      for (const ticker of listOf(message, "data"))
        sink.quote(textOf(ticker, "symbol"), positiveOf(ticker, "bid"), positiveOf(ticker, "ask"));
    else if (message["method"] === "subscribe" && message["success"] === false)
      sink.refused(textOf(message, "error"));
  },
};
