/**
 * The decimations of live samples: one for each group and interval, for all subscriptions that have both.
 *
 *   back-fill of a subscription: its own Decimation ──live──► the shared one, or it becomes that
 *
 * X1  A live sample is added once for each group and interval, however many subscriptions follow them.
 * X2  Of two decimations that meet, the one that has seen samples for longer stays: the open interval of a subscription lacks no sample after its
 *     cursor.
 */
import type { Frame } from "../../protocol/frame.ts";
import type { IntervalRows } from "../../protocol/interval-rows.ts";
import { Decimation } from "./decimation.ts";

export class SharedDecimations {
  /** Live samples that were added to decimations since the start. */
  samplesAdded = 0;
  readonly #byKey = new Map<string, SharedDecimation>();

  /** Follows a group until `leave`; `own` has seen everything of it up to now. */
  join(group: string, own: Decimation): SharedDecimation {
    const key = `${own.everyUs} ${group}`;
    let shared = this.#byKey.get(key);
    if (shared === undefined) {
      const added = (samples: number): void => {
        this.samplesAdded += samples;
      };
      shared = new SharedDecimation(own, added, () => this.#byKey.delete(key));
      this.#byKey.set(key, shared);
    }
    shared.join(own);
    return shared;
  }

  /** The session continues after input `last`: open intervals are forgotten. */
  rewind(last: number): void {
    for (const shared of this.#byKey.values()) shared.rewind(last);
  }
}

export class SharedDecimation {
  readonly #added: (samples: number) => void;
  readonly #unused: () => void;
  #decimation: Decimation;
  #followers = 0;
  /** Of the last frame. */
  #rows: IntervalRows | null = null;

  constructor(decimation: Decimation, added: (samples: number) => void, unused: () => void) {
    this.#decimation = decimation;
    this.#added = added;
    this.#unused = unused;
  }

  join(own: Decimation): void {
    this.#followers += 1;
    const isLonger = own.since < this.#decimation.since && own.through >= this.#decimation.through;
    if (isLonger) this.#decimation = own;
  }

  leave(): void {
    this.#followers -= 1;
    if (this.#followers === 0) this.#unused();
  }

  /** The rows that ended with a live frame. Each follower asks for each frame; the first one adds it. */
  rows(frame: Frame, inputSequence: number): IntervalRows | null {
    const { through } = this.#decimation;
    if (inputSequence === through) return this.#rows;
    if (inputSequence < through) return null;
    this.#added(frame.count);
    this.#rows = this.#decimation.add(frame, inputSequence);
    return this.#rows;
  }

  rewind(last: number): void {
    this.#decimation = new Decimation(this.#decimation.everyUs, last);
    this.#rows = null;
  }
}
