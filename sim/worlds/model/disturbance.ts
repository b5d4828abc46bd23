/**
 * What disturbances have in common: each channel's noise floor, learnt from the samples as they were, and the window.
 *
 * D1  Outside its window, with strength 0, and before the noise floor is known, a disturbance changes nothing.
 * D2  It is told all samples, so that it goes on learning while it disturbs: from what was, not from what it made of it.
 */
import { NoiseFloor } from "./noise-floor.ts";
import type { Disturbance, DisturbanceOptions } from "./scenario.ts";

/** A sample within the window, and what is known of its channel. */
export interface DisturbedSample {
  readonly timeUs: number;
  readonly channel: number;
  readonly value: number;
  /** From the channel's sample before. */
  readonly increment: number;
  readonly floor: NoiseFloor;
  /** Share of the window that has passed, in [0, 1). */
  readonly progress: number;
}

/** The value that is to be in place of the sample's; NaN: none. */
export type Effect = (sample: DisturbedSample) => number;

export function disturbance(
  options: DisturbanceOptions,
  truth: Disturbance["truth"],
  effect: Effect,
): Disturbance {
  const floors = Array.from({ length: options.channels }, () => new NoiseFloor());
  return {
    truth,
    change(timeUs, channel, value) {
      const floor = floors[channel]!;
      const increment = floor.add(timeUs, value);
      const progress = (timeUs - options.fromUs) / options.durationUs;
      if (progress < 0 || progress >= 1 || options.strength === 0 || !floor.known) return value;
      return effect({ timeUs, channel, value, increment, floor, progress });
    },
  };
}

/**
 * How far each channel was moved away from where it was: a sum of what was added to its increments, drawn back so that it does not
 * run away from a level the channel keeps, and brought home in the last part of the window.
 */
export class Offsets {
  private readonly offset: Float64Array;

  constructor(channels: number) {
    this.offset = new Float64Array(channels);
  }

  /** Adds to the offset of the sample's channel and returns the value moved by it. */
  move({ channel, value, progress }: DisturbedSample, added: number): number {
    const back = progress < HOMEWARD ? DRAWN_BACK : HOME;
    const moved = (1 - back) * this.offset[channel]! + added;
    this.offset[channel] = moved;
    return value + moved;
  }
}

/** Share of an offset that is drawn back by each sample: its spread stays under √(64/2) ≈ 6 of what a sample adds. */
const DRAWN_BACK = 1 / 64;
/** In the last tenth nothing is added any more and the offset is brought home, so that the end is no event of its own. */
const HOMEWARD = 0.9;
const HOME = 1 / 8;

/** How much of an effect is there: it is over in the last tenth, while offsets are brought home. */
export function fading(progress: number): number {
  return progress < HOMEWARD ? 1 : 0;
}
