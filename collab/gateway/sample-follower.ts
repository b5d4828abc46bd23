/**
 * Delivers the frames of a session after a cursor to one client: first those still in memory, then new ones.
 *
 *   reading ──no more in memory──► live
 *      │ ▲                         any ──stop──► stopped
 *   full │ │ resume()
 *      ▼ │
 *    waiting
 *
 * Unlike events, frames that leave memory while a client reads slowly are lost to it.
 * A back-fill is read in slices, so that it does not delay the core, which runs on the same thread.
 */
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import type { Decimation } from "./decimation.ts";
import { EncodedFrame } from "./encoded.ts";

export interface SampleSink {
  /** Takes one message. False: taken (or dropped), but no more of a back-fill until `resume()`. */
  samples(bytes: Uint8Array, backfill: boolean): boolean;
}

export interface SampleSelection {
  readonly group: string | null;
  readonly decimation: Decimation | null;
  readonly after: number;
}

export class SampleFollower {
  readonly #session: LiveSession;
  readonly #group: string | null;
  readonly #decimation: Decimation | null;
  readonly #sliceFrames: number;
  readonly #sink: SampleSink;
  readonly #soon: Clock["soon"];
  #cursor: number;
  #state: "reading" | "waiting" | "live" | "stopped" = "waiting";

  /** Frames of `group` (null: all) after input `after`; as recorded where `decimation` is null. */
  constructor(
    session: LiveSession,
    { group, decimation, after }: SampleSelection,
    sliceFrames: number,
    sink: SampleSink,
    soon: Clock["soon"],
  ) {
    this.#session = session;
    this.#group = group;
    this.#decimation = decimation;
    this.#cursor = after;
    this.#sliceFrames = sliceFrames;
    this.#sink = sink;
    this.#soon = soon;
  }

  start(): void {
    this.resume();
  }

  /** The client can take more of a back-fill. */
  resume(): void {
    if (this.#state !== "waiting") return;
    this.#state = "reading";
    this.#readSlice();
  }

  live(frame: EncodedFrame): void {
    if (this.#state === "live") this.#hand(frame, false);
  }

  /** The session continues after input `last`. */
  rewind(last: number): void {
    this.#cursor = last;
    this.#decimation?.clear();
  }

  stop(): void {
    this.#state = "stopped";
  }

  #readSlice(): void {
    if (this.#state !== "reading") return;
    // One frame more than the slice shows whether there are more.
    const { frames } = this.#session.recentFrames(this.#cursor, this.#sliceFrames + 1);
    const slice = Math.min(frames.length, this.#sliceFrames);
    for (let k = 0; k < slice; k++) {
      if (this.#hand(new EncodedFrame(frames[k]!), true)) continue;
      if (!this.#isStopped()) this.#state = "waiting";
      return;
    }
    if (slice === frames.length) this.#state = "live";
    else this.#soon(() => this.#readSlice());
  }

  #hand(frame: EncodedFrame, backfill: boolean): boolean {
    const { delivered } = frame;
    const { inputSequence } = delivered;
    if (inputSequence <= this.#cursor) return true;
    this.#cursor = inputSequence;
    // `delivered.frame` is decoded when it is read: for whole frames of all groups it never is.
    if (this.#group !== null && this.#group !== delivered.frame.group) return true;
    const bytes =
      this.#decimation === null ? frame.bytes : this.#decimation.add(delivered.frame, inputSequence);
    return bytes === null || this.#sink.samples(bytes, backfill);
  }

  /** A sink may stop its follower while it takes a message. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }
}
