/** Rates per key (an address), by token buckets: each key has a bucket of `burst` tokens that refills at `perSecond`. */
export class RateLimit {
  readonly #burst: number;
  readonly #perSecond: number;
  readonly #keysMax: number;
  readonly #buckets = new Map<string, TokenBucket>();

  constructor(burst: number, perSecond: number, keysMax: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#keysMax = keysMax;
  }

  /** Takes one token of `key`. False: it has none left. */
  take(key: string, nowMs: number): boolean {
    return this.bucket(key, nowMs).take(nowMs);
  }

  /** Whole seconds until an empty bucket has a token. */
  get retrySeconds(): number {
    return Math.max(1, Math.ceil(1 / this.#perSecond));
  }

  /** The bucket of `key`, filled up to now. */
  bucket(key: string, nowMs: number): TokenBucket {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      if (this.#buckets.size >= this.#keysMax) this.#forget(nowMs);
      bucket = new TokenBucket(this.#burst, this.#perSecond, nowMs);
      this.#buckets.set(key, bucket);
    }
    bucket.tokens(nowMs);
    return bucket;
  }

  /** Removes full buckets, which carry no information; when none is full, the oldest. */
  #forget(nowMs: number): void {
    for (const [key, bucket] of this.#buckets) if (bucket.isFull(nowMs)) this.#buckets.delete(key);
    if (this.#buckets.size < this.#keysMax) return;
    for (const key of this.#buckets.keys()) {
      this.#buckets.delete(key);
      return;
    }
  }
}

/**
 * One rate: `burst` at once, `perSecond` on average.
 *
 * What costs more than one token is begun while it is open and paid for afterwards, so it may owe a little:
 *
 *   open ──all is spent──► closed ──a tenth of `burst` has come back──► open
 */
export class TokenBucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #open = true;
  #filledAtMs: number;

  constructor(burst: number, perSecond: number, nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#filledAtMs = nowMs;
  }

  take(nowMs: number): boolean {
    if (this.tokens(nowMs) < 1) return false;
    this.spend(1);
    return true;
  }

  isOpen(nowMs: number): boolean {
    this.#open = this.tokens(nowMs) > (this.#open ? 0 : this.#burst / 10);
    return this.#open;
  }

  /** Time until a closed one opens, from the last look at the clock on. */
  get closedForMs(): number {
    return Math.ceil((1000 * Math.max(0, this.#burst / 10 - this.#tokens)) / this.#perSecond) + 1;
  }

  isFull(nowMs: number): boolean {
    return this.tokens(nowMs) >= this.#burst;
  }

  /** What it had at the last look at the clock, less what was spent since. Negative when more was spent than it had. */
  get left(): number {
    return this.#tokens;
  }

  /** What it has now. */
  tokens(nowMs: number): number {
    const gained = (Math.max(0, nowMs - this.#filledAtMs) / 1000) * this.#perSecond;
    this.#tokens = Math.min(this.#burst, this.#tokens + gained);
    this.#filledAtMs = nowMs;
    return this.#tokens;
  }

  /** Takes so many, even more than it has. */
  spend(tokens: number): void {
    this.#tokens -= tokens;
  }
}
