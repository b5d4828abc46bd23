/**
 * Pairs of prices that are tied, and how far apart each is.
 *
 *   closes ─► the last `window`, as logarithms ─ every tenth of it ─► Engle & Granger of each pair ─► Benjamini & Hochberg: which are tied
 *                                                                                                            │
 *   close ─► z = (y − a − βx) / σ of each of those ◄─────────────────────────────────────────────────────────┘
 *
 * Both ways have to be tied, y on x and x on y, and the larger p-value counts: a price that happens to stand still is "tied" to every other one, which
 * makes false discoveries come in dozens, but no walk is tied to it.
 *
 * O1  Of the pairs that are called tied at one fit, at most `fdrPercent` are not, on average, while steps of prices that are not tied are those of
 *     random walks. Fits follow each other and share nine tenths of their window: over many fits more false ones come by.
 * O2  A pair is open from |z| ≥ entryDeviations to |z| ≤ exitDeviations, a change of side, |z| ≥ BROKEN_AT or a fit that no longer ties it.
 *
 * The edge is what a half-life brings on average, z σ / 2, less four trades, with the 90 % range that an Ornstein-Uhlenbeck residual then has.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Settings } from "../../../protocol/settings.ts";
import { type Cointegration, engleGranger } from "../../kernels/cointegration.ts";
import { benjaminiHochberg } from "../../kernels/multiple-testing.ts";
import type { Fields } from "../../ports/detector.ts";
import { namedNumbers } from "../registered-numbers.ts";

/** Fits in the time of a window. */
const FITS_A_WINDOW = 10;
/** So far apart the tie is broken rather than stretched: one row in sixteen thousand of a normal residual. */
const BROKEN_AT = 4;
/** 1.645 √(1 − 1/4): half of the 90 % range of the residual after a half-life, in σ. */
const RANGE = 1.4246;
/** Into and out of a pair. */
const TIMES_TRADED = 2;

const Scalars = namedNumbers("periods");
const Pair = namedNumbers(
  "slope",
  "intercept",
  "deviation",
  "halfLife",
  "pValue",
  "isTied",
  /** 0; while it is open the sign of its z. */
  "side",
  /** Of the last period. */
  "z",
);

/** What became of a pair. */
export type PairChange = "opened" | "returned" | "broken";

/** As shares of the price of y. */
export interface Edge {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export class Pairs {
  readonly fields: Fields;
  /** Places of y and x of each pair among the channels. */
  readonly places: readonly (readonly [y: number, x: number])[];
  private readonly settings: Settings["opportunity"];
  private readonly fee: number;
  private readonly n: number;
  private readonly scalars = new Scalars();
  private readonly pairs: InstanceType<typeof Pair>;
  /** Logarithms of the last closes, a ring for each channel; then the last one of each. */
  private readonly ring: Float64Array;
  private readonly now: Float64Array;
  private readonly path: Float64Array;
  private readonly residual: Float64Array;
  private readonly pValues: Float64Array;
  private readonly tied: Uint8Array;
  private readonly order: Float64Array;
  private readonly fitted: Cointegration = {
    slope: 0,
    intercept: 0,
    deviation: 0,
    halfLife: 0,
    pValue: 1,
  };

  /** `fee`: of one trade, as a share. */
  constructor(n: number, settings: Settings["opportunity"], fee: number) {
    const window = settings.windowPeriods;
    this.n = n;
    this.settings = settings;
    this.fee = fee;
    this.places = Array.from({ length: n }, (_, y) =>
      Array.from({ length: n - y - 1 }, (_, k) => [y, y + 1 + k] as const),
    ).flat();
    const count = this.places.length;
    this.pairs = new Pair(count);
    this.ring = new Float64Array(n * window);
    this.now = new Float64Array(n).fill(Number.NaN);
    this.path = new Float64Array(n * window);
    this.residual = new Float64Array(window);
    this.pValues = new Float64Array(count);
    this.tied = new Uint8Array(count);
    this.order = new Float64Array(count);
    this.fields = {
      scalars: this.scalars.array,
      pairs: this.pairs.array,
      ring: this.ring,
      now: this.now,
    };
  }

  /** Takes the closes of a period; `closeOf(i)`: of channel i, NaN where it has none. Calls `changed` for each pair that opens or closes. */
  take(closeOf: (i: number) => number, changed: (pair: number, change: PairChange) => void): void {
    const { n, now, ring, scalars, settings } = this;
    const window = settings.windowPeriods;
    let isWhole = true;
    for (let i = 0; i < n; i++) {
      const close = closeOf(i);
      // A channel that did not report keeps its last price.
      if (close > 0) now[i] = ln(close);
      if (Number.isNaN(now[i]!)) isWhole = false;
    }
    if (!isWhole) return;
    for (let i = 0; i < n; i++) ring[i * window + (scalars.periods % window)] = now[i]!;
    scalars.periods = scalars.periods + 1;
    const every = Math.floor(window / FITS_A_WINDOW);
    if (scalars.periods >= window && (scalars.periods - window) % every === 0) this.fit();
    if (scalars.periods < window) return;
    for (let k = 0; k < this.places.length; k++) this.judge(k, changed);
  }

  /** Pairs that are tested, and those that are tied; 0 before the first fit. */
  get tested(): number {
    return this.scalars.periods < this.settings.windowPeriods ? 0 : this.places.length;
  }

  /** Valid until the next call. */
  at(pair: number): Readonly<Omit<InstanceType<typeof Pair>, "at" | "array">> {
    return this.pairs.at(pair);
  }

  /** What is expected of it after a half-life, less costs. */
  edgeOf(pair: number): Edge {
    const { z, deviation, slope } = this.pairs.at(pair);
    const mean = (Math.abs(z) * deviation) / 2 - TIMES_TRADED * (1 + Math.abs(slope)) * this.fee;
    return { mean, low: mean - RANGE * deviation, high: mean + RANGE * deviation };
  }

  /** Against "not tied", for all pairs that were tested, nats; can be negative. */
  evidenceOf(pair: number): number {
    return -ln(Math.max(this.pairs.at(pair).pValue, Number.MIN_VALUE)) - ln(this.places.length);
  }

  private judge(k: number, changed: (pair: number, change: PairChange) => void): void {
    const { settings, now, places } = this;
    const pair = this.pairs.at(k);
    if (pair.isTied === 0 && pair.side === 0) return;
    const [y, x] = places[k]!;
    const z = (now[y]! - pair.intercept - pair.slope * now[x]!) / pair.deviation;
    pair.z = z;
    const far = Math.abs(z);
    if (pair.side !== 0) {
      const isBroken = pair.isTied === 0 || far >= BROKEN_AT;
      if (!isBroken && far > settings.exitDeviations && z * pair.side > 0) return;
      pair.side = 0;
      // Until a fit ties it again: it would open and break at each row.
      if (isBroken) pair.isTied = 0;
      changed(k, isBroken ? "broken" : "returned");
      return;
    }
    if (far < settings.entryDeviations || far >= BROKEN_AT) return;
    if (this.edgeOf(k).mean < settings.minimumProfitPercent / 100) return;
    this.pairs.at(k).side = z < 0 ? -1 : 1;
    changed(k, "opened");
  }

  private fit(): void {
    const { settings, scalars, ring, path, places, pValues, tied, n, fitted } = this;
    const window = settings.windowPeriods;
    for (let i = 0; i < n; i++)
      for (let t = 0; t < window; t++)
        path[i * window + t] = ring[i * window + ((scalars.periods + t) % window)]!;
    for (let k = 0; k < places.length; k++) {
      const [y, x] = places[k]!;
      engleGranger(path, x * window, y * window, window, this.residual, fitted);
      const pair = this.pairs.at(k);
      pair.pValue = fitted.pValue;
      pair.slope = fitted.slope;
      pair.intercept = fitted.intercept;
      pair.deviation = fitted.deviation;
      pair.halfLife = fitted.halfLife;
      // A larger one is no discovery, whatever the other way says.
      if (fitted.pValue <= settings.fdrPercent / 100) {
        engleGranger(path, y * window, x * window, window, this.residual, fitted);
        pair.pValue = Math.max(pair.pValue, fitted.pValue);
      }
      pValues[k] = pair.pValue;
    }
    benjaminiHochberg(places.length, pValues, settings.fdrPercent / 100, tied, this.order);
    for (let k = 0; k < places.length; k++) this.pairs.at(k).isTied = tied[k]!;
  }
}
