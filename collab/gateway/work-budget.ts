/**
 * How much of the core one client may use: counted work, not measured time, so the same requests always meet the same limit.
 *
 *   open ──all is spent──► closed ──a tenth of `burst` has come back──► open
 *
 * What is begun while it is open is paid for afterwards, so it may owe a little.
 */
import { TokenBucket } from "./rate-limit.ts";

export class WorkBudget {
  readonly #bucket: TokenBucket;
  readonly #perSecond: number;
  /** Units from which a closed budget opens. */
  readonly #reopenAt: number;
  #open = true;

  /** `burst` units at once, `perSecond` on average. */
  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#bucket = new TokenBucket(burst, perSecond, nowMs);
    this.#perSecond = perSecond;
    this.#reopenAt = burst / 10;
  }

  isOpen(nowMs: number): boolean {
    this.#open = this.#bucket.tokens(nowMs) > (this.#open ? 0 : this.#reopenAt);
    return this.#open;
  }

  spend(units: number): void {
    this.#bucket.spend(units);
  }

  /** Time until a closed budget opens, from the last `isOpen` on. */
  get closedForMs(): number {
    return Math.ceil((1000 * Math.max(0, this.#reopenAt - this.#bucket.left)) / this.#perSecond) + 1;
  }
}
