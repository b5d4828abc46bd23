/**
 * Messages of a feed that must not be lost: they are offered to the owner of the partition until it answers that they are durable.
 *
 *   send ─► queue ─► one offer at a time ─► owner ─┬─ answered: taken out of the queue, the next offer
 *                        ▲                         └─ no answer, refused ─► wait ─┐
 *                        └────────────── the same offer, to whoever owns it then ──┘
 *
 * O1  Offers leave one after the other: the order of the source is the order of the log.
 * O2  A message stays in the queue until it is durable. An offer that is taken twice counts once, by the numbers of its frames.
 * O3  The queue is bounded: a recorded feed waits; of a live one what does not fit is left out, counted and reported.
 */
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { MAX_BLOCK_BYTES, MAX_BLOCK_INPUTS, MAX_MESSAGE_BYTES } from "../../protocol/limits.ts";
import type { Channels } from "../../protocol/messages.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import type { Feed } from "../ports/feed.ts";
import type { Span } from "../ports/trace.ts";
import { BadSamples } from "./bad-samples.ts";
import { FeedWriter } from "./feed-writer.ts";
import type { PublishOptions, Sender } from "./sender.ts";

/**
 * For the first answer: a block is durable within milliseconds, and a request to an owner that leaves at that moment is lost. Each further one may
 * take twice as long, up to ANSWER_MS_MAX: a busy owner answers late, and asking it more often would keep it busy.
 */
const ANSWER_MS = 100;
const ANSWER_MS_MAX = 1_600;

/** Before an offer is sent again: a planned hand-over takes at most 200 ms, of which this is a tenth. */
const AGAIN_MS = 20;

/**
 * In which an offer shall be answered. Longer, a busy owner would not answer the first time within ANSWER_MS, and each offer would come to it twice;
 * shorter, the way there and back would cost more than a few percent of it.
 */
const OFFER_MS = 40;

/** Of an offer: its id, and a length for each of its messages. */
const OVERHEAD_BYTES = 4_096;

/** Of the messages of an offer. */
const OFFER_BYTES = {
  first: MAX_BLOCK_BYTES / 4,
  least: MAX_BLOCK_BYTES / 16,
  most: MAX_MESSAGE_BYTES - OVERHEAD_BYTES,
} as const;

/** Bytes that wait, above which a feed that can wait is asked to: several offers, so that the next one is there when one is answered. */
const QUEUE_BYTES = 4 << 20;

/** Bytes that wait at most: what a live feed brings in three seconds at a million samples a second. */
const QUEUE_BYTES_MAX = 64 << 20;

/** `span`: of a frame that is traced, ended when it is durable. The first one of an offer goes on in it. */
interface Queued {
  readonly bytes: Uint8Array;
  readonly span: Span | undefined;
}

export class Offers implements Sender {
  private readonly feed: Feed;
  private readonly options: PublishOptions;
  private readonly subject: string;
  private readonly life: number;
  private readonly leftOut: BadSamples;
  private queue: Queued[] = [];
  private queuedBytes = 0;
  /** Of the next offer. */
  private offerBytes: number = OFFER_BYTES.first;
  private offered = 0;
  private sending: Promise<void> | null = null;
  private waiting: (() => void)[] = [];

  constructor(feed: Feed, options: PublishOptions) {
    this.feed = feed;
    this.options = options;
    this.subject = subjectOf(options.session, options.partition, "offer", feed.kind, feed.source);
    this.life = options.clock.nowUs();
    const writer = new FeedWriter(feed.source, {
      channels() {},
      frame: () => true,
      quantum: () => true,
      status: (status) => this.push(encodeMessage(status)),
      drained: async () => {},
    });
    this.leftOut = new BadSamples((status, detail, counts) => writer.status(status, detail, counts));
  }

  send(_source: string, _group: string | null, bytes: Uint8Array, isData: boolean): boolean {
    if (isData && this.queuedBytes + bytes.length > QUEUE_BYTES_MAX) {
      if (this.leftOut.add("lost"))
        this.leftOut.first("lost", `${this.queuedBytes} bytes wait for an owner: frames are left out`);
      return false;
    }
    this.push(bytes, (isData && this.options.tracer?.begin("feed offer")) || undefined);
    return this.queuedBytes < QUEUE_BYTES;
  }

  declare(_declaration: Channels, bytes: Uint8Array): void {
    this.push(bytes);
  }

  async drained(): Promise<void> {
    if (this.queuedBytes < QUEUE_BYTES)
      await new Promise<void>((resolve) => this.options.clock.soon(resolve));
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** Resolves when everything is durable, or given up. */
  async end(): Promise<void> {
    this.leftOut.total();
    while (this.sending !== null) await this.sending;
  }

  private get isGivenUp(): boolean {
    return this.options.signal?.aborted === true;
  }

  private push(bytes: Uint8Array, span?: Span): void {
    this.queue.push({ bytes, span });
    this.queuedBytes += bytes.length;
    this.sending ??= this.sendAll().finally(() => {
      this.sending = null;
    });
  }

  private async sendAll(): Promise<void> {
    // What comes in the same turn goes in the same offer.
    await null;
    while (this.queue.length > 0 && !this.isGivenUp) {
      const count = this.countOfNext();
      await this.offerPaced(this.queue.slice(0, count));
      for (const { bytes, span } of this.queue.slice(0, count)) {
        this.queuedBytes -= bytes.length;
        span?.end({ source: this.feed.source, bytes: bytes.length });
      }
      this.queue = this.queue.slice(count);
      if (this.queuedBytes < QUEUE_BYTES / 2) for (const resolve of this.waiting.splice(0)) resolve();
    }
  }

  /** The next offer is larger where this one was answered soon, and smaller where it took long. */
  private async offerPaced(queued: readonly Queued[]): Promise<void> {
    const { clock } = this.options;
    const startMs = clock.monotonicMs();
    await this.offer(queued);
    const tookMs = clock.monotonicMs() - startMs;
    const bytes = queued.reduce((sum, each) => sum + each.bytes.length, 0);
    // A small offer says little of how long a large one takes.
    if (tookMs > OFFER_MS) this.offerBytes = Math.max(OFFER_BYTES.least, this.offerBytes / 2);
    else if (2 * bytes > this.offerBytes && 2 * tookMs < OFFER_MS)
      this.offerBytes = Math.min(OFFER_BYTES.most, 2 * this.offerBytes);
  }

  /** As many messages as the next offer takes, at least one. */
  private countOfNext(): number {
    let bytes = 0;
    for (let count = 0; count < this.queue.length; count++) {
      bytes += this.queue[count]!.bytes.length;
      if (count > 0 && (count === MAX_BLOCK_INPUTS || bytes > this.offerBytes)) return count;
    }
    return this.queue.length;
  }

  /** Resolves when the messages are durable. */
  private async offer(queued: readonly Queued[]): Promise<void> {
    const { clock } = this.options;
    const messages = queued.map(({ bytes }) => bytes);
    const traceparent = queued.find(({ span }) => span !== undefined)?.span?.traceparent;
    const id = `${this.feed.source}@${this.life}/${++this.offered}`;
    const request = encodeMessage({ type: "offer", id, messages });
    let answerMs = ANSWER_MS;
    while (!(await this.isTaken(request, answerMs, traceparent)) && !this.isGivenUp) {
      await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
      answerMs = Math.min(2 * answerMs, ANSWER_MS_MAX);
    }
  }

  private async isTaken(
    request: Uint8Array,
    answerMs: number,
    traceparent: string | undefined,
  ): Promise<boolean> {
    try {
      const answer = await this.options.bus.request(this.subject, request, answerMs, traceparent);
      return decodeAs("answer", answer).body !== undefined;
    } catch {
      // No owner, no answer, or one that cannot be read.
      return false;
    }
  }
}
