/**
 * Processes without a change: what a detector announces on them is a false alarm. Rows of n innovations, one by one.
 *
 * Rows are independent with some laws of values, foreseeable in size (volatility in clusters), or dependent in value.
 */
import exp from "@stdlib/math-base-special-exp";
import ln from "@stdlib/math-base-special-ln";
import sin from "@stdlib/math-base-special-sin";
import type { Variates } from "../../worlds/model/variates.ts";

/** Fills a row of innovations. */
type NextRow = (x: Float64Array) => void;

export interface NullProcess {
  readonly name: string;
  readonly n: number;
  /** Most alarms per promised alarm. */
  readonly atMost: number;
  /** False: its rows depend on each other in value, so the detector should say that its promise is void. */
  readonly promised: boolean;
  start(v: Variates): NextRow;
}

/** Share of the common factor in n unit normals. */
function factor(v: Variates, x: Float64Array, share: number): void {
  const common = Math.sqrt(share) * v.normal();
  const own = Math.sqrt(1 - share);
  for (let c = 0; c < x.length; c++) x[c] = common + own * v.normal();
}

export function poisson(v: Variates, mean: number): number {
  const limit = exp(-mean);
  let count = 0;
  for (let product = v.uniform(); product > limit; product *= v.uniform()) count++;
  return count;
}

function gaussian(n: number, share: number): NullProcess {
  return {
    name: `Gaussian n=${n} correlation ${share}`,
    n,
    atMost: 1,
    promised: true,
    start: (v) => (x) => factor(v, x, share),
  };
}

function independent(name: string, n: number, draw: (v: Variates) => number): NullProcess {
  return {
    name: `${name} n=${n}`,
    n,
    atMost: 1,
    promised: true,
    start: (v) => (x) => {
      for (let c = 0; c < n; c++) x[c] = draw(v);
    },
  };
}

function autoregressive(phi: number, atMost: number): NullProcess {
  return {
    name: `AR(1) ${phi} n=8`,
    n: 8,
    atMost,
    promised: false,
    start(v) {
      const state = new Float64Array(8);
      return (x) => {
        factor(v, x, 0.3);
        for (let c = 0; c < 8; c++) {
          state[c] = phi * state[c]! + x[c]!;
          x[c] = state[c]!;
        }
      };
    },
  };
}

/** Log volatility: an AR(1) of standard deviation 0.5. */
const LOG_VOLATILITY = { phi: 0.995, sd: 0.5 };

function nextLogVolatility(v: Variates, before: number): number {
  const { phi, sd } = LOG_VOLATILITY;
  return phi * before + sd * Math.sqrt(1 - phi * phi) * v.normal();
}

const student: NullProcess = {
  name: "Student t5 n=8",
  n: 8,
  atMost: 1,
  promised: true,
  start: (v) => (x) => {
    factor(v, x, 0.5);
    let chi2 = 0;
    for (let k = 0; k < 5; k++) chi2 += v.normal() ** 2;
    const scale = Math.sqrt(5 / chi2);
    for (let c = 0; c < 8; c++) x[c] = scale * x[c]!;
  },
};

const commonLognormal: NullProcess = {
  name: "lognormal n=4 correlation 0.7",
  n: 4,
  atMost: 1,
  promised: true,
  start: (v) => (x) => {
    factor(v, x, 0.7);
    for (let c = 0; c < 4; c++) x[c] = exp(x[c]!);
  },
};

const garch: NullProcess = {
  name: "GARCH(1,1) .1 .85 n=8",
  n: 8,
  atMost: 1.1,
  promised: true,
  start(v) {
    let variance = 1;
    return (x) => {
      factor(v, x, 0.5);
      const scale = Math.sqrt(variance);
      let mean = 0;
      for (let c = 0; c < 8; c++) {
        x[c] = scale * x[c]!;
        mean += (x[c]! * x[c]!) / 8;
      }
      variance = 0.05 + 0.1 * mean + 0.85 * variance;
    };
  },
};

const commonVolatility: NullProcess = {
  name: "stochastic volatility, common, n=8",
  n: 8,
  atMost: 1.1,
  promised: true,
  start(v) {
    let log = 0;
    return (x) => {
      log = nextLogVolatility(v, log);
      factor(v, x, 0.5);
      const scale = exp(log);
      for (let c = 0; c < 8; c++) x[c] = scale * x[c]!;
    };
  },
};

const ownVolatility: NullProcess = {
  name: "stochastic volatility, per channel, n=6",
  n: 6,
  atMost: 1.1,
  promised: true,
  start(v) {
    const log = new Float64Array(6);
    return (x) => {
      factor(v, x, 0.5);
      for (let c = 0; c < 6; c++) {
        log[c] = nextLogVolatility(v, log[c]!);
        x[c] = exp(log[c]!) * x[c]!;
      }
    };
  },
};

const heston: NullProcess = {
  name: "Heston with jumps n=6",
  n: 6,
  atMost: 1.1,
  promised: true,
  start(v) {
    const variance = new Float64Array(6).fill(1);
    return (x) => {
      factor(v, x, 0.5);
      for (let c = 0; c < 6; c++) {
        const positive = Math.max(variance[c]!, 0);
        variance[c] = variance[c]! + 0.01 * (1 - positive) + 0.12 * Math.sqrt(positive) * v.normal();
        x[c] = Math.sqrt(positive) * x[c]! + (v.uniform() < 1 / 600 ? 10 * v.normal() : 0);
      }
    };
  },
};

const season: NullProcess = {
  name: "season of 1440 rows and noise n=4",
  n: 4,
  atMost: 1.2,
  promised: false,
  start(v) {
    let row = 0;
    return (x) => {
      row++;
      for (let c = 0; c < 4; c++) x[c] = sin((2 * Math.PI * row) / 1440 + c) + v.normal();
    };
  },
};

/** Levels that revert, bursts on nothing, and counts whose rate wanders. */
const host: NullProcess = {
  name: "host-like n=12",
  n: 12,
  atMost: 1.2,
  promised: false,
  start(v) {
    const levels = new Float64Array(4);
    const bursting = new Uint8Array(4);
    const rates = new Float64Array(4);
    return (x) => {
      for (let c = 0; c < 4; c++) {
        levels[c] = 0.9 * levels[c]! + v.normal();
        x[c] = levels[c]!;
        bursting[c] = v.uniform() < (bursting[c] === 1 ? 0.9 : 0.005) ? 1 : 0;
        x[4 + c] = (bursting[c] === 1 ? exp(3 + 1.5 * v.normal()) : 0) + 0.01 * v.exponential();
        rates[c] = 0.99 * rates[c]! + 0.05 * v.normal();
        x[8 + c] = poisson(v, 2 * exp(rates[c]!));
      }
    };
  },
};

export const NULLS: readonly NullProcess[] = [
  gaussian(2, 0),
  gaussian(16, 0.3),
  gaussian(8, 0.95),
  student,
  independent("exponential", 1, (v) => -ln(v.uniform())),
  independent("exponential", 8, (v) => -ln(v.uniform())),
  independent("lognormal", 1, (v) => exp(v.normal())),
  commonLognormal,
  independent("Poisson .02", 1, (v) => poisson(v, 0.02)),
  independent("Poisson .2", 1, (v) => poisson(v, 0.2)),
  independent("Poisson 3", 1, (v) => poisson(v, 3)),
  independent("Poisson .2", 8, (v) => poisson(v, 0.2)),
  garch,
  commonVolatility,
  ownVolatility,
  heston,
  autoregressive(0.1, 1.2),
  autoregressive(0.3, 1.2),
  autoregressive(0.9, 1.2),
  season,
  host,
];

/** Sums of the rows of another process. */
function walkOf(process: NullProcess): NullProcess {
  return {
    ...process,
    name: `random walk, steps: ${process.name}`,
    start(v) {
      const next = process.start(v);
      const sum = new Float64Array(process.n);
      return (x) => {
        next(x);
        for (let c = 0; c < x.length; c++) {
          sum[c] = sum[c]! + x[c]!;
          x[c] = sum[c]!;
        }
      };
    },
  };
}

const WALKS = ["Gaussian n=2", "Student", "exponential n=1", "lognormal n=1", "GARCH"];

/** And random walks, whose steps are the rows of some of those. */
export const NULLS_AND_WALKS: readonly NullProcess[] = [
  ...NULLS,
  ...NULLS.filter(({ name }) => WALKS.some((start) => name.startsWith(start))).map(walkOf),
];
