/**
 * The channel groups of a table: channels in order of first appearance, at most MAX_GROUP_CHANNELS per group ("prices", "prices-2", …), and
 * the frame that is being filled for each group.
 *
 * The frames of all groups are sent together, so that they cover the same stretch of time.
 */

import { FrameBuilder } from "../../protocol/frame.ts";
import { MAX_GROUP_CHANNELS, MAX_GROUPS } from "../../protocol/limits.ts";
import type { Channels } from "../../protocol/messages.ts";
import { clipName, type FeedWriter } from "./feed-writer.ts";

/** Channels that all groups of a session hold. */
export const MOST_CHANNELS = MAX_GROUPS * MAX_GROUP_CHANNELS;

/** Samples of a frame: enough to make the cost per frame small, few enough to be one step of a display. */
const FRAME_SAMPLES = 256;

type GroupTraits = Pick<Channels, "sampling" | "everyUs" | "innovation"> & {
  group: string;
  unit: string;
};

interface OpenGroup {
  readonly name: string;
  readonly channels: Channels["channels"];
  readonly frames: FrameBuilder;
  declared: number;
}

export class ChannelGroups {
  readonly #writer: FeedWriter;
  readonly #traits: GroupTraits;
  readonly #groups: OpenGroup[] = [];

  constructor(writer: FeedWriter, traits: GroupTraits) {
    this.#writer = writer;
    this.#traits = traits;
  }

  /** Adds a channel and returns its slot, or −1 if MAX_GROUPS are full. `declare` must follow. `unit`: where it is not that of all. */
  add(channel: string, unit = this.#traits.unit): number {
    let last = this.#groups.at(-1);
    if (last === undefined || last.channels.length === MAX_GROUP_CHANNELS) {
      if (this.#groups.length === MAX_GROUPS) return -1;
      last = this.#open();
    }
    last.channels.push({ name: clipName(channel), title: channel.slice(0, 200), unit: clipName(unit) });
    return (this.#groups.length - 1) * MAX_GROUP_CHANNELS + last.channels.length - 1;
  }

  /** Declares the groups that have new channels, after sending the samples that are waiting. False: the sink is full. */
  declare(): boolean {
    const ready = this.flush();
    const { sampling, everyUs, innovation } = this.#traits;
    for (const group of this.#groups) {
      if (group.declared === group.channels.length) continue;
      group.declared = group.channels.length;
      this.#writer.channels({
        group: group.name,
        channels: [...group.channels],
        sampling,
        everyUs,
        innovation,
      });
    }
    return ready;
  }

  /** Whether the frame of `slot` has room for one more sample. */
  hasRoom(slot: number): boolean {
    return !this.#groups[Math.floor(slot / MAX_GROUP_CHANNELS)]!.frames.full;
  }

  /** Sends frames until every group has room for a whole row. False: the sink is full. */
  makeRoom(): boolean {
    // With several groups all frames leave, row by row, so that samples leave in the order of their times.
    if (this.#groups.length > 1) return this.flush();
    let ready = true;
    for (const { frames, channels } of this.#groups)
      while (frames.full || frames.count + channels.length > frames.capacity)
        if (!this.#writer.frame(frames.take())) ready = false;
    return ready;
  }

  /** Adds a sample; its frame must have room. A `size` of NaN means none. */
  sample(slot: number, timeUs: number, value: number, size: number): void {
    const group = this.#groups[Math.floor(slot / MAX_GROUP_CHANNELS)]!;
    const channel = slot % MAX_GROUP_CHANNELS;
    if (!Number.isNaN(size)) group.frames.add(timeUs, channel, value, size);
    else group.frames.add(timeUs, channel, value);
  }

  /** Sends all frames. False: the sink is full. */
  flush(): boolean {
    let ready = true;
    for (const { frames } of this.#groups)
      while (frames.count > 0) if (!this.#writer.frame(frames.take())) ready = false;
    return ready;
  }

  #open(): OpenGroup {
    const number = this.#groups.length + 1;
    const name = clipName(number === 1 ? this.#traits.group : `${this.#traits.group}-${number}`);
    const frames = new FrameBuilder(name, this.#writer.source, FRAME_SAMPLES);
    const group = { name, channels: [], frames, declared: 0 };
    this.#groups.push(group);
    return group;
  }
}
