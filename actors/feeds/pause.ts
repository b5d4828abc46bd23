/** Waiting that a feed's `stop` ends at once. */

import type { Clock } from "../ports/clock.ts";

export class Pause {
  stopped = false;
  readonly #clock: Clock;
  #wake: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms`, or as soon as `stop` is called. */
  wait(ms: number): Promise<void> {
    if (this.stopped) return Promise.resolve();
    return new Promise((resolve) => {
      const cancel = this.#clock.after(ms, () => this.#wake?.());
      this.#wake = () => {
        this.#wake = null;
        cancel();
        resolve();
      };
    });
  }

  /** Resolves with `task`, or as soon as `stop` is called. */
  async until(task: Promise<void>): Promise<void> {
    if (this.stopped) return;
    const stop = new Promise<void>((resolve) => {
      this.#wake = () => {
        this.#wake = null;
        resolve();
      };
    });
    await Promise.race([task, stop]);
  }

  stop(): void {
    this.stopped = true;
    this.#wake?.();
  }
}
