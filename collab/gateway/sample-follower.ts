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
import type { DeliveredFrame, LiveSession } from "../../actors/ports/session.ts";
import type { DecimatedSamples } from "./decimated-samples.ts";
import { EncodedFrame } from "./encoded.ts";

export interface SampleSink {
  /** Takes one message. False: taken (or dropped), but no more of a back-fill until `resume()`. */
  samples(bytes: Uint8Array, backfill: boolean): boolean;
  /** Whether the client's budget allows more decimation; for a back-fill, false until `resume()`. */
  mayWork(backfill: boolean): boolean;
  worked(units: number): void;
  /** A live frame was left out because the budget is used up. */
  leftOut(): void;
}

export interface SampleSelection {
  readonly group: string | null;
  readonly decimated: DecimatedSamples | null;
  readonly after: number;
}

export class SampleFollower {
  readonly #session: LiveSession;
  readonly #group: string | null;
  readonly #decimated: DecimatedSamples | null;
  readonly #sliceFrames: number;
  readonly #sink: SampleSink;
  readonly #soon: Clock["soon"];
  #cursor: number;
  #state: "reading" | "waiting" | "live" | "stopped" = "waiting";

  /** Frames of `group` (null: all) after input `after`; as recorded where `decimated` is null. */
  constructor(
    session: LiveSession,
    { group, decimated, after }: SampleSelection,
    sliceFrames: number,
    sink: SampleSink,
    soon: Clock["soon"],
  ) {
    this.#session = session;
    this.#group = group;
    this.#decimated = decimated;
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
    this.#decimated?.rewind(last);
  }

  stop(): void {
    this.#state = "stopped";
    this.#decimated?.leave(this.#cursor);
  }

  #readSlice(): void {
    if (this.#state !== "reading") return;
    // One frame more than the slice shows whether there are more.
    const { frames } = this.#session.recentFrames(this.#cursor, this.#sliceFrames + 1);
    const slice = Math.min(frames.length, this.#sliceFrames);
    for (let k = 0; k < slice; k++) {
      if (this.#mayRead() && this.#hand(new EncodedFrame(frames[k]!), true)) continue;
      if (!this.#isStopped()) this.#state = "waiting";
      return;
    }
    if (slice === frames.length) this.#goLive();
    else this.#soon(() => this.#readSlice());
  }

  #hand(frame: EncodedFrame, backfill: boolean): boolean {
    const { delivered } = frame;
    const { inputSequence } = delivered;
    if (inputSequence <= this.#cursor) return true;
    this.#cursor = inputSequence;
    // `delivered.frame` is decoded when it is read: for whole frames of all groups it never is.
    if (this.#group !== null && this.#group !== delivered.frame.group) return true;
    if (this.#decimated === null) return this.#sink.samples(frame.bytes, backfill);
    let takesMore = true;
    for (const bytes of this.#decimate(this.#decimated, delivered, backfill))
      takesMore = this.#sink.samples(bytes, backfill);
    return takesMore;
  }

  #decimate(
    decimated: DecimatedSamples,
    { frame, inputSequence }: DeliveredFrame,
    backfill: boolean,
  ): readonly Uint8Array[] {
    if (!backfill && !this.#sink.mayWork(false)) {
      decimated.leave(inputSequence);
      this.#sink.leftOut();
      return [];
    }
    const { messages, work } = backfill
      ? decimated.backfill(frame, inputSequence)
      : decimated.live(frame, inputSequence);
    this.#sink.worked(work);
    return messages;
  }

  #mayRead(): boolean {
    return this.#decimated === null || this.#sink.mayWork(true);
  }

  #goLive(): void {
    this.#state = "live";
    this.#decimated?.goLive();
  }

  /** A sink may stop its follower while it takes a message. */
  #isStopped(): boolean {
    return this.#state === "stopped";
  }
}
