/**
 * What followed the signals of a rule, against what followed at the same times for all symbols.
 *
 *   row i has a signal ─► gain = ln(close[i + horizon]/close[i]) − mean of the same over all symbols at that time
 *
 * `expect` says what the rule is for: `up` as it is, `down` with the other sign, `move` by its size. A time at which several symbols have a
 * signal counts once, with their mean: they move together, and are no independent trials.
 *
 * N1  A stretch of time uses no close after its end.
 */
import { signalColumn } from "../rules/evaluate.ts";
import type { Rule } from "../rules/rule.ts";
import { type UniverseData, UniverseSymbol } from "../universe/universe.ts";

export const EXPECTATIONS = ["up", "down", "move"] as const;
export type Expectation = (typeof EXPECTATIONS)[number];

/** Both included. */
export interface Stretch {
  readonly fromUs: number;
  readonly toUs: number;
}

/** 97.5 % quantile of the normal distribution: an interval of 95 %. */
const NORMAL_95 = 1.96;

/** Gains by time: sum and number of the symbols that had a signal. */
export type GainsByTime = Map<number, { sum: number; count: number }>;

export interface GainSummary {
  readonly signals: number;
  /** Times with a signal. */
  readonly times: number;
  /** Mean of the times; NaN without any. */
  readonly gain: number;
  /** Half of the 95 % interval: times less than a horizon apart share their future, so that a horizon of them counts as one. */
  readonly within: number;
}

export class Gains {
  private readonly data: UniverseData;
  private readonly horizon: number;
  private readonly expectation: Expectation;
  /** Of every row; NaN in the last ones. */
  private readonly gains: Float64Array;

  constructor(data: UniverseData, horizon: number, expectation: Expectation) {
    this.data = data;
    this.horizon = horizon;
    this.expectation = expectation;
    this.gains = this.computed();
  }

  /** Adds those of one symbol. Throws where the rule cannot be evaluated for it. */
  add(rule: Rule, symbol: number, { fromUs, toUs }: Stretch, into: GainsByTime): void {
    const { offsets, timeUs } = this.data;
    const signals = signalColumn(rule, new UniverseSymbol(this.data, symbol));
    const from = offsets[symbol]!;
    for (let i = 0; i + this.horizon < signals.length; i++) {
      if (signals[i] === 0) continue;
      const row = from + i;
      if (timeUs[row]! < fromUs || timeUs[row + this.horizon]! > toUs) continue;
      const gain = this.gains[row]!;
      if (Number.isNaN(gain)) continue;
      const at = into.get(timeUs[row]!);
      if (at === undefined) into.set(timeUs[row]!, { sum: gain, count: 1 });
      else {
        at.sum += gain;
        at.count++;
      }
    }
  }

  summary(gains: GainsByTime): GainSummary {
    let signals = 0;
    for (const { count } of gains.values()) signals += count;
    return { signals, ...this.spread([...gains.values()].map(({ sum, count }) => sum / count)) };
  }

  /** Of the times at which one of both had a signal: how much larger the gain of `a` was. Without a signal it is 0. */
  difference(a: GainsByTime, b: GainsByTime): { gain: number; within: number } {
    const mean = (gains: GainsByTime, time: number) => {
      const at = gains.get(time);
      return at === undefined ? 0 : at.sum / at.count;
    };
    const times = [...new Set([...a.keys(), ...b.keys()])];
    return this.spread(times.map((time) => mean(a, time) - mean(b, time)));
  }

  private spread(values: readonly number[]): { times: number; gain: number; within: number } {
    const times = values.length;
    const gain = values.reduce((sum, value) => sum + value, 0) / times;
    const square = values.reduce((sum, value) => sum + (value - gain) ** 2, 0) / Math.max(1, times - 1);
    const trials = times / this.horizon;
    const within = trials > 1 ? NORMAL_95 * Math.sqrt(square / trials) : Number.POSITIVE_INFINITY;
    return { times, gain, within };
  }

  private computed(): Float64Array {
    const { symbols, offsets, timeUs, columns } = this.data;
    const close = columns.close!;
    const gains = new Float64Array(timeUs.length).fill(Number.NaN);
    const means = new Map<number, { sum: number; count: number }>();
    for (let s = 0; s < symbols.length; s++)
      for (let i = offsets[s]!; i + this.horizon < offsets[s + 1]!; i++) {
        const change = Math.log(close[i + this.horizon]! / close[i]!);
        const gain =
          this.expectation === "move" ? Math.abs(change) : this.expectation === "down" ? -change : change;
        if (!Number.isFinite(gain)) continue;
        gains[i] = gain;
        const at = means.get(timeUs[i]!) ?? { sum: 0, count: 0 };
        at.sum += gain;
        at.count++;
        means.set(timeUs[i]!, at);
      }
    return gains.map((gain, i) => {
      const at = means.get(timeUs[i]!);
      return at === undefined ? Number.NaN : gain - at.sum / at.count;
    });
  }
}
