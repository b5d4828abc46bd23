/**
 * One side of an order book: its levels, best first.
 *
 *   best ─ levels, all of them known ─ horizon ─ levels that are not known
 *
 * S1  Between the best price and the horizon every level is known. What changes beyond the horizon is left out.
 * S2  At most `levelsMax` levels are kept. Of an exchange that keeps sending so many levels (`isWindow`), a level that falls out of them is sent again when it
 *     comes back: nothing is beyond. Of another the horizon then is the worst level that is kept.
 *
 * Prices of exchanges have at most 15 digits that count, so that doubles keep them apart. A change takes a binary search and a move of what is below it.
 */
import type { LevelText } from "../exchanges/venue.ts";

export interface Level {
  readonly price: number;
  readonly size: number;
  /** As the exchange writes it: price and size. */
  readonly text: LevelText;
}

export interface SideOptions {
  readonly side: "bids" | "asks";
  readonly levelsMax: number;
  readonly isWindow: boolean;
}

export class BookSide {
  private list: Level[] = [];
  private readonly options: SideOptions;
  /** Prices times this grow from the best one on. */
  private readonly sign: 1 | -1;
  /** Times the sign; infinite when every level is known. */
  private horizon = Number.POSITIVE_INFINITY;

  constructor(options: SideOptions) {
    this.options = options;
    this.sign = options.side === "asks" ? 1 : -1;
  }

  get levels(): readonly Level[] {
    return this.list;
  }

  /** Levels that are known for sure, infinite when there are no others. */
  get reach(): number {
    return this.horizon === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : this.list.length;
  }

  clear(): void {
    this.list = [];
    this.horizon = Number.POSITIVE_INFINITY;
  }

  /** Takes all levels that the exchange gives. `mostGiven`: so many mean that it may have more. */
  load(levels: readonly LevelText[], mostGiven: number): void {
    this.clear();
    this.change(levels);
    if (levels.length >= mostGiven) this.endAtWorst();
  }

  /** The size of the best `depth` levels together. */
  sum(depth: number): number {
    const { list } = this;
    let sum = 0;
    for (let k = 0; k < depth && k < list.length; k++) sum += list[k]!.size;
    return sum;
  }

  /** Enters, changes and removes levels. Only when all of them are in is it known which ones fall out. */
  change(levels: readonly LevelText[]): void {
    for (const level of levels) this.set(level);
    const { levelsMax } = this.options;
    if (this.list.length <= levelsMax) return;
    this.list.length = levelsMax;
    this.endAtWorst();
  }

  private set(text: LevelText): void {
    const price = Number(text[0]);
    const size = Number(text[1]);
    const key = price * this.sign;
    if (key > this.horizon) return;
    const { list } = this;
    const at = this.placeOf(key);
    const isThere = at < list.length && list[at]!.price === price;
    if (size === 0) {
      if (isThere) list.splice(at, 1);
    } else if (isThere) list[at] = { price, size, text };
    else list.splice(at, 0, { price, size, text });
  }

  private endAtWorst(): void {
    const worst = this.list.at(-1);
    if (worst !== undefined && !this.options.isWindow) this.horizon = worst.price * this.sign;
  }

  /** Where the first level is that is not better. */
  private placeOf(key: number): number {
    const { list, sign } = this;
    let low = 0;
    let high = list.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (list[middle]!.price * sign < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
