/**
 * When recorded times are due on the clock: (time − first time) / speed after the first.
 *
 * Times of one step (a millisecond of the clock) leave together. Recorded time defines the steps, not the clock, so that a second run at
 * the same speed has the same frames.
 */

import type { Clock } from "../ports/clock.ts";

/** Timers have this resolution: a shorter sleep is not worth a frame. */
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

  /** Whether `timeUs` is in a later step than all times before it: then the gathered samples must leave. The first call starts the clock. */
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

  /** How long to wait until the step of `timeUs` is due; 0 if it is due. */
  waitUs(timeUs: number): number {
    const wait = this.#startedUs + (timeUs - this.#firstUs) / this.#speed - this.#clock.nowUs();
    return wait < STEP_US ? 0 : wait;
  }

  /** End of the step that is due: later times leave later. */
  get stepEndUs(): number {
    return this.#firstUs + (this.#step + 1) * STEP_US * this.#speed;
  }
}
