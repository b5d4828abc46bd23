/**
 * Recorded time against the clock: a time is due when (time − first) / speed has passed since the first.
 *
 * Times of one step (a millisecond of the clock) leave together. Steps are cut by recorded time, not by the clock, so that a
 * replay at the same speed is cut into the same frames.
 */

import type { Clock } from "../ports/clock.ts";

/** The grain of timers: shorter sleeps are not worth a frame of their own. */
const STEP_US = 1000;

export class Pace {
  readonly #clock: Clock;
  readonly #speed: number;
  #firstUs = Number.NaN;
  #startedUs = 0;
  #step = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, speed: number) {
    this.#clock = clock;
    this.#speed = speed;
  }

  /** Whether `timeUs` lies in a later step than all times before: what was gathered must leave. The first time starts the clock. */
  begins(timeUs: number): boolean {
    if (Number.isNaN(this.#firstUs)) {
      this.#firstUs = timeUs;
      this.#startedUs = this.#clock.nowUs();
    }
    const step = Math.floor((timeUs - this.#firstUs) / (STEP_US * this.#speed));
    if (step <= this.#step) return false;
    this.#step = step;
    return true;
  }

  /** How long to wait until the step of `timeUs` is due; 0 when it is. */
  waitUs(timeUs: number): number {
    const wait = this.#startedUs + (timeUs - this.#firstUs) / this.#speed - this.#clock.nowUs();
    return wait < STEP_US ? 0 : wait;
  }

  /** End of the step now due: times from there on leave later. */
  get stepEndUs(): number {
    return this.#firstUs + (this.#step + 1) * STEP_US * this.#speed;
  }
}
