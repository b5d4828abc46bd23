/**
 * Runs a feed and publishes its messages on the bus, where the owner of the partition receives them (bus.ts).
 *
 *   feed ─► sink ─► ew.<session>.<partition>.feed.<source>.<group>
 *                     declarations again every REDECLARE_MS, for an owner that came later
 *
 * Frame numbers start at the time of the start in µs, not at 0: after a restart, a source continues above its earlier numbers, so its new
 * frames are not duplicates of earlier ones. (Only a source with more than one frame per µs would reuse numbers.)
 */
import { encodeFrame, encodeMessage } from "../../protocol/codec.ts";
import type { Channels } from "../../protocol/messages.ts";
import { subjectOf } from "../../protocol/subjects.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";

/** A new owner knows the groups in the log; only a group that was never declared waits this long. */
const REDECLARE_MS = 2_000;

/** Bytes published in one turn of the event loop before a recorded feed must wait, so that the connection can send them. */
const TURN_BYTES_MAX = 1 << 20;

interface PublishOptions {
  readonly bus: Bus;
  readonly session: string;
  readonly partition: string;
  readonly clock: Clock;
}

/** Resolves when the feed has ended. */
export async function publishFeed(feed: Feed, options: PublishOptions): Promise<void> {
  const publisher = new Publisher(options);
  try {
    await feed.run(publisher);
  } finally {
    publisher.end();
  }
}

class Publisher implements FeedSink {
  private readonly options: PublishOptions;
  private readonly firstNumber: number;
  private readonly declarations = new Map<string, Channels>();
  private turnBytes = 0;
  private cancel: () => void = () => {};

  constructor(options: PublishOptions) {
    this.options = options;
    this.firstNumber = options.clock.nowUs();
    this.redeclareLater();
  }

  channels(declaration: Channels): void {
    this.declarations.set(declaration.group, declaration);
    this.send(declaration.source, declaration.group, encodeMessage(declaration));
  }

  frame(frame: Parameters<FeedSink["frame"]>[0]): boolean {
    const { sequence } = frame;
    frame.sequence = this.numbered(sequence);
    this.send(frame.source, frame.group, encodeFrame(frame));
    frame.sequence = sequence;
    return this.turnBytes < TURN_BYTES_MAX;
  }

  quantum(input: Parameters<FeedSink["quantum"]>[0]): boolean {
    const sequence = this.numbered(input.sequence);
    this.send(input.source, input.group, encodeMessage({ ...input, sequence }));
    return this.turnBytes < TURN_BYTES_MAX;
  }

  status(status: Parameters<FeedSink["status"]>[0]): void {
    this.send(status.source, null, encodeMessage(status));
  }

  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.options.clock.soon(() => {
        this.turnBytes = 0;
        resolve();
      });
    });
  }

  end(): void {
    this.cancel();
  }

  /** 0 means that the source does not number its frames. */
  private numbered(sequence: number): number {
    return sequence === 0 ? 0 : this.firstNumber + sequence;
  }

  private send(source: string, group: string | null, bytes: Uint8Array): void {
    const { bus, session, partition } = this.options;
    const details = group === null ? [source] : [source, group];
    bus.publish(subjectOf(session, partition, "feed", ...details), bytes);
    this.turnBytes += bytes.length;
  }

  private redeclareLater(): void {
    this.cancel = this.options.clock.after(REDECLARE_MS, () => {
      for (const declaration of this.declarations.values()) this.channels(declaration);
      this.redeclareLater();
    });
  }
}
