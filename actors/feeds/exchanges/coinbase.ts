/**
 * Coinbase Exchange.
 *
 *   → {"type": "subscribe", "product_ids": ["BTC-USD"], "channels": ["matches", "heartbeat"]}
 *   ← {"type": "match", "trade_id": 280232, "product_id": "SKL-BTC", "price": "0.00001305", "size": "985", "time": "2021-04-17T16:43:37.089723Z", …}
 *
 * Source: docs.cdp.coinbase.com, "Exchange WebSocket channels". Trade ids of a product are contiguous; `sequence` is so on the full channel alone. The
 * `last_match` at the beginning happened before.
 */
import { positiveOf, textOf, timeOf, type Venue, wholeOf } from "./venue.ts";

export const coinbase: Venue = {
  name: "Coinbase",
  example: "BTC-USD",
  symbolOf: (text) => (/^[a-z0-9]{1,12}-[a-z0-9]{1,12}$/i.test(text) ? text.toUpperCase() : null),
  address: "wss://ws-feed.exchange.coinbase.com",
  path: () => "/",
  greeting: ({ symbols, quotes }) => [
    {
      type: "subscribe",
      product_ids: symbols,
      channels: quotes ? ["matches", "ticker", "heartbeat"] : ["matches", "heartbeat"],
    },
  ],
  read(message, sink) {
    const { type } = message;
    if (type === "match" || type === "last_match")
      sink.trade({
        symbol: textOf(message, "product_id"),
        timeUs: timeOf(message, "time"),
        price: positiveOf(message, "price"),
        size: positiveOf(message, "size"),
        id: wholeOf(message, "trade_id"),
      });
    else if (type === "ticker")
      sink.quote(
        textOf(message, "product_id"),
        positiveOf(message, "best_bid"),
        positiveOf(message, "best_ask"),
      );
    else if (type === "error") sink.refused(String(message["reason"] ?? message["message"]));
  },
};
