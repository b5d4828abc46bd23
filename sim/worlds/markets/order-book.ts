/**
 * Quotes of zero-intelligence order books: for each instrument the best bid and the best ask, with their sizes.
 *
 * A tick is a change of a best price or of its size. The event: limit orders stop arriving and existing ones are taken; spreads widen and
 * quotes jump.
 */
import type { Channels } from "../../../protocol/messages.ts";
import type { Scenario, ScenarioOptions, Truth } from "../model/scenario.ts";
import { leftAfter } from "../model/strength.ts";
import { type Tick, type TickWorld, tickGridUs, ticksRun } from "../model/ticks.ts";
import { Variates } from "../model/variates.ts";
import { drawWindow, plan, type Window, within } from "../model/window.ts";
import { type BookPace, LimitOrderBook } from "./limit-order-book.ts";

/** Ticks a second of one side of a book at the usual rates of the model, measured over a day of it. */
const TICKS_A_SECOND = 4.83;
/** Share of the limit orders that still arrive at strength 1; cancellations and market orders grow by the same factor. */
const LEFT = 0.35;
/** Largest factor for cancellations and market orders: the book is then empty, and each of them costs a step. */
const TAKERS_MOST = 10;
/** Price of tick 0, and of one tick, USD. */
const START = 100;
const TICK_SIZE = 0.01;

const CALM: BookPace = { limit: 1, market: 1, cancel: 1 };

export const orderBook: Scenario = {
  name: "order-book",
  family: "market",
  title: "best bids and asks with sizes of limit order books; liquidity vanishes, spreads widen: collapse",
  source: "Cont, Stoikov & Talreja (2010)",
  channels: { least: 2, most: 64, usual: 4 },
  usualRate: 2,
  usualDurationUs: 3600e6,
  create(options) {
    const window = drawWindow(options, new Variates(options.seed, "happening"), 0.1);
    return ticksRun("order-book", options, new Books(options, window));
  },
};

class Books implements TickWorld {
  readonly channels: Channels["channels"];
  readonly innovation = "logReturn";
  readonly sized = true;
  readonly everyUs: number;
  readonly planned: readonly Truth[];
  private readonly books: readonly QuotedBook[];
  private readonly startUs: number;
  private readonly pace: (seconds: number) => BookPace;

  constructor(options: ScenarioOptions, window: Window) {
    const { seed, channels, rate, startUs, strength } = options;
    const instruments = Math.floor(channels / 2);
    this.channels = Array.from({ length: 2 * instruments }, (_, k) => quoteChannel(k));
    this.everyUs = tickGridUs(rate);
    this.planned = plan(options, window, {
      kind: "liquidityDrop",
      detectors: ["collapse"],
      channels: this.channels.map(({ name }) => name),
    });
    this.startUs = startUs;
    const left = leftAfter(LEFT, strength);
    const takers = Math.min(TAKERS_MOST, 1 / left);
    const drained: BookPace = { limit: left, market: takers, cancel: takers };
    this.pace = (seconds) => (within(window, startUs + seconds * 1e6) ? drained : CALM);
    const speed = rate / TICKS_A_SECOND;
    this.books = Array.from(
      { length: instruments },
      (_, k) => new QuotedBook(speed, new Variates(seed, `book/${k}`), this.pace),
    );
  }

  next(tick: Tick): void {
    let k = 0;
    for (let other = 1; other < this.books.length; other++)
      if (this.books[other]!.due < this.books[k]!.due) k = other;
    const book = this.books[k]!;
    tick.timeUs = this.startUs + Math.floor(book.due * 1e6);
    tick.channel = 2 * k + (book.bidChanged ? 0 : 1);
    tick.value = START + TICK_SIZE * (book.bidChanged ? book.book.bid : book.book.ask);
    tick.size = book.bidChanged ? book.book.bidSize() : book.book.askSize();
    book.advance(this.pace);
  }
}

/** A book that advances to the next change of a best quote. */
class QuotedBook {
  /** Seconds; time of the change. */
  due = 0;
  bidChanged = false;
  readonly book = new LimitOrderBook();
  private readonly speed: number;
  private readonly variates: Variates;

  constructor(speed: number, variates: Variates, pace: (seconds: number) => BookPace) {
    this.speed = speed;
    this.variates = variates;
    this.advance(pace);
  }

  /** The rates are those after the last event and hold until the next (Gillespie 1977). */
  advance(paceAt: (seconds: number) => BookPace): void {
    const { book } = this;
    for (;;) {
      const pace = paceAt(this.due);
      const total = book.totalRate(pace);
      this.due += this.variates.exponential() / (total * this.speed);
      const { bid, ask } = book;
      const bidSize = book.bidSize();
      const askSize = book.askSize();
      book.step(pace, total, this.variates);
      this.bidChanged = book.bid !== bid || book.bidSize() !== bidSize;
      if (this.bidChanged || book.ask !== ask || book.askSize() !== askSize) return;
    }
  }
}

function quoteChannel(k: number): Channels["channels"][number] {
  const number = String(Math.floor(k / 2) + 1).padStart(2, "0");
  const side = k % 2 === 0 ? "bid" : "ask";
  return { name: `A${number}.${side}`, title: `Asset ${number}, best ${side} (synthetic)`, unit: "USD" };
}
