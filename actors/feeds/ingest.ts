/**
 * Samples of any publisher: what arrives under the subjects of ingestion becomes frames, numbered here.
 *
 *   ew.<session>.any.ingest.<source>.<group> ─► inbox ─► rows (ingest-samples.ts) or a frame ─► group (ingest-groups.ts), number ─► sink
 *
 * It runs at the owner of the partition that the group belongs to, and its numbers go on where the log ends.
 *
 * I1  A message that cannot be read is refused whole, counted as malformed, and the first one of a source is reported with its reason. The
 *     next message is read as if it had not come.
 * I2  A group belongs to the source that declared it. Channels are added as they appear, and keep their places under every owner.
 * I3  Limits have names: MAX_INGEST_BYTES, MAX_INGEST_SOURCES, MAX_INGEST_GROUPS, MAX_FRAME_SAMPLES, MAX_GROUP_CHANNELS. A group too many is
 *     reported once, and feeds have room for theirs.
 * I4  What waits to be taken is bounded (inbox.ts). Beyond that messages are shed, counted and reported by source.
 * I5  In the log a publisher is another source than a feed of the same name (ingest-source.ts): it takes no numbers from the feed.
 * I6  Sources, groups and channels have names that hide and reorder no other text.
 */
import { decodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError, LimitExceeded, MalformedMessage, show } from "../../protocol/errors.ts";
import type { Frame } from "../../protocol/frame.ts";
import { MAX_INGEST_BYTES, MAX_INGEST_SOURCES } from "../../protocol/limits.ts";
import { parseSubject, subjectOf } from "../../protocol/subjects.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import type { Span, Tracer } from "../ports/trace.ts";
import { BadSamples } from "./bad-samples.ts";
import { Inbox } from "./inbox.ts";
import { checkVisible, type IngestedLog, IngestGroups, TooManyGroups } from "./ingest-groups.ts";
import { readRows } from "./ingest-samples.ts";
import { ShedReports } from "./shed-reports.ts";
import { Stop } from "./stop.ts";

/** Stands where other subjects have a partition: the publisher knows none. */
export const ANY_PARTITION = "any";

/** Refused messages of a source between two reports. */
const REPORT_EVERY = 1_000;

export interface IngestFeedOptions extends IngestedLog {
  readonly bus: Bus;
  readonly session: string;
  readonly clock: Clock;
  /** Bytes that may wait; default: that of the inbox. */
  readonly inboxBytes?: number;
  /** Of frames that are made here, and of messages that carry a trace. Default: none is traced. */
  readonly tracer?: Tracer | undefined;
  /** Whether the group belongs to this partition. */
  takes(group: string): boolean;
}

interface Source {
  /** In the log. */
  readonly name: string;
  readonly badSamples: BadSamples;
  sequence: number;
  refused: number;
}

export class IngestFeed implements Feed {
  /** Of what belongs to no source. */
  readonly source = "ingest";
  readonly kind = "live";
  readonly relays = true;
  private readonly options: IngestFeedOptions;
  private readonly groups: IngestGroups;
  private readonly sources = new Map<string, Source>();
  private readonly stopping = new Stop();

  constructor(options: IngestFeedOptions) {
    this.options = options;
    this.groups = new IngestGroups(options);
  }

  async run(sink: FeedSink): Promise<void> {
    const { bus, session, clock, inboxBytes } = this.options;
    const pattern = `${subjectOf(session, ANY_PARTITION, "ingest")}.>`;
    const shed = new ShedReports(clock, sink, this.source);
    const inbox = new Inbox({
      clock,
      bytes: inboxBytes,
      take: (name, subject, bytes, _shedBefore, traceparent) =>
        this.takeTraced(name, subject, bytes, sink, traceparent),
      shed: (source) => shed.add(source),
      isLate: () => sink.isLate?.() === true,
    });
    const end = bus.subscribe(
      pattern,
      (subject, bytes, traceparent) => this.receive(subject, bytes, sink, inbox, traceparent),
      "data",
    );
    await this.stopping.asked;
    end();
    inbox.close();
    shed.end();
    for (const { badSamples } of this.sources.values()) badSamples.total();
  }

  async stop(): Promise<void> {
    this.stopping.ask();
  }

  /** Messages of other partitions wait for nothing here. */
  private receive(
    subject: string,
    bytes: Uint8Array,
    sink: FeedSink,
    inbox: Inbox,
    traceparent: string | undefined,
  ): void {
    try {
      const { source, group } = this.placeOf(subject);
      if (this.options.takes(group))
        inbox.put(this.groups.sourceOf(source, group), subject, bytes, traceparent);
    } catch (error) {
      if (!(error instanceof EigenwatchError)) throw error;
      this.refuse(this.sourceOf(this.source, sink), `${error.message} (subject ${show(subject)})`);
    }
  }

  /** A publisher may have begun the trace; otherwise some begin here. What is not admitted is not reported. */
  private takeTraced(
    name: string,
    subject: string,
    bytes: Uint8Array,
    sink: FeedSink,
    traceparent: string | undefined,
  ): void {
    const { tracer } = this.options;
    const span =
      (traceparent === undefined ? tracer?.begin("ingest") : tracer?.resume("ingest", traceparent)) ?? null;
    if (span === null) this.take(name, subject, bytes, sink);
    else this.take(name, subject, bytes, tracedSink(sink, span));
  }

  private take(name: string, subject: string, bytes: Uint8Array, sink: FeedSink): void {
    let source: Source | null = null;
    try {
      const { source: publisher, group } = this.placeOf(subject);
      source = this.sourceOf(name, sink);
      if (bytes.length > MAX_INGEST_BYTES)
        throw new LimitExceeded(
          "read samples",
          `${bytes.length} bytes`,
          `at most MAX_INGEST_BYTES (${MAX_INGEST_BYTES})`,
        );
      if (bytes[0] === ENVELOPE) this.takeMessage(bytes, publisher, source, group, sink);
      else {
        const rows = readRows(bytes, this.options.clock.nowUs());
        const frame = this.groups.frameOf(rows, source.name, group, sink);
        if (frame !== null) this.offer(frame, source, sink);
      }
    } catch (error) {
      if (!(error instanceof EigenwatchError)) throw error;
      if (error instanceof TooManyGroups)
        this.leaveOut("tooManyGroups", this.sourceOf(this.source, sink), error.message);
      else
        this.refuse(
          source ?? this.sourceOf(this.source, sink),
          `${error.message} (subject ${show(subject)})`,
        );
    }
  }

  private placeOf(subject: string): { source: string; group: string } {
    const { details } = parseSubject(subject);
    const [source, group] = details;
    if (source === undefined || group === undefined || details.length !== 2)
      throw new MalformedMessage("take samples", `subject ${show(subject)}`, "…ingest.<source>.<group>");
    checkVisible("source", source);
    checkVisible("group", group);
    return { source, group };
  }

  /** Throws LimitExceeded for one source too many. */
  private sourceOf(name: string, sink: FeedSink): Source {
    const known = this.sources.get(name);
    if (known !== undefined) return known;
    if (this.sources.size >= MAX_INGEST_SOURCES && name !== this.source)
      throw new LimitExceeded(
        "take samples",
        `source ${show(name)}`,
        `at most MAX_INGEST_SOURCES (${MAX_INGEST_SOURCES})`,
      );
    const source: Source = {
      name,
      badSamples: new BadSamples((status, detail, counts) =>
        sink.status({
          type: "feedStatus",
          source: name,
          status,
          detail: detail.slice(0, 1_000),
          counts: { ...counts },
        }),
      ),
      sequence: this.options.lastSequenceOf(name),
      refused: 0,
    };
    this.sources.set(name, source);
    return source;
  }

  private refuse(source: Source, detail: string): void {
    this.leaveOut("malformed", source, detail);
  }

  private leaveOut(reason: "malformed" | "tooManyGroups", source: Source, detail: string): void {
    const { badSamples } = source;
    if (badSamples.add(reason)) badSamples.first(reason, visibleText(detail));
    if (++source.refused % REPORT_EVERY === 0) badSamples.total();
  }

  // ---- messages of this protocol ----------------------------------------------------------------------------------

  private takeMessage(
    bytes: Uint8Array,
    publisher: string,
    source: Source,
    group: string,
    sink: FeedSink,
  ): void {
    const message = decodeMessage(bytes);
    if (message.type !== "frame" && message.type !== "channels")
      throw new MalformedMessage("take samples", `a message of type ${message.type}`, "frame or channels");
    if (message.source !== publisher || message.group !== group)
      throw new MalformedMessage(
        "take samples",
        `${message.type} of source ${show(message.source)} and group ${show(message.group)}`,
        "those of the subject",
      );
    const known = this.groups.declarationOf(group, source.name);
    message.source = source.name;
    if (message.type === "channels") {
      for (const { name, title, unit } of message.channels)
        for (const text of [name, title, unit]) checkVisible("channel", text);
      this.groups.declare(message, sink);
    } else if (known === undefined)
      throw new MalformedMessage(
        "take samples",
        `a frame of group ${show(group)}`,
        "its declaration before it",
      );
    else this.offer(message, source, sink);
  }

  private offer(frame: Frame, source: Source, sink: FeedSink): void {
    frame.sequence = ++source.sequence;
    sink.frame(frame);
  }
}

/** Ends the span of what was received where its frame is offered to the sequencer, and begins that of its admission. */
function tracedSink(sink: FeedSink, span: Span): FeedSink {
  return {
    channels: (declaration) => sink.channels(declaration),
    quantum: (input) => sink.quantum(input),
    status: (status) => sink.status(status),
    drained: () => sink.drained(),
    frame(frame) {
      span.end({ source: frame.source, group: frame.group });
      return sink.frame(frame, span.child("admission"));
    },
  };
}

/** First byte of an encoded message; JSON cannot begin with it. */
const ENVELOPE = 0x93;
