/**
 * The risk of channels whose values are levels that people own or owe, such as prices: what the next return may lose, and how well that was known.
 *
 *   rows ─► returns over the horizon (returns.ts) ─► σ² ← λσ² + (1−λ)r² ─► loss / σ ─┬─► the last `window`, sorted ─► VaR, ES of the next return
 *                                                                                    ├─► forecasts judged (back-tests.ts) ─► violated, restored
 *                                                                                    ├─► runs of losses (extremes.ts) ─► fell, steadied
 *                                                                                    └─► all channels together (group-risk.ts) ─► turbulent, calmed
 *
 * The value at risk at 99 % is the loss that one return in a hundred exceeds, the expected shortfall the mean of those losses: σ of now times that of
 * the last standardised losses (filtered historical simulation), so neither a law nor a quiet past is assumed. Losses are log returns of who holds
 * the channel: 0.02 is 2 %.
 *
 * Promise: at most `falseAlarmsPerDay` announcements a day in a group while forecasts are right, and while standardised returns are exchangeable.
 * Of n channels 2n + 1 things are watched (the forecasts and the fall of each, and turbulence), so each is announced at ln ((2n + 1) A) nats. Returns
 * with one side, such as those of counts, are not like that: each announcement makes the next one dearer (raised-price.ts), so in the long run there is
 * one in A returns then too.
 *
 * All state is of fixed length. Changed settings begin anew (the core replaces the actor), like everything that was learnt with the old ones. Between
 * returns a row costs a look at each level.
 */
import ln from "@stdlib/math-base-special-ln";
import type { Settings } from "../../../protocol/settings.ts";
import { ConformalRank } from "../../kernels/conformal.ts";
import { expectedShortfall, upperQuantile } from "../../kernels/historical-tail.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { falseAlarmSamples, UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { raisedAfter, raisedByAlarm } from "../raised-price.ts";
import { RankedScore } from "../ranked-score.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { channelTitle, measuredName, watchedColumns } from "../watched-channels.ts";
import { BackTests, type Forecasts } from "./back-tests.ts";
import { Extremes } from "./extremes.ts";
import { GroupRisk } from "./group-risk.ts";
import { riskMachine } from "./machine.ts";
import { HorizonReturns } from "./returns.ts";

export const risk = defineDetector({
  name: "risk",
  version: 4,
  machine: riskMachine,
  enabled: (settings, group) =>
    settings.risk.enabled && !group.states && columnsOf(settings.risk.channels, group).length > 0,
  createDetector: (settings, group) => new RiskDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Channels of a group that are watched, the first ones: each has measures of its own in every published state. */
export const MOST_CHANNELS = 16;

/** Returns before σ is known: with λ = 0.94 it then is, to a fifth. */
const LEAST_RETURNS = 20;
/** σ² is at least this share of its mean over the window: after a long standstill of a price, any move would look infinite. */
const LEAST_VARIANCE = 0.01;
/** Returns between updates of the price, because the spacing of rows may drift. */
const PRICE_EVERY = 256;
const MICROSECONDS = 1_000_000;

const Channels = namedNumbers(
  "returns",
  /** σ² of now and over the window. */
  "variance",
  "usual",
  /** Of the next return: σ, 0 while it is not known; losses, NaN while they are not known. */
  "scale",
  "valueLow",
  "shortfallLow",
  "valueHigh",
  "shortfallHigh",
);

const Scalars = namedNumbers(
  /** Periods with a return of some channel. */
  "periods",
  /** A, in periods; ln of it for all that is watched, nats; and by how much earlier announcements have raised that. */
  "promised",
  "unraised",
  "raised",
  /** What an announcement needs, nats. */
  "price",
);

type Context = DetectorContext<typeof riskMachine>;

export class RiskDetector implements Detector<typeof riskMachine> {
  readonly fields: Fields;
  /** Places in a row. */
  private readonly columns: readonly number[];
  private readonly settings: Settings["risk"];
  private readonly group: Group;
  private readonly tails: readonly [low: number, high: number];
  private readonly spacing: RowSpacing;
  private readonly returns: HorizonReturns;
  private readonly channels: InstanceType<typeof Channels>;
  private readonly scalars = new Scalars();
  /** The last standardised losses of each channel, and turbulence without what its past foretells of it. */
  private readonly losses: readonly ConformalRank[];
  private readonly turbulences: RankedScore;
  /** Losses of each channel, then turbulence. */
  private readonly extremes: Extremes;
  private readonly backTests: BackTests;
  private readonly together: GroupRisk | null;
  /** Returns of the last period by σ of now, and by the usual one; NaN where there is none. */
  private readonly byVolatilityNow: Float64Array;
  private readonly byUsualVolatility: Float64Array;
  /** The joint score, then its p-value; and θ, which decides between equal ones. */
  private readonly ranked = new Float64Array(2);
  private readonly forecasts: Forecasts = { valueLow: 0, shortfallLow: 0, valueHigh: 0, shortfallHigh: 0 };

  constructor(settings: Settings, group: Group) {
    const { horizonSeconds, windowReturns, backtestReturns, lowPercent, highPercent } = settings.risk;
    const columns = columnsOf(settings.risk.channels, group);
    const n = columns.length;
    this.settings = settings.risk;
    this.group = group;
    this.columns = columns;
    this.tails = [(100 - lowPercent) / 100, (100 - highPercent) / 100];
    this.spacing = new RowSpacing(group.everyUs);
    this.returns = new HorizonReturns(horizonSeconds, columns, group.n);
    this.channels = new Channels(n);
    const { ranks, fields: ofLosses } = ConformalRank.several(n, windowReturns);
    this.losses = ranks;
    this.turbulences = new RankedScore();
    this.extremes = new Extremes(n + 1);
    this.backTests = new BackTests(n, this.tails, backtestReturns);
    this.together = n > 1 ? new GroupRisk(n, windowReturns) : null;
    this.byVolatilityNow = new Float64Array(n);
    this.byUsualVolatility = new Float64Array(n);
    for (let i = 0; i < n; i++) this.forget(i);
    this.fields = {
      scalars: this.scalars.array,
      channels: this.channels.array,
      ...this.spacing.fields,
      ...prefixed("returns", this.returns.fields),
      ...prefixed("losses", ofLosses),
      ...prefixed("turbulences", this.turbulences.fields),
      ...prefixed("extremes", this.extremes.fields),
      ...prefixed("backTests", this.backTests.fields),
      ...(this.together ? prefixed("together", this.together.fields) : {}),
    };
  }

  update(batch: Batch, context: Context): void {
    for (let r = 0; r < batch.rows; r++) {
      const time = batch.rowTime[r]!;
      this.spacing.see(time, batch.gap[r] === 1);
      if (this.returns.take(batch, r)) this.judgePeriod(time, context);
    }
  }

  /**
   * `risk.MEASURE` for all together, then `risk.MEASURE.CHANNEL` for each channel: those that are known. The past is kept of the first
   * MAX_STATE_MEASURES of a state, so those of all come first.
   */
  addMeasures(measures: Record<string, number>): void {
    const { columns, returns, backTests, together } = this;
    const { lowPercent, highPercent } = this.settings;
    const put = (name: string, value: number) => {
      measures[`risk.${name}`] = value;
    };
    const confidences = columns.map(
      (_, i) => [backTests.confidence(i, false), backTests.confidence(i, true)] as const,
    );
    const known = confidences.flat().filter((confidence) => !Number.isNaN(confidence));
    if (known.length > 0) put("confidence", Math.min(...known));
    put("turbulence", together?.turbulence ?? Number.NaN);
    put("absorption", together?.absorption ?? Number.NaN);
    put("absorptionShift", together?.absorptionShift ?? Number.NaN);
    for (let i = 0; i < columns.length; i++) {
      const { scale, valueLow, shortfallLow, valueHigh, shortfallHigh } = this.channels.at(i);
      const of = this.measured(i);
      if (scale > 0) put(`volatility.${of}`, scale);
      put(`var${lowPercent}.${of}`, valueLow);
      put(`es${lowPercent}.${of}`, shortfallLow);
      put(`confidence${lowPercent}.${of}`, confidences[i]![0]);
      put(`var${highPercent}.${of}`, valueHigh);
      put(`es${highPercent}.${of}`, shortfallHigh);
      put(`confidence${highPercent}.${of}`, confidences[i]![1]);
      put(`drawdown.${of}`, returns.drawdown(i));
      put(`drawdownMax.${of}`, returns.deepestDrawdown(i));
    }
  }

  private measured(i: number): string {
    const { lowPercent, highPercent } = this.settings;
    return measuredName(this.group, this.columns[i]!, `risk.confidence${lowPercent}${highPercent}`);
  }

  /** σ and the forecasts of the next return of channel i are not known. */
  private forget(i: number): void {
    const channel = this.channels.at(i);
    channel.scale = 0;
    channel.valueLow = Number.NaN;
    channel.shortfallLow = Number.NaN;
    channel.valueHigh = Number.NaN;
    channel.shortfallHigh = Number.NaN;
  }

  private judgePeriod(time: number, context: Context): void {
    const { scalars, returns, columns, together } = this;
    if (scalars.periods % PRICE_EVERY === 0) this.choosePrice();
    scalars.periods = scalars.periods + 1;
    scalars.raised = raisedAfter(scalars.raised, 1, scalars.promised);
    scalars.price = scalars.unraised + scalars.raised;
    let whole = true;
    for (let i = 0; i < columns.length; i++) {
      const change = returns.values[i]!;
      this.byVolatilityNow[i] = Number.NaN;
      if (!Number.isNaN(change)) this.judge(i, change, time, context);
      if (Number.isNaN(this.byVolatilityNow[i]!)) whole = false;
    }
    if (whole && together !== null) this.judgeTogether(together, time, context);
  }

  private judge(i: number, change: number, time: number, context: Context): void {
    const channel = this.channels.at(i);
    const { scale, usual } = channel;
    if (scale > 0 && usual > 0) {
      this.byVolatilityNow[i] = change / scale;
      this.byUsualVolatility[i] = change / Math.sqrt(usual);
      this.backTest(i, -change, time, context);
      this.seeLoss(i, change, scale, time, context);
    }
    this.learn(i, change);
    this.forecast(i);
  }

  /** Judges the forecasts of the loss, if there were some. */
  private backTest(i: number, loss: number, time: number, context: Context): void {
    const { forecasts, backTests, scalars, settings } = this;
    const channel = this.channels.at(i);
    forecasts.valueLow = channel.valueLow;
    forecasts.shortfallLow = channel.shortfallLow;
    forecasts.valueHigh = channel.valueHigh;
    forecasts.shortfallHigh = channel.shortfallHigh;
    if (Number.isNaN(forecasts.valueLow) || Number.isNaN(forecasts.valueHigh)) return;
    if (!backTests.judge(i, loss, forecasts, time, scalars.price)) return;
    const { phase, breach, isHigh, sinceUs, evidence } = backTests.found;
    const about = { timeUs: time, ...this.named(i), sinceUs };
    if (phase === "ended") {
      context.signal({ type: "restored", ...about });
      return;
    }
    const { returns, exceeded, kupiec, christoffersen } = backTests.coverage(i, isHigh);
    const expected = returns * this.tails[isHigh ? 1 : 0];
    this.announced();
    context.signal({
      type: "violated",
      ...about,
      again: phase === "grew",
      breach,
      percent: isHigh ? settings.highPercent : settings.lowPercent,
      returns,
      exceeded,
      expected,
      kupiec,
      christoffersen,
      effect: exceeded / expected,
      evidence: evidence - this.chances(),
      price: scalars.price,
    });
  }

  private seeLoss(i: number, change: number, scale: number, time: number, context: Context): void {
    const { extremes, returns, scalars } = this;
    const p = this.losses[i]!.push(-change / scale, 1 - context.random());
    if (!extremes.see(i, p, change, time, scalars.price)) return;
    const { found } = extremes;
    const about = { timeUs: time, ...this.named(i), sinceUs: found.sinceUs };
    const drawdown = returns.drawdown(i);
    if (found.phase === "ended") {
      context.signal({ type: "steadied", ...about, drawdown });
      return;
    }
    this.announced();
    context.signal({
      type: "fell",
      ...about,
      again: found.phase === "grew",
      logReturn: found.sum,
      returns: found.returns,
      volatility: scale,
      drawdown,
      drawdownMax: returns.deepestDrawdown(i),
      effect: Math.max(0, -found.sum) / (scale * Math.sqrt(Math.max(1, found.returns))),
      evidence: found.evidence - this.chances(),
      price: scalars.price,
    });
  }

  private judgeTogether(together: GroupRisk, time: number, context: Context): void {
    const { extremes, turbulences, ranked, scalars, columns } = this;
    const n = columns.length;
    together.take(this.byVolatilityNow, this.byUsualVolatility);
    const { filtered, turbulence } = together;
    if (Number.isNaN(filtered)) return;
    ranked[0] = filtered;
    ranked[1] = 1 - context.random();
    // In a run the law of the scores is not the usual one.
    turbulences.rankAt(ranked, 0, ranked, 1, !extremes.isOn(n));
    if (!extremes.see(n, ranked[0], filtered, time, scalars.price)) return;
    const { phase, sinceUs, sum, returns, evidence } = extremes.found;
    if (phase === "ended") {
      context.signal({ type: "calmed", timeUs: time, turbulence, sinceUs });
      return;
    }
    const order = columns
      .map((_, i) => i)
      .sort((a, b) => Math.abs(this.byVolatilityNow[b]!) - Math.abs(this.byVolatilityNow[a]!) || a - b);
    this.announced();
    context.signal({
      type: "turbulent",
      timeUs: time,
      again: phase === "grew",
      channels: order.map((i) => this.named(i).channel),
      titles: order.map((i) => this.named(i).title),
      turbulence,
      absorption: orNull(together.absorption),
      absorptionShift: orNull(together.absorptionShift),
      effect: sum / Math.max(1, returns),
      evidence: evidence - this.chances(),
      price: scalars.price,
      sinceUs,
    });
  }

  private learn(i: number, change: number): void {
    const { decay, windowReturns } = this.settings;
    const channel = this.channels.at(i);
    const square = change * change;
    const returns = channel.returns + 1;
    channel.returns = returns;
    channel.variance = channel.variance + Math.max(1 - decay, 1 / returns) * (square - channel.variance);
    channel.usual = channel.usual + Math.max(1 / windowReturns, 1 / returns) * (square - channel.usual);
  }

  private forecast(i: number): void {
    const { tails } = this;
    this.forget(i);
    const channel = this.channels.at(i);
    if (channel.returns < LEAST_RETURNS) return;
    const scale = Math.sqrt(Math.max(channel.variance, LEAST_VARIANCE * channel.usual));
    if (!(scale > 0)) return;
    channel.scale = scale;
    const { count, fields } = this.losses[i]!;
    const { sorted } = fields;
    const low = upperQuantile(sorted, count, tails[0]);
    const high = upperQuantile(sorted, count, tails[1]);
    channel.valueLow = scale * low;
    channel.valueHigh = scale * high;
    channel.shortfallLow = scale * expectedShortfall(sorted, count, tails[0], low);
    channel.shortfallHigh = scale * expectedShortfall(sorted, count, tails[1], high);
  }

  private choosePrice(): void {
    const { spacing, settings, scalars } = this;
    const periodUs = Math.max(spacing.us || UNKNOWN_SPACING_US, settings.horizonSeconds * MICROSECONDS);
    scalars.promised = falseAlarmSamples(settings, periodUs);
    scalars.unraised = ln(scalars.promised) + this.chances();
  }

  /** The next announcement of the group needs more. */
  private announced(): void {
    this.scalars.raised = raisedByAlarm(this.scalars.raised);
  }

  /** ln of the things that are watched: so many more chances to look unusual. */
  private chances(): number {
    return ln(2 * this.columns.length + 1);
  }

  private named(i: number): { channel: string; title: string } {
    return channelTitle(this.group, this.columns[i]!);
  }
}

/** Those that are named, else all of a group of prices. */
function columnsOf(named: string, group: Group): number[] {
  return watchedColumns(named, group, group.innovation === "logReturn", MOST_CHANNELS);
}

function orNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
