/**
 * A zero-intelligence limit order book (Cont, Stoikov & Talreja 2010): unit orders arrive and leave at rates that depend only on distances.
 *
 *   limit orders   at distance i from the opposite best quote, i = 1 … LEVELS:   λ(i) = LIMIT_RATE / √i (nearly their power law)
 *   market orders  take one from the opposite best quote:                         μ
 *   cancellations  of each order at distance i:                                   θ(i)
 *
 * L1  The best bid is below the best ask, always.
 * L2  Both sides have at least one order: when the last one within reach leaves, a new one is placed at the greatest distance.
 */
import type { Variates } from "../model/variates.ts";

/** Multiples of the usual rates. */
export interface BookPace {
  limit: number;
  market: number;
  cancel: number;
}

/** 1/s, in the order of their estimates for a Tokyo stock. */
export const LIMIT_RATE = 1.92;
export const MARKET_RATE = 0.94;
const CANCEL_RATES = [0.71, 0.81, 0.68, 0.56, 0.47];
export const LEVELS = 10;
/** Orders farther from the opposite quote are dropped. */
const REACH = 2 * LEVELS;
/** Prices are stored modulo this: no order is farther than REACH from the quotes. */
const RING = 256;

export type BookEvent = "limit" | "market" | "cancel";

export class LimitOrderBook {
  /** Best quotes in ticks. */
  bid = -1;
  ask = 1;
  private readonly bids = new Int32Array(RING);
  private readonly asks = new Int32Array(RING);

  constructor() {
    for (let i = 1; i <= LEVELS; i++) {
      this.bids[place(1 - i)] = 1;
      this.asks[place(i)] = 1;
    }
    this.bid = 0;
  }

  bidSize(): number {
    return this.bids[place(this.bid)]!;
  }

  askSize(): number {
    return this.asks[place(this.ask)]!;
  }

  /** Total rate of all events, 1/s. */
  totalRate(pace: BookPace): number {
    let total = 2 * (pace.limit * ALL_LIMITS + pace.market * MARKET_RATE);
    for (let i = 1; i <= REACH; i++) {
      const orders = this.bids[place(this.ask - i)]! + this.asks[place(this.bid + i)]!;
      total += pace.cancel * cancelRate(i) * orders;
    }
    return total;
  }

  /** One event, drawn in proportion to the rates. */
  step(pace: BookPace, total: number, variates: Variates): BookEvent {
    let left = variates.uniform() * total;
    for (let i = 1; i <= LEVELS; i++) {
      const rate = pace.limit * limitRate(i);
      if (left < rate) return this.add(this.bids, this.ask - i);
      left -= rate;
      if (left < rate) return this.add(this.asks, this.bid + i);
      left -= rate;
    }
    for (let i = 1; i <= REACH; i++) {
      const rate = pace.cancel * cancelRate(i);
      const bids = rate * this.bids[place(this.ask - i)]!;
      if (left < bids) return this.take(this.bids, this.ask - i, "cancel");
      left -= bids;
      const asks = rate * this.asks[place(this.bid + i)]!;
      if (left < asks) return this.take(this.asks, this.bid + i, "cancel");
      left -= asks;
    }
    const sells = left < pace.market * MARKET_RATE;
    return sells ? this.take(this.bids, this.bid, "market") : this.take(this.asks, this.ask, "market");
  }

  private add(side: Int32Array, price: number): BookEvent {
    side[place(price)] = side[place(price)]! + 1;
    if (side === this.bids && price > this.bid) this.bid = price;
    if (side === this.asks && price < this.ask) this.ask = price;
    this.forget();
    return "limit";
  }

  private take(side: Int32Array, price: number, event: "market" | "cancel"): BookEvent {
    side[place(price)] = side[place(price)]! - 1;
    if (side === this.bids) {
      while (side[place(this.bid)] === 0 && this.ask - this.bid < REACH) this.bid--;
      if (side[place(this.bid)] === 0) side[place(this.bid)] = 1;
    } else {
      while (side[place(this.ask)] === 0 && this.ask - this.bid < REACH) this.ask++;
      if (side[place(this.ask)] === 0) side[place(this.ask)] = 1;
    }
    this.forget();
    return event;
  }

  /** Removes orders that are out of reach, up to one reach beyond: quotes move by less at once. */
  private forget(): void {
    for (let i = REACH + 1; i <= 2 * REACH; i++) {
      this.bids[place(this.ask - i)] = 0;
      this.asks[place(this.bid + i)] = 0;
    }
  }
}

function place(price: number): number {
  return price & (RING - 1);
}

function limitRate(distance: number): number {
  return LIMIT_RATE / Math.sqrt(distance);
}

function cancelRate(distance: number): number {
  return CANCEL_RATES[Math.min(distance, CANCEL_RATES.length) - 1]!;
}

const ALL_LIMITS = Array.from({ length: LEVELS }, (_, k) => limitRate(k + 1)).reduce((a, b) => a + b, 0);
