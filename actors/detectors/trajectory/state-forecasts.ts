/**
 * Whole states foretold by their motion, one step and `prediction.aheadRows` steps ahead, each judged when it has come.
 *
 *   ρ(t) ─► e^{Lh} ρ(t), e^{Lkh} ρ(t)  (motion.ts) ─► ‖forecast − ρ‖² once ρ(t+h), ρ(t+kh) is there, beside those of ρ(t) and of averages of the states until t
 *
 * The averages are those that states of other groups are foretold from (prediction/state-forecast.ts): over 10, 42, 252 states and over all, and I/n. So skill
 * is what is gained on the state before and on any of them. k steps ahead a forecast begins when the one before it has come: targets do not overlap.
 * A state that comes earlier or later than a step ends the forecasts under way. Forecasts of states are states.
 *
 * Whether skill is announced is a matter of losses of at most CLIP usual ones, those of the better rival so far: of states that move little all losses are far
 * from the largest that there could be, and one jump would outweigh thousands of them. Skill and its statistic are of whole losses. How much is gained turns
 * with the state, so a few hundred targets do not say that skill has gone: the statistic does.
 */
import type { Settings } from "../../../protocol/settings.ts";
import { diagonalPlace, dot } from "../../kernels/hermitian-vector.ts";
import { LEAST_TARGETS, LossComparison } from "../../kernels/loss-comparison.ts";
import type { Fields, Group } from "../../ports/detector.ts";
import { UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import {
  addHorizon,
  ForecastJudge,
  HORIZONS,
  type Horizon,
  STATE_LOSS_MOST,
  STATE_RIVALS,
} from "../prediction/forecast-judge.ts";
import type { PredictionSignal } from "../prediction/machine.ts";
import { ATOMS, MEMORIES, PERSISTENCE, RIVALS } from "../prediction/state-forecast.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import type { Motion } from "./motion.ts";

/** Averages that change; the last atom is I/n. */
const K = ATOMS.length - 1;
/** Clip of losses, in usual ones. */
const CLIP = 4;
/** The least usual loss: states are such within 1e-9. */
const LEAST_LOSS = 1e-16;
/** States between updates of the prices, because the spacing of states may drift. */
const PRICE_EVERY = 256;
const MICROSECONDS = 1_000_000;

const Scalars = namedNumbers("states");
/** Whether a forecast has been made that has not been judged, and steps since. */
const Way = namedNumbers("isUnderWay", "steps");

/** The forecast at one horizon, and what it is compared with. */
class StateAhead implements Horizon {
  readonly fields: Fields;
  readonly steps: number;
  readonly comparison: LossComparison;
  readonly noise = 0;
  /** Of persistence, of each average, of the forecast. */
  readonly losses = new Float64Array(RIVALS + 1);
  /** The same, as shares of the largest that count. */
  readonly shares = new Float64Array(RIVALS + 1);
  readonly forecast: Float64Array;
  private readonly way = new Way();
  private readonly begun: Float64Array;
  private readonly averages: Float64Array;

  constructor(size: number, steps: number, memory: number) {
    this.steps = steps;
    this.comparison = new LossComparison(RIVALS, memory);
    this.forecast = new Float64Array(size);
    this.begun = new Float64Array(size);
    this.averages = new Float64Array(ATOMS.length * size);
    this.fields = {
      way: this.way.array,
      forecast: this.forecast,
      begun: this.begun,
      averages: this.averages,
      ...prefixed("losses", this.comparison.fields),
    };
  }

  get bestAtom(): number {
    return this.comparison.best(PERSISTENCE + 1, RIVALS);
  }

  /** A state came, a step after the one before, or not. True: it was foretold, see `losses`. */
  take(v: Float64Array, isEqual: boolean): boolean {
    const { way, losses, begun, averages, forecast } = this;
    if (way.isUnderWay === 0) return false;
    way.steps = way.steps + 1;
    if (isEqual && way.steps < this.steps) return false;
    way.isUnderWay = 0;
    if (!isEqual) return false;
    losses[PERSISTENCE] = distance(begun, 0, v);
    for (let k = 0; k < ATOMS.length; k++) losses[k + 1] = distance(averages, k * v.length, v);
    losses[RIVALS] = distance(forecast, 0, v);
    this.writeShares();
    this.comparison.take(losses);
    return true;
  }

  /** By the losses before this one, for bets have to be. */
  private writeShares(): void {
    const { losses, shares, comparison } = this;
    const usual = comparison.lossOf(comparison.best(PERSISTENCE, RIVALS));
    const isKnown = comparison.targets >= LEAST_TARGETS;
    const most = isKnown ? Math.min(STATE_LOSS_MOST, CLIP * Math.max(LEAST_LOSS, usual)) : STATE_LOSS_MOST;
    for (let k = 0; k < shares.length; k++) shares[k] = Math.min(1, losses[k]! / most);
  }

  /** Foretells anew, unless a forecast is under way. */
  begin(motion: Motion, averages: Float64Array): void {
    if (this.way.isUnderWay === 1) return;
    this.way.isUnderWay = 1;
    this.way.steps = 0;
    this.begun.set(motion.v);
    this.averages.set(averages);
    if (this.steps === 1) this.forecast.set(motion.expected);
    else motion.foretell(this.steps, this.forecast);
  }
}

export class StateForecasts {
  readonly fields: Fields;
  readonly next: StateAhead;
  readonly ahead: StateAhead;
  private readonly group: Group;
  private readonly settings: Settings["prediction"];
  private readonly motion: Motion;
  private readonly scalars = new Scalars();
  private readonly spacing: RowSpacing;
  private readonly forecasts: ForecastJudge;
  /** Averages of the states so far, and I/n. */
  private readonly averages: Float64Array;
  private readonly later: Float64Array;

  constructor(settings: Settings["prediction"], group: Group, motion: Motion) {
    const { n, everyUs } = group;
    const size = motion.v.length;
    this.group = group;
    this.settings = settings;
    this.motion = motion;
    this.spacing = new RowSpacing(everyUs);
    this.next = new StateAhead(size, 1, settings.memorySteps);
    this.ahead = new StateAhead(size, settings.aheadRows, settings.memorySteps);
    const subjects = HORIZONS.map((name, price) => {
      const horizon = this[name];
      return { comparison: horizon.comparison, losses: horizon.shares, most: 1, horizon, price };
    });
    this.forecasts = new ForecastJudge(subjects, HORIZONS.length, HORIZONS.length, false);
    this.averages = new Float64Array(ATOMS.length * size);
    for (let i = 0; i < n; i++) this.averages[K * size + diagonalPlace(i)] = 1 / n;
    this.later = new Float64Array(size);
    this.fields = {
      scalars: this.scalars.array,
      prices: this.forecasts.prices,
      averages: this.averages,
      ...this.spacing.fields,
      ...prefixed("skills", this.forecasts.skills.fields),
      ...prefixed("next", this.next.fields),
      ...prefixed("ahead", this.ahead.fields),
    };
  }

  /** The motion has learnt the state of `timeUs`. */
  update(timeUs: number, context: { signal(signal: PredictionSignal): void }): void {
    const { scalars, motion, spacing, forecasts } = this;
    spacing.see(timeUs, false);
    if (scalars.states % PRICE_EVERY === 0) this.choosePrices();
    scalars.states = scalars.states + 1;
    for (let h = 0; h < HORIZONS.length; h++) {
      if (!this[HORIZONS[h]!].take(motion.v, motion.isEqual)) continue;
      forecasts.skills.now.timeUs = timeUs;
      const found = forecasts.judge(h);
      if (found !== null) context.signal({ ...found, ...this.named(h) });
    }
    this.follow();
    for (const name of HORIZONS) this[name].begin(motion, this.averages);
  }

  /**
   * `prediction.stateMEASURE.HORIZON` as of other groups, and of each horizon the populations that are foretold from the last state:
   * `prediction.populationK.HORIZON`.
   */
  addMeasures(measures: Record<string, number>): void {
    const { motion, later, forecasts, group } = this;
    const put = (name: string, value: number) => {
      measures[`prediction.${name}`] = value;
    };
    if (this.spacing.us > 0) put("stepSeconds", this.spacing.us / MICROSECONDS);
    HORIZONS.forEach((name, h) => {
      const of = this[name];
      motion.foretell(of.steps, later);
      const purity = dot(later, 0, later, 0, later.length);
      if (!addHorizon(put, name, of, forecasts.isGained(h), purity)) return;
      put(`stateSteps.${name}`, of.steps);
      for (let i = 0; i < group.n; i++) put(`population${i}.${name}`, later[diagonalPlace(i)]!);
    });
  }

  /** The averages take in the state. */
  private follow(): void {
    const { averages, scalars, motion } = this;
    const { v } = motion;
    for (let k = 0; k < K; k++) {
      const weight = Math.max(1 / scalars.states, 1 / (MEMORIES[k] ?? Infinity));
      for (let e = 0, at = k * v.length; e < v.length; e++, at++)
        averages[at] = averages[at]! + weight * (v[e]! - averages[at]!);
    }
  }

  private choosePrices(): void {
    const stepUs = this.spacing.us || UNKNOWN_SPACING_US;
    for (let h = 0; h < HORIZONS.length; h++)
      this.forecasts.choosePrice(h, this.settings, stepUs * this[HORIZONS[h]!].steps);
  }

  private named(h: number): { channel: string; title: string; rivals: string } {
    const { steps } = this[HORIZONS[h]!];
    const ahead = steps === 1 ? "one step" : `${steps} steps`;
    return { channel: "", title: `The state of ${this.group.name} ${ahead} ahead`, rivals: STATE_RIVALS };
  }
}

/** ‖a − v‖² of the vector in `a` from `at` on. */
function distance(a: Float64Array, at: number, v: Float64Array): number {
  let sum = 0;
  for (let e = 0; e < v.length; e++) sum += (a[at + e]! - v[e]!) * (a[at + e]! - v[e]!);
  return sum;
}
