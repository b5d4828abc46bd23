/**
 * The groups that other programs bring into a partition, published (ingest.ts) or pushed (pushed.ts): whose each is, and where its channels are.
 *
 *   rows of a source ─► is the group its own? ─► new channels are declared ─► a frame, not numbered yet
 *
 * I2 and I6 of ingest.ts hold here, and I3 for groups and channels.
 */
import { LimitExceeded, MalformedMessage, show } from "../../protocol/errors.ts";
import { createFrame, type Frame } from "../../protocol/frame.ts";
import { MAX_GROUP_CHANNELS, MAX_INGEST_GROUPS, MAX_NAME_BYTES } from "../../protocol/limits.ts";
import type { Channels } from "../../protocol/messages.ts";
import { isVisible } from "../../protocol/visible-text.ts";
import type { FeedSink } from "../ports/feed.ts";
import { type IngestedRow, samplesIn } from "./ingest-samples.ts";
import { ingestSource, isIngestSource, isUnprefixed } from "./ingest-source.ts";

/** The log, as far as ingestion looks at it. */
export interface IngestedLog {
  /** A group as the log has it. */
  declarationOf(group: string): Channels | undefined;
  /** All groups of the log. */
  declarations(): readonly Channels[];
  /** The last number of a source in the log, 0 for none. */
  lastSequenceOf(source: string): number;
}

type Places = ReadonlyMap<string, number>;

export class IngestGroups {
  private readonly log: IngestedLog;
  /** Of groups as they were declared last. */
  private readonly places = new Map<string, { readonly declaration: Channels; readonly places: Places }>();

  constructor(log: IngestedLog) {
    this.log = log;
  }

  /** The source of a publisher in the log. A group that was declared without the prefix goes on under the plain name. */
  sourceOf(publisher: string, group: string): string {
    const { log } = this;
    const isKnown =
      log.declarationOf(group)?.source === publisher && isUnprefixed(log.lastSequenceOf(publisher));
    return isKnown ? publisher : ingestSource(publisher);
  }

  /** Throws MalformedMessage for a group of another source. */
  declarationOf(group: string, source: string): Channels | undefined {
    const known = this.log.declarationOf(group);
    if (known === undefined || known.source === source) return known;
    const expected = `source ${show(known.source)}, which declared it`;
    throw new MalformedMessage("take samples", `group ${show(group)} of source ${show(source)}`, expected);
  }

  /** Whether the group is declared with all channels of the rows. */
  has(rows: readonly IngestedRow[], source: string, group: string): boolean {
    const known = this.declarationOf(group, source);
    return known !== undefined && missingIn(this.placesIn(known), rows).size === 0;
  }

  /** All samples, after new channels were declared; null without any. */
  frameOf(rows: readonly IngestedRow[], source: string, group: string, sink: FeedSink): Frame | null {
    const count = samplesIn(rows);
    if (count === 0) return null;
    const known = this.declarationOf(group, source);
    const frame = createFrame(source, group, count);
    // Nearly always all channels are known.
    if (known === undefined || !fill(frame, rows, this.placesIn(known)))
      fill(frame, rows, this.declaredFor(rows, source, group, sink));
    return frame;
  }

  /** Throws TooManyGroups for one more than there may be. */
  declare(declaration: Channels, sink: FeedSink): void {
    const { group } = declaration;
    if (this.log.declarationOf(group) === undefined) {
      const declared = this.log.declarations().filter(({ source }) => isIngestSource(source)).length;
      if (declared >= MAX_INGEST_GROUPS)
        throw new TooManyGroups(
          "take samples",
          `group ${show(group)}`,
          `at most MAX_INGEST_GROUPS (${MAX_INGEST_GROUPS}) groups of other programs`,
        );
    }
    sink.channels(declaration);
  }

  /** The places of all channels of the group, after new ones were declared. */
  private declaredFor(rows: readonly IngestedRow[], source: string, group: string, sink: FeedSink): Places {
    const known = this.declarationOf(group, source);
    const places = known === undefined ? NOWHERE : this.placesIn(known);
    const added = missingIn(places, rows);
    if (added.size === 0) return places;
    for (const name of added) checkVisible("channel", name);
    const channels = [
      ...(known?.channels ?? []),
      ...Array.from(added, (name) => ({ name, title: name, unit: "" })),
    ];
    checkChannels(channels, group);
    this.declare({ ...(known ?? FIRST), type: "channels", group, source, channels }, sink);
    return placesOf(channels);
  }

  private placesIn(declaration: Channels): Places {
    const { group, channels } = declaration;
    const known = this.places.get(group);
    if (known?.declaration === declaration) return known.places;
    const places = placesOf(channels);
    this.places.set(group, { declaration, places });
    return places;
  }
}

export class TooManyGroups extends LimitExceeded {}

/** Throws MalformedMessage for a name that hides or reorders other text. */
export function checkVisible(what: string, name: string): void {
  if (isVisible(name)) return;
  throw new MalformedMessage("take samples", `${what} ${show(name)}`, "visible text on one line");
}

const NOWHERE: Places = new Map();

/** What a publisher of rows does not say: nothing is known of their spacing, and no value of theirs is a price. */
const FIRST = { sampling: "rows", everyUs: 0, innovation: "difference" } as const;

function placesOf(channels: Channels["channels"]): Places {
  return new Map(channels.map(({ name }, k) => [name, k]));
}

/** Fills the frame from its beginning; false at a channel that has no place. */
function fill(frame: Frame, rows: readonly IngestedRow[], places: Places): boolean {
  frame.count = 0;
  for (const { timeUs, samples } of rows)
    for (const [channel, value] of samples) {
      const place = places.get(channel);
      if (place === undefined) return false;
      frame.time[frame.count] = timeUs;
      frame.channel[frame.count] = place;
      frame.value[frame.count++] = value;
    }
  return true;
}

/** In the order in which they appear. */
function missingIn(places: Places, rows: readonly IngestedRow[]): ReadonlySet<string> {
  const missing = new Set<string>();
  for (const { samples } of rows)
    for (const [channel] of samples) if (!places.has(channel)) missing.add(channel);
  return missing;
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
