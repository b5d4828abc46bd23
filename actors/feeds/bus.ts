/**
 * The bus feed: what other processes publish for a partition, offered to it by its owner.
 *
 *   ew.<session>.<partition>.feed.<source>.<group> ─► decode, check ─► declaration · frame · state · status ─► sink
 *
 * G1  Messages keep their source and its numbers: one that comes twice, to this owner or the next, is known as a duplicate.
 * G2  Whatever comes is checked here: what is no message, not a feed's to say, or under another source's subject is counted and dropped.
 * G3  A message may be lost or late (the bus promises no more); a declaration is therefore repeated by who publishes it, and entered once.
 */
import { decodeMessage } from "../../protocol/codec.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { type Channels, isInput, mayFlow } from "../../protocol/messages.ts";
import { parseSubject, subjectPatterns } from "../../protocol/subjects.ts";
import type { Bus } from "../ports/bus.ts";
import { BadSamples } from "./bad-samples.ts";
import type { Feed, FeedSink } from "./feed.ts";
import { FeedWriter } from "./feed-writer.ts";

/** Messages between two reports of what was dropped. */
const REPORT_EVERY = 10_000;

export interface BusFeedOptions {
  readonly bus: Bus;
  readonly session: string;
  readonly partition: string;
}

export class BusFeed implements Feed {
  /** Of its own reports; what it brings has the sources it had. */
  readonly source = "bus";
  readonly kind = "live";
  private readonly options: BusFeedOptions;
  private unsubscribe: () => void = () => {};
  private end: () => void = () => {};

  constructor(options: BusFeedOptions) {
    this.options = options;
  }

  async run(sink: FeedSink): Promise<void> {
    const { bus, session, partition } = this.options;
    const ended = new Promise<void>((resolve) => {
      this.end = resolve;
    });
    const outlet = new FeedWriter(this.source, sink);
    const losses = new BadSamples((status, detail, counts) => outlet.status(status, detail, counts));
    const [, pattern] = subjectPatterns(session, partition, "feed");
    outlet.status("opened", pattern);
    const entrance = new Entrance(sink, losses);
    this.unsubscribe = bus.subscribe(pattern, (subject, bytes) => entrance.take(subject, bytes));
    await ended;
    outlet.status("ended", "", losses.take());
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.end();
  }
}

/** The edge: what passes is well-formed and its source's own. */
class Entrance {
  private readonly sink: FeedSink;
  private readonly losses: BadSamples;
  private readonly declared = new Map<string, string>();
  private sinceReport = 0;

  constructor(sink: FeedSink, losses: BadSamples) {
    this.sink = sink;
    this.losses = losses;
  }

  take(subject: string, bytes: Uint8Array): void {
    const refusal = this.enter(subject, bytes);
    if (refusal !== null && this.losses.add("malformed")) this.losses.first("malformed", refusal);
    if (++this.sinceReport < REPORT_EVERY) return;
    this.sinceReport = 0;
    this.losses.total();
  }

  /** Null, or why the message did not enter. */
  private enter(subject: string, bytes: Uint8Array): string | null {
    try {
      const message = decodeMessage(bytes);
      if (!mayFlow(message.type, "feed→core") || !isInput(message) || !("source" in message))
        return `a message of type ${message.type} under ${subject}: expected one that a feed sends`;
      const [source] = parseSubject(subject).details;
      if (message.source !== source) return `source ${message.source} under ${subject}`;
      switch (message.type) {
        case "channels":
          return this.declareOnce(message);
        case "frame":
          this.sink.frame(message);
          break;
        case "feedStatus":
          this.sink.status(message);
          break;
        default:
          this.sink.quantum(message);
      }
      return null;
    } catch (error) {
      if (error instanceof ProtocolError) return error.message;
      throw error;
    }
  }

  private declareOnce(declaration: Channels): string | null {
    const text = JSON.stringify(declaration);
    if (this.declared.get(declaration.group) === text) return null;
    this.declared.set(declaration.group, text);
    try {
      this.sink.channels(declaration);
      return null;
    } catch (error) {
      // One group more than a partition takes.
      return error instanceof Error ? error.message : String(error);
    }
  }
}
