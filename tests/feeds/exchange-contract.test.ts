/** Feeds of exchanges keep the contract of all that connect to a server (tests/contracts/network-feed.ts); exchange.test.ts has what is particular to them. */

import { test } from "uvu";
import { freePort } from "../../actors/bus/nats-server.ts";
import type { Fields } from "../../actors/feeds/exchanges/venue.ts";
import { type NetworkFeedWorld, networkFeedContract } from "../contracts/network-feed.ts";
import { openExchange } from "./exchange-server.ts";

/** What the contract sends. */
const NAMES = ["first", "level", "state"];

interface Exchange {
  readonly kind: string;
  readonly name: string;
  symbol(name: string): string;
  trade(symbol: string, id: number, price: string, timeMs: number): Fields;
}

const EXCHANGES: readonly Exchange[] = [
  {
    kind: "binance",
    name: "Binance",
    symbol: (name) => `${name}usdt`.toUpperCase(),
    trade: (s, t, p, T) => ({ stream: "", data: { e: "trade", s, t, p, q: "1", T } }),
  },
  {
    kind: "coinbase",
    name: "Coinbase",
    symbol: (name) => `${name}-usd`.toUpperCase(),
    trade: (product_id, trade_id, price, timeMs) => ({
      ...{ type: "match", product_id, trade_id, price, size: "1", time: new Date(timeMs).toISOString() },
    }),
  },
  {
    kind: "kraken",
    name: "Kraken",
    symbol: (name) => `${name}/usd`.toUpperCase(),
    trade: (symbol, trade_id, price, timeMs) => ({
      channel: "trade",
      type: "update",
      data: [{ symbol, trade_id, price, qty: 1, timestamp: new Date(timeMs).toISOString() }],
    }),
  },
];

for (const exchange of EXCHANGES)
  networkFeedContract(exchange.kind, {
    open: () => exchangeWorld(exchange),
    keeps: false,
    named: new RegExp(exchange.name),
    badReason: "malformed",
    retryMsMax: 60_000,
    tooMany: `${exchange.kind}:${Array.from({ length: 129 }, (_, k) => exchange.symbol(`n${k}`)).join(",")}`,
  });

/** A trade that nobody hears of is made nevertheless: its id is missing. */
async function exchangeWorld({ kind, symbol, trade }: Exchange): Promise<NetworkFeedWorld> {
  const port = await freePort();
  let opened: Awaited<ReturnType<typeof openExchange>> | null = null;
  const ids = new Map<string, number>();
  const start = async (): Promise<void> => {
    opened = await openExchange(port);
  };
  const stop = async (): Promise<void> => {
    await opened?.close();
    opened = null;
  };
  await start();
  return {
    spec: `${kind}:${NAMES.map(symbol).join(",")}?url=${encodeURIComponent(`ws://127.0.0.1:${port}`)}`,
    channel: symbol,
    ...{ start, stop, dispose: stop },
    async send(name, value) {
      const id = (ids.get(name) ?? 0) + 1;
      ids.set(name, id);
      opened?.server.send(trade(symbol(name), id, value, Date.now()));
    },
  };
}

test.run();
