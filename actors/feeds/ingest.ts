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
 * I3  Limits have names: MAX_INGEST_BYTES, MAX_INGEST_SOURCES, MAX_FRAME_SAMPLES, MAX_GROUP_CHANNELS, and MAX_GROUPS of the session.
 * I4  What waits to be taken is bounded (inbox.ts). Beyond that messages are shed, counted and reported by source.
 */
import { decodeMessage } from "../../protocol/codec.ts";
import { EigenwatchError, LimitExceeded, MalformedMessage, show } from "../../protocol/errors.ts";
import { createFrame, type Frame } from "../../protocol/frame.ts";
import {
  MAX_GROUP_CHANNELS,
  MAX_INGEST_BYTES,
  MAX_INGEST_SOURCES,
  MAX_NAME_BYTES,
} from "../../protocol/limits.ts";
import type { Channels } from "../../protocol/messages.ts";
import { parseSubject, subjectOf } from "../../protocol/subjects.ts";
import type { Bus } from "../ports/bus.ts";
import type { Clock } from "../ports/clock.ts";
import type { Feed, FeedSink } from "../ports/feed.ts";
import { BadSamples } from "./bad-samples.ts";
import { Inbox } from "./inbox.ts";
import { type IngestedRow, readRows } from "./ingest-samples.ts";
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
  /** The last number of a source in the log, 0 for none. */
  lastSequenceOf(source: string): number;
}

interface Source {
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
  private readonly groups = new Map<string, Channels>();
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
      take: (_source, subject, bytes) => this.take(subject, bytes, sink),
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
      if (this.options.takes(group)) inbox.put(source, subject, bytes);
    } catch (error) {
      if (!(error instanceof EigenwatchError)) throw error;
      this.refuse(this.sourceOf(this.source, sink), `${error.message} (subject ${show(subject)})`);
    }
  }

  private take(subject: string, bytes: Uint8Array, sink: FeedSink): void {
    let source: Source | null = null;
    try {
      const { source: name, group } = this.placeOf(subject);
      source = this.sourceOf(name, sink);
      if (bytes.length > MAX_INGEST_BYTES)
        throw new LimitExceeded(
          "read samples",
          `${bytes.length} bytes`,
          `at most MAX_INGEST_BYTES (${MAX_INGEST_BYTES})`,
        );
      if (bytes[0] === ENVELOPE) this.takeMessage(bytes, source, group, sink);
      else this.takeRows(readRows(bytes, this.options.clock.nowUs()), source, group, sink);
    } catch (error) {
      if (!(error instanceof EigenwatchError)) throw error;
      this.refuse(source ?? this.sourceOf(this.source, sink), `${error.message} (subject ${show(subject)})`);
    }
  }

  private placeOf(subject: string): { source: string; group: string } {
    const { details } = parseSubject(subject);
    const [source, group] = details;
    if (source !== undefined && group !== undefined && details.length === 2) return { source, group };
    throw new MalformedMessage("take samples", `subject ${show(subject)}`, "…ingest.<source>.<group>");
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

  private refuse(source: Source, reason: string): void {
    const { badSamples } = source;
    if (badSamples.add("malformed")) badSamples.first("malformed", reason);
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
    checkChannels(channels, group);
    this.declareGroup({ ...(known ?? FIRST), type: "channels", group, source: source.name, channels }, sink);
    for (const name of added) places.set(name, places.size);
    return places;
  }

  private declarationOf(group: string, { name }: Source): Channels | undefined {
    const known = this.groups.get(group) ?? this.options.declarationOf(group);
    if (known === undefined || known.source === name) return known;
    const expected = `source ${show(known.source)}, which declared it`;
    throw new MalformedMessage("take samples", `group ${show(group)} of source ${show(name)}`, expected);
  }

  // ---- messages of this protocol ----------------------------------------------------------------------------------

  private takeMessage(bytes: Uint8Array, source: Source, group: string, sink: FeedSink): void {
    const message = decodeMessage(bytes);
    if (message.type !== "frame" && message.type !== "channels")
      throw new MalformedMessage("take samples", `a message of type ${message.type}`, "frame or channels");
    if (message.source !== source.name || message.group !== group)
      throw new MalformedMessage(
        "take samples",
        `${message.type} of source ${show(message.source)} and group ${show(message.group)}`,
        "those of the subject",
      );
    const known = this.declarationOf(group, source);
    if (message.type === "channels") this.declareGroup(message, sink);
    else if (known === undefined)
      throw new MalformedMessage(
        "take samples",
        `a frame of group ${show(group)}`,
        "its declaration before it",
      );
    else this.offer(message, source, sink);
  }

  private declareGroup(declaration: Channels, sink: FeedSink): void {
    sink.channels(declaration);
    this.groups.set(declaration.group, declaration);
  }

  private offer(frame: Frame, source: Source, sink: FeedSink): void {
    frame.sequence = ++source.sequence;
    sink.frame(frame);
  }
}

/** First byte of an encoded message; JSON cannot begin with it. */
const ENVELOPE = 0x93;

/** What a publisher of JSON does not say: nothing is known of the spacing of its rows, and no value of theirs is a price. */
const FIRST = { sampling: "rows", everyUs: 0, innovation: "difference" } as const;

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
