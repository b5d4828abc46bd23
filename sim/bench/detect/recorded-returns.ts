/**
 * Returns of recorded prices in an order of chance: nothing is to be found in them, and their laws are those of markets.
 *
 *   closes or mid prices by symbol ─► log returns ─► blocks of some rows from places of chance ─► a channel's returns
 *
 * Blocks of one row leave the law of the returns alone; longer ones their clusters of volatility too. Each channel draws from symbols of its own.
 */
import { join } from "node:path";
import ln from "@stdlib/math-base-special-ln";
import { readTable } from "../../../actors/feeds/table/table.ts";
import type { Variates } from "../../worlds/model/variates.ts";

interface Source {
  readonly path: string;
  /** Columns whose mean is the price. */
  readonly price: readonly string[];
}

const SOURCES = {
  "crypto minutes": { path: "B_crypto_1m/bars_1m.csv.gz", price: ["close"] },
  "equity seconds": { path: "A_equity_ticks/bbo_1s.csv.gz", price: ["bid", "ask"] },
  "S&P 500 days": { path: "C_sp500_daily/daily.csv.gz", price: ["close"] },
} as const satisfies Record<string, Source>;

export type ReturnsOf = keyof typeof SOURCES;
export const RETURNS_OF = Object.keys(SOURCES) as ReturnsOf[];
export const RETURN_FILES = Object.values(SOURCES).map(({ path }) => path);

/** Log returns of each symbol, in the order of time. `folder`: with the recorded markets. */
export async function recordedReturns(folder: string, of: ReturnsOf): Promise<Float64Array[]> {
  const { path, price }: Source = SOURCES[of];
  const [value, ...beside] = price;
  const table = await readTable(join(folder, path), { format: "long", value, beside });
  const last: number[] = [];
  const returns: number[][] = [];
  for await (const { rows, symbol, values } of table.batches()) {
    for (let r = 0; r < rows; r++) {
      const prices = values.subarray(r * price.length, (r + 1) * price.length);
      const now = ln(prices.reduce((sum, each) => sum + each, 0) / price.length);
      if (!Number.isFinite(now)) continue;
      const k = symbol[r]!;
      if (returns[k] === undefined) returns[k] = [];
      else returns[k].push(now - last[k]!);
      last[k] = now;
    }
  }
  return returns.map((each) => Float64Array.from(each)).filter(({ length }) => length > 0);
}

/** The next return of channel c of so many, in blocks of `rows`. */
export function inBlocks(
  series: readonly Float64Array[],
  { rows, c, channels }: { readonly rows: number; readonly c: number; readonly channels: number },
  v: Variates,
): () => number {
  const own = series.filter((_, k) => k % channels === c);
  let from = own[0]!;
  let at = 0;
  let left = 0;
  return () => {
    if (left === 0) {
      from = own[v.whole(own.length)]!;
      at = v.whole(Math.max(1, from.length - rows + 1));
      left = Math.min(rows, from.length);
    }
    left--;
    return from[at++]!;
  };
}
