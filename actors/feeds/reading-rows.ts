/**
 * Named readings of one moment as rows: metrics of servers, whose channels appear as they are met.
 *
 * R1  A channel keeps its place and its unit. A reading of NaN is none; an infinite one, and one in another unit, is left out and counted.
 * R2  Channels above the limit are left out and counted. The report of the first names the labels with the most values.
 * R3  Names longer than MAX_NAME_BYTES are shortened, and stay apart; a reading with one of more than READING_NAME_MAX characters is left out and counted.
 * R4  Of names that got no place LEFT_OUT_NAMES_MAX are known again; a reading with a further one counts each time it comes.
 */
import { createHash } from "node:crypto";
import { shorten } from "../../protocol/check-body.ts";
import { show } from "../../protocol/errors.ts";
import { MAX_NAME_BYTES } from "../../protocol/limits.ts";
import type { BadSamples } from "./bad-samples.ts";
import { ChannelGroups, MOST_CHANNELS } from "./channel-groups.ts";
import { clipName, type FeedWriter } from "./feed-writer.ts";
import { READING_NAME_MAX, type Reading } from "./metrics/reading.ts";
import { whole } from "./options.ts";

/** The option `series`; its default is more than people look at, and few enough for the joint state of their groups. */
export const seriesOption = whole(
  1_024,
  1,
  MOST_CHANNELS,
  "channels at most; further ones are left out and reported",
);

interface ReadingRowsOptions {
  readonly group: string;
  /** Time between rows. */
  readonly everyUs: number;
  /** Channels at most: the option `series`. */
  readonly seriesMax: number;
  /** Default: the readings of one moment are a row. */
  readonly sampling?: "rows" | "ticks";
  readonly innovation?: "ar1" | "difference";
}

type Labelled = Pick<Reading, "labels">;

/** Names without a place that are known again: with the longest that is 8 MB, which a server with ever new names cannot exceed. */
export const LEFT_OUT_NAMES_MAX = 1_024;

/** Labels that are named when there are too many channels. */
const LABELS_NAMED = 3;

export class ReadingRows {
  /** Channels that have a place. */
  channels = 0;
  private readonly groups: ChannelGroups;
  private readonly badSamples: BadSamples;
  private readonly seriesMax: number;
  private readonly places = new Map<string, { readonly slot: number; readonly unit: string }>();
  /** Names that there was no room for. */
  private readonly leftOutNames = new Set<string>();

  constructor(writer: FeedWriter, badSamples: BadSamples, options: ReadingRowsOptions) {
    const { group, everyUs, seriesMax, sampling = "rows", innovation = "ar1" } = options;
    this.badSamples = badSamples;
    this.seriesMax = seriesMax;
    this.groups = new ChannelGroups(writer, { group, unit: "", sampling, everyUs, innovation });
  }

  /** Gives new channels their places. */
  declare(readings: readonly Reading[]): void {
    const leftOut: Reading[] = [];
    const before = this.channels;
    for (const reading of readings) {
      const { channel, unit } = reading;
      if (channel.length > READING_NAME_MAX) {
        this.badSamples.count("nameTooLong", 1, () => tooLong(channel));
        continue;
      }
      if (this.places.has(channel) || this.leftOutNames.has(channel)) continue;
      const slot = this.channels < this.seriesMax ? this.groups.add(shortName(channel), unit) : -1;
      if (slot >= 0) {
        this.places.set(channel, { slot, unit });
        this.channels++;
      } else {
        leftOut.push(reading);
        if (this.leftOutNames.size < LEFT_OUT_NAMES_MAX) this.leftOutNames.add(channel);
      }
    }
    if (this.channels > before) this.groups.declare();
    this.leaveOut(leftOut);
  }

  /** Counts readings that there is no room for. */
  leaveOut(readings: readonly Labelled[]): void {
    if (readings.length > 0)
      this.badSamples.count("tooManyChannels", readings.length, () => tooMany(readings, this.seriesMax));
  }

  /** Sends the readings, whose channels are declared, as one row. */
  take(readings: readonly Reading[], timeUs: number): void {
    this.add(readings, timeUs);
    this.flush();
  }

  /** As `take`, with what comes until `flush`. False: the sink is full. */
  add(readings: readonly Reading[], timeUs: number): boolean {
    let ready = this.groups.makeRoom();
    for (const { channel, value, unit } of readings) {
      if (Number.isNaN(value) || channel.length > READING_NAME_MAX) continue;
      const place = this.places.get(channel);
      if (place === undefined) continue;
      if (place.unit !== unit)
        this.badSamples.count("unparsable", 1, () => otherUnit(channel, unit, place.unit));
      else if (Number.isFinite(value)) {
        const { slot } = place;
        // A channel may come twice.
        if (!this.groups.hasRoom(slot) && !this.groups.makeRoom()) ready = false;
        this.groups.sample(slot, timeUs, value, Number.NaN);
      } else this.badSamples.count("infinite", 1, () => `${shorten(channel)} is ${value}`);
    }
    return ready;
  }

  /** False: the sink is full. */
  flush(): boolean {
    return this.groups.flush();
  }
}

function otherUnit(channel: string, unit: string, before: string): string {
  return `${shorten(channel)} comes in ${show(unit)}; expected ${show(before)}, as at first: it may have become of another type`;
}

function tooLong(name: string): string {
  return `${shorten(name)} has ${name.length} characters; expected at most ${READING_NAME_MAX} (READING_NAME_MAX)`;
}

function tooMany(leftOut: readonly Labelled[], seriesMax: number): string {
  return (
    `${leftOut.length} series are left out, above series=${seriesMax}: ${manyValued(leftOut)}; ` +
    "take fewer, or allow more with series="
  );
}

/** The labels with the most values: "label path has 900 values, label code has 12 values". */
function manyValued(readings: readonly Labelled[]): string {
  const values = new Map<string, Set<string>>();
  for (const { labels } of readings)
    for (const [label, value] of labels) {
      const known = values.get(label) ?? new Set();
      values.set(label, known.add(value));
    }
  const most = [...values].sort(([, a], [, b]) => b.size - a.size).slice(0, LABELS_NAMED);
  if (most.length === 0) return "they have no labels";
  return most.map(([label, { size }]) => `label ${shorten(label)} has ${size} values`).join(", ");
}

/** Digits of a hash that tell long names apart. */
const HASH_DIGITS = 8;

function shortName(name: string): string {
  if (new TextEncoder().encode(name).length <= MAX_NAME_BYTES) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, HASH_DIGITS);
  return clipName(name, MAX_NAME_BYTES - HASH_DIGITS) + hash;
}
