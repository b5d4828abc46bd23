/**
 * How much of a channel is noise of its measurement: what one could have read instead, at the same moment.
 *
 * Read as a random walk seen through independent errors, x = walk + e, increments d have cov(d_t, d_{t+1}) = −var(e): the walk
 * cancels out (Roll, J. Finance 39, 1984). So a price that only walks has no noise, a steady sensor has all of its flicker, and a counter
 * that rests has none. The covariance is the median over pieces of PIECE increments, so that a jump counts in one piece only.
 *
 * A channel whose values are whole multiples of a step stays on that grid.
 */
import type { Frame } from "../../../protocol/frame.ts";

export interface ChannelNoise {
  /** Standard deviation of the errors; 0: none. */
  deviation: number;
  /** Step of the grid of its values, 0 where they lie on none. */
  step: number;
}

/** Noise of each channel by group, in the group's order. */
export type NoiseByGroup = Record<string, ChannelNoise[]>;

const PIECE = 64;
/** Increments of one channel that are looked at. */
const INCREMENTS_MAX = 16_384;
/** A multiple of the step may be off by this share of it: decimal fractions are not exact. */
const OFF_GRID = 1e-6;

export class NoiseLearner {
  private readonly seriesByGroup = new Map<string, Series[]>();

  /** Frames in order. */
  learn(frame: Frame): void {
    const of = this.seriesByGroup.get(frame.group) ?? [];
    this.seriesByGroup.set(frame.group, of);
    for (let k = 0; k < frame.count; k++) {
      const channel = frame.channel[k]!;
      while (of.length <= channel) of.push({ last: Number.NaN, increments: [] });
      const series = of[channel]!;
      const value = frame.value[k]!;
      if (!Number.isNaN(series.last) && series.increments.length < INCREMENTS_MAX)
        series.increments.push(value - series.last);
      series.last = value;
    }
  }

  noise(): NoiseByGroup {
    return Object.fromEntries(
      Array.from(this.seriesByGroup, ([group, of]) => [
        group,
        of.map(({ increments }) => ({ deviation: deviationOf(increments), step: stepOf(increments) })),
      ]),
    );
  }
}

interface Series {
  last: number;
  increments: number[];
}

/** √max(0, −median over pieces of mean d_t d_{t+1}); 0 for fewer increments than one piece. */
export function deviationOf(increments: readonly number[]): number {
  const covariances: number[] = [];
  for (let start = 0; start + PIECE < increments.length; start += PIECE) {
    let sum = 0;
    for (let k = start; k < start + PIECE; k++) sum += increments[k]! * increments[k + 1]!;
    covariances.push(sum / PIECE);
  }
  if (covariances.length === 0) return 0;
  covariances.sort((a, b) => a - b);
  const upper = covariances.length >> 1;
  const median = (covariances[(covariances.length - 1) >> 1]! + covariances[upper]!) / 2;
  return Math.sqrt(Math.max(0, -median));
}

/** The smallest increment that is one, when all others are multiples of it; else 0. */
export function stepOf(increments: readonly number[]): number {
  let step = Number.POSITIVE_INFINITY;
  for (const each of increments) if (each !== 0) step = Math.min(step, Math.abs(each));
  if (step === Number.POSITIVE_INFINITY) return 0;
  for (const each of increments) {
    const multiple = Math.abs(each) / step;
    if (Math.abs(multiple - Math.round(multiple)) > OFF_GRID * Math.max(1, multiple)) return 0;
  }
  return step;
}
