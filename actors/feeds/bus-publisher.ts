/**
 * Runs a feed and sends its messages over the bus to the owner of a partition.
 *
 *   live   published     ew.<session>.<partition>.feed.<source>.<group>     received by BusFeed (bus.ts); what nobody receives is lost
 *   once   requested     ew.<session>.<partition>.offer.<kind>.<source>     answered by OfferedFeed (bus-offers.ts) when durable
 *
 * A recorded feed is delivered once unless it says otherwise: it can wait, and nothing of it may be missing. A live feed is published: its
 * next frame is worth more than its last one.
 *
 * Frame numbers of a live feed start at the time of the start in µs, not at 0: after a restart, a source continues above its earlier numbers, so its
 * new frames are not duplicates of earlier ones. (Only a source with more than one frame per µs would reuse numbers.) A recorded feed that is
 * delivered once keeps its own numbers: read again after a restart, it continues where the log ends.
 */
import { encodeFrame, encodeMessage } from "../../protocol/codec.ts";
import type { Channels } from "../../protocol/messages.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { Offers } from "./offers.ts";
import type { PublishOptions, Sender } from "./sender.ts";

/** A new owner knows the groups in the log; only a group that was never declared waits this long. */
const REDECLARE_MS = 2_000;

/** Bytes published in one turn of the event loop before a recorded feed must wait, so that the connection can send them. */
const TURN_BYTES_MAX = 1 << 20;

/** How long a feed that was stopped may take to deliver: its last offers are durable within milliseconds, unless nobody owns the partition at this moment. */
export const DELIVERY_MS = 3_000;

/** Resolves when the feed has ended and, where it is delivered once, all of it is durable. */
export async function publishFeed(feed: Feed, options: PublishOptions): Promise<void> {
  const delivery = feed.delivery ?? (feed.kind === "recorded" ? "once" : "live");
  const sender = delivery === "once" ? new Offers(feed, options) : new Publications(options);
  const keepsNumbers = delivery === "once" && feed.kind === "recorded";
  const firstNumber = keepsNumbers ? 0 : options.clock.nowUs();
  const publisher = new Publisher(sender, firstNumber, options.divided === true && !keepsNumbers);
  try {
    await feed.run(publisher);
  } finally {
    await sender.end();
  }
}

class Publisher implements FeedSink {
  private readonly sender: Sender;
  private readonly firstNumber: number;
  private readonly countsAnew: boolean;
  private count = 0;

  constructor(sender: Sender, firstNumber: number, countsAnew: boolean) {
    this.sender = sender;
    this.firstNumber = firstNumber;
    this.countsAnew = countsAnew;
  }

  channels(declaration: Channels): void {
    this.sender.declare(declaration, encodeMessage(declaration));
  }

  frame(frame: Parameters<FeedSink["frame"]>[0]): boolean {
    const { sequence } = frame;
    frame.sequence = this.numbered(sequence);
    const bytes = encodeFrame(frame);
    frame.sequence = sequence;
    return this.sender.send(frame.source, frame.group, bytes, true);
  }

  quantum(input: Parameters<FeedSink["quantum"]>[0]): boolean {
    const sequence = this.numbered(input.sequence);
    return this.sender.send(input.source, input.group, encodeMessage({ ...input, sequence }), true);
  }

  status(status: Parameters<FeedSink["status"]>[0]): void {
    this.sender.send(status.source, null, encodeMessage(status), false);
  }

  drained(): Promise<void> {
    return this.sender.drained();
  }

  /** 0 means that the source does not number its frames. */
  private numbered(sequence: number): number {
    if (sequence === 0) return 0;
    return this.firstNumber + (this.countsAnew ? ++this.count : sequence);
  }
}

/** Messages that are published, declarations again every REDECLARE_MS for an owner that came later. */
class Publications implements Sender {
  private readonly options: PublishOptions;
  private readonly declarations = new Map<string, { declaration: Channels; bytes: Uint8Array }>();
  private turnBytes = 0;
  private cancel: () => void = () => {};

  constructor(options: PublishOptions) {
    this.options = options;
    this.redeclareLater();
  }

  send(source: string, group: string | null, bytes: Uint8Array, isData = false): boolean {
    const { bus, session, partition, tracer } = this.options;
    const details = group === null ? [source] : [source, group];
    const span = isData && tracer !== undefined ? tracer.begin("feed publish") : null;
    bus.publish(subjectOf(session, partition, "feed", ...details), bytes, span?.traceparent);
    span?.end({ source, bytes: bytes.length });
    this.turnBytes += bytes.length;
    return this.turnBytes < TURN_BYTES_MAX;
  }

  declare(declaration: Channels, bytes: Uint8Array): void {
    this.declarations.set(declaration.group, { declaration, bytes });
    this.send(declaration.source, declaration.group, bytes);
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.options.clock.soon(() => {
        this.turnBytes = 0;
        resolve();
      });
    });
  }

  async end(): Promise<void> {
    this.cancel();
  }

  private redeclareLater(): void {
    this.cancel = this.options.clock.after(REDECLARE_MS, () => {
      for (const { declaration, bytes } of this.declarations.values()) this.declare(declaration, bytes);
      this.redeclareLater();
    });
  }
}
