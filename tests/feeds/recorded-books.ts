/** Recorded sessions of exchanges, as messages of today. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { LevelText } from "../../actors/feeds/exchanges/venue.ts";

/** Best first. */
type Side = readonly LevelText[];

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
