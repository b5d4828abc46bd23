/**
 * The order book of one symbol, from a whole book and its changes.
 *
 *   unknown ──whole book, and the changes that came meanwhile──► known ──change──► known
 *      ▲                                                           │
 *      └──── a change is missing · its checksum is wrong · its best prices cross · too few levels are known ────┘
 *
 * O1  A book is known only while every change since the whole book is in it.
 * O2  Numbered changes are kept while the book is not known, at most KEPT_CHANGES_MAX. Those that a whole book has are left out, the first after it may overlap it,
 *     and from then on the first number is one more than the last one before. A change that is in the book already is a duplicate.
 * O3  A book of which few levels are left (ASKED_ANEW_LEVELS) says so while it is still right, and goes on until a whole book takes its place.
 *
 * It reads no clock and does no I/O.
 */
import type { BookUpdate } from "../exchanges/venue.ts";
import { BookSide } from "./book-side.ts";
import { bookChecksum } from "./checksum.ts";

/** Levels of a side: those of some minutes of a fast market. A book of 5,000 on both sides takes about 2 MB. */
export const BOOK_LEVELS_MAX = 5_000;

/** Levels that are measured: far fewer than an exchange gives, so that prices may move before a whole book is needed again. */
export const DEPTH_MAX = 100;

/** Twice DEPTH_MAX: time to ask for a whole book before too few are left. */
export const ASKED_ANEW_LEVELS = 200;

/** A hundred seconds of a change each 100 ms: longer than any whole book takes. The oldest are dropped; a whole book that is older then does not fit. */
export const KEPT_CHANGES_MAX = 1_000;

export type BookOutcome =
  /** It is right. `timeUs` of the last change, null if none says when it was. `isShort`: a whole book should be asked for. */
  | { readonly is: "known"; readonly timeUs: number | null; readonly isShort: boolean }
  /** It is not known, or has this already. */
  | { readonly is: "waiting" }
  | { readonly is: "duplicate" }
  /** It was right until now. */
  | { readonly is: "lost"; readonly reason: string };

/** What is published of a book. */
export interface BookMeasures {
  readonly middle: number;
  readonly spread: number;
  /** Of the sizes at the best levels, from −1 (only asks) to 1 (only bids). */
  readonly imbalance: number;
  readonly bidSize: number;
  readonly askSize: number;
}

export interface OrderBookOptions {
  /** Levels of a side that are measured. */
  readonly depth: number;
  /** Levels of a side that the exchange keeps sending; null: all. */
  readonly window: number | null;
}

const WAITING: BookOutcome = { is: "waiting" };
const DUPLICATE: BookOutcome = { is: "duplicate" };

export class OrderBook {
  readonly bids: BookSide;
  readonly asks: BookSide;
  private readonly depth: number;
  private known = false;
  /** Number of the last change in it. */
  private lastId = Number.NaN;
  /** Whether a change came since the whole book. */
  private isJoined = false;
  /** Changes that a whole book may lack. */
  private kept: BookUpdate[] = [];
  private isKeeping = true;

  constructor({ depth, window }: OrderBookOptions) {
    this.depth = depth;
    const limits = { levelsMax: window ?? BOOK_LEVELS_MAX, isWindow: window !== null };
    this.bids = new BookSide({ side: "bids", ...limits });
    this.asks = new BookSide({ side: "asks", ...limits });
  }

  get isKnown(): boolean {
    return this.known;
  }

  take(update: BookUpdate): BookOutcome {
    if (update.isWhole) return this.whole(update);
    this.keep(update);
    return this.known ? this.change(update) : WAITING;
  }

  /** It may be wrong from now on. */
  forget(): void {
    this.known = false;
    this.isKeeping = true;
    this.kept = [];
    this.bids.clear();
    this.asks.clear();
  }

  /** Null when a side is empty. */
  measures(): BookMeasures | null {
    const [bid, ask] = [this.bids.levels[0], this.asks.levels[0]];
    if (bid === undefined || ask === undefined) return null;
    const [bidSize, askSize] = [this.bids.sum(this.depth), this.asks.sum(this.depth)];
    // Sums and differences of doubles have digits that no price has.
    const digits = Math.max(digitsOf(bid.text[0]), digitsOf(ask.text[0]));
    return {
      middle: Number(((bid.price + ask.price) / 2).toFixed(digits + 1)),
      spread: Number((ask.price - bid.price).toFixed(digits)),
      imbalance: (bidSize - askSize) / (bidSize + askSize),
      bidSize,
      askSize,
    };
  }

  private whole(update: BookUpdate): BookOutcome {
    const { bids, asks, ids, levelsMax = Number.POSITIVE_INFINITY } = update;
    const kept = this.kept;
    const first = kept[0]?.ids?.first;
    // One that is older than what is kept is of no use for a book that is known.
    if (this.known && ids !== undefined && first !== undefined && first > ids.last + 1) return WAITING;
    const before = this.known ? this.lastId : Number.NaN;
    this.forget();
    this.bids.load(bids, levelsMax);
    this.asks.load(asks, levelsMax);
    this.known = true;
    this.isKeeping = false;
    this.isJoined = false;
    this.lastId = ids?.last ?? Number.NaN;
    let outcome = this.judged(update);
    for (const [k, change] of kept.entries()) {
      if (outcome.is === "lost") {
        // The next whole book needs them.
        this.kept = kept.slice(Math.max(0, k - 1));
        return outcome;
      }
      const next = this.change(change);
      if (next.is === "known" || next.is === "lost") outcome = next;
    }
    // What it was after its last change has been said.
    return outcome.is === "known" && this.lastId === before ? { ...outcome, timeUs: null } : outcome;
  }

  private change(update: BookUpdate): BookOutcome {
    const { ids } = update;
    if (ids !== undefined) {
      // A whole book has the changes of the moments before it.
      if (ids.last <= this.lastId) return this.isJoined ? DUPLICATE : WAITING;
      const due = this.lastId + 1;
      if (this.isJoined ? ids.first !== due : ids.first > due) {
        this.forget();
        this.keep(update);
        return { is: "lost", reason: missing(due, ids.first, ids.last) };
      }
      this.lastId = ids.last;
      this.isJoined = true;
    }
    this.bids.change(update.bids);
    this.asks.change(update.asks);
    return this.judged(update);
  }

  private judged({ checksum, timeUs }: BookUpdate): BookOutcome {
    const reason = this.fault(checksum);
    if (reason !== null) {
      this.forget();
      return { is: "lost", reason };
    }
    const isShort = Math.min(this.bids.reach, this.asks.reach) < ASKED_ANEW_LEVELS;
    // The answer may be older than the changes until it comes.
    if (isShort) this.isKeeping = true;
    return { is: "known", timeUs, isShort };
  }

  /** Why it cannot be right, or null. */
  private fault(checksum: number | undefined): string | null {
    const { bids, asks, depth } = this;
    const reach = Math.min(bids.reach, asks.reach);
    if (reach < depth) return `only ${reach} levels of a side are known`;
    const [bid, ask] = [bids.levels[0], asks.levels[0]];
    if (bid !== undefined && ask !== undefined && bid.price >= ask.price)
      return `its best bid ${bid.text[0]} is not below its best ask ${ask.text[0]}`;
    if (checksum === undefined) return null;
    const own = bookChecksum(asks, bids);
    return own === checksum ? null : `its checksum is ${own} instead of ${checksum}`;
  }

  private keep(update: BookUpdate): void {
    if (!this.isKeeping || update.ids === undefined) return;
    this.kept.push(update);
    if (this.kept.length > KEPT_CHANGES_MAX) this.kept.shift();
  }
}

function missing(due: number, first: number, last: number): string {
  return first > due
    ? `changes ${due} to ${first - 1} are missing`
    : `changes ${first} to ${last} overlap those before`;
}

/** Digits after the point. */
function digitsOf(decimal: string): number {
  const point = decimal.indexOf(".");
  return point < 0 ? 0 : decimal.length - point - 1;
}
