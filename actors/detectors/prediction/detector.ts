/**
 * What comes next: the next value of each channel with a band, and the state of the group one row and some rows ahead. Each forecast is judged
 * beside what anybody could say, and says so when it is no better.
 *
 *   rows ─┬─► means of a step ─► forecasts of each channel (channel-forecasts.ts) ─┬─► skill-watch.ts ─► gained, lost
 *         └─► ψψ† ─► forecasts of the state (state-forecast.ts) ───────────────────┘
 *
 * Promise: at most `falseAlarmsPerDay` times a day in a group skill is announced that is none. Each of the things that are foretold, n channels
 * and two horizons of the state, is announced at ln ((n + 2) A) nats, A counted in its own steps.
 *
 * All state is of fixed length. Changed settings begin anew (the core replaces the actor).
 */
import type { Settings } from "../../../protocol/settings.ts";
import { EwmaMoments } from "../../kernels/ewma.ts";
import { LEAST_TARGETS } from "../../kernels/loss-comparison.ts";
import type { Batch, Detector, DetectorContext, Fields, Group } from "../../ports/detector.ts";
import { defineDetector } from "../define-detector.ts";
import { UNKNOWN_SPACING_US } from "../false-alarm-rate.ts";
import { namedNumbers, prefixed } from "../registered-numbers.ts";
import { RowSpacing } from "../row-spacing.ts";
import { MeanRows } from "../rows/mean-rows.ts";
import { channelTitle, measuredName, watchedColumns } from "../watched-channels.ts";
import { ChannelForecasts, LOSS_MOST } from "./channel-forecasts.ts";
import { EXPERTS } from "./experts.ts";
import {
  addHorizon,
  ForecastJudge,
  HORIZONS,
  STATE_LOSS_MOST,
  STATE_RIVALS,
  type Subject,
} from "./forecast-judge.ts";
import { predictionMachine } from "./machine.ts";
import { ATOMS, StateForecast } from "./state-forecast.ts";

export const prediction = defineDetector({
  name: "prediction",
  version: 6,
  machine: predictionMachine,
  enabled: (settings, group) =>
    settings.prediction.enabled && !group.states && columnsOf(settings, group).length > 0,
  createDetector: (settings, group) => new PredictionDetector(settings, group),
  machineInput: (_settings, group) => ({ group: group.name }),
});

/** Channels of a group that are foretold, the first ones: each has measures of its own in every published state. */
export const MOST_CHANNELS = 16;
/** Channels of a group whose state is foretold: its forecasts keep some twelve matrices. */
const MOST_MODES = 32;
/** Steps between updates of the prices, because the spacing of rows may drift. */
const PRICE_EVERY = 256;
const MICROSECONDS = 1_000_000;
/** Innovations are learnt from up to so many of their usual sizes. */
const SIZE_CLIP = 8;

/** Measures of a channel, `prediction.MEASURE.CHANNEL`. */
const MEASURES = [
  ...(["value", "low", "high", "coverage", "volatility", "skill", "dieboldMariano", "gained"] as const),
  ...(["regret", "resets"] as const),
  ...EXPERTS.map((expert) => `weight.${expert}` as const),
] as const;
const LONGEST_MEASURE = `prediction.${MEASURES.reduce((a, b) => (b.length > a.length ? b : a))}`;

const Scalars = namedNumbers("steps");

type Context = DetectorContext<typeof predictionMachine>;

export class PredictionDetector implements Detector<typeof predictionMachine> {
  readonly fields: Fields;
  private readonly group: Group;
  private readonly settings: Settings["prediction"];
  /** Places in a row. */
  private readonly columns: readonly number[];
  private readonly scalars = new Scalars();
  private readonly spacing: RowSpacing;
  private readonly means: MeanRows;
  readonly channels: ChannelForecasts;
  /** Usual sizes of innovations, and a row of them in those units. */
  private readonly sizes: EwmaMoments;
  private readonly innovations: Float64Array;
  readonly state: StateForecast | null;
  /** Of channels, then of the state a row ahead and a block ahead. */
  private readonly forecasts: ForecastJudge;
  /** Time of the row and from step to step, µs, and a value: elements of arrays are not boxed. */
  private readonly times = new Float64Array(2);
  private readonly value = new Float64Array(1);

  constructor(settings: Settings, group: Group) {
    const { coveragePercent, memorySteps, seasonSeconds, aheadRows } = settings.prediction;
    const columns = columnsOf(settings, group);
    const isTaken = new Uint8Array(group.n);
    for (const column of columns) isTaken[column] = 1;
    this.group = group;
    this.settings = settings.prediction;
    this.columns = columns;
    this.spacing = new RowSpacing(group.everyUs);
    this.means = new MeanRows(isTaken);
    this.channels = new ChannelForecasts(columns.length, coveragePercent, memorySteps, seasonSeconds);
    const hasState = group.n > 1 && group.n <= MOST_MODES;
    // A half-life of as many rows as the estimator's: 1 − 2^(−1/h) ≈ ln 2 / h.
    this.sizes = new EwmaMoments(group.n, Math.min(1, Math.LN2 / settings.estimator.scaleRows));
    this.innovations = new Float64Array(group.n);
    this.state = hasState ? new StateForecast(group.n, aheadRows, memorySteps, 1, true) : null;
    const subjects = subjectsOf(this.channels, this.state);
    this.forecasts = new ForecastJudge(subjects, columns.length + HORIZONS.length, 1 + HORIZONS.length);
    this.fields = {
      scalars: this.scalars.array,
      prices: this.forecasts.prices,
      ...this.spacing.fields,
      ...prefixed("means", this.means.fields),
      ...prefixed("channels", this.channels.fields),
      ...prefixed("skills", this.forecasts.skills.fields),
      ...(this.state
        ? { ...prefixed("sizes", this.sizes.fields), ...prefixed("state", this.state.fields) }
        : {}),
    };
  }

  update(batch: Batch, context: Context): void {
    const spanUs = this.settings.stepSeconds * MICROSECONDS;
    for (let r = 0; r < batch.rows; r++) {
      const gap = batch.gap[r] === 1;
      this.spacing.see(batch.rowTime[r]!, gap);
      if (gap) for (let i = 0; i < this.columns.length; i++) this.channels.breakOff(i);
      this.times[0] = batch.rowTime[r]!;
      if (this.means.add(batch, r, this.spacing.us, spanUs)) this.step(context);
      if (this.state !== null) this.followState(this.state, batch, r, context);
    }
  }

  /**
   * `prediction.MEASURE.CHANNEL` of each channel, and `prediction.stateMEASURE.HORIZON`: those that are known. The past is kept of the first
   * MAX_STATE_MEASURES of a state, so what charts draw comes first.
   */
  addMeasures(measures: Record<string, number>): void {
    const { channels, columns, forecasts, state } = this;
    const put = (name: string, value: number) => {
      measures[`prediction.${name}`] = value;
    };
    if (this.scalars.steps > 0) put("stepSeconds", this.stepUs / MICROSECONDS);
    const names = columns.map((column) => measuredName(this.group, column, LONGEST_MEASURE));
    const putOf = (i: number, measure: (typeof MEASURES)[number], value: number) =>
      put(`${measure}.${names[i]!}`, value);
    for (let i = 0; i < columns.length; i++) {
      putOf(i, "value", channels.value(i));
      if (!(channels.low(i) <= channels.high(i))) continue;
      putOf(i, "low", channels.low(i));
      putOf(i, "high", channels.high(i));
    }
    if (state !== null) addState(put, state, (h) => forecasts.isGained(columns.length + h));
    for (const [i, comparison] of channels.comparisons.entries()) {
      if (comparison.targets < LEAST_TARGETS) continue;
      const rival = channels.bestBaseline(i);
      putOf(i, "coverage", channels.coverage(i));
      putOf(i, "volatility", channels.volatility(i));
      putOf(i, "skill", comparison.skill(rival));
      putOf(i, "dieboldMariano", comparison.dieboldMariano(rival));
      putOf(i, "gained", forecasts.isGained(i) ? 1 : 0);
      putOf(i, "regret", channels.regret(i));
      for (const [k, expert] of EXPERTS.entries()) putOf(i, `weight.${expert}`, channels.weight(i, k));
      putOf(i, "resets", channels.experts.resets(i));
    }
  }

  private get stepUs(): number {
    return Math.max(this.spacing.us || UNKNOWN_SPACING_US, this.settings.stepSeconds * MICROSECONDS);
  }

  /** A step is over: the forecasts of its means are judged, and the next ones made. */
  private step(context: Context): void {
    const { scalars, means, channels, columns, value, times } = this;
    times[1] = this.stepUs;
    if (scalars.steps % PRICE_EVERY === 0) this.choosePrices(this.stepUs);
    scalars.steps = scalars.steps + 1;
    channels.at(times);
    for (let i = 0; i < columns.length; i++) {
      means.writeMean(columns[i]!, value, 0);
      if (!Number.isFinite(value[0])) channels.breakOff(i);
      else if (channels.take(i, value, 0)) this.judge(i, context);
    }
    means.begin();
  }

  /** Row r as ψ: its innovations in units of their usual sizes. Not the analytic signal of them, of which successive values share rows. */
  private followState(state: StateForecast, batch: Batch, r: number, context: Context): void {
    if (batch.gap[r] === 1) return;
    this.takeInnovations(batch, r);
    if (!state.update(this.innovations, null)) return;
    if (state.isNextJudged) this.judge(this.columns.length, context);
    if (state.isAheadJudged) this.judge(this.columns.length + 1, context);
  }

  /** A method of its own, so that the call in it is inlined and boxes no number. */
  private takeInnovations({ rowInnovation }: Batch, r: number): void {
    const { innovations, sizes } = this;
    for (let c = 0, at = r * innovations.length; c < innovations.length; c++, at++) {
      const x = rowInnovation[at]!;
      innovations[c] = Number.isNaN(x) ? 0 : sizes.scale(c, x, SIZE_CLIP);
    }
  }

  private judge(i: number, context: Context): void {
    const { forecasts, times } = this;
    forecasts.skills.now.timeUs = times[0]!;
    const found = forecasts.judge(i);
    if (found !== null) context.signal({ ...found, ...this.named(i) });
  }

  private named(i: number): { channel: string; title: string; rivals: string } {
    const { columns, group, settings } = this;
    if (i < columns.length)
      return { ...channelTitle(group, columns[i]!), rivals: "its last value and its mean" };
    const rows = i === columns.length ? "one row" : `${settings.aheadRows} rows`;
    return {
      channel: "",
      title: `The state of ${group.name} ${rows} ahead`,
      rivals: STATE_RIVALS,
    };
  }

  private choosePrices(stepUs: number): void {
    const { forecasts, settings, spacing } = this;
    const rowUs = spacing.us || UNKNOWN_SPACING_US;
    forecasts.choosePrice(0, settings, stepUs);
    forecasts.choosePrice(1, settings, rowUs);
    forecasts.choosePrice(2, settings, rowUs * settings.aheadRows);
  }
}

function subjectsOf(channels: ChannelForecasts, state: StateForecast | null): Subject[] {
  const { comparisons, losses } = channels;
  const horizons = state === null ? [] : HORIZONS.map((name) => state[name]);
  return [
    ...comparisons.map((comparison) => ({ comparison, losses, most: LOSS_MOST, horizon: null, price: 0 })),
    ...horizons.map((horizon, h) => {
      const { comparison, losses } = horizon;
      return { comparison, losses, most: STATE_LOSS_MOST, horizon, price: 1 + h };
    }),
  ];
}

/** `prediction.stateMEASURE.next`, one row ahead, and `….ahead`. */
function addState(
  put: (name: string, value: number) => void,
  state: StateForecast,
  isGained: (h: number) => boolean,
): void {
  HORIZONS.forEach((horizon, h) => {
    const of = state[horizon];
    if (!addHorizon(put, horizon, of, isGained(h), state.purityOf(of))) return;
    ATOMS.forEach((atom, k) => {
      put(`stateWeight.${atom}.${horizon}`, of.mixture.weights[k]!);
    });
  });
}

/** Those that are named, else all. */
function columnsOf({ prediction: { channels } }: Settings, group: Group): number[] {
  return watchedColumns(channels, group, true, MOST_CHANNELS);
}
