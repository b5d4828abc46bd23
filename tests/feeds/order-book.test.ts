/** The book of one symbol: from updates to what is known of it. */
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  ASKED_ANEW_LEVELS,
  BOOK_LEVELS_MAX,
  type BookOutcome,
  KEPT_CHANGES_MAX,
  OrderBook,
} from "../../actors/feeds/books/order-book.ts";
import type { BookUpdate, LevelText } from "../../actors/feeds/exchanges/venue.ts";
import { ReferenceBook } from "../../sim/bench/reference-book.ts";
import { shared, skipWithoutData } from "../support/shared.ts";
import { recordedKraken } from "./recorded-books.ts";

interface Sides {
  bids?: LevelText[];
  asks?: LevelText[];
}

function whole({ bids = [], asks = [] }: Sides, rest: Partial<BookUpdate> = {}): BookUpdate {
  return { symbol: "A", isWhole: true, timeUs: null, bids, asks, ...rest };
}

/** Of numbered changes. */
function wholeAt(id: number, sides: Sides): BookUpdate {
  return whole(sides, { ids: { first: id, last: id } });
}

function change(sides: Sides, first?: number, last = first): BookUpdate {
  const ids = first === undefined ? {} : { ids: { first, last: last! } };
  return { ...whole(sides, { timeUs: 1_000 * (last ?? 1), ...ids }), isWhole: false };
}

const SIDES: Sides = { bids: [["99", "1"]], asks: [["101", "3"]] };
const KNOWN = { is: "known", timeUs: null, isShort: false };

function bookOf(window: number | null = null, depth = 2): OrderBook {
  return new OrderBook({ depth, window });
}

function prices({ levels }: OrderBook["bids"]): number[] {
  return levels.map(({ price }) => price);
}

function reasonOf(outcome: BookOutcome): string {
  return outcome.is === "lost" ? outcome.reason : outcome.is;
}

test("a whole book has its levels best first, and changes enter, change and remove levels", () => {
  const book = bookOf();
  book.take(
    whole({
      bids: [
        ["98.0", "1"],
        ["99.5", "2"],
      ],
      asks: [
        ["101.1", "4"],
        ["103", "8"],
      ],
    }),
  );
  assert.equal(
    [prices(book.bids), prices(book.asks)],
    [
      [99.5, 98],
      [101.1, 103],
    ],
  );
  book.take(
    change({
      bids: [
        ["99.5", "0.00"],
        ["97", "5"],
        ["98.00", "6"],
      ],
      asks: [
        ["102", "1"],
        ["100", "0"],
      ],
    }),
  );
  assert.equal(
    book.bids.levels.map(({ text }) => text),
    [
      ["98.00", "6"],
      ["97", "5"],
    ],
  );
  assert.equal(prices(book.asks), [101.1, 102, 103]);
});

test("middle, spread in steps of the price, and the imbalance of the best levels are those of its definition", () => {
  const book = bookOf();
  book.take(
    whole({
      bids: [
        ["61837.63", "1"],
        ["61837", "2"],
        ["61836", "50"],
      ],
      asks: [["61837.64", "9"]],
    }),
  );
  assert.equal(book.measures(), { middle: 61837.635, spread: 0.01, imbalance: -0.5, bidSize: 3, askSize: 9 });
  book.take(change({ asks: [["61837.64", "0"]] }));
  assert.is(book.measures(), null, "there is no middle without asks");
});

test("[O1] without a whole book nothing is known, and a whole one voids what was known", () => {
  const book = bookOf();
  assert.equal(book.take(change(SIDES)), { is: "waiting" });
  assert.not(book.isKnown);
  assert.equal(book.take(whole(SIDES)), KNOWN);
  book.take(whole({ bids: [["5", "1"]], asks: [["6", "1"]] }));
  assert.equal([prices(book.bids), prices(book.asks)], [[5], [6]]);
});

test("[O2] changes that came before the whole book are entered after it, as far as it lacks them", () => {
  const book = bookOf();
  book.take(change({ bids: [["99", "7"]] }, 1, 4));
  // Half of it is in the whole book.
  book.take(change({ bids: [["98", "8"]] }, 5, 8));
  book.take(change({ asks: [["102", "9"]] }, 9));
  assert.equal(book.take(wholeAt(6, SIDES)), { ...KNOWN, timeUs: 9_000 });
  assert.equal(
    [prices(book.bids), prices(book.asks)],
    [
      [99, 98],
      [101, 102],
    ],
  );
  assert.is(book.bids.levels[0]!.size, 1);
});

test("[O2] the first change after a whole book may overlap it, older ones mean nothing, and each further one follows the last", () => {
  const book = bookOf();
  book.take(wholeAt(6, SIDES));
  assert.equal(book.take(change({}, 2, 5)), { is: "waiting" });
  assert.is(book.take(change({}, 5, 8)).is, "known");
  assert.is(book.take(change({}, 9, 9)).is, "known");
  assert.is(book.take(change({}, 9, 9)).is, "duplicate");
  assert.match(reasonOf(book.take(change({}, 9, 12))), /changes 9 to 12 overlap those before/);
});

test("[O2] a missing change loses the book until a whole one fits what came since; one that is older does not", () => {
  const book = bookOf();
  book.take(wholeAt(6, SIDES));
  book.take(change({}, 7));
  assert.match(reasonOf(book.take(change({ bids: [["98", "4"]] }, 10, 12))), /changes 8 to 9 are missing/);
  assert.not(book.isKnown);
  assert.is(book.measures(), null);
  assert.is(book.take(change({ bids: [["97", "5"]] }, 13)).is, "waiting");
  assert.match(reasonOf(book.take(wholeAt(8, SIDES))), /changes 9 to 9 are missing/);
  assert.equal(book.take(wholeAt(9, SIDES)), { ...KNOWN, timeUs: 13_000 });
  assert.equal(prices(book.bids), [99, 98, 97]);
});

test("[O2] more changes than are kept need a whole book that is newer", () => {
  const book = bookOf();
  for (let id = 1; id <= KEPT_CHANGES_MAX + 5; id++) book.take(change({}, id));
  assert.match(reasonOf(book.take(wholeAt(3, SIDES))), /changes 4 to 5 are missing/);
  assert.is(book.take(wholeAt(5, SIDES)).is, "known");
});

test("[S1] what lies beyond the levels that are known is left out", () => {
  const book = bookOf();
  const asks = levels(ASKED_ANEW_LEVELS, (k) => 200 + k);
  book.take(whole({ bids: [["99", "1"]], asks }, { levelsMax: ASKED_ANEW_LEVELS }));
  book.take(change({ asks: [["1000", "1"]] }));
  assert.is(book.asks.levels.length, ASKED_ANEW_LEVELS);
  book.take(change({ asks: [["200.5", "1"]] }));
  assert.is(book.asks.levels.length, ASKED_ANEW_LEVELS + 1);
});

test("[O3] a book with few levels says so while it is right, and is lost when fewer are known than are measured", () => {
  const book = bookOf();
  const asks = levels(ASKED_ANEW_LEVELS, (k) => 200 + k);
  const sides = { bids: [["99", "1"]] as LevelText[], asks };
  const rest = { levelsMax: ASKED_ANEW_LEVELS, ids: { first: 5, last: 5 } };
  assert.equal(book.take(whole(sides, rest)), KNOWN);
  const gone = (from: number, to: number): Sides => ({
    asks: asks.slice(from, to).map(([price]) => [price, "0"]),
  });
  assert.equal(book.take(change(gone(0, 1), 6)), { is: "known", timeUs: 6_000, isShort: true });
  // What comes until a whole book is there is entered into that one too, and was said before.
  assert.equal(book.take(change({ bids: [["99.5", "1"]] }, 7)), {
    is: "known",
    timeUs: 7_000,
    isShort: true,
  });
  assert.equal(book.take(whole(sides, rest)), { is: "waiting" }, "older than what was kept");
  assert.ok(book.isKnown);
  assert.equal(book.take(whole(sides, { ...rest, ids: { first: 6, last: 6 } })), KNOWN);
  assert.is(book.measures()!.middle, (99.5 + 200) / 2);
  assert.match(
    reasonOf(book.take(change(gone(0, ASKED_ANEW_LEVELS), 8))),
    /only 0 levels of a side are known/,
  );
});

test("[S2] no more levels than the limit are kept; the horizon is then the worst of them", () => {
  const book = bookOf();
  book.take(whole({ bids: [["1", "1"]], asks: levels(BOOK_LEVELS_MAX + 10, (k) => 200 + k) }));
  assert.is(book.asks.levels.length, BOOK_LEVELS_MAX);
  book.take(change({ asks: [["200", "0"]] }));
  book.take(change({ asks: [[String(200 + BOOK_LEVELS_MAX), "1"]] }));
  assert.is(book.asks.levels.length, BOOK_LEVELS_MAX - 1);
});

test("[S2] of a window only so many levels stay, and one that fell out comes back when it is sent again", () => {
  const book = bookOf(3);
  book.take(whole({ bids: [["1", "1"]], asks: levels(3, (k) => 200 + k) }));
  // Two go and two come in one update: what falls out is known only at its end.
  book.take(
    change({
      asks: [
        ["198", "1"],
        ["199", "1"],
        ["200", "0"],
        ["201", "0"],
      ],
    }),
  );
  assert.equal(prices(book.asks), [198, 199, 202]);
  book.take(change({ asks: [["197", "1"]] }));
  assert.equal(prices(book.asks), [197, 198, 199]);
  book.take(
    change({
      asks: [
        ["197", "0"],
        ["202", "1"],
      ],
    }),
  );
  assert.equal(prices(book.asks), [198, 199, 202]);
});

test("best prices that cross cannot be right", () => {
  const book = bookOf();
  book.take(whole(SIDES));
  assert.match(
    reasonOf(book.take(change({ bids: [["101.0", "1"]] }))),
    /its best bid 101\.0 is not below its best ask 101/,
  );
  assert.not(book.isKnown);
});

/** The example of Kraken's document. */
const ASK_PRICES = ["0.05005", "0.05010", "0.05015", "0.05020", "0.05025", "0.05030", "0.05035", "0.05040"];
const BID_PRICES = ["0.05000", "0.04995", "0.04990", "0.04980", "0.04975", "0.04970", "0.04965", "0.04960"];
const EXAMPLE: Sides = {
  asks: [...ASK_PRICES, "0.05045", "0.05050"].map((price) => [price, "0.00000500"]),
  bids: [...BID_PRICES, "0.04955", "0.04950"].map((price) => [price, "0.00000500"]),
};
const EXAMPLE_CHECKSUM = 974947235;

test("a checksum is over the digits of the ten best levels, zeros at their ends too", () => {
  const checksum = EXAMPLE_CHECKSUM;
  const book = bookOf(1_000);
  assert.is(book.take(whole(EXAMPLE, { checksum })).is, "known");
  // A level below the ten best does not count.
  const below = change({ bids: [["0.00001", "1"]] });
  assert.is(book.take({ ...below, checksum }).is, "known");
  const shorter = change({ bids: [["0.05000", "0.000005"]] });
  assert.match(reasonOf(book.take({ ...shorter, checksum })), /its checksum is \d+ instead of 974947235/);
  assert.not(book.isKnown);
});

const KRAKEN = shared("market/D_ws/kraken_v1_20210417.tsv.gz");

test("every recorded checksum of Kraken is that of the book, and one wrong digit loses it", () => {
  if (KRAKEN === null) {
    skipWithoutData();
    return;
  }
  const books = new Map<string, OrderBook>();
  const references = new Map<string, ReferenceBook>();
  let checked = 0;
  for (const { symbol, checksum, ...update } of recordedKraken(KRAKEN)) {
    if (update.isWhole) books.set(symbol, bookOf(1_000, 10));
    if (update.isWhole) references.set(symbol, new ReferenceBook());
    const book = books.get(symbol)!;
    const reference = references.get(symbol)!;
    const outcome = book.take({ symbol, ...update, ...(checksum === null ? {} : { checksum }) });
    assert.is(reasonOf(outcome), "known");
    reference.apply(update.bids, update.asks);
    if (checksum !== null && checked++ % 50 === 0) {
      assert.is(reference.checksum(), checksum);
      assert.equal(
        book.bids.levels.slice(0, 20).map(({ text }) => text),
        reference.best("bids", 20),
      );
    }
  }
  assert.is(checked, 4_269);
  for (const book of books.values()) {
    const { text } = book.asks.levels[0]!;
    const asks: LevelText[] = [[text[0], `1${text[1]}`]];
    const right = new ReferenceBook();
    right.apply(
      book.bids.levels.map((level) => level.text),
      book.asks.levels.map((level) => level.text),
    );
    assert.match(reasonOf(book.take({ ...change({ asks }), checksum: right.checksum() })), /its checksum is/);
  }
});

function levels(count: number, price: (k: number) => number): LevelText[] {
  return Array.from({ length: count }, (_, k) => [String(price(k)), "1"]);
}

test.run();
