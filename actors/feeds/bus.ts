/**
 * The bus feed: the owner of a partition receives here what other processes publish for it (bus-publisher.ts).
 *
 *   ew.<session>.<partition>.feed.<source>.<group> ─► inbox ─► decode, check ─► declaration · frame · state · status ─► sink
 *
 * G1  Messages keep their source and sequence, so that a message that arrives twice, at this owner or the next, is a known duplicate.
 * G2  Every message is checked here. One that cannot be decoded, that a feed may not send, or that has the subject of another source or a
 *     name of ingestion is counted as malformed and dropped.
 * G3  The bus may lose or delay messages. Publishers therefore repeat declarations; an unchanged one is passed on once. Numbers of a source that are
 *     missing, also those before the first message that this owner receives, are counted as lost. What must not be lost is offered instead
 *     (bus-offers.ts).
 * G4  What waits to be taken is bounded (inbox.ts). Beyond that frames are shed: counted as such, not as lost, and reported by source.
 * G5  A group is of one live source at a time (group-holders.ts). What another one sends is counted as malformed, and that source is named once.
 */
import { decodeFrameInto, decodeMessage, isFrame } from "../../protocol/codec.ts";
import { errorText, ProtocolError } from "../../protocol/errors.ts";
import { createScratchFrame, type Frame } from "../../protocol/frame.ts";
import { type Channels, isInput, mayFlow, type QuantumInput } from "../../protocol/messages.ts";
import { parseSubject, subjectPatterns } from "../../protocol/subjects.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import type { Span, Tracer } from "../ports/trace.ts";
import { BadSamples } from "./bad-samples.ts";
import { FeedWriter } from "./feed-writer.ts";
import type { GroupHolders } from "./group-holders.ts";
import { Inbox } from "./inbox.ts";
import { isIngestSource } from "./ingest-source.ts";
import { ShedReports } from "./shed-reports.ts";
import { Stop } from "./stop.ts";

/** Messages between two reports of the dropped ones. */
const REPORT_EVERY = 10_000;

/**
 * A source whose numbers jump further than this has started anew: they begin at its clock, in µs, and a start takes longer. The fastest sources send
 * fewer frames than this while a partition is taken over.
 */
const LOST_MAX = 200_000;

interface BusFeedOptions {
  readonly bus: Bus;
  readonly session: string;
  readonly partition: string;
  readonly clock: Clock;
  /** Bytes that may wait; default: that of the inbox. */
  readonly inboxBytes?: number;
  /** The last number of a source in the log, 0 for none: what came after it and is not received is lost. Default: none is known. */
  lastSequenceOf?(source: string): number;
  /** Of messages that carry a trace. Default: none is traced. */
  readonly tracer?: Tracer | undefined;
  /** Those of the partition. Default: any source may send any group. */
  readonly holders?: GroupHolders | undefined;
}

export class BusFeed implements Feed {
  /** Source of its own reports; messages keep their sources. */
  readonly source = "bus";
  readonly kind = "live";
  readonly relays = true;
  private readonly options: BusFeedOptions;
  private unsubscribe: () => void = () => {};
  private readonly stopping = new Stop();

  constructor(options: BusFeedOptions) {
    this.options = options;
  }

  async run(sink: FeedSink): Promise<void> {
    const { bus, session, partition, clock, inboxBytes, lastSequenceOf, holders, tracer } = this.options;
    const writer = new FeedWriter(this.source, sink);
    const badSamples = new BadSamples((status, detail, counts) => writer.status(status, detail, counts));
    const [, pattern] = subjectPatterns(session, partition, "feed");
    writer.status("opened", pattern);
    const check = new MessageCheck(sink, badSamples, {
      missing: new Missing(lastSequenceOf ?? (() => 0)),
      holders,
    });
    const shed = new ShedReports(clock, sink, this.source);
    const inbox = new Inbox({
      clock,
      bytes: inboxBytes,
      take(source, _subject, bytes, shedBefore, traceparent) {
        const span = traceparent === undefined ? null : tracer?.resume("admission", traceparent);
        check.receive(source, bytes, shedBefore, span ?? undefined);
      },
      shed: (source) => shed.add(source),
      isLate: () => sink.isLate?.() === true,
    });
    const receive = (subject: string, bytes: Uint8Array, traceparent?: string): void => {
      const source = sourceOf(subject);
      if (source === null) check.refuse(`subject ${subject}`);
      else inbox.put(source, subject, bytes, traceparent);
    };
    this.unsubscribe = bus.subscribe(pattern, receive, "data");
    await this.stopping.asked;
    inbox.close();
    shed.end();
    // It goes on at the next owner, so it does not say that it ended.
    badSamples.total();
  }

  async stop(): Promise<void> {
    this.unsubscribe();
    this.stopping.ask();
  }
}

/** The source that a subject names, or null for one that nobody here builds. */
function sourceOf(subject: string): string | null {
  try {
    return parseSubject(subject).details[0] ?? null;
  } catch (error) {
    if (error instanceof ProtocolError) return null;
    throw error;
  }
}

/** Finds numbers that were left out between a message and the one before it. */
class Missing {
  private readonly last = new Map<string, number>();
  /** Messages by source that were shed since its last one with a number: a declaration or a report in between says nothing of them. */
  private readonly shedOf = new Map<string, number>();
  private readonly lastSequenceOf: (source: string) => number;

  constructor(lastSequenceOf: (source: string) => number) {
    this.lastSequenceOf = lastSequenceOf;
  }

  /** So many messages of the source were shed before the one that comes now. */
  shed(source: string, messages: number): void {
    if (messages > 0) this.shedOf.set(source, (this.shedOf.get(source) ?? 0) + messages);
  }

  /** How many there are before this one, without those that were shed; 0 for a source that starts, and for one without numbers. */
  before({ source, sequence }: Frame | QuantumInput): number {
    const last = this.last.get(source) ?? this.lastSequenceOf(source);
    if (sequence <= last) return 0;
    const shed = this.shedOf.get(source) ?? 0;
    this.shedOf.delete(source);
    this.last.set(source, sequence);
    const missing = Math.max(0, sequence - last - 1 - shed);
    return last > 0 && missing <= LOST_MAX ? missing : 0;
  }
}

/** Checks messages from outside: those that pass are well-formed and come from the source that they name. */
export class MessageCheck {
  private readonly sink: FeedSink;
  private readonly badSamples: BadSamples;
  private readonly missing: Missing | undefined;
  private readonly holders: GroupHolders | undefined;
  /** Sources of which it was said that their group is another's. */
  private readonly saidOf = new Set<string>();
  private readonly declared = new Map<string, string>();
  /** For the columns of each frame, one after the other: a sink copies what it keeps. */
  private readonly scratch = createScratchFrame();
  private sinceReport = 0;

  /** `missing`: where messages may be lost. `holders`: where feeds are live. */
  constructor(
    sink: FeedSink,
    badSamples: BadSamples,
    { missing, holders }: { missing?: Missing; holders?: GroupHolders | undefined } = {},
  ) {
    this.sink = sink;
    this.badSamples = badSamples;
    this.missing = missing;
    this.holders = holders;
  }

  /** Takes a message that came under the subject of `source`. `shedBefore`: messages of it that were shed right before. */
  receive(source: string, bytes: Uint8Array, shedBefore = 0, span?: Span): void {
    this.missing?.shed(source, shedBefore);
    const fault = this.pass(source, bytes, span);
    if (fault !== null) this.refuse(fault);
    if (++this.sinceReport < REPORT_EVERY) return;
    this.sinceReport = 0;
    this.badSamples.total();
  }

  /** Counts a message as malformed. */
  refuse(fault: string): void {
    if (this.badSamples.add("malformed")) this.badSamples.first("malformed", fault);
  }

  /** Passes the message on and returns null, or returns why it is dropped. */
  private pass(source: string, bytes: Uint8Array, span: Span | undefined): string | null {
    try {
      const message = isFrame(bytes) ? decodeFrameInto(bytes, this.scratch) : decodeMessage(bytes);
      const isOfFeed = mayFlow(message.type, "feed→core") && isInput(message) && "source" in message;
      if (!isOfFeed || message.type === "command")
        return `a message of type ${message.type} of ${source}: expected one that a feed sends`;
      if (isIngestSource(source)) return `source ${source}: expected a name that is not one of ingestion`;
      if (message.source !== source) return `source ${message.source} under the subject of ${source}`;
      if ("group" in message) {
        const holder = this.holders?.otherThan(source, message.group) ?? null;
        if (holder !== null) return this.ofAnother(source, message.group, holder);
      }
      switch (message.type) {
        case "channels":
          return this.declareOnce(message);
        case "frame":
          this.countMissing(message);
          this.sink.frame(message, span);
          break;
        case "feedStatus":
          this.sink.status(message);
          break;
        default:
          this.countMissing(message);
          this.sink.quantum(message);
      }
      return null;
    } catch (error) {
      if (error instanceof ProtocolError) return error.message;
      throw error;
    }
  }

  private ofAnother(source: string, group: string, holder: string): string {
    const detail = `group ${group} is sent by ${holder}: expected another group for ${source}`;
    if (!this.saidOf.has(source)) {
      this.saidOf.add(source);
      this.sink.status({ type: "feedStatus", source, status: "gap", detail, counts: {} });
    }
    return detail;
  }

  private countMissing(message: Frame | QuantumInput): void {
    const missing = this.missing?.before(message) ?? 0;
    if (missing > 0 && this.badSamples.add("lost", missing))
      this.badSamples.first(
        "lost",
        `${missing} frames of ${message.source} did not arrive, up to number ${message.sequence}`,
      );
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
      return errorText(error);
    }
  }
}
