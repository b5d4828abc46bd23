/**
 * The samples of one subscription with `decimationUs`, as messages: its own decimations during the back-fill, the shared ones when it is live.
 *
 * Each frame costs work, counted in units of about 10 ns of a core: one for each sample, more for each row and message. The client's budget pays for
 * it. While the budget is used up, the subscription follows nothing, and what it does not get is counted as left out.
 */
import type { Frame } from "../../protocol/frame.ts";
import type { IntervalRows } from "../../protocol/interval-rows.ts";
import { Decimation } from "./decimation.ts";
import type { SharedDecimation, SharedDecimations } from "./shared-decimations.ts";

/** The same time as encoding one message and handing it to the socket: 20 µs. */
const WORK_PER_MESSAGE = 2_000;
/** The same time as writing one row into a message: 50 ns. */
const WORK_PER_ROW = 5;

/** What a subscription asks for: `included` is 1 for each channel index that it includes, or null for all. */
export interface DecimatedRequest {
  readonly id: number;
  readonly everyUs: number;
  readonly included: Uint8Array | null;
}

/** What came of a frame: messages with the intervals that ended with it, and what that cost. */
export interface DecimatedFrame {
  readonly messages: readonly Uint8Array[];
  readonly work: number;
}

export class DecimatedSamples {
  readonly #request: DecimatedRequest;
  readonly #shared: SharedDecimations;
  readonly #own = new Map<string, Decimation>();
  readonly #joined = new Map<string, SharedDecimation>();
  /** Its own decimations have seen all samples after this input. */
  #since: number;

  constructor(request: DecimatedRequest, shared: SharedDecimations, after: number) {
    this.#request = request;
    this.#shared = shared;
    this.#since = after;
  }

  /** A frame of the back-fill. */
  backfill(frame: Frame, inputSequence: number): DecimatedFrame {
    return this.#messages(this.#ownOf(frame.group).add(frame, inputSequence), frame, inputSequence);
  }

  /** The back-fill has ended: what it left open goes on in the shared decimations. */
  goLive(): void {
    for (const group of this.#own.keys()) this.#join(group);
  }

  live(frame: Frame, inputSequence: number): DecimatedFrame {
    const shared = this.#joined.get(frame.group) ?? this.#join(frame.group);
    return this.#messages(shared.rows(frame, inputSequence), frame, inputSequence);
  }

  /** Follows nothing until the next live frame, which is the first after input `since`. */
  leave(since: number): void {
    for (const shared of this.#joined.values()) shared.leave();
    this.#joined.clear();
    this.#own.clear();
    this.#since = since;
  }

  /** The session continues after input `last`: open intervals are forgotten. The shared decimations are rewound separately. */
  rewind(last: number): void {
    this.#own.clear();
    this.#since = last;
  }

  #messages(rows: IntervalRows | null, { group, count }: Frame, inputSequence: number): DecimatedFrame {
    if (rows === null) return { messages: [], work: count };
    const { id, included } = this.#request;
    const messages = rows.decimated(id, included, { group, inputSequence });
    return { messages, work: count + rows.length * WORK_PER_ROW + WORK_PER_MESSAGE };
  }

  #ownOf(group: string): Decimation {
    let own = this.#own.get(group);
    if (own === undefined) {
      own = new Decimation(this.#request.everyUs, this.#since);
      this.#own.set(group, own);
    }
    return own;
  }

  #join(group: string): SharedDecimation {
    const shared = this.#shared.join(group, this.#ownOf(group));
    this.#own.delete(group);
    this.#joined.set(group, shared);
    return shared;
  }
}
