/**
 * Brings one client the frames behind its cursor, first those still in memory, then those that come.
 *
 *   reading ──no more in memory──► live
 *      │ ▲                         any ──stop──► stopped
 *   full │ │ room()
 *      ▼ │
 *    waiting
 *
 * Other than events, frames that fall out of memory while a client reads slowly are gone for it.
 * Reading back is cut into slices, so that it does not hold up the core, which runs on the same thread.
 */
import type { Clock } from "../../actors/ports/clock.ts";
import type { LiveSession } from "../../actors/ports/session.ts";
import type { Decimation } from "./decimation.ts";
import { EncodedFrame } from "./encoded-frame.ts";

export interface SampleSink {
  /** Takes one message. False: taken (or dropped), but no more of a back-fill until `room()`. */
  samples(bytes: Uint8Array, backfill: boolean): boolean;
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

  /** Frames of `group` (null: all) after input `after`; `decimation` null means as recorded. */
  constructor(
    session: LiveSession,
    wish: { group: string | null; decimation: Decimation | null; after: number },
    sliceFrames: number,
    sink: SampleSink,
    soon: Clock["soon"],
  ) {
    this.#session = session;
    this.#group = wish.group;
    this.#decimation = wish.decimation;
    this.#cursor = wish.after;
    this.#sliceFrames = sliceFrames;
    this.#sink = sink;
    this.#soon = soon;
  }

  start(): void {
    this.room();
  }

  /** The client can take more of a back-fill. */
  room(): void {
    if (this.#state !== "waiting") return;
    this.#state = "reading";
    this.#readSlice();
  }

  live(frame: EncodedFrame): void {
    if (this.#state === "live") this.#hand(frame, false);
  }

  /** The session goes on behind input `last`. */
  rewind(last: number): void {
    this.#cursor = last;
    this.#decimation?.clear();
  }

  stop(): void {
    this.#state = "stopped";
  }

  #readSlice(): void {
    if (this.#state !== "reading") return;
    // One more than is read tells whether there are more.
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
    // The columns are decoded when they are asked for: whole frames of all groups go out unread.
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
