/** A meter: a source of measurements of this machine and the channels it fills. */

import type { Channels } from "../../../protocol/messages.ts";

export type Channel = Channels["channels"][number];

export interface Meter {
  readonly channels: readonly Channel[];
  /** Names of the channels that this machine does not have. */
  readonly missing: readonly string[];
  /**
   * Writes one value per channel to `into`, starting at index `at`; NaN where there is none. Counters become rates per second over the
   * `seconds` since the last reading; the first reading has no rates.
   */
  read(into: Float64Array, at: number, seconds: number): void;
  close(): void;
}

export function channel(name: string, title: string, unit: string): Channel {
  return { name, title, unit };
}

/** Converts counters to rates since the last reading. */
export class Rates {
  readonly #before: Float64Array;

  constructor(count: number) {
    this.#before = new Float64Array(count).fill(Number.NaN);
  }

  /** NaN at the first reading and after the counter went back (a device was removed, or the counter wrapped). */
  rate(counter: number, value: number, seconds: number): number {
    const change = value - this.#before[counter]!;
    this.#before[counter] = value;
    return change >= 0 && seconds > 0 ? change / seconds : Number.NaN;
  }
}
