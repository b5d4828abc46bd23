/**
 * Messages of a feed that must not be lost: they are offered to the owner of the partition until it answers that they are durable.
 *
 *   send ─► queue ─► an offer, and the next one behind it ─► owner ─┬─ answered: taken out of the queue, the next offer
 *                        ▲                                         └─ no answer, refused ─► wait ─┐
 *                        └────────────────────── the same offer, to whoever owns it then ─────────┘
 *
 * O1  The order of the source is the order of the log: an offer names the one before it, and is taken after that one only.
 * O2  A message stays in the queue until it is durable. An offer that is taken twice counts once, by the numbers of its frames.
 * O3  The queue is bounded: a recorded feed waits; of a live one what does not fit is left out, counted and reported.
 */
import { decodeAs, encodeMessage } from "../../protocol/codec.ts";
import { MAX_BLOCK_BYTES, MAX_BLOCK_INPUTS } from "../../protocol/limits.ts";
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

/** The owner has the next offer when it is through with the first one. */
const UNDER_WAY = 2;

/**
 * In which an owner shall be through with an offer. Longer, one that is busy would not answer two of them within ANSWER_MS, and each would come to it
 * twice; shorter, there would be more of them for nothing.
 */
const OFFER_MS = 20;

/** Of the messages of an offer. */
const OFFER_BYTES = {
  first: MAX_BLOCK_BYTES / 4,
  least: MAX_BLOCK_BYTES / 16,
  most: MAX_BLOCK_BYTES,
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

/** An offer under way: the messages behind those of the one before it. */
interface Offered {
  readonly id: string;
  readonly queued: readonly Queued[];
  readonly sentMs: number;
  isAnswered: boolean;
  /** Resolves when its messages are durable, or given up. */
  ended: Promise<void>;
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
  /** The oldest first. */
  private readonly underWay: Offered[] = [];
  private isFillDue = false;
  /** When the last one was answered. */
  private settledMs = Number.NEGATIVE_INFINITY;
  private ending: (() => void)[] = [];
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
    if (this.isFillDue || this.underWay.length > 0)
      await new Promise<void>((resolve) => this.ending.push(resolve));
  }

  private get isGivenUp(): boolean {
    return this.options.signal?.aborted === true;
  }

  private push(bytes: Uint8Array, span?: Span): void {
    this.queue.push({ bytes, span });
    this.queuedBytes += bytes.length;
    if (this.isFillDue) return;
    this.isFillDue = true;
    // What comes in the same turn goes in the same offer.
    queueMicrotask(() => this.fill());
  }

  /** Offers what waits, as long as fewer than UNDER_WAY are. */
  private fill(): void {
    this.isFillDue = false;
    while (this.underWay.length < UNDER_WAY && !this.isGivenUp) {
      const from = this.underWay.reduce((sum, { queued }) => sum + queued.length, 0);
      const queued = this.queue.slice(from, this.endOfNext(from));
      if (queued.length === 0) break;
      // Of this source: its name may be as long as an id.
      const id = `${this.life}/${++this.offered}`;
      const sentMs = this.options.clock.monotonicMs();
      const offered: Offered = { id, queued, sentMs, isAnswered: false, ended: Promise.resolve() };
      offered.ended = this.offer(offered, this.underWay.at(-1) ?? null);
      this.underWay.push(offered);
      void offered.ended.then(() => this.settleAnswered());
    }
    if (this.underWay.length === 0) for (const resolve of this.ending.splice(0)) resolve();
  }

  private settleAnswered(): void {
    while (this.underWay[0]?.isAnswered === true || (this.isGivenUp && this.underWay.length > 0))
      this.settle(this.underWay.shift()!);
    this.fill();
  }

  /** The next offer is larger where the owner was soon through with this one, and smaller where it took long. */
  private settle({ queued, sentMs }: Offered): void {
    let length = 0;
    for (const { bytes, span } of queued) {
      length += bytes.length;
      span?.end({ source: this.feed.source, bytes: bytes.length });
    }
    this.queuedBytes -= length;
    this.queue = this.queue.slice(queued.length);
    if (this.queuedBytes < QUEUE_BYTES / 2) for (const resolve of this.waiting.splice(0)) resolve();
    const nowMs = this.options.clock.monotonicMs();
    const tookMs = nowMs - Math.max(sentMs, this.settledMs);
    this.settledMs = nowMs;
    if (tookMs > OFFER_MS) this.offerBytes = Math.max(OFFER_BYTES.least, this.offerBytes / 2);
    // A small one says little of how long a large one takes.
    else if (2 * tookMs < OFFER_MS && 2 * length > this.offerBytes)
      this.offerBytes = Math.min(OFFER_BYTES.most, 2 * this.offerBytes);
  }

  /** As many messages from there on as an offer takes, at least one. */
  private endOfNext(from: number): number {
    let bytes = 0;
    for (let end = from; end < this.queue.length; end++) {
      bytes += this.queue[end]!.bytes.length;
      if (end > from && (end - from === MAX_BLOCK_INPUTS || bytes > this.offerBytes)) return end;
    }
    return this.queue.length;
  }

  /** Resolves when the messages are durable, or given up. */
  private async offer(offered: Offered, before: Offered | null): Promise<void> {
    const { clock } = this.options;
    const { id, queued } = offered;
    const messages = queued.map(({ bytes }) => bytes);
    const traceparent = queued.find(({ span }) => span !== undefined)?.span?.traceparent;
    let answerMs = ANSWER_MS;
    for (;;) {
      const isFirst = before === null || before.isAnswered;
      // The next owner does not know an offer that was answered by the last one.
      const after = isFirst ? {} : { after: before.id };
      const request = encodeMessage({ type: "offer", id, ...after, messages });
      offered.isAnswered = await this.isTaken(request, answerMs, traceparent);
      if (offered.isAnswered || this.isGivenUp) return;
      if (isFirst) await new Promise<void>((resolve) => void clock.after(AGAIN_MS, resolve));
      else await before.ended;
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
