/** A meter: one source of measurements of this machine, and the channels it fills. */

import type { Channels } from "../../../protocol/messages.ts";

export type Channel = Channels["channels"][number];

export interface Meter {
  readonly channels: readonly Channel[];
  /** What this platform or machine lacks, by channel name. */
  readonly missing: readonly string[];
  /**
   * Writes one value per channel to `into` from index `at`; NaN where there is none now. Counters become rates per second over
   * the `seconds` since the reading before; the first reading only primes them.
   */
  read(into: Float64Array, at: number, seconds: number): void;
  close(): void;
}

export function channel(name: string, title: string, unit: string): Channel {
  return { name, title, unit };
}

/** Counters read one after another, each as its rate since the reading before. */
export class Rates {
  readonly #before: Float64Array;

  constructor(count: number) {
    this.#before = new Float64Array(count).fill(Number.NaN);
  }

  /** NaN at the first reading and when the counter was set back (a device went away, or it wrapped). */
  rate(counter: number, value: number, seconds: number): number {
    const change = value - this.#before[counter]!;
    this.#before[counter] = value;
    return change >= 0 && seconds > 0 ? change / seconds : Number.NaN;
  }
}
