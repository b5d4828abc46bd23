/**
 * A day of Binance at full speed: recorded messages, again and again, from a server on loopback to the feed as it is shipped, with faults; and every row of
 * a book beside a book as one would first write it.
 *
 *   recorded session ─► server ─┬─ WebSocket: a change left out, sent twice, cut in the middle; the connection cut ─► feed ─► rows ─► compared
 *                               └─ HTTP: whole books of this moment ────────────────────────────────────────────────┘
 *
 * The feed's clock shows the time of the recorded messages: delays take as long as they would, in recorded time.
 */
import { existsSync } from "node:fs";
import { createFeed } from "../../actors/feeds/session-feeds.ts";
import type { Clock } from "../../actors/ports/clock.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Channels } from "../../protocol/messages.ts";
import { countingSink } from "./counting-sink.ts";
import { type LoopbackServer, openServer } from "./loopback-server.ts";
import { check, pauseMs, secondsOf } from "./measure.ts";
import { type RecordedSession, recordedBinance } from "./recorded-binance.ts";
import { ReferenceBook } from "./reference-book.ts";
import { type BenchRow, compared } from "./row.ts";

const DEPTH = 10;
/** What Binance answers with. */
const WHOLE_LEVELS = 1_000;
/** Messages between two signs that the feed has taken all. */
const BATCH = 256;
const CHANNELS = ["mid", "spread", "imbalance", "bid size", "ask size"];
/** After so long a book counts as sound, and is asked for soon when it is lost (actors/feeds/books/book-asker.ts). */
const FAULT_EVERY_MS = 75_000;
/** After the last fault: some batches, of which the feed says what it lacks. */
const QUIET_MS = 30_000;
/** Of the faults, so many leave a connection. */
const CUT_EVERY = 40;

export interface DayOptions {
  /** The recorded session. */
  readonly path: string;
  readonly hours: number;
  readonly quotes: boolean;
  /** It goes on until there were so many, however long the feed's delays, which are spread at random, have taken. */
  readonly faultsMin?: number;
}

export interface DayResult {
  readonly messages: number;
  readonly seconds: number;
  /** Rows of books that were compared, all equal. */
  readonly rows: number;
  /** Changes of books that were sent or left out. */
  readonly changes: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Books that were lost, and came back. */
  readonly lost: number;
  readonly recovered: number;
}

/** `path`: of the recorded session; the day has as many passes of it as it takes. */
export async function benchFeedsDay(path = "(no --data)", hours = 24): Promise<BenchRow[]> {
  check(existsSync(path), `a recorded session of Binance at ${path}`, "there is none");
  const session = recordedBinance(path, ["trade", "quote", "change"]);
  const bare = session.messages.length / (await bareSeconds(session));
  const day = await feedsDay({ path, hours, quotes: true });
  const faults = Object.entries(day.faults).map(([name, count]) => `${count} ${name}`);
  return [
    compared(
      {
        name: `${hours} h of Binance (${(session.periodMs / 1000).toFixed(0)} s, again and again) through a server, with faults`,
        unit: "messages/s",
        runs: [day.messages / day.seconds],
        note:
          `${day.messages} messages; ${faults.join(", ")}; ${day.lost} books lost, ${day.recovered} recovered; ` +
          `${day.rows} rows of ${day.changes} changes, all equal to the reference; server and reference in the same process`,
      },
      { "a bare ws client and JSON.parse": [bare] },
    ),
  ];
}

/** Throws when a row differs from the reference, or a book does not come back. */
export async function feedsDay(options: DayOptions): Promise<DayResult> {
  const { path, hours, quotes, faultsMin = 0 } = options;
  const session = recordedBinance(path, quotes ? ["trade", "quote", "change"] : ["trade", "change"]);
  const market = new Market(session);
  const server = await openServer((symbol) => market.whole(symbol));
  const clock = new RecordedClock(1_000 * session.messages[0]!.timeMs);
  const rows = new ComparedRows(session);
  const spec = `binance:btcusdt,ethusdt?depth=${DEPTH}&quotes=${quotes ? 1 : 0}&url=${encodeURIComponent(server.address)}`;
  const feed = createFeed(spec, { clock, seed: 1 });
  const counting = countingSink({
    frame: (frame) => rows.take(frame),
    status: ({ detail }) => rows.told(detail),
  });
  const running = feed.run({ ...counting, channels: (declaration) => rows.declared(declaration) });
  const day = new Day({ market, server, clock, rows, faultsMin });
  try {
    const seconds = await secondsOf(() => day.run(3_600_000 * hours));
    const { messages, changes, faults } = day;
    const { count, lost, recovered, lostNow } = rows;
    check(lostNow.size === 0, "no book to be lost at the end", [...lostNow].join(", "));
    return { messages, seconds, rows: count, changes, faults, lost, recovered };
  } finally {
    await feed.stop();
    await running;
    await server.close();
  }
}

interface DayParts {
  readonly market: Market;
  readonly server: LoopbackServer;
  readonly clock: RecordedClock;
  readonly rows: ComparedRows;
  readonly faultsMin: number;
}

/** Sends the day. */
class Day {
  messages = 0;
  changes = 0;
  readonly faults = { "left out": 0, "sent twice": 0, "cut messages": 0, "cut connections": 0 };
  private nextFaultMs = 0;
  private faultsSoFar = 0;

  private readonly market: Market;
  private readonly server: LoopbackServer;
  private readonly clock: RecordedClock;
  private readonly rows: ComparedRows;
  private readonly faultsMin: number;

  constructor({ market, server, clock, rows, faultsMin }: DayParts) {
    this.market = market;
    this.server = server;
    this.clock = clock;
    this.rows = rows;
    this.faultsMin = faultsMin;
  }

  async run(ms: number): Promise<void> {
    await this.server.connected();
    const { messages, periodMs } = this.market.session;
    const endMs = messages[0]!.timeMs + ms;
    let isOver = false;
    for (let pass = 0; !isOver; pass++)
      for (const [k, message] of messages.entries()) {
        const timeMs = message.timeMs + pass * periodMs;
        if (this.messages % BATCH === 0) {
          this.clock.advance(1_000 * timeMs);
          await this.server.taken();
        }
        this.messages++;
        const text = message.text(pass);
        const isFault = message.change !== null && this.isFaultDue(message.symbol, timeMs, endMs);
        if (message.change !== null) {
          this.changes++;
          this.market.apply(k, pass);
        }
        if (isFault) this.fault(text);
        else this.server.send(text);
        isOver = timeMs >= endMs && this.isQuiet(timeMs);
        if (isOver) break;
      }
    await this.server.taken();
    await pauseMs(0);
  }

  /** The last fault has had its effect, and both books are there again. */
  private isQuiet(timeMs: number): boolean {
    const sinceFaultMs = timeMs - (this.nextFaultMs - FAULT_EVERY_MS);
    return this.faultsSoFar >= this.faultsMin && sinceFaultMs >= QUIET_MS && this.rows.lostNow.size === 0;
  }

  private isFaultDue(symbol: string, timeMs: number, endMs: number): boolean {
    if (this.nextFaultMs === 0) this.nextFaultMs = timeMs + FAULT_EVERY_MS / 2;
    if (timeMs < this.nextFaultMs || (timeMs > endMs - QUIET_MS && this.faultsSoFar >= this.faultsMin))
      return false;
    if (!this.server.isConnected || this.rows.lostNow.size > 0 || !this.rows.isKnown(symbol)) return false;
    this.nextFaultMs = timeMs + FAULT_EVERY_MS;
    return true;
  }

  private fault(text: string): void {
    const { faults, server } = this;
    const k = this.faultsSoFar++;
    if (k % CUT_EVERY === CUT_EVERY - 1) {
      faults["cut connections"]++;
      server.cut();
    } else if (k % 4 === 3) {
      faults["sent twice"]++;
      server.send(text);
      server.send(text);
    } else if (k % 4 === 2) {
      faults["cut messages"]++;
      server.send(text.slice(0, text.length / 2));
    } else faults["left out"]++;
  }
}

/** The books as they are at the exchange. */
class Market {
  readonly session: RecordedSession;
  private readonly books = new Map<string, ReferenceBook>();
  private readonly lastIds = new Map<string, number>();

  constructor(session: RecordedSession) {
    this.session = session;
    for (const [symbol, { bids, asks, lastId }] of session.firstBooks) {
      const book = new ReferenceBook();
      book.apply(bids, asks);
      this.books.set(symbol, book);
      this.lastIds.set(symbol, lastId);
    }
  }

  apply(k: number, pass: number): void {
    const { symbol, change } = this.session.messages[k]!;
    this.books.get(symbol)!.apply(change!.bids, change!.asks);
    this.lastIds.set(symbol, change!.lastId + pass * this.session.idsOf(symbol));
  }

  /** As HTTP brings it. */
  whole(symbol: string): string {
    const book = this.books.get(symbol)!;
    const side = (which: "bids" | "asks") => book.best(which, WHOLE_LEVELS);
    return JSON.stringify({ lastUpdateId: this.lastIds.get(symbol), bids: side("bids"), asks: side("asks") });
  }

  /** What is to be published after each change of the first pass: by symbol, then by time in µs. */
  static measures({ messages, firstBooks }: RecordedSession): Map<string, Map<number, number[]>> {
    const books = new Map<string, ReferenceBook>();
    const found = new Map<string, Map<number, number[]>>();
    for (const [symbol, { bids, asks }] of firstBooks) {
      const book = new ReferenceBook();
      book.apply(bids, asks);
      books.set(symbol, book);
      found.set(symbol, new Map());
    }
    for (const { symbol, change } of messages) {
      if (change === null) continue;
      const book = books.get(symbol)!;
      book.apply(change.bids, change.asks);
      const measures = book.measures(DEPTH)!;
      found.get(symbol)!.set(
        1_000 * change.timeMs,
        CHANNELS.map((name) => measures[name]!),
      );
    }
    return found;
  }
}

/** Compares what the feed publishes of books, row by row. */
class ComparedRows {
  count = 0;
  lost = 0;
  recovered = 0;
  readonly lostNow = new Set<string>();
  private readonly session: RecordedSession;
  private readonly due: Map<string, Map<number, number[]>>;
  private readonly known = new Set<string>();
  private names: string[] = [];

  constructor(session: RecordedSession) {
    this.session = session;
    this.due = Market.measures(session);
  }

  isKnown(symbol: string): boolean {
    return this.known.has(symbol) && !this.lostNow.has(symbol);
  }

  declared({ group, channels }: Channels): void {
    if (group === "binance-book") this.names = channels.map(({ name }) => name);
  }

  told(detail: string): void {
    const lost = /^the book of (.+) is not known/.exec(detail)?.[1]?.split(", ") ?? [];
    for (const symbol of lost) this.lostNow.add(symbol);
    this.lost += lost.length;
    const back = /^the book of (.+) is known again/.exec(detail)?.[1];
    if (back === undefined) return;
    this.lostNow.delete(back);
    this.recovered++;
  }

  take({ group, count, channel, time, value }: Frame): void {
    if (group !== "binance-book") return;
    const firstUs = 1_000 * this.session.messages[0]!.timeMs;
    const periodUs = 1_000 * this.session.periodMs;
    for (let k = 0; k < count; k++) {
      const [symbol = "", ...what] = this.names[channel[k]!]!.split(" ");
      const passUs = Math.floor((time[k]! - firstUs) / periodUs) * periodUs;
      const due = this.due.get(symbol)!.get(time[k]! - passUs)?.[CHANNELS.indexOf(what.join(" "))];
      check(value[k] === due, `${due} as ${what.join(" ")} of ${symbol} at ${time[k]}`, `${value[k]}`);
      this.known.add(symbol);
      if (what[0] === "mid") this.count++;
    }
  }
}

/** The time of the messages. Timers fire when it is moved on. */
class RecordedClock implements Clock {
  private us: number;
  private timers: { dueUs: number; act: () => void }[] = [];

  constructor(us: number) {
    this.us = us;
  }

  nowUs(): number {
    return this.us;
  }

  monotonicMs(): number {
    return this.us / 1_000;
  }

  after(ms: number, act: () => void): () => void {
    const timer = { dueUs: this.us + 1_000 * ms, act };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((each) => each !== timer);
    };
  }

  soon(act: () => void): void {
    setImmediate(act);
  }

  advance(us: number): void {
    for (;;) {
      const due = this.timers.filter(({ dueUs }) => dueUs <= us).sort((a, b) => a.dueUs - b.dueUs)[0];
      if (due === undefined) break;
      this.timers = this.timers.filter((each) => each !== due);
      this.us = Math.max(this.us, due.dueUs);
      due.act();
    }
    this.us = Math.max(this.us, us);
  }
}

/** One pass to a client that does nothing else. */
async function bareSeconds(session: RecordedSession): Promise<number> {
  const { WebSocket } = await import("ws");
  const server = await openServer(() => "");
  const client = new WebSocket(server.address);
  let parsed = 0;
  client.on("message", (data) => {
    if (JSON.parse(String(data)) !== null) parsed++;
  });
  await server.connected();
  const seconds = await secondsOf(async () => {
    for (const [k, message] of session.messages.entries()) {
      if (k % BATCH === 0) await server.taken();
      server.send(message.text(0));
    }
    await server.taken();
  });
  check(parsed === session.messages.length, "all messages at the bare client");
  client.terminate();
  await server.close();
  return seconds;
}
