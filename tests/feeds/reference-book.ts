/**
 * An order book as one would first write it: a map of each side, searched through whenever something is asked of it. And recorded sessions of exchanges,
 * as messages of today.
 */
import { readFileSync } from "node:fs";
import { crc32, gunzipSync } from "node:zlib";
import type { LevelText } from "../../actors/feeds/exchanges/venue.ts";

/** Best first. */
type Side = readonly LevelText[];

export class ReferenceBook {
  private readonly sides = { bids: new Map<number, LevelText>(), asks: new Map<number, LevelText>() };

  apply(bids: Side, asks: Side): void {
    for (const [side, levels] of [
      [this.sides.bids, bids],
      [this.sides.asks, asks],
    ] as const)
      for (const level of levels)
        if (Number(level[1]) === 0) side.delete(Number(level[0]));
        else side.set(Number(level[0]), level);
  }

  best(side: "bids" | "asks", count: number): Side {
    const sign = side === "asks" ? 1 : -1;
    const found: number[] = [];
    for (const price of this.sides[side].keys()) {
      if (found.length === count && (price - found[count - 1]!) * sign > 0) continue;
      const at = found.findIndex((each) => (each - price) * sign > 0);
      found.splice(at < 0 ? found.length : at, 0, price);
      if (found.length > count) found.pop();
    }
    return found.map((price) => this.sides[side].get(price)!);
  }

  /** All levels but the best `count` of a side are forgotten. */
  cut(count: number): void {
    for (const side of ["bids", "asks"] as const) {
      if (this.sides[side].size <= count) continue;
      const kept = new Set(this.best(side, count).map(([price]) => Number(price)));
      for (const price of this.sides[side].keys()) if (!kept.has(price)) this.sides[side].delete(price);
    }
  }

  /** What a feed publishes of it; null when a side is empty. */
  measures(depth: number): Record<string, number> | null {
    const [bids, asks] = [this.best("bids", depth), this.best("asks", depth)];
    if (bids.length === 0 || asks.length === 0) return null;
    const [bid, ask] = [Number(bids[0]![0]), Number(asks[0]![0])];
    const sum = (side: Side): number => side.reduce((total, [, size]) => total + Number(size), 0);
    const [bidSize, askSize] = [sum(bids), sum(asks)];
    return {
      // Recorded prices have ten digits at most, and no more after the point.
      mid: Number(((bid + ask) / 2).toPrecision(13)),
      spread: Number((ask - bid).toFixed(10)),
      imbalance: (bidSize - askSize) / (bidSize + askSize),
      "bid size": bidSize,
      "ask size": askSize,
    };
  }

  checksum(): number {
    const digits = ([price, size]: LevelText): string =>
      [price, size].map((text) => text.replace(".", "").replace(/^0+/, "")).join("");
    return crc32([...this.best("asks", 10), ...this.best("bids", 10)].map(digits).join(""));
  }
}

/** The columns of each line of a recorded session. */
export function recordedLines(path: string): string[][] {
  const text = gunzipSync(readFileSync(path)).toString("utf8");
  return text
    .split("\n")
    .slice(1)
    .filter((line) => line !== "")
    .map((line) => line.split("\t"));
}

export interface RecordedBook {
  readonly symbol: string;
  readonly isWhole: boolean;
  readonly bids: Side;
  readonly asks: Side;
  /** Whole µs. */
  readonly timeUs: number;
  readonly checksum: number | null;
}

/** The book messages of a session of Kraken's protocol of 2021. */
export function recordedKraken(path: string): RecordedBook[] {
  return recordedLines(path)
    .filter(
      ([, , direction, text = ""]) => direction === "in" && /"book-\d+"/.test(text) && text.startsWith("["),
    )
    .map(([, , , text]) => {
      const message = JSON.parse(text!) as unknown[];
      const symbol = String(message.at(-1));
      const parts = Object.assign({}, ...message.slice(1, -2)) as Record<string, string | string[][]>;
      const levels = (key: string) => (parts[key] ?? []) as string[][];
      const [bids, asks] = [
        [...levels("bs"), ...levels("b")],
        [...levels("as"), ...levels("a")],
      ];
      const times = [...bids, ...asks].map(([, , time]) => Math.round(Number(time) * 1e6));
      return {
        symbol,
        isWhole: parts["as"] !== undefined || parts["bs"] !== undefined,
        bids: bids.map(([price, size]) => [price!, size!] as const),
        asks: asks.map(([price, size]) => [price!, size!] as const),
        timeUs: times.reduce((most, time) => Math.max(most, time), 0),
        checksum: parts["c"] === undefined ? null : Number(parts["c"]),
      };
    });
}

/** The book messages of a session of Coinbase Exchange. */
export function recordedCoinbase(path: string): RecordedBook[] {
  return recordedLines(path)
    .filter(([, , direction, text = ""]) => direction === "in" && /"type":"(snapshot|l2update)"/.test(text))
    .map(([receivedNs, , , text]) => {
      const message = JSON.parse(text!) as {
        type: string;
        product_id: string;
        bids?: LevelText[];
        asks?: LevelText[];
        changes?: [string, string, string][];
        time?: string;
      };
      const changed = (side: string): LevelText[] =>
        (message.changes ?? []).filter(([each]) => each === side).map(([, price, size]) => [price, size]);
      return {
        symbol: message.product_id,
        isWhole: message.type === "snapshot",
        bids: message.bids ?? changed("buy"),
        asks: message.asks ?? changed("sell"),
        timeUs:
          message.time === undefined
            ? Math.floor(Number(receivedNs) / 1_000)
            : Date.parse(message.time) * 1_000 + Number(message.time.slice(23, 26)),
        checksum: null,
      };
    });
}

/** "2021-04-17T16:43:37.089723Z" */
export function isoOf(timeUs: number): string {
  const ms = Math.floor(timeUs / 1_000);
  return `${new Date(ms).toISOString().slice(0, 23)}${String(timeUs - ms * 1_000).padStart(3, "0")}Z`;
}
