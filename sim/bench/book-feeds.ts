/** Speed of order books: messages of an exchange, from their text to rows. */
import { BadSamples } from "../../actors/feeds/bad-samples.ts";
import { bookChecksum } from "../../actors/feeds/books/checksum.ts";
import { OrderBook } from "../../actors/feeds/books/order-book.ts";
import { ConnectedBooks, ExchangeBooks } from "../../actors/feeds/exchange-books.ts";
import { binance } from "../../actors/feeds/exchanges/binance.ts";
import { kraken } from "../../actors/feeds/exchanges/kraken.ts";
import type {
  BookUpdate,
  BookVenue,
  Fields,
  LevelText,
  VenueSink,
} from "../../actors/feeds/exchanges/venue.ts";
import { FeedWriter } from "../../actors/feeds/feed-writer.ts";
import { systemClock as clock } from "../../actors/mod.ts";
import { countingSink } from "./counting-sink.ts";
import { check } from "./measure.ts";
import { type BenchRow, compared } from "./row.ts";
import { inTurns, perSecond } from "./turns.ts";

/** Twenty-five symbols with ten messages a second are 250: a busy minute of any market is far below. */
const AT_LEAST = 10_000;

const DEPTH = 10;
const LEVELS = 1_000;
const MESSAGES = 2_000;
/** Of a message: about as many as Binance has in 100 ms. */
const CHANGES = 16;
const SYMBOL = "BTC";

export async function benchBookFeeds(): Promise<BenchRow[]> {
  return [
    await benchBook("Binance's order book of 1,000 levels", binance, null, binanceMessages()),
    await benchBook("Kraken's, with a checksum in each message", kraken, LEVELS, krakenMessages()),
  ];
}

async function benchBook(
  name: string,
  venue: BookVenue,
  window: number | null,
  texts: readonly string[],
): Promise<BenchRow> {
  const sink = countingSink();
  const rules = { ...venue.books, window: () => window };
  const all = new ExchangeBooks(
    {
      rules,
      depth: DEPTH,
      address: "",
      symbols: [SYMBOL],
      group: "bench",
      staleUs: 60e6,
      clock,
      random: () => 0,
    },
    new FeedWriter("bench", sink),
    new BadSamples(() => {}),
  );
  const nothing = (): void => {};
  const books = new ConnectedBooks(all, { send: nothing, refused: nothing, given: nothing });
  books.take(wholeBook());
  // After the first time a message finds the same book each time; checksums are those of the book that it leaves.
  for (const change of changesOfAll()) books.take(change);
  let id = 0;
  const reader = {
    book(update: BookUpdate) {
      id++;
      books.take(update.ids === undefined ? update : { ...update, ids: { first: id, last: id } });
    },
  } as VenueSink;
  let messages = MESSAGES;
  const { own, parsed } = await inTurns({
    own: perSecond(() => {
      const text = texts[messages++ % MESSAGES]!;
      venue.read((venue.parse?.(text) ?? JSON.parse(text)) as Fields, reader);
    }),
    parsed: perSecond(() => JSON.parse(texts[messages % MESSAGES]!)),
  });
  all.flush();
  books.close();
  check(sink.samples === 5 * messages, "a row for each message");
  return compared(
    { name: `${name}: messages of ${CHANGES} changes → rows`, unit: "messages/s", runs: own },
    { "JSON.parse alone": parsed },
    { atLeast: AT_LEAST },
  );
}

function wholeBook(): BookUpdate {
  const side = (which: Side): LevelText[] =>
    Array.from({ length: LEVELS }, (_, k) => [priceOf(which, k), "1.50000000"]);
  return { symbol: SYMBOL, isWhole: true, timeUs: null, bids: side("bids"), asks: side("asks") };
}

type Side = "bids" | "asks";

function priceOf(side: Side, level: number): string {
  return (60_000 + (side === "asks" ? 1 + level : -level) / 100).toFixed(2);
}

/** Near the best prices, and more rarely far from them. Every third removes a level, which others enter again; the best ones stay. */
function changesOfAll(): BookUpdate[] {
  return Array.from({ length: MESSAGES }, (_, k) => {
    const sides = { bids: [] as LevelText[], asks: [] as LevelText[] };
    for (let j = 0; j < CHANGES; j++) {
      const level = 1 + ((k * CHANGES + j * j * j) % (j % 4 === 0 ? LEVELS - 1 : 40));
      const side = (k + j) % 2 === 0 ? "bids" : "asks";
      sides[side].push([priceOf(side, level), j % 3 === 0 ? "0.00000000" : `${1 + (j % 7)}.25000000`]);
    }
    return { symbol: SYMBOL, isWhole: false, timeUs: 1_700_000_000_000_000 + 100_000 * k, ...sides };
  });
}

function binanceMessages(): string[] {
  return changesOfAll().map(({ bids: b, asks: a, timeUs }, k) => {
    const data = { e: "depthUpdate", E: timeUs! / 1_000, s: SYMBOL, U: k, u: k, b, a };
    return JSON.stringify({ stream: "btc@depth@100ms", data });
  });
}

function krakenMessages(): string[] {
  const book = new OrderBook({ depth: DEPTH, window: LEVELS });
  book.take(wholeBook());
  for (const change of changesOfAll()) book.take(change);
  return changesOfAll().map((change) => {
    book.take(change);
    const side = (levels: readonly LevelText[]): string =>
      `[${levels.map(([price, qty]) => `{"price":${price},"qty":${qty}}`).join(",")}]`;
    const [bids, asks] = [side(change.bids), side(change.asks)];
    const timestamp = new Date(change.timeUs! / 1_000).toISOString();
    const checksum = bookChecksum(book.asks, book.bids);
    return `{"channel":"book","type":"update","data":[{"symbol":"${SYMBOL}","bids":${bids},"asks":${asks},"checksum":${checksum},"timestamp":"${timestamp}"}]}`;
  });
}
