/**
 * What a rule can ask for: the columns of a symbol, and functions of them. One row each; `scan --help` prints them.
 *
 * A function computes a whole column, so that what a rule compares can be drawn. Its value is that of the latest row.
 */
import { COURSE_FROM } from "../../detectors/changes/segments.ts";
import {
  divergenceSignal,
  movingAverageDivergence,
} from "../../kernels/indicators/convergence-divergence.ts";
import { movingDeviation } from "../../kernels/indicators/deviation.ts";
import { drawdown, movingExtreme } from "../../kernels/indicators/extremes.ts";
import { exponentialMovingAverage, simpleMovingAverage } from "../../kernels/indicators/moving-averages.ts";
import { pairCoherence } from "../../kernels/indicators/pair-coherence.ts";
import { relativeStrengthIndex } from "../../kernels/indicators/relative-strength.ts";
import { simpleReturn } from "../../kernels/indicators/returns.ts";
import { multipleOfMean } from "../../kernels/indicators/spikes.ts";
import { averageTrueRange } from "../../kernels/indicators/true-range.ts";
import type { ColumnMemory } from "./column-memory.ts";
import { detectorColumn, JOINT_ROWS, measureColumn } from "./detectors.ts";
import type { ColumnName, SymbolView } from "./symbol-view.ts";

export interface Parameter {
  readonly name: string;
  readonly initial: number;
  readonly least: number;
  readonly most: number;
  /** Default: a whole number. */
  readonly fraction?: true;
}

export interface RuleFunction {
  readonly help: string;
  /** The column that it takes where the rule names none; null: it reads what it needs itself, and takes no column. */
  readonly of: ColumnName | null;
  readonly parameters: readonly Parameter[];
  /** It reads the mean of the other symbols. */
  readonly comparesWithOthers?: true;
  /** Rows until it has a value. */
  rows(parameters: readonly number[]): number;
  /** `x`: the column that it is of; `symbol` where `of` is null. The result and what it needs on the way are taken from `memory`. */
  compute(
    x: Float64Array,
    parameters: readonly number[],
    symbol: SymbolView,
    memory: ColumnMemory,
  ): Float64Array;
}

/** Rows that a period may have: forty years of days, a month of minutes. */
export const MAX_PERIOD = 10_000;

const period = (initial: number, least = 1): Parameter => ({
  name: "period",
  initial,
  least,
  most: MAX_PERIOD,
});
const deviations: Parameter = { name: "deviations", initial: 2, least: 0, most: 100, fraction: true };
const FAST = { name: "fast", initial: 12, least: 1, most: MAX_PERIOD } as const;
const SLOW = { name: "slow", initial: 26, least: 1, most: MAX_PERIOD } as const;
const SMOOTH = { name: "signal", initial: 9, least: 1, most: MAX_PERIOD } as const;

export const FUNCTIONS: Readonly<Record<string, RuleFunction>> = {
  rsi: {
    help: "relative strength index, 0 to 100",
    of: "close",
    parameters: [period(14)],
    rows: ([n]) => n! + 1,
    compute: (x, [n], _, memory) => relativeStrengthIndex(x, n!, memory.take(x.length)),
  },
  sma: {
    help: "simple moving average",
    of: "close",
    parameters: [period(20)],
    rows: ([n]) => n!,
    compute: (x, [n], _, memory) => simpleMovingAverage(x, n!, memory.take(x.length)),
  },
  ema: {
    help: "exponential moving average",
    of: "close",
    parameters: [period(20)],
    rows: ([n]) => n!,
    compute: (x, [n], _, memory) => exponentialMovingAverage(x, n!, memory.take(x.length)),
  },
  macd: {
    help: "difference of two exponential moving averages",
    of: "close",
    parameters: [FAST, SLOW],
    rows: ([fast, slow]) => Math.max(fast!, slow!),
    compute: (x, [fast, slow], _, memory) =>
      movingAverageDivergence(x, fast!, slow!, memory.take(x.length), memory.take(x.length)),
  },
  macd_signal: {
    help: "exponential moving average of macd",
    of: "close",
    parameters: [FAST, SLOW, SMOOTH],
    rows: ([fast, slow, n]) => Math.max(fast!, slow!) + n! - 1,
    compute: (x, [fast, slow, n], _, memory) =>
      divergenceSignal(
        movingAverageDivergence(x, fast!, slow!, memory.take(x.length), memory.take(x.length)),
        n!,
        memory.take(x.length),
      ),
  },
  macd_histogram: {
    help: "macd less its signal",
    of: "close",
    parameters: [FAST, SLOW, SMOOTH],
    rows: ([fast, slow, n]) => Math.max(fast!, slow!) + n! - 1,
    compute(x, [fast, slow, n], _, memory) {
      const macd = movingAverageDivergence(x, fast!, slow!, memory.take(x.length), memory.take(x.length));
      const signal = divergenceSignal(macd, n!, memory.take(x.length));
      for (let i = 0; i < macd.length; i++) macd[i]! -= signal[i]!;
      return macd;
    },
  },
  bollinger_upper: {
    help: "upper Bollinger band",
    of: "close",
    parameters: [period(20), deviations],
    rows: ([n]) => n!,
    compute: (x, [n, k], _, memory) => band(x, n!, k!, memory),
  },
  bollinger_lower: {
    help: "lower Bollinger band",
    of: "close",
    parameters: [period(20), deviations],
    rows: ([n]) => n!,
    compute: (x, [n, k], _, memory) => band(x, n!, -k!, memory),
  },
  bollinger_percent: {
    help: "place between the Bollinger bands: 0 at the lower, 1 at the upper",
    of: "close",
    parameters: [period(20), deviations],
    rows: ([n]) => n!,
    compute(x, [n, k], _, memory) {
      const mean = simpleMovingAverage(x, n!, memory.take(x.length));
      const deviation = movingDeviation(x, n!, 0, memory.take(x.length));
      for (let i = 0; i < x.length; i++) mean[i] = (x[i]! - mean[i]!) / (2 * k! * deviation[i]!) + 0.5;
      return mean;
    },
  },
  bollinger_width: {
    help: "distance of the Bollinger bands, as a share of the average",
    of: "close",
    parameters: [period(20), deviations],
    rows: ([n]) => n!,
    compute(x, [n, k], _, memory) {
      const mean = simpleMovingAverage(x, n!, memory.take(x.length));
      const deviation = movingDeviation(x, n!, 0, memory.take(x.length));
      for (let i = 0; i < x.length; i++) deviation[i] = (2 * k! * deviation[i]!) / mean[i]!;
      return deviation;
    },
  },
  atr: {
    help: "average true range",
    of: null,
    parameters: [period(14)],
    rows: ([n]) => n! + 1,
    compute(_, [n], symbol, memory) {
      const close = symbol.column("close");
      return averageTrueRange(
        symbol.column("high"),
        symbol.column("low"),
        close,
        n!,
        memory.take(close.length),
      );
    },
  },
  return: {
    help: "return over so many rows: 0.05 is 5 %",
    of: "close",
    parameters: [period(1)],
    rows: ([n]) => n! + 1,
    compute: (x, [n], _, memory) => simpleReturn(x, n!, memory.take(x.length)),
  },
  volatility: {
    help: "standard deviation of the log returns of so many rows",
    of: null,
    parameters: [period(20, 2)],
    rows: ([n]) => n! + 1,
    compute(_, [n], symbol, memory) {
      const returns = symbol.logReturns();
      return movingDeviation(returns, n!, 1, memory.take(returns.length));
    },
  },
  drawdown: {
    help: "how far below the highest of so many rows, as a share of it",
    of: "close",
    parameters: [period(60)],
    rows: ([n]) => n!,
    compute: (x, [n], _, memory) => drawdown(x, n!, memory.take(x.length), memory.take(x.length)),
  },
  highest: {
    help: "largest value of so many rows",
    of: "close",
    parameters: [period(20)],
    rows: ([n]) => n!,
    compute: (x, [n], _, memory) => movingExtreme(x, n!, 1, memory.take(x.length), memory.take(x.length)),
  },
  lowest: {
    help: "smallest value of so many rows",
    of: "close",
    parameters: [period(20)],
    rows: ([n]) => n!,
    compute: (x, [n], _, memory) => movingExtreme(x, n!, -1, memory.take(x.length), memory.take(x.length)),
  },
  ago: {
    help: "the value so many rows ago",
    of: "close",
    parameters: [period(1)],
    rows: ([n]) => n! + 1,
    compute(x, [n], _, memory) {
      const out = memory.take(x.length).fill(Number.NaN);
      if (n! < x.length) out.set(x.subarray(0, x.length - n!), n!);
      return out;
    },
  },
  volume_spike: {
    help: "volume as a multiple of the mean of so many rows before",
    of: "volume",
    parameters: [period(20)],
    rows: ([n]) => n! + 1,
    compute: (x, [n], _, memory) => multipleOfMean(x, n!, memory.take(x.length)),
  },
  coherence: {
    help: "how much the symbol moves with the mean of the others over so many rows, 0 to 1",
    of: null,
    parameters: [period(20, 2)],
    comparesWithOthers: true,
    rows: ([n]) => n! + 1,
    compute(_, [n], symbol, memory) {
      const returns = symbol.logReturns();
      return pairCoherence(returns, symbol.market(), n!, memory.take(returns.length));
    },
  },
  anomaly: read("score of the anomaly detector, 0 to 1", 2, (symbol) => detectorColumn("anomaly", symbol)),
  collapse: {
    ...read(
      "score of the collapse detector over the symbol and the mean of the others, 0 to 1",
      2,
      (symbol) => detectorColumn("collapse", symbol),
    ),
    comparesWithOthers: true,
  },
  changes: read("score of the detector of changes of level and slope, 0 to 1", 2, (symbol) =>
    detectorColumn("changes", symbol),
  ),
  purity: {
    ...read(
      "purity of the joint state of the symbol and the mean of the others, 0.5 (apart) to 1 (one motion)",
      JOINT_ROWS,
      (symbol) => detectorColumn("purity", symbol),
    ),
    comparesWithOthers: true,
  },
  entropy: {
    ...read("entropy of that state, nats: 0 (one motion) to 0.69 (apart)", JOINT_ROWS, (symbol) =>
      detectorColumn("entropy", symbol),
    ),
    comparesWithOthers: true,
  },
  trend: read(
    "slope of the close since its last change, in its standard errors: beyond 3 it rises, below -3 it falls",
    COURSE_FROM + 2,
    (symbol) => measureColumn("trend", symbol),
  ),
  forecast: read("the close that is foretold for the next row", 4, (symbol) =>
    measureColumn("forecast", symbol),
  ),
  value_at_risk: read(
    "loss that the next return exceeds once in twenty, as a share: 0.02 is 2 %",
    40,
    (symbol) => measureColumn("value_at_risk", symbol),
  ),
  expected_shortfall: read(
    "mean loss where the next return exceeds value_at_risk, as a share",
    60,
    (symbol) => measureColumn("expected_shortfall", symbol),
  ),
};

/** What a detector makes of the symbol, which has no parameters here. `rows`: those until it has a value. */
function read(help: string, rows: number, column: (symbol: SymbolView) => Float64Array): RuleFunction {
  return {
    help,
    of: null,
    parameters: [],
    rows: () => rows,
    compute: (_x, _parameters, symbol) => column(symbol),
  };
}

function band(x: Float64Array, n: number, k: number, memory: ColumnMemory): Float64Array {
  const mean = simpleMovingAverage(x, n, memory.take(x.length));
  const deviation = movingDeviation(x, n, 0, memory.take(x.length));
  for (let i = 0; i < x.length; i++) mean[i]! += k * deviation[i]!;
  return mean;
}
