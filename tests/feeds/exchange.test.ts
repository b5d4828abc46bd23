/** Feeds of exchanges, against WebSocket servers on loopback that speak as the exchanges do, and replay what was recorded of them. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { systemClock } from "../../actors/clock.ts";
import { binance } from "../../actors/feeds/exchanges/binance.ts";
import { coinbase } from "../../actors/feeds/exchanges/coinbase.ts";
import { kraken } from "../../actors/feeds/exchanges/kraken.ts";
import type { Fields, Venue } from "../../actors/feeds/exchanges/venue.ts";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import { createManualClock } from "../support/clock.ts";
import { shared, skipWithoutData } from "../support/shared.ts";
import { totalCounts } from "./collect.ts";
import { binanceTrade, TRADE_MS, trading } from "./exchange-server.ts";

/** What a message means. */
function meaning(venue: Venue, message: Fields): unknown[] {
  const said: unknown[] = [];
  const parsed = venue.parse?.(JSON.stringify(message)) ?? message;
  venue.read(parsed as Fields, {
    trade: (trade) => said.push(trade),
    quote: (...quote) => said.push(quote),
    book: (update) => said.push(update),
    numbered: (sequence) => said.push(sequence),
    leaving: () => said.push("leaving"),
    refused: (reason) => said.push(reason),
  });
  return said;
}

test("Binance's messages are read as its documents show them", () => {
  const trade = {
    e: "trade",
    E: 1672515782136,
    s: "BNBBTC",
    t: 12345,
    p: "0.001",
    q: "100",
    T: 1672515782136,
    m: true,
    M: true,
  };
  const expected = { symbol: "BNBBTC", timeUs: 1672515782136000, price: 0.001, size: 100, id: 12345 };
  assert.equal(meaning(binance, { stream: "bnbbtc@trade", data: trade }), [expected]);
  const best = {
    u: 400900217,
    s: "BNBUSDT",
    b: "25.35190000",
    B: "31.21000000",
    a: "25.36520000",
    A: "40.66000000",
  };
  assert.equal(meaning(binance, { stream: "bnbusdt@bookTicker", data: best }), [
    ["BNBUSDT", 25.3519, 25.3652],
  ]);
  assert.equal(meaning(binance, { e: "serverShutdown", E: 1770123456789 }), ["leaving"]);
  assert.equal(meaning(binance, { result: null, id: 1 }), []);
});

test("Coinbase's messages are read as its documents show them", () => {
  const match = {
    type: "match",
    trade_id: 10,
    sequence: 50,
    time: "2014-11-07T08:19:27.028459Z",
    product_id: "BTC-USD",
    size: "5.23512",
    price: "400.23",
    side: "sell",
  };
  const timeUs = Date.UTC(2014, 10, 7, 8, 19, 27) * 1_000 + 28_459;
  assert.equal(meaning(coinbase, match), [
    { symbol: "BTC-USD", timeUs, price: 400.23, size: 5.23512, id: 10 },
  ]);
  const ticker = { type: "ticker", product_id: "BTC-USD", best_bid: "21931.98", best_ask: "21933.98" };
  assert.equal(meaning(coinbase, ticker), [["BTC-USD", 21931.98, 21933.98]]);
  assert.equal(
    meaning(coinbase, {
      type: "error",
      message: "Failed to subscribe",
      reason: "X-Y is not a valid product",
    }),
    ["X-Y is not a valid product"],
  );
});

test("Kraken's messages are read as its documents show them", () => {
  const trades = [
    {
      symbol: "MATIC/USD",
      side: "buy",
      price: 0.5147,
      qty: 6423.46326,
      ord_type: "limit",
      trade_id: 4665846,
      timestamp: "2023-09-25T07:48:36.925533Z",
    },
    {
      symbol: "MATIC/USD",
      side: "buy",
      price: 0.5147,
      qty: 1136.19677815,
      ord_type: "limit",
      trade_id: 4665847,
      timestamp: "2023-09-25T07:49:36.925603Z",
    },
  ];
  const said = meaning(kraken, { channel: "trade", type: "snapshot", data: trades }) as {
    id: number;
    timeUs: number;
  }[];
  assert.equal(
    said.map(({ id }) => id),
    [4665846, 4665847],
  );
  assert.is(said[0]!.timeUs, Date.UTC(2023, 8, 25, 7, 48, 36) * 1_000 + 925_533);
  const ticker = { symbol: "ALGO/USD", bid: 0.10025, bid_qty: 740, ask: 0.10036, ask_qty: 1361.44813783 };
  assert.equal(meaning(kraken, { channel: "ticker", type: "snapshot", data: [ticker] }), [
    ["ALGO/USD", 0.10025, 0.10036],
  ]);
  const refusal = { error: "Currency pair not supported BTCUSD", method: "subscribe", success: false };
  assert.equal(meaning(kraken, refusal), ["Currency pair not supported BTCUSD"]);
  assert.equal(meaning(kraken, { channel: "heartbeat" }), []);
});

test("a field that is missing or no number is named with what was expected", () => {
  const trade = { e: "trade", s: "BNBBTC", t: 12345, p: "0.001", q: "100", T: 1672515782136 };
  for (const [key, value, expected] of [
    ["p", "-1", /p is "-1"; expected a number above 0/],
    ["p", "", /p is ""/],
    ["q", "NaN", /q is "NaN"/],
    ["t", 1.5, /t is 1.5; expected a whole number/],
    ["s", undefined, /s is undefined; expected a text/],
  ] as const)
    assert.throws(() => meaning(binance, { ...trade, [key]: value }), expected);
  assert.throws(
    () => meaning(coinbase, { type: "match", product_id: "A-B", time: "today" }),
    /time is "today"; expected a time/,
  );
  assert.throws(() => meaning(kraken, { channel: "trade", data: {} }), /data is .*; expected a list/);
});

test("symbols, addresses and their number are checked before anything is asked", () => {
  const refused = (spec: string, message: RegExp) =>
    assert.throws(() => createFeed(spec, { clock: systemClock, seed: 1 }), message);
  refused("binance:btc-usdt", /"btc-usdt" is no symbol of Binance; expected one such as btcusdt/);
  refused("coinbase:BTCUSD", /expected one such as BTC-USD/);
  refused("kraken:BTC-USD", /expected one such as BTC\/USD/);
  refused("binance:btcusdt,BTCUSDT", /BTCUSDT is named twice/);
  refused(
    `binance:${Array.from({ length: 129 }, (_, k) => `coin${k}`).join(",")}`,
    /129 symbols; expected at most 128/,
  );
  refused(
    `kraken:${Array.from({ length: 26 }, (_, k) => `COIN${k}/USD`).join(",")}?depth=10`,
    /26 symbols; expected at most 25 with books/,
  );
  refused("binance:btcusdt?depth=101", /101/);
  refused("binance:btcusdt?depth=10&booksUrl=ftp://localhost", /expected http:\/\/ or https:\/\//);
  refused("binance:btcusdt?url=http://localhost", /expected ws:\/\/ or wss:\/\//);
  refused("binance:btcusdt?url=wss://me:secret@localhost", /is no address/);
});

test("a feed greets as the exchange wants it, and asks for quotes when they are wanted", async () => {
  for (const [spec, path, greeting] of [
    ["binance:ethusdt,btcusdt", "/stream?streams=ethusdt@trade/btcusdt@trade", []],
    ["binance:ethusdt?quotes=1", "/stream?streams=ethusdt@trade/ethusdt@bookTicker", []],
    [
      "coinbase:btc-usd",
      "/",
      [{ type: "subscribe", product_ids: ["BTC-USD"], channels: ["matches", "heartbeat"] }],
    ],
    ["coinbase:btc-usd?depth=10", "/", coinbaseAdvancedGreeting("market_trades", "level2")],
    [
      "coinbase:btc-usd?depth=10&quotes=1",
      "/",
      coinbaseAdvancedGreeting("market_trades", "ticker", "level2"),
    ],
    ["kraken:btc/usd", "/v2", [{ method: "subscribe", params: { channel: "trade", symbol: ["BTC/USD"] } }]],
  ] as const)
    await trading(spec, async ({ server, until }) => {
      await until(
        () => server.connections.length === 1 && server.connections[0]!.received.length >= greeting.length,
      );
      assert.is(server.connections[0]!.path, path);
      assert.equal(server.connections[0]!.received, greeting);
    });
});

/** Heartbeats are of the connection, channels of products. */
function coinbaseAdvancedGreeting(...channels: readonly string[]) {
  return [
    { type: "subscribe", channel: "heartbeats" },
    ...channels.map((channel) => ({ type: "subscribe", product_ids: ["BTC-USD"], channel })),
  ];
}

test("[E1] trades have the exchange's time with price and size, quotes are a middle and a spread", async () => {
  await trading("binance:ethusdt,btcusdt?quotes=1", async ({ server, sink, until }) => {
    await server.connected();
    server.send(binanceTrade("BTCUSDT", 7, 60_000, 0.5), { data: { u: 1, s: "ETHUSDT", b: "99", a: "101" } });
    await until(() => sink.samples.length === 3);
    assert.equal(
      sink.samples
        .filter(({ size }) => size !== null)
        .map(({ channel, value, size, time }) => [channel, value, size, time]),
      [["BTCUSDT", 60_000, 0.5, TRADE_MS * 1_000]],
    );
    assert.equal(
      sink.samples.filter(({ size }) => size === null).map(({ channel, value }) => [channel, value]),
      [
        ["ETHUSDT mid", 100],
        ["ETHUSDT spread", 2],
      ],
    );
    assert.equal([...sink.groups.keys()], ["binance", "binance-quotes"]);
  });
});

test("[E2] [E5] missing trades are a gap, across connections too, and a trade that comes twice counts once", async () => {
  await trading("binance:btcusdt", async ({ server, sink, until }) => {
    await server.connected();
    server.send(binanceTrade("BTCUSDT", 1, 10), binanceTrade("BTCUSDT", 2, 11));
    await until(() => sink.samples.length === 2);
    server.closeAll();
    await until(() => sink.statuses.some(({ status }) => status === "stalled"));
    await until(() => server.connections.length === 2);
    server.send(binanceTrade("BTCUSDT", 2, 11), binanceTrade("BTCUSDT", 6, 12));
    await until(() => sink.samples.length === 3);
    assert.equal(
      sink.samples.map(({ value }) => value),
      [10, 11, 12],
    );
    assert.match(
      sink.statuses.find(({ counts }) => counts["gap"] === 1)!.detail,
      /3 trades of BTCUSDT are missing/,
    );
    assert.is(totalCounts(sink)["duplicate"], 1);
  });
});

test("[E3] garbage, cut messages and bytes are counted, and the next message is read", async () => {
  await trading("binance:btcusdt", async ({ server, sink, until, stop }) => {
    await server.connected();
    const whole = JSON.stringify(binanceTrade("BTCUSDT", 1, 10));
    const socket = server.connections[0]!.socket;
    for (const text of ["", "[]", "null", whole.slice(0, -5), '{"e":"trade"}']) socket.send(text);
    socket.send(Buffer.from(whole));
    socket.send(JSON.stringify({ e: "newKind", s: "BTCUSDT" }));
    socket.send(JSON.stringify(binanceTrade("ETHUSDT", 1, 10)));
    server.send(binanceTrade("BTCUSDT", 1, 10));
    await until(() => sink.samples.length === 1);
    await stop();
    assert.equal(totalCounts(sink), { malformed: 6 });
  });
});

test("[E3] a message above the limit ends the connection, not the feed", async () => {
  await trading("binance:btcusdt", async ({ server, sink, until }) => {
    await server.connected();
    server.connections[0]!.socket.send("x".repeat((4 << 20) + 1));
    await until(() => server.connections.length === 2);
    server.send(binanceTrade("BTCUSDT", 1, 10));
    await until(() => sink.samples.length === 1);
    assert.match(
      sink.statuses.find(({ status }) => status === "stalled")!.detail,
      /Max payload size exceeded/,
    );
  });
});

test("[E4] a symbol that is silent is told and told when it is back; a connection without a sign is given up", async () => {
  const clock = createManualClock(1e12);
  await trading(
    "binance:btcusdt,ethusdt",
    async ({ server, sink, until }) => {
      await server.connected();
      server.send(binanceTrade("BTCUSDT", 1, 10));
      await until(() => sink.samples.length === 1);
      await clock.advance(31_000);
      const stale = () =>
        sink.statuses.filter(({ status }) => status === "stalled").map(({ detail }) => detail);
      assert.equal(stale().sort(), ["BTCUSDT: nothing for 30 s", "ETHUSDT: nothing for 30 s"]);
      server.send(binanceTrade("ETHUSDT", 1, 10));
      await until(() => sink.statuses.some(({ detail }) => detail === "ETHUSDT is back"));
      await clock.advance(62_000);
      assert.match(stale().at(-1)!, /Binance is silent/);
    },
    clock,
  );
});

test("[E5] what the exchange refuses ends the feed with its words; its farewell is followed by another connection", async () => {
  await trading("kraken:btc/usd", async ({ server, sink, until }) => {
    await server.connected();
    server.send({ method: "subscribe", success: false, error: "Currency pair not supported" });
    await until(() => sink.statuses.some(({ status }) => status === "failed"));
    assert.match(sink.statuses.at(-1)!.detail, /Kraken refuses it: Currency pair not supported/);
  });
  await trading("binance:btcusdt", async ({ server, until }) => {
    await server.connected();
    server.send({ e: "serverShutdown", E: 1 });
    await until(() => server.connections.length === 2);
  });
});

const RECORDED = shared("market/D_ws/binance_spot_btc_eth_20240808.tsv.gz");

test("a recorded session of Binance arrives trade by trade; what is cut out of it is told as gaps", async () => {
  if (RECORDED === null) {
    skipWithoutData();
    return;
  }
  const lines = gunzipSync(readFileSync(RECORDED)).toString("utf8").split("\n");
  const messages = lines
    .map((line) => line.split("\t")[2] ?? "")
    .filter((text) => /"e":"(trade|depthUpdate)"/.test(text));
  const trades = messages.filter((text) => text.includes('"e":"trade"'));
  const expected = trades.map(
    (text) => (JSON.parse(text) as { data: { s: string; t: number; p: string } }).data,
  );
  // Every 500th trade is left out, and every 700th comes twice.
  let missing = 0;
  let twice = 0;
  let seen = 0;
  const sent = messages.flatMap((text) => {
    if (!text.includes('"e":"trade"')) return [text];
    seen++;
    if (seen % 500 === 0 && seen < trades.length - 100) {
      missing++;
      return [];
    }
    if (seen % 700 !== 0) return [text];
    twice++;
    return [text, text];
  });
  await trading("binance:btcusdt,ethusdt", async ({ server, sink, until, stop }) => {
    await server.connected();
    for (const text of sent) server.connections[0]!.socket.send(text);
    await until(() => sink.samples.length === trades.length - missing);
    await stop();
    const counts = totalCounts(sink);
    assert.equal([counts["gap"], counts["duplicate"], counts["malformed"]], [missing, twice, undefined]);
    for (const symbol of ["BTCUSDT", "ETHUSDT"]) {
      const prices = expected.filter(({ s }) => s === symbol).map(({ p }) => Number(p));
      const got = sink.samples.filter(({ channel }) => channel === symbol).map(({ value }) => value);
      assert.ok(got.length > 1_000);
      assert.ok(isSubsequence(got, prices), `${symbol}: the recorded prices in their order`);
    }
  });
});

function isSubsequence(part: readonly number[], whole: readonly number[]): boolean {
  let at = 0;
  for (const value of whole) if (value === part[at]) at++;
  return at === part.length;
}

test.run();
