/**
 * Who goes first on the one thread of a recorded session: while somebody waits for a move or for the past, what is read in the background rests.
 *
 *   seek ─┐                            marks ─┐
 *   past ─┴─ `first` ──all are over──► states ┴─ `rest` resolves
 */
import type { Clock } from "../../../actors/ports/clock.ts";

export class Precedence {
  readonly #clock: Clock;
  #underWay = 0;
  #resting: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Does what somebody waits for. */
  async first<Result>(act: () => Promise<Result>): Promise<Result> {
    this.#underWay++;
    try {
      return await act();
    } finally {
      if (--this.#underWay === 0) for (const go of this.#resting.splice(0)) go();
    }
  }

  /** Lets others run. In the background, until nobody waits. */
  async rest(): Promise<void> {
    do {
      if (this.#underWay > 0) await new Promise<void>((resolve) => this.#resting.push(resolve));
      await new Promise<void>((resolve) => this.#clock.soon(resolve));
    } while (this.#underWay > 0);
  }
}
