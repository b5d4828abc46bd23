/**
 * A recorded session of Binance that begins again when it has ended, with the numbers and times of a session that goes on.
 *
 *   recorded messages ─► a change that makes the last book the first one again ─► the same messages, ids and times further on ─► …
 *
 * So every pass has the same books at the same places, and what is published of them can be looked up.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { LevelText } from "../../actors/feeds/exchanges/venue.ts";
import { ReferenceBook } from "./reference-book.ts";

/** All levels of a side. */
const ALL = Number.POSITIVE_INFINITY;
/** Between two changes of a book. */
const STEP_MS = 100;

interface Change {
  readonly bids: readonly LevelText[];
  readonly asks: readonly LevelText[];
  /** In the first pass. */
  readonly lastId: number;
}

export interface RecordedMessage {
  readonly symbol: string;
  readonly kind: "trade" | "quote" | "change";
  /** Milliseconds since 1970, in the first pass; never before the message before. */
  readonly timeMs: number;
  /** Of a change of a book. */
  readonly change: (Change & { readonly timeMs: number }) | null;
  /** In the pass 0, 1, 2, … */
  text(pass: number): string;
}

export interface RecordedSession {
  readonly messages: readonly RecordedMessage[];
  /** Of one pass. */
  readonly periodMs: number;
  /** The books before the first message, by symbol. */
  readonly firstBooks: ReadonlyMap<string, Change>;
  /** By how much ids of changes grow with each pass, by symbol. */
  readonly idsOf: (symbol: string) => number;
}

interface Data {
  readonly e?: string;
  readonly s: string;
  readonly E?: number;
  readonly U?: number;
  readonly u?: number;
  readonly t?: number;
  readonly b?: LevelText[];
  readonly a?: LevelText[];
}

/** What grows with each pass. */
interface Steps {
  ids: number;
  trades: number;
}

/** `kinds`: those that are wanted. The messages begin when the whole books of all symbols are there. */
export function recordedBinance(path: string, kinds: readonly RecordedMessage["kind"][]): RecordedSession {
  const texts = gunzipSync(readFileSync(path))
    .toString("utf8")
    .split("\n")
    .flatMap((line) => line.split("\t")[2] ?? []);
  const { books, lastIds, begin } = begun(texts);
  const firstBooks = new Map(
    Array.from(books, ([symbol, book]) => [symbol, changeOf(book, lastIds.get(symbol)!)]),
  );
  const steps = new Map<string, Steps>();
  const all: { data: Data; kind: RecordedMessage["kind"]; text: string }[] = [];
  const trades = new Map<string, { first: number; last: number }>();
  for (let text of texts.slice(begin).filter((each) => each.startsWith('{"stream"'))) {
    let { data } = JSON.parse(text) as { data: Data };
    const kind = data.e === "trade" ? "trade" : data.e === "depthUpdate" ? "change" : "quote";
    if (kind === "change") {
      const last = lastIds.get(data.s)!;
      if (data.u! <= last) continue;
      // The first one overlaps the whole book; in each later pass it follows the one before.
      text = text.replace(`"U":${data.U}`, `"U":${last + 1}`);
      data = { ...data, U: last + 1 };
      lastIds.set(data.s, data.u!);
      books.get(data.s)!.apply(data.b!, data.a!);
    }
    if (kind === "trade") trades.set(data.s, { first: trades.get(data.s)?.first ?? data.t!, last: data.t! });
    if (kinds.includes(kind)) all.push({ data, kind, text });
  }
  const times = all.flatMap(({ data }) => data.E ?? []);
  const lastMs = times.reduce((most, each) => Math.max(most, each), 0);
  for (const [symbol, book] of books) {
    const id = lastIds.get(symbol)! + 1;
    const { bids: b, asks: a } = difference(book, firstBooks.get(symbol)!);
    const data = { e: "depthUpdate", E: lastMs + STEP_MS, s: symbol, U: id, u: id, b, a };
    all.push({ data, kind: "change", text: JSON.stringify({ stream: "", data }) });
    const { first, last } = trades.get(symbol)!;
    steps.set(symbol, { ids: id - firstBooks.get(symbol)!.lastId, trades: last - first + 1 });
  }
  const periodMs = lastMs + 2 * STEP_MS - times[0]!;
  let timeMs = times[0]!;
  const messages = all.map(({ data, kind, text }) => {
    timeMs = Math.max(timeMs, data.E ?? timeMs);
    const change =
      kind === "change" ? { bids: data.b!, asks: data.a!, lastId: data.u!, timeMs: data.E! } : null;
    return { symbol: data.s, kind, timeMs, change, text: growing(text, steps.get(data.s)!, periodMs) };
  });
  return { messages, periodMs, firstBooks, idsOf: (symbol) => steps.get(symbol)!.ids };
}

/** The books and their numbers when the last of the whole ones has come. */
function begun(texts: readonly string[]) {
  const books = new Map<string, ReferenceBook>();
  const lastIds = new Map<string, number>();
  let begin = 0;
  for (const [k, text] of texts.entries()) {
    if (text.startsWith('{"lastUpdateId"')) {
      const { lastUpdateId, bids, asks } = JSON.parse(text) as {
        lastUpdateId: number;
        bids: LevelText[];
        asks: LevelText[];
      };
      // Nothing in it says whose it is.
      const symbol = Number(bids[0]![0]) > 10_000 ? "BTCUSDT" : "ETHUSDT";
      const book = new ReferenceBook();
      book.apply(bids, asks);
      books.set(symbol, book);
      lastIds.set(symbol, lastUpdateId);
      begin = k + 1;
    } else if (books.size === 1 && text.includes('"depthUpdate"')) {
      const { data } = JSON.parse(text) as { data: Data };
      if (!books.has(data.s) || data.u! <= lastIds.get(data.s)!) continue;
      books.get(data.s)!.apply(data.b!, data.a!);
      lastIds.set(data.s, data.u!);
    }
    if (books.size === 2) break;
  }
  return { books, lastIds, begin };
}

function changeOf(book: ReferenceBook, lastId: number): Change {
  return { bids: book.best("bids", ALL), asks: book.best("asks", ALL), lastId };
}

/** What makes `book` the one that was before. */
function difference(book: ReferenceBook, before: Change) {
  const side = (which: "bids" | "asks"): LevelText[] => {
    const then = new Map(before[which].map(([price, size]) => [price, size]));
    const now = new Map(book.best(which, ALL).map(([price, size]) => [price, size]));
    return [
      ...[...now.keys()].filter((price) => !then.has(price)).map((price): LevelText => [price, "0.00000000"]),
      ...[...then].filter(([price, size]) => now.get(price) !== size),
    ];
  };
  return { bids: side("bids"), asks: side("asks") };
}

/** The text with ids and times of a later pass. */
function growing(text: string, { ids, trades }: Steps, periodMs: number): (pass: number) => string {
  const step: Readonly<Record<string, number>> = { E: periodMs, T: periodMs, U: ids, u: ids, t: trades };
  const parts: string[] = [];
  const numbers: [first: number, step: number][] = [];
  let end = 0;
  for (const match of text.matchAll(/"([ETUut])":(\d+)/g)) {
    const digits = match[2]!;
    const at = match.index + match[0].length - digits.length;
    parts.push(text.slice(end, at));
    numbers.push([Number(digits), step[match[1]!]!]);
    end = at + digits.length;
  }
  parts.push(text.slice(end));
  return (pass) => {
    let grown = parts[0]!;
    for (const [k, [first, each]] of numbers.entries()) grown += first + pass * each + parts[k + 1]!;
    return grown;
  };
}
