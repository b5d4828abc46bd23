/**
 * How much of the core one client may use: counted work, not measured time, so the same requests always meet the same limit.
 *
 *   open ──all is spent──► closed ──a tenth of `burst` has come back──► open
 *
 * What is begun while it is open is paid for afterwards, so it may owe a little.
 */
export class WorkBudget {
  readonly #burst: number;
  readonly #perSecond: number;
  #left: number;
  #filledAtMs: number;
  #open = true;

  /** `burst` units at once, `perSecond` on average. */
  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#left = burst;
    this.#filledAtMs = nowMs;
  }

  isOpen(nowMs: number): boolean {
    const gained = (Math.max(0, nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#left = Math.min(this.#burst, this.#left + gained);
    this.#filledAtMs = nowMs;
    this.#open = this.#left > (this.#open ? 0 : this.#burst / 10);
    return this.#open;
  }

  spend(units: number): void {
    this.#left -= units;
  }

  /** Time until a closed budget opens, from the last `isOpen` on. */
  get closedForMs(): number {
    return Math.ceil((1000 * Math.max(0, this.#burst / 10 - this.#left)) / this.#perSecond) + 1;
  }
}
