/**
 * Back-tests of each channel's forecasts while they are made: do losses exceed its values at risk as often as they say, one by one, and by no more?
 *
 *   loss, forecasts ─┬─► exceeded or not, the last `window` ─► Kupiec, Christoffersen ─► confidence, and whether a violation is over
 *                    └─► twelve bets (kernels/e-backtest.ts) ─► CUSUM mixture M ── M ≥ price ─► violated
 *
 * A p-value that is looked at after every loss is below 5 % sooner or later, so Kupiec and Christoffersen lower the confidence that is shown and
 * announce nothing. M announces: while forecasts are right, M ≥ A comes no sooner than after A losses on average, whenever one looks.
 *
 *   bets of each level   value at risk, λ = 1, 2, 4 tails                          exceeded two, three, five times as often, and more
 *                        value at risk, λ = 5 tails, only after an exceedance      in clusters
 *                        expected shortfall, λ = 1, 3 tails                        by more
 */
import { christoffersenRatio, kupiecRatio, ratioPValue } from "../../kernels/coverage-tests.ts";
import { bet, shortfallE, valueAtRiskE } from "../../kernels/e-backtest.ts";
import type { Fields } from "../../ports/detector.ts";
import { EMixture } from "../e-mixture.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import type { Breach } from "./signals.ts";

/** Stakes in tails: on a value at risk always, on one after an exceedance, on an expected shortfall. */
const STAKES = [1, 2, 4] as const;
const CLUSTER_STAKE = 5;
const SHORTFALL_STAKES = [1, 3] as const;
/** Losses after an exceedance that belong to its cluster. */
const CLUSTER = 5;
/** The whole wealth on one loss would be gone with the first that is within the forecast. */
const MOST_STAKE = 0.5;
const BETS = STAKES.length + 1 + SHORTFALL_STAKES.length;

/** Both levels. */
const LEVELS = 2;
const WEIGHTS = new Float64Array(LEVELS * BETS).fill(1 / (LEVELS * BETS));

/** Losses before a confidence is known: a rate of one in a hundred does not show in fewer. */
export const LEAST_JUDGED = 100;
/** p-values below it lower the confidence. */
const DOUBTED_BELOW = 0.05;
/** Losses without a further alarm after which a violation may be over. */
const OVER_AFTER = 100;

const Tests = namedNumbers(
  /** Losses judged so far. */
  "judged",
  /** 1 while a violation stands, when its first alarm was, and losses since the last. */
  "isViolated",
  "sinceUs",
  "sinceAlarm",
  /** Losses since the last exceedance of each level; CLUSTER + 1 stands for all above. */
  "calmLow",
  "calmHigh",
);

/** The forecasts of one loss: value at risk and expected shortfall at the low and at the high level. */
export interface Forecasts {
  valueLow: number;
  shortfallLow: number;
  valueHigh: number;
  shortfallHigh: number;
}

/** What `judge` found. */
export interface FoundBreach {
  phase: "opened" | "grew" | "ended";
  breach: Breach;
  /** Whether it is about the high level. */
  isHigh: boolean;
  sinceUs: number;
  /** ln M. */
  evidence: number;
}

/** Of the losses in the window at one level. */
export interface Coverage {
  readonly returns: number;
  readonly exceeded: number;
  /** p-values. */
  readonly kupiec: number;
  readonly christoffersen: number;
}

export class BackTests {
  readonly fields: Fields;
  /** What the last `judge` that returned true found. */
  readonly found: FoundBreach = { phase: "opened", breach: "rate", isHigh: false, sinceUs: 0, evidence: 0 };
  private readonly tails: readonly [low: number, high: number];
  private readonly window: number;
  private readonly tests: InstanceType<typeof Tests>;
  private readonly mixtures: readonly EMixture[];
  /** Which levels each of the last losses of a channel exceeded: 1 the low one, 2 the high one, 3 both. */
  private readonly hits: Uint8Array;
  private readonly e = new Float64Array(LEVELS * BETS);

  /** `tails`: 1 − level of both levels, in (0, 1). */
  constructor(channels: number, tails: readonly [low: number, high: number], window: number) {
    this.tails = tails;
    this.window = window;
    this.tests = new Tests(channels);
    for (let i = 0; i < channels; i++) {
      const test = this.tests.at(i);
      test.calmLow = CLUSTER + 1;
      test.calmHigh = CLUSTER + 1;
    }
    const { mixtures, fields } = EMixture.several(channels, WEIGHTS, "cusum");
    this.mixtures = mixtures;
    this.hits = new Uint8Array(channels * window);
    this.fields = { tests: this.tests.array, hits: this.hits, ...prefixed("bets", fields) };
  }

  /** Judges the forecasts of a loss of channel i. True: a violation was found, again, or is over. `price`: ln A, nats. */
  judge(i: number, loss: number, forecasts: Forecasts, timeUs: number, price: number): boolean {
    const { found, tails, window } = this;
    const test = this.tests.at(i);
    const mixture = this.mixtures[i]!;
    const { valueLow, shortfallLow, valueHigh, shortfallHigh } = forecasts;
    this.betOn(0, loss, valueLow, shortfallLow, tails[0], test.calmLow);
    this.betOn(BETS, loss, valueHigh, shortfallHigh, tails[1], test.calmHigh);
    mixture.update(this.e);
    const low = loss > valueLow ? 1 : 0;
    const high = loss > valueHigh ? 1 : 0;
    test.calmLow = low === 1 ? 1 : Math.min(test.calmLow + 1, CLUSTER + 1);
    test.calmHigh = high === 1 ? 1 : Math.min(test.calmHigh + 1, CLUSTER + 1);
    this.hits[i * window + (test.judged % window)] = low + 2 * high;
    test.judged = test.judged + 1;
    test.sinceAlarm = test.sinceAlarm + 1;
    const { logEvidence } = mixture;
    if (logEvidence >= price) {
      const leader = mixture.leader();
      found.phase = test.isViolated === 1 ? "grew" : "opened";
      if (test.isViolated === 0) test.sinceUs = timeUs;
      found.isHigh = leader >= BETS;
      found.breach = breachOf(leader % BETS);
      found.sinceUs = test.sinceUs;
      found.evidence = logEvidence;
      test.isViolated = 1;
      test.sinceAlarm = 0;
      mixture.reset();
      return true;
    }
    if (test.isViolated === 0 || test.sinceAlarm < OVER_AFTER || this.isDoubted(i)) return false;
    test.isViolated = 0;
    found.phase = "ended";
    found.sinceUs = test.sinceUs;
    found.evidence = 0;
    return true;
  }

  /** Of the last losses of channel i at its low or high level. O(window). */
  coverage(i: number, isHigh: boolean): Coverage {
    const { hits, window } = this;
    const { judged } = this.tests.at(i);
    const returns = Math.min(judged, window);
    const bit = isHigh ? 2 : 1;
    const first = i * window;
    // How often an exceedance, or none, followed an exceedance, or none.
    let calm = 0;
    let begins = 0;
    let ends = 0;
    let goesOn = 0;
    let exceeded = 0;
    let before = -1;
    for (let k = judged - returns; k < judged; k++) {
      const now = (hits[first + (k % window)]! & bit) === 0 ? 0 : 1;
      exceeded += now;
      if (before === 0) {
        if (now === 0) calm++;
        else begins++;
      } else if (before === 1) {
        if (now === 0) ends++;
        else goesOn++;
      }
      before = now;
    }
    const tail = this.tails[isHigh ? 1 : 0];
    return {
      returns,
      exceeded,
      kupiec: ratioPValue(kupiecRatio(returns, exceeded, tail)),
      christoffersen: ratioPValue(christoffersenRatio(calm, begins, ends, goesOn)),
    };
  }

  /**
   * How far the forecasts of channel i at one level may be believed, in [0, 1]: 1 while no test speaks against them, less the smaller its p-value
   * below 5 %, 0 while the e-backtest stands violated. NaN until LEAST_JUDGED losses were judged.
   */
  confidence(i: number, isHigh: boolean): number {
    const { judged, isViolated } = this.tests.at(i);
    if (judged < LEAST_JUDGED) return Number.NaN;
    if (isViolated === 1) return 0;
    const { kupiec, christoffersen } = this.coverage(i, isHigh);
    return Math.min(1, Math.min(kupiec, christoffersen) / DOUBTED_BELOW);
  }

  private isDoubted(i: number): boolean {
    for (const isHigh of [false, true]) {
      const { kupiec, christoffersen } = this.coverage(i, isHigh);
      if (Math.min(kupiec, christoffersen) < DOUBTED_BELOW) return true;
    }
    return false;
  }

  /** Writes what the bets of one level leave of 1 to e[at …]. `calm`: losses since the last exceedance. */
  private betOn(
    at: number,
    loss: number,
    value: number,
    shortfall: number,
    tail: number,
    calm: number,
  ): void {
    const { e } = this;
    const ofValue = valueAtRiskE(loss, value, tail);
    const ofShortfall = shortfallE(loss, value, shortfall, tail);
    let k = at;
    for (const stake of STAKES) e[k++] = bet(Math.min(MOST_STAKE, stake * tail), ofValue);
    e[k++] = calm > CLUSTER ? 1 : bet(Math.min(MOST_STAKE, CLUSTER_STAKE * tail), ofValue);
    for (const stake of SHORTFALL_STAKES) e[k++] = bet(Math.min(MOST_STAKE, stake * tail), ofShortfall);
  }
}

function breachOf(bet: number): Breach {
  if (bet < STAKES.length) return "rate";
  return bet === STAKES.length ? "clusters" : "shortfall";
}
