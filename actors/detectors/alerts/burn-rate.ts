/**
 * How fast a service objective uses up its error budget, over a window and the last twelfth of it:
 *
 *   burn = share of bad values / (1 − objective)                          1: the budget is used up just as the objective ends
 *
 * An alert needs both windows: the long one says that it matters, the short one that it still goes on. Source: Beyer et al. 2018, "The Site
 * Reliability Workbook", chapter 5, multiwindow burn rates: 14.4 over an hour spends 2 % of a month's budget.
 *
 * Values are counted in sixty buckets of time, so the windows move by a sixtieth. Plain JSON: it is kept state of the alerts.
 */

const BUCKETS = 60;
const SHORT = 5;

export interface SavedBurn {
  /** Number of the newest bucket since the epoch, and of the first one that had a value. */
  newest: number;
  first: number;
  /** By number modulo BUCKETS. */
  readonly all: number[];
  readonly bad: number[];
}

export class BurnRate {
  readonly saved: SavedBurn;
  private readonly bucketUs: number;
  private readonly allowed: number;
  /** Of the buckets before the newest one, in both windows. */
  private readonly before = { all: 0, bad: 0, shortAll: 0, shortBad: 0 };

  /** `percent`: of the values that must be good, below 100. */
  constructor(percent: number, windowUs: number, saved?: SavedBurn) {
    this.bucketUs = windowUs / BUCKETS;
    this.allowed = 1 - percent / 100;
    const none = () => new Array<number>(BUCKETS).fill(0);
    this.saved = saved ?? { newest: -1, first: -1, all: none(), bad: none() };
    this.sumUp();
  }

  /** Takes a value; its time is at least that of the newest bucket, else it counts there. The lower burn rate of both windows; NaN: too few is known. */
  take(isBad: boolean, timeUs: number): number {
    const { saved, before, allowed } = this;
    const bucket = Math.floor(timeUs / this.bucketUs);
    if (bucket > saved.newest) this.begin(bucket);
    const at = saved.newest % BUCKETS;
    saved.all[at] = saved.all[at]! + 1;
    if (isBad) saved.bad[at] = saved.bad[at]! + 1;
    if (saved.newest - saved.first < SHORT) return Number.NaN;
    // Before the first value all was well: a session that has just begun has its budget.
    const known = Math.min(1, (saved.newest - saved.first + 1) / BUCKETS);
    const long = (known * (before.bad + saved.bad[at]!)) / (before.all + saved.all[at]!);
    const short = (before.shortBad + saved.bad[at]!) / (before.shortAll + saved.all[at]!);
    return Math.min(long, short) / allowed;
  }

  private begin(bucket: number): void {
    const { saved } = this;
    for (let k = Math.max(saved.newest + 1, bucket - BUCKETS + 1); k <= bucket; k++) {
      saved.all[k % BUCKETS] = 0;
      saved.bad[k % BUCKETS] = 0;
    }
    if (saved.first < 0) saved.first = bucket;
    saved.newest = bucket;
    this.sumUp();
  }

  private sumUp(): void {
    const { saved, before } = this;
    Object.assign(before, { all: 0, bad: 0, shortAll: 0, shortBad: 0 });
    for (let back = 1; back < BUCKETS && saved.newest - back >= 0; back++) {
      const at = (saved.newest - back) % BUCKETS;
      before.all += saved.all[at]!;
      before.bad += saved.bad[at]!;
      if (back >= SHORT) continue;
      before.shortAll += saved.all[at]!;
      before.shortBad += saved.bad[at]!;
    }
  }
}
