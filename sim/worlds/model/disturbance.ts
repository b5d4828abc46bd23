/**
 * The common part of all disturbances: the window, and the noise floor of each channel, learnt from the undisturbed samples.
 *
 * D1  Outside its window, with strength 0, and before the noise floor is known, a disturbance changes nothing.
 * D2  It receives all samples, so that it also learns during its window: from the samples before its change, not after.
 */
import { NoiseFloor } from "./noise-floor.ts";
import type { Disturbance, DisturbanceOptions } from "./scenario.ts";

/** A sample within the window, and the state of its channel. */
export interface DisturbedSample {
  readonly timeUs: number;
  readonly channel: number;
  readonly value: number;
  /** Increment since the previous sample of the channel. */
  readonly increment: number;
  readonly floor: NoiseFloor;
  /** Share of the window that has passed, in [0, 1). */
  readonly progress: number;
}

/** The value that replaces the sample; NaN: no sample. */
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
 * The offset of each channel from its real values: the sum of what was added to its increments. The offset decays, so that a channel with a
 * level of its own stays near it, and returns to 0 in the last part of the window.
 */
export class Offsets {
  private readonly offset: Float64Array;

  constructor(channels: number) {
    this.offset = new Float64Array(channels);
  }

  /** Adds to the offset of the channel and returns the value with the offset. */
  move({ channel, value, progress }: DisturbedSample, added: number): number {
    const back = progress < HOMEWARD ? DRAWN_BACK : HOME;
    const moved = (1 - back) * this.offset[channel]! + added;
    this.offset[channel] = moved;
    return value + moved;
  }
}

/** Share of an offset that decays per sample: its spread stays under √(64/2) ≈ 6 times what a sample adds. */
const DRAWN_BACK = 1 / 64;
/** In the last tenth nothing is added and the offset returns to 0, so that the end is not an event. */
const HOMEWARD = 0.9;
const HOME = 1 / 8;

/** Share of the effect at this time: 0 in the last tenth, while offsets return to 0. */
export function fading(progress: number): number {
  return progress < HOMEWARD ? 1 : 0;
}
