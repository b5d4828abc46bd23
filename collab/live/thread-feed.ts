/**
 * A feed of this process on its way to a partition in a thread (feed-in-thread.ts has its other end).
 *
 *   feed ─► encode ─► gathered until the turn ends, or BATCH_BYTES ─► thread ──taken──┐
 *             └── more than WAITING_BYTES are not taken: shed, counted   ◄────────────┘
 *
 * T1  A feed that can wait is asked to when more than AHEAD_BYTES are not taken; what it sends all the same is passed on.
 * T2  A frame of a feed that cannot wait is shed beyond WAITING_BYTES: memory is bounded, and the partition's log has the count.
 */
import { type Feed, type FeedSink, systemClock } from "../../actors/mod.ts";
import { type SentError, sentError } from "../../actors/workers/mod.ts";
import { encodeFrame, encodeMessage } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { Channels, FeedStatus, QuantumInput } from "../../protocol/messages.ts";
import { packedLength, packFeedMessages } from "./thread-messages.ts";

/** One message to a thread costs as much as some frames: they are sent together while more come in the same turn. */
const BATCH_BYTES = 64 << 10;

/** As much as a partition takes in one turn of its event loop (TURN_BYTES_MAX in sequencer.ts). */
const AHEAD_BYTES = 1 << 20;

/** A tenth of a second at full speed: what waits longer than a pause of the collector is late. */
const WAITING_BYTES = 4 << 20;

export interface FeedPort {
  /** `shed`: frames left out since the messages before. */
  send(messages: ArrayBuffer, shed: number): void;
  ended(error: SentError | null): void;
}

export class ThreadFeed implements FeedSink {
  readonly #feed: Feed;
  readonly #port: FeedPort;
  readonly #mayBeShed: boolean;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #isSending = false;
  /** Bytes that were sent and are not taken. */
  #waiting = 0;
  #shed = 0;
  #onTaken: (() => void)[] = [];
  #isGone = false;

  constructor(feed: Feed, port: FeedPort) {
    this.#feed = feed;
    this.#port = port;
    this.#mayBeShed = feed.kind === "live" && feed.waits !== true;
  }

  start(): void {
    this.#feed.run(this).then(
      () => this.#end(null),
      (error: unknown) => this.#end(sentError(error)),
    );
  }

  async stop(): Promise<void> {
    await this.#feed.stop();
  }

  /** The thread has taken so many bytes. */
  taken(bytes: number): void {
    this.#waiting -= bytes;
    if (this.#isFull) return;
    if (this.#shed > 0) this.#send();
    for (const goOn of this.#onTaken.splice(0)) goOn();
  }

  /** The thread is no more: nothing waits for it. */
  gone(): void {
    this.#isGone = true;
    this.taken(this.#waiting);
    void this.stop();
  }

  // ---- the sink of the feed -------------------------------------------------------------------------------------

  channels(declaration: Channels): void {
    this.#put(encodeMessage(declaration));
  }

  frame(frame: Frame): boolean {
    return this.#offer(() => encodeFrame(frame));
  }

  quantum(input: QuantumInput): boolean {
    return this.#offer(() => encodeMessage(input));
  }

  status(status: FeedStatus): void {
    this.#put(encodeMessage(status));
  }

  async drained(): Promise<void> {
    // A feed that asks without need gets its turn of the event loop all the same.
    await new Promise<void>((resolve) => systemClock.soon(resolve));
    while (this.#isFull) await new Promise<void>((resolve) => void this.#onTaken.push(resolve));
  }

  get #isFull(): boolean {
    return this.#waiting >= AHEAD_BYTES && !this.#isGone;
  }

  #offer(encode: () => Uint8Array): boolean {
    const message = this.#mayBeShed && this.#waiting >= WAITING_BYTES ? null : encodedOrNull(encode);
    if (message === null) this.#shed++;
    else this.#put(message);
    return message !== null && !this.#isFull;
  }

  #put(message: Uint8Array): void {
    if (this.#isGone) return;
    this.#batch.push(message);
    this.#batchBytes += packedLength(message);
    this.#waiting += packedLength(message);
    if (this.#batchBytes >= BATCH_BYTES) this.#send();
    else if (!this.#isSending) {
      this.#isSending = true;
      queueMicrotask(() => {
        this.#isSending = false;
        this.#send();
      });
    }
  }

  #send(): void {
    if ((this.#batchBytes === 0 && this.#shed === 0) || this.#isGone) return;
    this.#port.send(packFeedMessages(this.#batch, this.#batchBytes), this.#shed);
    this.#batch = [];
    this.#batchBytes = 0;
    this.#shed = 0;
  }

  #end(error: SentError | null): void {
    this.#send();
    if (!this.#isGone) this.#port.ended(error);
  }
}

/** Null when the encoder refuses it: lengths, names, numbers, times that are not whole. */
function encodedOrNull(encode: () => Uint8Array): Uint8Array | null {
  try {
    return encode();
  } catch {
    return null;
  }
}
