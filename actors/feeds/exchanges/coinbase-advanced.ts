/**
 * Coinbase Advanced Trade: what is read of Coinbase when its books are wanted, because its messages are numbered.
 *
 *   → {"type": "subscribe", "product_ids": ["BTC-USD"], "channel": "level2"}
 *   ← {"channel": "l2_data", "timestamp": "2023-…Z", "sequence_num": 5, "events": [{"type": "update", "product_id": "BTC-USD",
 *      "updates": [{"side": "bid", "price_level": "21921.73", "new_quantity": "0.06317902", …}]}]}
 *
 * Source: docs.cdp.coinbase.com, "Advanced Trade WebSocket channels". `sequence_num` counts every message of a connection. Without `heartbeats` a channel is closed
 * after a minute of silence. Trades of a message have the newest first; the first message has those before.
 */
import { coinbase } from "./coinbase.ts";
import {
  type BookVenue,
  decimalOf,
  type Fields,
  type LevelText,
  listOf,
  oneOf,
  positiveOf,
  textOf,
  timeOf,
  type VenueSink,
  wholeOf,
  wholeTextOf,
} from "./venue.ts";

export const coinbaseAdvanced: BookVenue = {
  name: coinbase.name,
  example: coinbase.example,
  symbolOf: coinbase.symbolOf,
  address: "wss://advanced-trade-ws.coinbase.com",
  path: () => "/",
  greeting: ({ symbols, quotes, depth }) => [
    { type: "subscribe", channel: "heartbeats" },
    ...["market_trades", ...(quotes ? ["ticker"] : []), ...(depth > 0 ? ["level2"] : [])].map((channel) =>
      request("subscribe", channel, symbols),
    ),
  ],
  read(message, sink) {
    if (message["type"] === "error") return sink.refused(textOf(message, "message"));
    if (message["sequence_num"] !== undefined) sink.numbered(wholeOf(message, "sequence_num"));
    const { channel } = message;
    if (channel === "market_trades") for (const event of listOf(message, "events")) readTrades(event, sink);
    else if (channel === "ticker") for (const event of listOf(message, "events")) readQuotes(event, sink);
    else if (channel === "l2_data") {
      const timeUs = timeOf(message, "timestamp");
      for (const event of listOf(message, "events")) readBook(event, timeUs, sink);
    }
  },
  books: {
    window: () => null,
    hasIds: false,
    ask: {
      by: "messages",
      messages: (symbol) => [
        request("unsubscribe", "level2", [symbol]),
        request("subscribe", "level2", [symbol]),
      ],
    },
  },
};

function request(type: "subscribe" | "unsubscribe", channel: string, symbols: readonly string[]) {
  return { type, product_ids: symbols, channel };
}

function readTrades(event: Fields, sink: VenueSink): void {
  const trades = listOf(event, "trades").map((trade) => ({
    symbol: textOf(trade, "product_id"),
    timeUs: timeOf(trade, "time"),
    price: positiveOf(trade, "price"),
    size: positiveOf(trade, "size"),
    id: wholeTextOf(trade, "trade_id"),
  }));
  for (const trade of trades.sort((a, b) => a.id - b.id)) sink.trade(trade);
}

function readQuotes(event: Fields, sink: VenueSink): void {
  for (const ticker of listOf(event, "tickers"))
    sink.quote(textOf(ticker, "product_id"), positiveOf(ticker, "best_bid"), positiveOf(ticker, "best_ask"));
}

function readBook(event: Fields, timeUs: number, sink: VenueSink): void {
  const bids: LevelText[] = [];
  const asks: LevelText[] = [];
  for (const level of listOf(event, "updates"))
    (oneOf(level, "side", ["bid", "offer"]) === "bid" ? bids : asks).push([
      decimalOf(level, "price_level"),
      decimalOf(level, "new_quantity"),
    ]);
  sink.book({
    symbol: textOf(event, "product_id"),
    isWhole: event["type"] === "snapshot",
    timeUs,
    bids,
    asks,
  });
}
