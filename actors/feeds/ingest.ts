/**
 * Samples of any publisher: what arrives under the subjects of ingestion becomes frames, numbered here.
 *
 *   ew.<session>.any.ingest.<source>.<group> ─► inbox ─► JSON rows (ingest-samples.ts) or a frame ─► group, number ─► sink
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
import { createFrame, type Frame } from "../../protocol/frame.ts";
import {
  MAX_GROUP_CHANNELS,
  MAX_INGEST_BYTES,
  MAX_INGEST_GROUPS,
  MAX_INGEST_SOURCES,
  MAX_NAME_BYTES,
} from "../../protocol/limits.ts";
import type { Channels } from "../../protocol/messages.ts";
import { parseSubject, subjectOf } from "../../protocol/subjects.ts";
import { isVisible, visibleText } from "../../protocol/visible-text.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { BadSamples } from "./bad-samples.ts";
import { Inbox } from "./inbox.ts";
import { type IngestedRow, readRows } from "./ingest-samples.ts";
import { ingestSource, isIngestSource, isUnprefixed } from "./ingest-source.ts";
import { ShedReports } from "./shed-reports.ts";
import { Stop } from "./stop.ts";

/** Stands where other subjects have a partition: the publisher knows none. */
export const ANY_PARTITION = "any";

/** Refused messages of a source between two reports. */
const REPORT_EVERY = 1_000;

export interface IngestFeedOptions {
  readonly bus: Bus;
  readonly session: string;
  readonly clock: Clock;
  /** Bytes that may wait; default: that of the inbox. */
  readonly inboxBytes?: number;
  /** Whether the group belongs to this partition. */
  takes(group: string): boolean;
  /** A group as the log has it. */
  declarationOf(group: string): Channels | undefined;
  /** All groups of the log. */
  declarations(): readonly Channels[];
  /** The last number of a source in the log, 0 for none. */
  lastSequenceOf(source: string): number;
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
  private readonly sources = new Map<string, Source>();
  private readonly stopping = new Stop();

  constructor(options: IngestFeedOptions) {
    this.options = options;
  }

  async run(sink: FeedSink): Promise<void> {
    const { bus, session, clock, inboxBytes } = this.options;
    const pattern = `${subjectOf(session, ANY_PARTITION, "ingest")}.>`;
    const shed = new ShedReports(clock, sink, this.source);
    const inbox = new Inbox({
      clock,
      bytes: inboxBytes,
      take: (name, subject, bytes) => this.take(name, subject, bytes, sink),
      shed: (source) => shed.add(source),
    });
    const end = bus.subscribe(pattern, (subject, bytes) => this.receive(subject, bytes, sink, inbox), "data");
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
  private receive(subject: string, bytes: Uint8Array, sink: FeedSink, inbox: Inbox): void {
    try {
      const { source, group } = this.placeOf(subject);
      if (this.options.takes(group)) inbox.put(this.nameOf(source, group), subject, bytes);
    } catch (error) {
      if (!(error instanceof EigenwatchError)) throw error;
      this.refuse(this.sourceOf(this.source, sink), `${error.message} (subject ${show(subject)})`);
    }
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
      else this.takeRows(readRows(bytes, this.options.clock.nowUs()), source, group, sink);
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

  /** The source of a publisher in the log. A group that was declared without the prefix goes on under the plain name. */
  private nameOf(publisher: string, group: string): string {
    const { declarationOf, lastSequenceOf } = this.options;
    const isKnown = declarationOf(group)?.source === publisher && isUnprefixed(lastSequenceOf(publisher));
    return isKnown ? publisher : ingestSource(publisher);
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

  // ---- JSON -----------------------------------------------------------------------------------------------------

  private takeRows(rows: readonly IngestedRow[], source: Source, group: string, sink: FeedSink): void {
    const names = new Set(rows.flatMap(({ samples }) => samples.map(([channel]) => channel)));
    if (names.size === 0) return;
    const places = this.placesOf(names, source, group, sink);
    const count = rows.reduce((sum, { samples }) => sum + samples.length, 0);
    const frame = createFrame(source.name, group, count);
    for (const { timeUs, samples } of rows)
      for (const [channel, value] of samples) {
        frame.time[frame.count] = timeUs;
        frame.channel[frame.count] = places.get(channel)!;
        frame.value[frame.count++] = value;
      }
    this.offer(frame, source, sink);
  }

  /** The places of all channels of the group, after new ones were declared. */
  private placesOf(
    names: ReadonlySet<string>,
    source: Source,
    group: string,
    sink: FeedSink,
  ): ReadonlyMap<string, number> {
    const known = this.declarationOf(group, source);
    const places = new Map(known?.channels.map(({ name }, k) => [name, k]));
    const added = [...names].filter((name) => !places.has(name));
    if (added.length === 0) return places;
    const channels = [...(known?.channels ?? []), ...added.map((name) => ({ name, title: name, unit: "" }))];
    for (const name of added) checkVisible("channel", name);
    checkChannels(channels, group);
    this.declareGroup({ ...(known ?? FIRST), type: "channels", group, source: source.name, channels }, sink);
    for (const name of added) places.set(name, places.size);
    return places;
  }

  private declarationOf(group: string, { name }: Source): Channels | undefined {
    const known = this.options.declarationOf(group);
    if (known === undefined || known.source === name) return known;
    const expected = `source ${show(known.source)}, which declared it`;
    throw new MalformedMessage("take samples", `group ${show(group)} of source ${show(name)}`, expected);
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
    const known = this.declarationOf(group, source);
    message.source = source.name;
    if (message.type === "channels") {
      for (const { name, title, unit } of message.channels)
        for (const text of [name, title, unit]) checkVisible("channel", text);
      this.declareGroup(message, sink);
    } else if (known === undefined)
      throw new MalformedMessage(
        "take samples",
        `a frame of group ${show(group)}`,
        "its declaration before it",
      );
    else this.offer(message, source, sink);
  }

  private declareGroup(declaration: Channels, sink: FeedSink): void {
    const { group } = declaration;
    if (this.options.declarationOf(group) === undefined) {
      const declared = this.options.declarations().filter(({ source }) => isIngestSource(source)).length;
      if (declared >= MAX_INGEST_GROUPS)
        throw new TooManyGroups(
          "take samples",
          `group ${show(group)}`,
          `at most MAX_INGEST_GROUPS (${MAX_INGEST_GROUPS}) groups of other programs`,
        );
    }
    sink.channels(declaration);
  }

  private offer(frame: Frame, source: Source, sink: FeedSink): void {
    frame.sequence = ++source.sequence;
    sink.frame(frame);
  }
}

class TooManyGroups extends LimitExceeded {}

/** First byte of an encoded message; JSON cannot begin with it. */
const ENVELOPE = 0x93;

/** What a publisher of JSON does not say: nothing is known of the spacing of its rows, and no value of theirs is a price. */
const FIRST = { sampling: "rows", everyUs: 0, innovation: "difference" } as const;

function checkVisible(what: string, name: string): void {
  if (isVisible(name)) return;
  throw new MalformedMessage("take samples", `${what} ${show(name)}`, "visible text on one line");
}

function checkChannels(channels: Channels["channels"], group: string): void {
  if (channels.length > MAX_GROUP_CHANNELS)
    throw new LimitExceeded(
      "take samples",
      `${channels.length} channels of group ${show(group)}`,
      `at most MAX_GROUP_CHANNELS (${MAX_GROUP_CHANNELS})`,
    );
  const long = channels.find(({ name }) => new TextEncoder().encode(name).length > MAX_NAME_BYTES);
  if (long !== undefined)
    throw new LimitExceeded(
      "take samples",
      `channel ${show(long.name)}`,
      `at most MAX_NAME_BYTES (${MAX_NAME_BYTES})`,
    );
}
