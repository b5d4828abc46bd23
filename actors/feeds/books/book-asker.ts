/**
 * Asks an exchange for whole books, during one connection.
 *
 *   idle ──needed──► queued ──its turn──► asked ──a right book came──► idle
 *    │                  ▲                   │
 *    └─lost─► delayed ──┘◄── no answer · a wrong book
 *
 * A1  One is asked for every ASK_EVERY_MS, whichever symbol's: that is within the limits of all exchanges. An exchange that says it was asked too
 *     much is left alone for as long as it says.
 * A2  A symbol whose book is lost, or does not come, is asked for after a delay that doubles from half a second to a minute each time (link/breaker.ts).
 * A3  What is refused is told once, and nothing more is asked for.
 */
import { EigenwatchError } from "../../../protocol/errors.ts";
import { Breaker } from "../../link/breaker.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AskByRequest, BookRules, BookUpdate } from "../exchanges/venue.ts";
import { requestBook } from "./book-request.ts";

/** Sixty a minute are 3,000 of the weight of 6,000 that Binance allows; Coinbase allows eight messages a second, and each takes two. */
const ASK_EVERY_MS = 1_000;

/** A book of several megabytes over a slow line. */
const ANSWER_MS = 30_000;
const NO_ANSWER = `nothing came in ${ANSWER_MS / 1_000} s`;

const RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;
/** A book that was right for so long was sound. */
const LASTS_MS = 60_000;

export interface AskerOptions {
  readonly rules: BookRules;
  readonly depth: number;
  /** Of requests by HTTP, without a path. */
  readonly address: string;
  readonly clock: Clock;
  /** Spreads attempts. */
  random(): number;
  /** Sends a message through the connection. */
  send(message: unknown): void;
  /** A whole book that was asked for by HTTP: it is to be taken as one that the connection brings. */
  given(update: BookUpdate): void;
  /** It cannot be had now. */
  unavailable(symbol: string, reason: string): void;
  refused(reason: string): void;
}

interface Asked {
  readonly symbol: string;
  readonly breaker: Breaker;
  state: "idle" | "delayed" | "queued" | "asked";
  /** Ends the wait of its state. */
  cancel: () => void;
}

export class BookAsker {
  private readonly options: AskerOptions;
  private readonly asked = new Map<string, Asked>();
  private readonly queue: Asked[] = [];
  /** Monotonic. */
  private nextMs = Number.NEGATIVE_INFINITY;
  private cancelTurn: (() => void) | null = null;
  private isClosed = false;

  constructor(symbols: readonly string[], options: AskerOptions) {
    this.options = options;
    const { clock, random } = options;
    const times = { firstMs: RETRY_MS, mostMs: RETRY_MS_MAX, lastsMs: LASTS_MS };
    for (const symbol of symbols)
      this.asked.set(symbol, {
        symbol,
        breaker: new Breaker({ clock, random, ...times }),
        state: "idle",
        cancel: () => {},
      });
  }

  /** They come with the greeting. */
  expect(): void {
    for (const asked of this.asked.values()) this.await(asked);
  }

  /** One is needed soon, though nothing is wrong. */
  need(symbol: string): void {
    const asked = this.asked.get(symbol)!;
    if (asked.state === "idle") this.enter(asked);
  }

  /** The book was right and is so no more. What was asked for already may mend it. */
  lost(symbol: string): void {
    const asked = this.asked.get(symbol)!;
    if (asked.state === "idle") this.delay(asked);
  }

  /** A whole book came. */
  came(symbol: string, isRight: boolean): void {
    const asked = this.asked.get(symbol)!;
    if (!isRight) {
      this.delay(asked);
      return;
    }
    asked.cancel();
    asked.state = "idle";
    asked.breaker.worked();
    const at = this.queue.indexOf(asked);
    if (at >= 0) this.queue.splice(at, 1);
  }

  close(): void {
    this.isClosed = true;
    this.cancelTurn?.();
    for (const { cancel } of this.asked.values()) cancel();
  }

  private delay(asked: Asked): void {
    if (this.isClosed || asked.state === "delayed" || asked.state === "queued") return;
    asked.cancel();
    asked.state = "delayed";
    asked.cancel = this.options.clock.after(asked.breaker.failed(), () => {
      asked.breaker.due();
      this.enter(asked);
    });
  }

  private enter(asked: Asked): void {
    asked.state = "queued";
    asked.cancel = () => {};
    this.queue.push(asked);
    this.turn();
  }

  /** The first of the queue is asked for when its time has come. */
  private turn(): void {
    if (this.cancelTurn !== null || this.isClosed) return;
    const { clock } = this.options;
    while (this.queue.length > 0) {
      const waitMs = this.nextMs - clock.monotonicMs();
      if (waitMs > 0) {
        this.cancelTurn = clock.after(waitMs, () => {
          this.cancelTurn = null;
          this.turn();
        });
        return;
      }
      this.nextMs = clock.monotonicMs() + ASK_EVERY_MS;
      this.ask(this.queue.shift()!);
    }
  }

  private ask(asked: Asked): void {
    const { rules, depth, send } = this.options;
    if (rules.ask.by === "request") {
      void this.request(asked, rules.ask);
      return;
    }
    for (const message of rules.ask.messages(asked.symbol, depth)) send(message);
    this.await(asked);
  }

  private await(asked: Asked): void {
    asked.state = "asked";
    asked.cancel = this.options.clock.after(ANSWER_MS, () => this.failed(asked, NO_ANSWER));
  }

  private async request(asked: Asked, ask: AskByRequest): Promise<void> {
    const { address, clock, given, refused } = this.options;
    const { symbol } = asked;
    const url = address + ask.path(symbol);
    const request = new AbortController();
    const cancel = clock.after(ANSWER_MS, () => request.abort(new Error(NO_ANSWER)));
    asked.state = "asked";
    asked.cancel = () => {
      cancel();
      request.abort();
    };
    try {
      const got = await requestBook(url, request.signal);
      cancel();
      if (this.isClosed) return;
      if (got.is === "given") given(ask.read(symbol, got.answer));
      else if (got.is === "busy") this.rest(asked, got.forMs);
      else {
        this.close();
        refused(got.answer === null ? `it answers ${got.status}` : ask.refusal(got.answer));
      }
    } catch (error) {
      cancel();
      if (this.isClosed) return;
      if (!(error instanceof EigenwatchError)) throw error;
      this.failed(asked, error.message);
    }
  }

  private rest(asked: Asked, forMs: number): void {
    this.nextMs = Math.max(this.nextMs, this.options.clock.monotonicMs() + forMs);
    this.failed(asked, `too much was asked for; nothing is for ${Math.ceil(forMs / 1_000)} s`);
  }

  private failed(asked: Asked, reason: string): void {
    this.delay(asked);
    if (asked.breaker.failures === 1) this.options.unavailable(asked.symbol, reason);
  }
}
