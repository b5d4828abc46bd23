/** Waiting that ends at once when the feed is stopped. */

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
    await this.unlessStopped(task);
  }

  /** The result of `task`, or null as soon as `stop` is called. The task continues; its result is dropped. */
  unlessStopped<T>(task: Promise<T>): Promise<T | null> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        this.#wake = null;
        resolve(null);
      };
      this.#wake = finish;
      task.then(
        (value) => {
          if (this.#wake === finish) this.#wake = null;
          resolve(value);
        },
        (error: unknown) => {
          if (this.#wake === finish) this.#wake = null;
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
      if (this.stopped) finish();
    });
  }

  stop(): void {
    this.stopped = true;
    this.#wake?.();
  }
}
