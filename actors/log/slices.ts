/**
 * Long work in slices: between two of them the event loop has a turn for heartbeats, sockets and other partitions.
 *
 *   step ─► step ─► … ─┬─ the slice has time and steps left ─► next step
 *                      └─ else ─► a turn of the loop ─► next slice
 *
 * The work itself stays synchronous; whoever drives it asks after each step.
 */
import type { Clock } from "../ports/clock.ts";

/** A heartbeat is due every 400 ms at most, and several partitions may be read at once: each gets a slice in a turn. */
export const SLICE_MS = 10;

/** As many as take about SLICE_MS where they are small; a clock may stand still. */
export const SLICE_STEPS = 1_024;

export class Slices {
  readonly #clock: Pick<Clock, "monotonicMs" | "soon">;
  #steps = 0;
  #endMs: number;

  constructor(clock: Pick<Clock, "monotonicMs" | "soon">) {
    this.#clock = clock;
    this.#endMs = clock.monotonicMs() + SLICE_MS;
  }

  /** After a step: null to go on, or a promise that resolves when the next slice begins. */
  next(): Promise<void> | null {
    if (++this.#steps < SLICE_STEPS && this.#clock.monotonicMs() < this.#endMs) return null;
    return new Promise((resolve) => {
      this.#clock.soon(() => {
        this.#steps = 0;
        this.#endMs = this.#clock.monotonicMs() + SLICE_MS;
        resolve();
      });
    });
  }
}
