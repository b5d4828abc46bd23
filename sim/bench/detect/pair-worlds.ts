/**
 * Worlds of suite `pairs`, as rows of innovations: those in which no pair changes, beside those of `arl-nulls.ts`, and those in which one does.
 *
 * Rows are a second apart. NaN: the channel did not report; what it missed is in its next innovation.
 */
import sin from "@stdlib/math-base-special-sin";
import type { Variates } from "../../worlds/model/variates.ts";
import { NULLS } from "./arl-nulls.ts";

type NextRow = (x: Float64Array) => void;

export interface QuietWorld {
  readonly name: string;
  readonly n: number;
  start(v: Variates): NextRow;
}

/** In which the pair of the first two of CHANNELS begins or ceases. */
export interface ChangingWorld {
  readonly name: string;
  /** The signal that says so. */
  readonly signal: "began" | "ceased" | "stable" | "washedOut";
  start(v: Variates): (x: Float64Array, isChanged: boolean) => void;
}

export const CHANNELS = 8;
const TWO_PI = 2 * Math.PI;

function together(v: Variates, x: Float64Array): void {
  const common = v.normal();
  for (let c = 0; c < x.length; c++) x[c] = (common + v.normal()) / Math.SQRT2;
}

const independent: QuietWorld = {
  name: "independent n=8",
  n: CHANNELS,
  start: (v) => (x) => {
    for (let c = 0; c < x.length; c++) x[c] = v.normal();
  },
};

const silent: QuietWorld = {
  name: "correlation 0.5, channels silent for 500 rows at times, n=8",
  n: CHANNELS,
  start(v) {
    const isSilent = new Uint8Array(CHANNELS);
    const missed = new Float64Array(CHANNELS);
    return (x) => {
      together(v, x);
      for (let c = 0; c < CHANNELS; c++) {
        if (v.uniform() < (isSilent[c] === 1 ? 1 / 500 : 1 / 1000)) isSilent[c] = 1 - isSilent[c]!;
        const sum = missed[c]! + x[c]!;
        x[c] = isSilent[c] === 1 ? Number.NaN : sum;
        missed[c] = isSilent[c] === 1 ? sum : 0;
      }
    };
  },
};

const standing: QuietWorld = {
  name: "independent, channels stand still for 500 rows at times, n=8",
  n: CHANNELS,
  start(v) {
    const isStill = new Uint8Array(CHANNELS);
    return (x) => {
      for (let c = 0; c < CHANNELS; c++) {
        if (v.uniform() < (isStill[c] === 1 ? 1 / 500 : 1 / 1000)) isStill[c] = 1 - isStill[c]!;
        x[c] = isStill[c] === 1 ? 0 : v.normal();
      }
    };
  },
};

const spikes: QuietWorld = {
  name: "correlation 0.5, a spike of 100 σ in 1,000 values, n=8",
  n: CHANNELS,
  start: (v) => (x) => {
    together(v, x);
    for (let c = 0; c < CHANNELS; c++) if (v.uniform() < 0.001) x[c] = x[c]! + 100 * v.sign();
  },
};

const commonSeason: QuietWorld = {
  name: "season of 96 rows in common, and noise, n=8",
  n: CHANNELS,
  start(v) {
    let row = 0;
    return (x) => {
      row++;
      for (let c = 0; c < CHANNELS; c++) x[c] = sin((TWO_PI * row) / 96) + v.normal();
    };
  },
};

export const QUIET: readonly QuietWorld[] = [
  independent,
  silent,
  standing,
  spikes,
  commonSeason,
  ...NULLS.filter(({ n }) => n >= 2),
];

/** The second channel has `correlation` with the first, `lag` rows later, from the change on, or until it. */
function moving(signal: "began" | "ceased", correlation: number, lag = 0): ChangingWorld {
  const before = lag === 0 ? "" : `, ${lag} row later`;
  return {
    name: signal === "began" ? `begins: ${correlation}${before}` : `ceases: ${correlation}${before}`,
    signal,
    start(v) {
      const past = new Float64Array(lag + 1);
      return (x, isChanged) => {
        for (let c = 0; c < x.length; c++) x[c] = v.normal();
        past.copyWithin(1, 0);
        past[0] = x[0]!;
        if (isChanged === (signal === "began"))
          x[1] = correlation * past[lag]! + Math.sqrt(1 - correlation * correlation) * x[1]!;
      };
    },
  };
}

/** Rows of an oscillation, and rad by which phases wander in one. */
const PERIOD = 8;
const WANDER = 0.5;

/**
 * All channels oscillate in noise of this size, with phases that wander. Between change and end, or until the change, the phase of the second is
 * that of the first, less `turns` a row.
 */
function oscillating(signal: "stable" | "washedOut", noise: number, turns: number): ChangingWorld {
  const kind = turns === 0 ? "phases lock" : "phases beat";
  return {
    name: signal === "stable" ? `${kind}, noise ${noise}` : `${kind} no more, noise ${noise}`,
    signal,
    start(v) {
      const phase = new Float64Array(CHANNELS);
      let row = 0;
      return (x, isChanged) => {
        row++;
        for (let c = 0; c < x.length; c++) {
          phase[c] = phase[c]! + TWO_PI / PERIOD + WANDER * v.normal();
          if (c === 1 && isChanged === (signal === "stable")) phase[1] = phase[0]! - 1 - TWO_PI * turns * row;
          x[c] = sin(phase[c]!) + noise * v.normal();
        }
      };
    },
  };
}

export const MOVING: readonly ChangingWorld[] = [
  ...[0.3, 0.5, 0.7, 0.9].map((correlation) => moving("began", correlation)),
  moving("began", 0.7, 1),
  ...[0.5, 0.7, 0.9].map((correlation) => moving("ceased", correlation)),
];

export const OSCILLATING: readonly ChangingWorld[] = [
  ...[0.3, 1].map((noise) => oscillating("stable", noise, 0)),
  ...[0.3, 1].map((noise) => oscillating("stable", noise, 0.01)),
  oscillating("washedOut", 0.3, 0),
  oscillating("washedOut", 0.3, 0.01),
];
