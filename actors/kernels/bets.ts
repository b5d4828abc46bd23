/**
 * Bets on a p-value: functions f of p ∈ (0,1) with ∫f = 1. f(p) is an e-value if p is uniform, whatever the law of the data.
 *
 * Each is the exact likelihood ratio of its alternative when the data are Gaussian (energy, shift) or elliptical (share):
 *
 *   energy  ‖y‖² scaled by s, y whitened in n channels         ln f_s(p) = −(n/2) ln s + q(1−1/s),             q of Gamma(n/2, 1)
 *   share   (u·y)²/‖y‖² of a direction, its variance times θ   ln f_θ(p) = −½ ln θ − (n/2) ln(1−(1−1/θ)q),     q of Beta(½,(n−1)/2)
 *
 *   shift   u·y of a direction, its mean moved by δ            ln f_δ(p) = δq − δ²/2,                          q of N(0, 1)
 *
 * with q the upper p-quantile. Source: Vovk & Wang 2021 (p-to-e calibrators). Oracle: tests/kernels/oracles.ts.
 */
import betaincinv from "@stdlib/math-base-special-betaincinv";
import exp from "@stdlib/math-base-special-exp";
import expm1 from "@stdlib/math-base-special-expm1";
import gammaincinv from "@stdlib/math-base-special-gammaincinv";
import ln from "@stdlib/math-base-special-ln";
import log1p from "@stdlib/math-base-special-log1p";
import { lnAt } from "./elementary.ts";
import { normalQuantile } from "./normal.ts";

type BetKind = "energy" | "share" | "shift";

/** Bins of a table: neighbouring bins differ by less than 8 % in odds. */
export const BET_BINS = 400;

/** The bins span ±16 in ln(p/(1−p)): p from 1e-7 to 1−1e-7. The two outer bins hold the rest. */
const LOGIT_RANGE = 16;
const PER_LOGIT = (BET_BINS - 2) / (2 * LOGIT_RANGE);

/** p, then ln(p/(1−p)): an element of an array is not boxed. */
const odds = new Float64Array(1);

/** Bin of p, with logistic spacing. Bins 0 and 399 hold the tails. One logarithm. */
export function betBin(p: number): number {
  odds[0] = p;
  return betBinAt(odds, 0);
}

/** Bin of p = ps[i]. */
export function betBinAt(ps: Float64Array, i: number): number {
  odds[0] = ps[i]! / (1 - ps[i]!);
  lnAt(odds, 0);
  const logit = odds[0]!;
  if (!(logit > -LOGIT_RANGE)) return 0;
  if (logit >= LOGIT_RANGE) return BET_BINS - 1;
  return 1 + Math.floor((logit + LOGIT_RANGE) * PER_LOGIT);
}

/** Width of bin k without cancellation near p = 1. */
export function betBinWidth(k: number): number {
  if (k === 0 || k === BET_BINS - 1) return logistic(-LOGIT_RANGE);
  const low = (k - 1) / PER_LOGIT - LOGIT_RANGE;
  const high = k / PER_LOGIT - LOGIT_RANGE;
  return logistic(high) * logistic(-low) * -expm1(low - high);
}

function logistic(x: number): number {
  return 1 / (1 + exp(-x));
}

/**
 * Bets of one kind as tables: `logE` costs one logarithm and one load per member. A table is a step function with mean 1 over uniform p,
 * to rounding: each step is the value in the middle of its bin, divided by the mean of all. It is therefore an exact e-value, not an
 * approximation.
 */
export class BetTable {
  readonly parameters: readonly number[];
  /** ln f of member m in bin k at m·400+k. Not state: it depends only on the parameters. */
  readonly logValues: Float64Array;

  /** `parameters`: the s of energy bets (n ≥ 1), the θ of share bets (n ≥ 2) or the δ of shift bets (any n). Costs 400 quantiles (some ms). */
  constructor(kind: BetKind, n: number, parameters: readonly number[]) {
    const least = kind === "share" ? 2 : 1;
    if (!Number.isInteger(n) || n < least) {
      throw new RangeError(
        `Cannot make a ${kind} bet on ${n} channels: expected an integer of at least ${least}`,
      );
    }
    this.parameters = parameters;
    this.logValues = new Float64Array(parameters.length * BET_BINS);
    for (let k = 0; k < BET_BINS; k++) {
      const p = middle(k);
      const q = quantile(kind, n, p);
      for (let m = 0; m < parameters.length; m++) {
        this.logValues[m * BET_BINS + k] = logBet(kind, n, parameters[m]!, q);
      }
    }
    for (let m = 0; m < parameters.length; m++) this.normalise(m * BET_BINS);
  }

  /** Writes ln e of every member for this p to `out[at..]`. O(members). */
  logE(p: number, out: Float64Array, at: number): void {
    const bin = betBin(p);
    for (let m = 0; m < this.parameters.length; m++) out[at + m] = this.logValues[m * BET_BINS + bin]!;
  }

  private normalise(from: number): void {
    let mean = 0;
    for (let k = 0; k < BET_BINS; k++) mean += exp(this.logValues[from + k]!) * betBinWidth(k);
    const shift = ln(mean);
    for (let k = 0; k < BET_BINS; k++) this.logValues[from + k] = this.logValues[from + k]! - shift;
  }
}

/** Middle of bin k on the logistic scale; for the outer bins half of the edge probability. */
function middle(k: number): number {
  if (k === 0) return logistic(-LOGIT_RANGE) / 2;
  if (k === BET_BINS - 1) return 1 - logistic(-LOGIT_RANGE) / 2;
  return logistic((k - 0.5) / PER_LOGIT - LOGIT_RANGE);
}

function quantile(kind: BetKind, n: number, p: number): number {
  if (kind === "shift") return -normalQuantile(p);
  return kind === "energy" ? gammaincinv(p, n / 2, true) : betaincinv(p, 0.5, (n - 1) / 2, true);
}

function logBet(kind: BetKind, n: number, parameter: number, q: number): number {
  if (kind === "shift") return parameter * q - 0.5 * parameter * parameter;
  const gain = 1 - 1 / parameter;
  if (kind === "energy") return (-n / 2) * ln(parameter) + q * gain;
  return -0.5 * ln(parameter) - (n / 2) * log1p(-gain * q);
}
