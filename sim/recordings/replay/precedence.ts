/**
 * Who goes first on the one thread of a recorded session: while somebody waits for a move or for the past, what is read in the background rests.
 *
 *   seek ─┐                            marks ─┐
 *   past ─┴─ `first` ──all are over──► states ┴─ `rest` resolves ──nobody for a while──► `calm` resolves
 */
import type { Clock } from "../../../actors/ports/clock.ts";

export class Precedence {
  readonly #clock: Clock;
  #underWay = 0;
  /** When somebody waited last. */
  #lastMs = 0;
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
      this.#lastMs = this.#clock.monotonicMs();
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

  /** Resolves when nobody has waited for `quietMs` from now on, after `mostMs` at the latest, and as soon as `over` says that it is of no use any more. */
  calm(quietMs: number, mostMs: number, over: AbortSignal): Promise<void> {
    const clock = this.#clock;
    const beganMs = clock.monotonicMs();
    return new Promise((resolve) => {
      let cancel = (): void => {};
      const end = (): void => {
        cancel();
        over.removeEventListener("abort", end);
        resolve();
      };
      const look = (): void => {
        const nowMs = clock.monotonicMs();
        const fromMs = this.#underWay > 0 ? nowMs : Math.max(beganMs, this.#lastMs);
        const dueMs = Math.min(fromMs + quietMs, beganMs + mostMs);
        if (over.aborted || nowMs >= dueMs) end();
        else cancel = clock.after(dueMs - nowMs, look);
      };
      over.addEventListener("abort", end);
      look();
    });
  }
}
