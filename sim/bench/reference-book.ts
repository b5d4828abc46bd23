/** An order book as one would first write it: a map of each side, searched through whenever something is asked of it. What a feed publishes is compared with it. */
import { crc32 } from "node:zlib";
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
