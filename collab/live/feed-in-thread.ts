/**
 * A feed of another thread, as the partition in this one runs it (thread-feed.ts sends what it brings).
 *
 *   messages, packed ─► decode ─► sink of the partition ──taken──► the feed's thread
 *
 * Messages are taken in their order. Those of a feed that can wait are not, while its partition is full.
 */
import type { Feed, FeedSink } from "../../actors/mod.ts";
import { receivedError, type SentError } from "../../actors/workers/mod.ts";
import { decodeFrameInto, decodeMessage, isFrame } from "../../protocol/codec.ts";
import { createScratchFrame } from "../../protocol/frame.ts";
import { type SentFeed, unpackFeedMessages } from "./thread-messages.ts";

export interface FeedLine {
  taken(bytes: number): void;
  /** The feed shall end. */
  stop(): void;
}

type Message =
  | { readonly messages: ArrayBuffer; readonly shed: number }
  | { readonly ended: SentError | null };

export class FeedInThread implements Feed {
  readonly source: string;
  readonly kind: Feed["kind"];
  readonly waits?: true;
  readonly #line: FeedLine;
  readonly #queue: Message[] = [];
  readonly #scratch = createScratchFrame();
  #sink: FeedSink | null = null;
  #isTaking = false;
  #end: (error: Error | null) => void = () => {};
  readonly #ended: Promise<void>;

  constructor({ source, kind, waits }: SentFeed, line: FeedLine) {
    this.source = source;
    this.kind = kind;
    if (waits === true) this.waits = waits;
    this.#line = line;
    this.#ended = new Promise((resolve, reject) => {
      this.#end = (error) => (error === null ? resolve() : reject(error));
    });
    // Whoever runs it hears of a failure.
    this.#ended.catch(() => {});
  }

  run(sink: FeedSink): Promise<void> {
    this.#sink = sink;
    return this.#ended;
  }

  async stop(): Promise<void> {
    this.#line.stop();
  }

  hear(message: Message): void {
    this.#queue.push(message);
    if (!this.#isTaking) void this.#take();
  }

  async #take(): Promise<void> {
    this.#isTaking = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      if ("ended" in next) this.#end(next.ended === null ? null : receivedError(next.ended));
      else {
        const takesMore = this.#offer(next.messages, next.shed);
        if (!takesMore && (this.kind === "recorded" || this.waits === true)) await this.#sink!.drained();
        this.#line.taken(next.messages.byteLength);
      }
    }
    this.#isTaking = false;
  }

  /** False when the partition is full. */
  #offer(messages: ArrayBuffer, shed: number): boolean {
    const sink = this.#sink!;
    if (shed > 0) sink.shed?.(shed);
    let takesMore = true;
    for (const message of unpackFeedMessages(messages)) {
      try {
        takesMore = this.#offerOne(sink, message) && takesMore;
      } catch (error) {
        // The partition refuses the feed: it has MAX_GROUPS already.
        this.#end(error instanceof Error ? error : new Error(String(error)));
        void this.stop();
      }
    }
    return takesMore;
  }

  #offerOne(sink: FeedSink, bytes: Uint8Array): boolean {
    // The sink keeps nothing of a frame, so its columns are used again.
    if (isFrame(bytes)) return sink.frame(decodeFrameInto(bytes, this.#scratch));
    const message = decodeMessage(bytes);
    switch (message.type) {
      case "densityMatrix":
      case "stateVector":
      case "measurementRecord":
        return sink.quantum(message);
      case "channels":
        sink.channels(message);
        return true;
      case "feedStatus":
        sink.status(message);
        return true;
      default:
        throw new TypeError(`Cannot take a ${message.type} of ${this.source}: a feed sends none`);
    }
  }
}
