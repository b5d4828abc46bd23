/** Daily bars of many symbols, each a random walk, as a gzip file sorted by date as data of exchanges are. */
import { createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { RandomStream } from "../../actors/core/random.ts";

export const SYMBOLS = 499;
const DAYS = 504;

export async function writeBars(file: string): Promise<void> {
  const random = new RandomStream(1, "bars");
  const prices = new Float64Array(SYMBOLS).fill(100);
  async function* rows() {
    yield "date,symbol,open,high,low,close,volume\n";
    for (let day = 0; day < DAYS; day++) {
      const date = new Date(Date.UTC(2015, 0, 1 + day)).toISOString().slice(0, 10);
      let text = "";
      for (let s = 0; s < SYMBOLS; s++) {
        const open = prices[s]!;
        const close = open * (0.97 + 0.06 * random.next());
        prices[s] = close;
        const [high, low] = [Math.max(open, close) * 1.01, Math.min(open, close) * 0.99];
        text += `${date},S${s},${open.toFixed(4)},${high.toFixed(4)},${low.toFixed(4)},${close.toFixed(4)},${Math.floor(1e6 * random.next())}\n`;
      }
      yield text;
    }
  }
  await pipeline(rows, createGzip(), createWriteStream(file));
}
