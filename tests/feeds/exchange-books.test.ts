// runtime: either
/** Order books of exchanges' feeds, against a server on loopback: what is published, and what is not when something goes wrong. */
import { once } from "node:events";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ExchangeFeed } from "../../actors/feeds/exchange-feed.ts";
import { kraken } from "../../actors/feeds/exchanges/kraken.ts";
import type { Fields, LevelText } from "../../actors/feeds/exchanges/venue.ts";
import { ReferenceBook } from "../../sim/bench/reference-book.ts";
import { createManualClock, type ManualClock } from "../support/clock.ts";
import { shared, skipWithoutData } from "../support/shared.ts";
import { type CollectingSink, totalCounts } from "./collect.ts";
import {
  binanceChange,
  binanceTrade,
  type ExchangeServer,
  TRADE_MS,
  type Trading,
  trading,
} from "./exchange-server.ts";
import {
  isoOf,
  type RecordedBook,
  recordedCoinbase,
  recordedKraken,
  recordedLines,
} from "./recorded-books.ts";

const SNAPSHOT = "/api/v3/depth?symbol=BTCUSDT&limit=1000";

test("the feed asks for books as the exchange wants it", async () => {
  const clock = createManualClock(1e12);
  for (const [spec, path, greeting] of [
    ["binance:ethusdt?depth=10", "/stream?streams=ethusdt@trade/ethusdt@depth@100ms", []],
    [
      "coinbase:btc-usd?depth=10&quotes=1",
      "/",
      [
        { type: "subscribe", channel: "heartbeats" },
        ...["market_trades", "ticker", "level2"].map((channel) => ({
          type: "subscribe",
          product_ids: ["BTC-USD"],
          channel,
        })),
      ],
    ],
    [
      "kraken:btc/usd?depth=11",
      "/v2",
      [
        { method: "subscribe", params: { channel: "trade", symbol: ["BTC/USD"] } },
        { method: "subscribe", params: { channel: "book", symbol: ["BTC/USD"], depth: 25 } },
      ],
    ],
  ] as const)
    await trading(
      spec,
      async ({ server, until }) => {
        await server.connected();
        await until(() => server.connections[0]!.received.length >= greeting.length);
        assert.is(server.connections[0]!.path, path);
        assert.equal(server.connections[0]!.received, greeting);
      },
      clock,
    );
});

test("[K1] Binance: nothing comes of a book with a gap, which is told once, until a whole one and all changes after it are there", async () => {
  const clock = createManualClock(1e12);
  await trading(
    "binance:btcusdt?depth=2",
    async ({ server, sink, until }) => {
      server.answer = () => binanceBook(10);
      await server.connected();
      server.send(binanceChange(9, 11, { b: [["99.5", "4"]] }));
      await until(() => rowsOf(sink, "BTCUSDT").length === 1);
      assert.equal(server.requests, [SNAPSHOT]);
      assert.equal(
        sink.groups.get("binance-book")!.channels.map(({ name }) => name),
        ["mid", "spread", "imbalance", "bid size", "ask size"].map((what) => `BTCUSDT ${what}`),
      );
      assert.equal(rowsOf(sink, "BTCUSDT"), [
        { timeUs: timeOf(11), mid: 100.25, spread: 0.5, imbalance: -4 / 14, "bid size": 5, "ask size": 9 },
      ]);
      server.send(binanceChange(13, 13, { a: [["100.4", "1"]] }), binanceChange(14, 14, {}));
      await until(() => told(sink, "gap").length === 1);
      assert.match(
        told(sink, "gap")[0]!,
        /the book of BTCUSDT is not known: changes 12 to 12 are missing; a whole one is asked for/,
      );
      server.answer = () => binanceBook(12);
      await advanceUntil(clock, server, () => told(sink, "running").some((text) => /known again/.test(text)));
      await until(() => rowsOf(sink, "BTCUSDT").length === 2);
      assert.equal(rowsOf(sink, "BTCUSDT")[1], {
        timeUs: timeOf(14),
        mid: 100.2,
        spread: 0.4,
        imbalance: -1 / 7,
        "bid size": 3,
        "ask size": 4,
      });
      assert.is(told(sink, "gap").length, 1);
      assert.equal(totalCounts(sink), { gap: 1 });
    },
    clock,
  );
});

test("[A1] [A2] a whole book that cannot be had is asked for again, after as long as the exchange says", async () => {
  for (const [answer, reason, quietMs] of [
    [
      { status: 429, headers: { "retry-after": "7" }, body: "{}" },
      /too much was asked for; nothing is for 7 s/,
      6_900,
    ],
    [{ status: 503, body: "" }, /it answers 503/, 400],
    [{ status: 200, body: "<html>" }, /it answers 200 without an object in JSON/, 400],
    [{ status: 200, body: '{"lastUpdateId":"x"}' }, /lastUpdateId is "x"/, 400],
    [{ status: 200, body: "x".repeat((1 << 20) + 1) }, /ANSWER_BYTES_MAX/, 400],
  ] as const) {
    const clock = createManualClock(1e12);
    await trading(
      "binance:btcusdt?depth=2",
      async ({ server, sink, until }) => {
        server.answer = () => answer;
        await server.connected();
        server.send(binanceChange(11, 11, {}));
        await until(() => told(sink, "stalled").length === 1);
        assert.match(told(sink, "stalled")[0]!, reason);
        server.answer = () => binanceBook(10);
        await clock.advance(quietMs);
        assert.is(server.requests.length, 1);
        await advanceUntil(clock, server, () => rowsOf(sink, "BTCUSDT").length === 1);
        assert.is(server.requests.length, 2);
      },
      clock,
    );
  }
});

test("[A1] [A3] whole books are asked for one a second, and a refusal ends the feed with the words of the exchange", async () => {
  const clock = createManualClock(1e12);
  await trading(
    "binance:btcusdt,ethusdt?depth=2",
    async ({ server, sink, until }) => {
      server.answer = (path) =>
        path === SNAPSHOT ? binanceBook(10) : { status: 400, body: '{"code":-1121,"msg":"Invalid symbol."}' };
      await server.connected();
      server.send(binanceChange(11, 11, {}), binanceChange(11, 11, {}, "ETHUSDT"));
      await until(() => rowsOf(sink, "BTCUSDT").length === 1);
      await clock.advance(999);
      assert.equal(server.requests, [SNAPSHOT]);
      await clock.advance(1);
      await until(() => told(sink, "failed").length === 1);
      assert.match(told(sink, "failed")[0]!, /Binance refuses it: Invalid symbol\./);
    },
    clock,
  );
});

test("[O3] Binance: prices that have moved out of a whole book bring another one, without a gap", async () => {
  const clock = createManualClock(1e12);
  await trading(
    "binance:btcusdt?depth=1",
    async ({ server, sink, until }) => {
      const asks = levels(1_000, (k) => String(200 + k));
      const whole = (lastUpdateId: number) => ({
        status: 200,
        body: JSON.stringify({ lastUpdateId, bids: [["100", "1"]], asks }),
      });
      const sold = asks.slice(0, 850).map(([price]): LevelText => [price, "0"]);
      server.answer = () => whole(10);
      await server.connected();
      server.send(binanceChange(11, 11, {}));
      await until(() => rowsOf(sink, "BTCUSDT").length === 1);
      // The second whole book is older than the change that came meanwhile.
      server.answer = () => whole(12);
      server.send(binanceChange(12, 12, { a: sold }), binanceChange(13, 13, { a: [["150", "2"]] }));
      await until(() => rowsOf(sink, "BTCUSDT").length === 3);
      await advanceUntil(clock, server, () => server.requests.length === 2);
      let next = 14;
      // Its levels are those of the second one as soon as that is there.
      await advanceUntil(clock, server, () => {
        server.send(binanceChange(next, next, { a: [["150", "0"]] }));
        next++;
        return rowsOf(sink, "BTCUSDT").at(-1)!["mid"] === 150;
      });
      const rows = rowsOf(sink, "BTCUSDT");
      assert.equal(
        rows.slice(0, 3).map(({ mid }) => mid),
        [150, 575, 125],
      );
      assert.is(new Set(rows.map(({ timeUs }) => timeUs)).size, rows.length, "a row for each change, once");
      assert.equal(told(sink, "gap"), []);
    },
    clock,
  );
});

test("[K1] Kraken: a wrong checksum loses the book; it is subscribed to again", async () => {
  const clock = createManualClock(1e12);
  await trading(
    "kraken:btc/usd?depth=10",
    async ({ server, sink, until }) => {
      const book = new ReferenceBook();
      book.apply(
        levels(12, (k) => `${50_000 - k}.0`),
        levels(12, (k) => `${50_001 + k}.0`),
      );
      book.cut(10);
      const whole = (): string => krakenMessage("snapshot", "BTC/USD", book, book.checksum(), null);
      const change = (size: string, checksum?: number): string => {
        const bids: LevelText[] = [["50000.0", size]];
        book.apply(bids, []);
        return krakenMessage("update", "BTC/USD", { bids, asks: [] }, checksum ?? book.checksum(), timeOf(1));
      };
      await server.connected();
      const { received } = server.connections[0]!;
      await until(() => received.length === 2);
      server.send(whole(), change("2.10000000"));
      await until(() => rowsOf(sink, "BTC/USD").length === 1);
      assert.is(rowsOf(sink, "BTC/USD")[0]!["mid"], 50_000.5);
      server.send(change("3.00000000", 1), change("4.00000000"));
      await until(() => told(sink, "gap").length === 1);
      assert.match(told(sink, "gap")[0]!, /its checksum is \d+ instead of 1;/);
      await advanceUntil(clock, server, () => received.length === 4);
      const params = { channel: "book", symbol: ["BTC/USD"], depth: 10 };
      assert.equal(received.slice(2), [
        { method: "unsubscribe", params },
        { method: "subscribe", params },
      ]);
      server.send(whole(), change("5.00000000"));
      await until(() => rowsOf(sink, "BTC/USD").length === 2);
      assert.is(rowsOf(sink, "BTC/USD")[1]!["bid size"], 5 + 9);
      // Nothing says which book this was about.
      server.send('{"channel":"book","type":"upd');
      await until(() => told(sink, "gap").length === 2);
      assert.match(told(sink, "gap")[1]!, /a message could not be read/);
      assert.equal(totalCounts(sink), { gap: 2, malformed: 1 });
    },
    clock,
  );
});

test("[K3] Coinbase: a missing message loses all books; trades of a message are taken in their order", async () => {
  const clock = createManualClock(1e12);
  await trading(
    "coinbase:btc-usd,eth-usd?depth=1",
    async ({ server, sink, until }) => {
      await server.connected();
      const { received } = server.connections[0]!;
      await until(() => received.length === 3);
      const sides = { bids: [["99", "1"]] as LevelText[], asks: [["101", "3"]] as LevelText[] };
      const whole = (sequence: number, symbol: string): Fields =>
        coinbaseMessage(sequence, "snapshot", symbol, sides, timeOf(sequence));
      const trades = [
        {
          trade_id: "8",
          product_id: "BTC-USD",
          price: "101",
          size: "2",
          time: isoOf(timeOf(2)),
          side: "BUY",
        },
        {
          trade_id: "7",
          product_id: "BTC-USD",
          price: "100",
          size: "1",
          time: isoOf(timeOf(1)),
          side: "SELL",
        },
      ];
      server.send(
        whole(0, "BTC-USD"),
        whole(1, "ETH-USD"),
        { channel: "market_trades", sequence_num: 2, events: [{ type: "snapshot", trades }] },
        { channel: "heartbeats", sequence_num: 3, events: [{ heartbeat_counter: 1 }] },
        coinbaseMessage(4, "update", "BTC-USD", { bids: [["100", "2"]], asks: [] }, timeOf(4)),
      );
      await until(() => rowsOf(sink, "BTC-USD").length === 2 && rowsOf(sink, "ETH-USD").length === 1);
      assert.equal(rowsOf(sink, "BTC-USD")[1], {
        timeUs: timeOf(4),
        mid: 100.5,
        spread: 1,
        imbalance: -0.2,
        "bid size": 2,
        "ask size": 3,
      });
      assert.equal(
        sink.samples.filter(({ channel }) => channel === "BTC-USD").map(({ value }) => value),
        [100, 101],
      );
      server.send(coinbaseMessage(6, "update", "BTC-USD", { bids: [["100", "9"]], asks: [] }, timeOf(6)));
      await until(() => told(sink, "gap").length === 1);
      assert.match(
        told(sink, "gap")[0]!,
        /book of BTC-USD, ETH-USD is not known: message 6 came instead of message 5/,
      );
      await advanceUntil(clock, server, () => received.length === 3 + 4);
      assert.equal(new Set(received.slice(3).map((each) => JSON.stringify(each))).size, 4);
      server.send(whole(7, "BTC-USD"), whole(8, "ETH-USD"));
      await until(() => rowsOf(sink, "BTC-USD").length === 3 && rowsOf(sink, "ETH-USD").length === 2);
      assert.equal(totalCounts(sink), { gap: 2 });
    },
    clock,
  );
});

test("[K2] books begin anew after a farewell and after a connection that is cut in mid-message; what drips in is read", async () => {
  const clock = createManualClock(1e12);
  await trading(
    "binance:btcusdt?depth=2",
    async ({ server, sink, until }) => {
      server.answer = () => binanceBook(10);
      await server.connected();
      const rows = () => rowsOf(sink, "BTCUSDT").length;
      const frame = frameOf(JSON.stringify(binanceChange(11, 11, {})));
      const { line } = server.connections[0]!;
      for (const byte of frame) {
        await new Promise((resolve) => line.write(Uint8Array.of(byte), resolve));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await until(() => rows() === 1);
      line.write(frameOf(JSON.stringify(binanceChange(12, 12, {}))).subarray(0, 60), () => line.destroy());
      await until(() => told(sink, "stalled").length === 1);
      await clock.advance(1_000);
      await until(() => server.connections.length === 2);
      // It would fit the book of the connection before.
      server.answer = () => binanceBook(20);
      server.connections[1]!.socket.send(JSON.stringify(binanceChange(12, 12, {})));
      server.connections[1]!.socket.send(JSON.stringify(binanceChange(21, 21, {})));
      await until(() => rows() === 2);
      assert.equal(
        rowsOf(sink, "BTCUSDT").map(({ timeUs }) => timeUs),
        [timeOf(11), timeOf(21)],
      );
      server.connections[1]!.socket.send(JSON.stringify({ e: "serverShutdown", E: TRADE_MS }));
      await until(() => told(sink, "stalled").length === 2);
      await clock.advance(2_000);
      await until(() => server.connections.length === 3);
      server.connections[2]!.socket.send(JSON.stringify(binanceChange(22, 22, {})));
      server.answer = () => binanceBook(21);
      await until(() => rows() === 3);
      assert.is(server.requests.length, 3);
    },
    clock,
  );
});

test("[E4] a book of which nothing comes is told, though trades do come", async () => {
  const clock = createManualClock(1e12);
  await trading(
    "binance:btcusdt?depth=2",
    async ({ server, sink, until }) => {
      server.answer = () => binanceBook(10);
      await server.connected();
      server.send(binanceChange(11, 11, {}));
      await until(() => rowsOf(sink, "BTCUSDT").length === 1);
      await clock.advance(20_000);
      server.send(binanceTrade("BTCUSDT", 1, 100));
      await until(() => sink.samples.some(({ channel }) => channel === "BTCUSDT"));
      await clock.advance(11_000);
      assert.equal(told(sink, "stalled"), ["the book of BTCUSDT: nothing for 30 s"]);
      server.send(binanceChange(12, 12, {}));
      await until(() => told(sink, "running").includes("the book of BTCUSDT is back"));
    },
    clock,
  );
});

const BINANCE = shared("market/D_ws/binance_spot_btc_eth_20240808.tsv.gz");

test("recorded changes of Binance with gaps, duplicates and cut messages: every row is that of a book without them", async () => {
  if (BINANCE === null) {
    skipWithoutData();
    return;
  }
  const DEPTH = 10;
  const clock = createManualClock(1e12);
  await trading(
    `binance:btcusdt,ethusdt?depth=${DEPTH}`,
    async ({ server, sink, until, stop }) => {
      await server.connected();
      const markets = new Map(["BTCUSDT", "ETHUSDT"].map((symbol) => [symbol, new Market()] as const));
      server.answer = (path) => {
        const { answers, now } = markets.get(/symbol=(\w+)/.exec(path)![1]!)!;
        return { status: 200, body: answers.shift() ?? now() };
      };
      let gaps = 0;
      let duplicates = 0;
      let cut = 0;
      for (const [k, event] of recordedBinance(BINANCE, markets).entries()) {
        const market = markets.get(event.symbol)!;
        const isFirst = market.due.length === 0;
        if (market.leftOut === null && k % 97 === 50) {
          gaps++;
          market.leftOut = { more: gaps % 3, before: market.now(), since: [] };
        }
        if (isFirst) market.answers = [market.now()];
        market.apply(event);
        const due: Row = { timeUs: event.timeUs, ...market.book.measures(DEPTH) };
        if (market.leftOut === null) {
          server.send(event.text);
          market.due.push(due);
          if (isFirst) await advanceUntil(clock, server, () => rowsOf(sink, event.symbol).length === 1);
          else if (k % 61 === 0) {
            duplicates++;
            server.send(event.text);
          }
          continue;
        }
        const { leftOut } = market;
        if (leftOut.more-- >= 0) {
          // What a whole book says that is too old, or just fits.
          market.answers = gaps % 4 === 0 ? [leftOut.before] : gaps % 4 === 1 ? [market.now()] : [];
          if (gaps % 2 === 0) continue;
          server.send(event.text.slice(0, -9));
          cut++;
          continue;
        }
        server.send(event.text);
        leftOut.since.push(due);
        // Or is in the middle of what came since, and only the newest else.
        if (gaps % 4 === 2 && leftOut.since.length === 2) market.answers = [market.now()];
        if (leftOut.since.length < 3) continue;
        await until(() => told(sink, "gap").filter((text) => /is not known/.test(text)).length === gaps);
        const isOlder = gaps % 4 === 1 || gaps % 4 === 2;
        await advanceUntil(clock, server, () => told(sink, "running").filter(isKnownAgain).length === gaps);
        if (isOlder) market.due.push(leftOut.since.at(-1)!);
        market.leftOut = null;
        // What has been right for a minute is asked for soon when it is lost.
        for (let third = 0; third < 3; third++) {
          await clock.advance(21_000);
          await sign(server);
        }
      }
      const unmended = [...markets.values()].filter(({ leftOut }) => leftOut !== null).length;
      const dueRows = [...markets.values()].reduce((sum, { due }) => sum + due.length, 0);
      await until(() => sink.samples.length >= 5 * dueRows);
      server.send(binanceTrade("BTCUSDT", 1, 1));
      await until(() => sink.samples.at(-1)!.channel === "BTCUSDT");
      await stop();
      assert.ok(gaps >= 40 && unmended <= 1, `${gaps} gaps, ${unmended} at the end`);
      for (const [symbol, { due }] of markets) {
        assert.ok(due.length > 1_000);
        assert.equal(rowsOf(sink, symbol), due);
      }
      const counts = totalCounts(sink);
      assert.ok(counts["gap"]! >= gaps - unmended && counts["gap"]! <= gaps);
      assert.is(counts["malformed"], cut);
      assert.is(counts["duplicate"], duplicates);
    },
    clock,
  );
});

const KRAKEN = shared("market/D_ws/kraken_v1_20210417.tsv.gz");

test("recorded books of Kraken, with wrong checksums among them: every row is that of a book without them", async () => {
  if (KRAKEN === null) {
    skipWithoutData();
    return;
  }
  // The recorded session has a thousand levels.
  const depth = 501;
  const clock = createManualClock(1e12);
  const symbols = [...new Set(recordedKraken(KRAKEN).map(({ symbol }) => symbol))];
  const feedAt = (address: string) =>
    new ExchangeFeed({
      source: "kraken",
      group: "kraken",
      venue: kraken,
      wanted: { symbols, quotes: false, depth },
      books: { rules: kraken.books, address: "" },
      address,
      staleUs: 30e6,
      clock,
      random: () => 0.5,
    });
  await trading(
    feedAt,
    async (at) => {
      await at.server.connected();
      await at.until(() => at.server.connections[0]!.received.length === 2);
      const replay = new Replay(at, clock, depth);
      for (const [k, event] of recordedKraken(KRAKEN).entries()) {
        const book = replay.apply(event);
        const checksum = event.checksum ?? book.checksum();
        const isWrong = k % 500 === 499;
        const type = event.isWhole ? "snapshot" : "update";
        const timeUs = event.isWhole ? null : event.timeUs;
        at.server.send(krakenMessage(type, event.symbol, event, checksum + (isWrong ? 1 : 0), timeUs));
        if (isWrong)
          await replay.recover([event.symbol], "method", (symbol, mended) =>
            krakenMessage("snapshot", symbol, mended, mended.checksum(), null),
          );
        else if (!event.isWhole) replay.due(event, k % 100 === 0);
      }
      await replay.agrees(8);
    },
    clock,
  );
});

const COINBASE = shared("market/D_ws/coinbase_exchange_20210417.tsv.gz");

test("recorded books of Coinbase, with messages missing: every row is that of a book without gaps", async () => {
  if (COINBASE === null) {
    skipWithoutData();
    return;
  }
  const clock = createManualClock(1e12);
  const events = recordedCoinbase(COINBASE);
  const symbols = [...new Set(events.map(({ symbol }) => symbol))];
  await trading(
    `coinbase:${symbols.join(",")}?depth=10`,
    async (at) => {
      await at.server.connected();
      await at.until(() => at.server.connections[0]!.received.length === 3);
      const replay = new Replay(at, clock, 10);
      let sequence = 0;
      for (const [k, event] of events.entries()) {
        replay.apply(event);
        const type = event.isWhole ? "snapshot" : "update";
        const message = coinbaseMessage(sequence++, type, event.symbol, event, event.timeUs);
        if (k % 2_000 === 1_999) {
          at.server.send({ channel: "heartbeats", sequence_num: sequence++, events: [] });
          await replay.recover(symbols, "type", (symbol, book) =>
            JSON.stringify(
              // A time before all others: it is not compared.
              coinbaseMessage(sequence++, "snapshot", symbol, wholeOf(book), 0),
            ),
          );
        } else {
          at.server.send(message);
          replay.due(event, true);
        }
      }
      await replay.agrees(4);
    },
    clock,
  );
});

type Row = { timeUs: number } & Record<string, number>;

interface BinanceEvent {
  readonly symbol: string;
  readonly text: string;
  readonly timeUs: number;
  readonly last: number;
  readonly b: LevelText[];
  readonly a: LevelText[];
}

/** What an exchange knows of one symbol, and what is due of it. */
class Market {
  readonly book = new ReferenceBook();
  id = 0;
  /** Answers that do not say what is so now, oldest first. */
  answers: string[] = [];
  readonly due: Row[] = [];
  /** Null while everything is sent. `before`: a whole book without what is left out. */
  leftOut: { more: number; readonly before: string; readonly since: Row[] } | null = null;

  apply({ b, a, last }: BinanceEvent): void {
    this.book.apply(b, a);
    this.id = last;
  }

  readonly now = (): string => {
    const [bids, asks] = [this.book.best("bids", 1_000), this.book.best("asks", 1_000)];
    return JSON.stringify({ lastUpdateId: this.id, bids, asks });
  };
}

/** Changes that the recorded whole books lack; the markets then have those. */
function recordedBinance(path: string, markets: ReadonlyMap<string, Market>): BinanceEvent[] {
  const events: BinanceEvent[] = [];
  for (const [, , text] of recordedLines(path)) {
    if (text!.startsWith('{"lastUpdateId"')) {
      const { lastUpdateId, bids, asks } = JSON.parse(text!) as {
        lastUpdateId: number;
        bids: LevelText[];
        asks: LevelText[];
      };
      const market = markets.get(Number(bids[0]![0]) > 10_000 ? "BTCUSDT" : "ETHUSDT")!;
      market.book.apply(bids, asks);
      market.id = lastUpdateId;
    } else if (text!.includes('"depthUpdate"')) {
      const { data } = JSON.parse(text!) as {
        data: { s: string; E: number; u: number; b: LevelText[]; a: LevelText[] };
      };
      const { s: symbol, E, u: last, b, a } = data;
      events.push({ symbol, text: text!, timeUs: E * 1_000, last, b, a });
    }
  }
  return events.filter(({ symbol, last }) => last > markets.get(symbol)!.id);
}

/** A recorded session with faults, of an exchange whose whole books come by the connection. */
class Replay {
  private readonly at: Trading;
  private readonly clock: ManualClock;
  private readonly depth: number;
  private readonly books = new Map<string, ReferenceBook>();
  private readonly rows = new Map<string, { readonly row: Row; readonly isFull: boolean }[]>();
  private lost = 0;

  constructor(at: Trading, clock: ManualClock, depth: number) {
    this.at = at;
    this.clock = clock;
    this.depth = depth;
  }

  apply({ symbol, isWhole, bids, asks }: RecordedBook): ReferenceBook {
    if (isWhole) this.books.set(symbol, new ReferenceBook());
    const book = this.books.get(symbol)!;
    book.apply(bids, asks);
    return book;
  }

  /** Its row must come. `isFull`: all measures are compared, which takes time. */
  due({ symbol, timeUs }: RecordedBook, isFull: boolean): void {
    const measures = this.books.get(symbol)!.measures(isFull ? this.depth : 1)!;
    const rows = this.rows.get(symbol) ?? [];
    this.rows.set(symbol, rows);
    rows.push({ row: { timeUs, ...measures }, isFull });
  }

  /** The books of these symbols are lost, asked for, and sent. `key`: of a request, which says what it is. */
  async recover(
    symbols: readonly string[],
    key: string,
    whole: (symbol: string, book: ReferenceBook) => string,
  ): Promise<void> {
    const { server, sink, until } = this.at;
    const { received } = server.connections[0]!;
    let seen = received.length;
    const gaps = told(sink, "gap").length;
    await until(() => told(sink, "gap").length > gaps);
    this.lost += symbols.length;
    await advanceUntil(this.clock, server, () => {
      for (; seen < received.length; seen++) {
        const request = received[seen] as Record<string, unknown>;
        if (request[key] !== "subscribe") continue;
        const [symbol] = symbolsIn(request);
        server.send(whole(symbol!, this.books.get(symbol!)!));
      }
      return told(sink, "running").filter(isKnownAgain).length === this.lost;
    });
  }

  async agrees(leastLost: number): Promise<void> {
    const { sink, until } = this.at;
    const count = [...this.rows.values()].reduce((sum, rows) => sum + rows.length, 0);
    let seen = 0;
    let came = 0;
    await until(() => {
      for (; seen < sink.samples.length; seen++) if (sink.samples[seen]!.time > 0) came++;
      return came >= 5 * count;
    });
    assert.ok(this.lost >= leastLost, `${this.lost} books were lost`);
    for (const [symbol, due] of this.rows) {
      const rows = rowsOf(sink, symbol).filter(({ timeUs }) => timeUs > 0);
      assert.is(rows.length, due.length, `rows of ${symbol}`);
      for (const [k, { row, isFull }] of due.entries())
        assert.equal(isFull ? rows[k] : best(rows[k]!), isFull ? row : best(row));
    }
    assert.is(totalCounts(sink)["gap"], this.lost);
  }
}

/** What the best prices alone say. */
function best({ timeUs, mid, spread }: Row) {
  return { timeUs, mid, spread };
}

function symbolsIn(request: Record<string, unknown>): string[] {
  const params = request["params"] as { symbol: string[] } | undefined;
  return params?.symbol ?? (request["product_ids"] as string[]);
}

/** Of one symbol, in the order in which they came. */
function rowsOf({ samples }: CollectingSink, symbol: string): Row[] {
  const rows: Row[] = [];
  for (const { channel, time, value } of samples) {
    if (!channel.startsWith(`${symbol} `)) continue;
    const what = channel.slice(symbol.length + 1);
    if (what === "mid") rows.push({ timeUs: time });
    rows.at(-1)![what] = value;
  }
  return rows;
}

function told({ statuses }: CollectingSink, kind: string): string[] {
  return statuses.filter(({ status }) => status === kind).map(({ detail }) => detail);
}

const isKnownAgain = (text: string): boolean => text.endsWith("is known again");

/** Half a second after the other; the connection gives signs of life meanwhile, however long each takes. */
async function advanceUntil(clock: ManualClock, server: ExchangeServer, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await clock.advance(500);
    await sign(server);
  }
}

/** A sign of life of the newest connection, which the feed has answered. */
async function sign({ connections }: ExchangeServer): Promise<void> {
  const { socket } = connections.at(-1)!;
  socket.ping();
  await once(socket, "pong");
}

function timeOf(id: number): number {
  return (TRADE_MS + 100 * id) * 1_000;
}

function binanceBook(lastUpdateId: number) {
  const bids = [
    ["100.0", "1"],
    ["99.0", "2"],
  ];
  const asks = [
    ["100.5", "3"],
    ["101.0", "6"],
  ];
  return { status: 200, body: JSON.stringify({ lastUpdateId, bids, asks }) };
}

interface Sides {
  readonly bids: readonly LevelText[];
  readonly asks: readonly LevelText[];
}

/** All of it. */
function wholeOf(book: ReferenceBook): Sides {
  return { bids: book.best("bids", 1_000), asks: book.best("asks", 1_000) };
}

/** Kraken writes prices and sizes as numbers, with the zeros at their ends. */
function krakenMessage(
  type: "snapshot" | "update",
  symbol: string,
  sides: Sides | ReferenceBook,
  checksum: number,
  timeUs: number | null,
): string {
  const { bids, asks } = sides instanceof ReferenceBook ? wholeOf(sides) : sides;
  const side = (levels: readonly LevelText[]): string =>
    `[${levels.map(([price, size]) => `{"price":${price},"qty":${size}}`).join(",")}]`;
  const time = timeUs === null ? "" : `,"timestamp":"${isoOf(timeUs)}"`;
  return `{"channel":"book","type":"${type}","data":[{"symbol":"${symbol}","bids":${side(bids)},"asks":${side(asks)},"checksum":${checksum}${time}}]}`;
}

function coinbaseMessage(
  sequence: number,
  type: "snapshot" | "update",
  symbol: string,
  { bids, asks }: Sides,
  timeUs: number,
): Fields {
  const updates = [
    ...bids.map(([price, size]) => ({ side: "bid", price_level: price, new_quantity: size })),
    ...asks.map(([price, size]) => ({ side: "offer", price_level: price, new_quantity: size })),
  ];
  const events = [{ type, product_id: symbol, updates }];
  return { channel: "l2_data", client_id: "", timestamp: isoOf(timeUs), sequence_num: sequence, events };
}

function levels(count: number, price: (k: number) => string): LevelText[] {
  return Array.from({ length: count }, (_, k) => [price(k), "1.00000000"]);
}

/** A message of a WebSocket as a server sends it: RFC 6455, 5.2. */
function frameOf(text: string): Uint8Array {
  const payload = new TextEncoder().encode(text);
  const length = payload.length < 126 ? [payload.length] : [126, payload.length >> 8, payload.length & 255];
  return Uint8Array.from([0x81, ...length, ...payload]);
}

test.run();
