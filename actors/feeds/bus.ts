/**
 * The bus feed: the owner of a partition receives here what other processes publish for it (bus-publisher.ts).
 *
 *   ew.<session>.<partition>.feed.<source>.<group> ─► decode, check ─► declaration · frame · state · status ─► sink
 *
 * G1  Messages keep their source and sequence, so that a message that arrives twice, at this owner or the next, is a known duplicate.
 * G2  Every message is checked here. One that cannot be decoded, that a feed may not send, or that has the subject of another source is
 *     counted as malformed and dropped.
 * G3  The bus may lose or delay messages. Publishers therefore repeat declarations; an unchanged one is passed on once.
 */
import { decodeMessage } from "../../protocol/codec.ts";
import { ProtocolError } from "../../protocol/errors.ts";
import { type Channels, isInput, mayFlow } from "../../protocol/messages.ts";
import { parseSubject, subjectPatterns } from "../../protocol/subjects.ts";
import type { Bus } from "../ports/bus.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { BadSamples } from "./bad-samples.ts";
import { FeedWriter } from "./feed-writer.ts";

/** Messages between two reports of the dropped ones. */
const REPORT_EVERY = 10_000;

interface BusFeedOptions {
  readonly bus: Bus;
  readonly session: string;
  readonly partition: string;
}

export class BusFeed implements Feed {
  /** Source of its own reports; messages keep their sources. */
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
    const writer = new FeedWriter(this.source, sink);
    const badSamples = new BadSamples((status, detail, counts) => writer.status(status, detail, counts));
    const [, pattern] = subjectPatterns(session, partition, "feed");
    writer.status("opened", pattern);
    const check = new MessageCheck(sink, badSamples);
    this.unsubscribe = bus.subscribe(pattern, (subject, bytes) => check.receive(subject, bytes));
    await ended;
    writer.status("ended", "", badSamples.take());
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.end();
  }
}

/** Checks messages from outside: those that pass are well-formed and come from the source that they name. */
class MessageCheck {
  private readonly sink: FeedSink;
  private readonly badSamples: BadSamples;
  private readonly declared = new Map<string, string>();
  private sinceReport = 0;

  constructor(sink: FeedSink, badSamples: BadSamples) {
    this.sink = sink;
    this.badSamples = badSamples;
  }

  receive(subject: string, bytes: Uint8Array): void {
    const fault = this.pass(subject, bytes);
    if (fault !== null && this.badSamples.add("malformed")) this.badSamples.first("malformed", fault);
    if (++this.sinceReport < REPORT_EVERY) return;
    this.sinceReport = 0;
    this.badSamples.total();
  }

  /** Passes the message on and returns null, or returns why it is dropped. */
  private pass(subject: string, bytes: Uint8Array): string | null {
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
      // The partition has MAX_GROUPS already.
      return error instanceof Error ? error.message : String(error);
    }
  }
}
