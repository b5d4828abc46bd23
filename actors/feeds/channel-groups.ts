/**
 * Channels in order of first appearance, dealt to groups of at most MAX_GROUP_CHANNELS ("prices", "prices-2", …), and the frames
 * being filled for them.
 *
 * Frames of all groups are handed over together, so that they cover the same stretch of time.
 */

import { FrameBuilder } from "../../protocol/frame.ts";
import { MAX_GROUP_CHANNELS, MAX_GROUPS } from "../../protocol/limits.ts";
import type { Channels } from "../../protocol/messages.ts";
import { clipName, type FeedWriter } from "./feed-writer.ts";

/** Samples of a frame: enough to make the cost per frame small, few enough to be one step of a display. */
export const FRAME_SAMPLES = 256;

export type GroupTraits = Pick<Channels, "sampling" | "everyUs" | "innovation"> & {
  group: string;
  unit: string;
};

interface OpenGroup {
  readonly name: string;
  readonly channels: Channels["channels"];
  readonly frames: FrameBuilder;
  declared: number;
}

export class Groups {
  readonly #outlet: FeedWriter;
  readonly #traits: GroupTraits;
  readonly #groups: OpenGroup[] = [];

  constructor(outlet: FeedWriter, traits: GroupTraits) {
    this.#outlet = outlet;
    this.#traits = traits;
  }

  /** Adds a channel and returns its slot, or −1 when there is no room for a further group. `declare` must follow. */
  add(channel: string): number {
    let last = this.#groups.at(-1);
    if (last === undefined || last.channels.length === MAX_GROUP_CHANNELS) {
      if (this.#groups.length === MAX_GROUPS) return -1;
      last = this.#open();
    }
    last.channels.push({ name: clipName(channel), title: channel.slice(0, 200), unit: this.#traits.unit });
    return (this.#groups.length - 1) * MAX_GROUP_CHANNELS + last.channels.length - 1;
  }

  /** Declares what was added since; samples of the channels before go out first. */
  declare(): boolean {
    const ready = this.flush();
    const { sampling, everyUs, innovation } = this.#traits;
    for (const group of this.#groups) {
      if (group.declared === group.channels.length) continue;
      group.declared = group.channels.length;
      this.#outlet.channels({
        group: group.name,
        channels: [...group.channels],
        sampling,
        everyUs,
        innovation,
      });
    }
    return ready;
  }

  /** Whether `slot`'s frame has room for a sample more. */
  hasRoom(slot: number): boolean {
    return !this.#groups[Math.floor(slot / MAX_GROUP_CHANNELS)]!.frames.full;
  }

  /** Hands over frames until a whole row fits in every group's; false when the sink wants to be waited for. */
  makeRoom(): boolean {
    // With several groups all go, row by row, so that samples leave in the order of their times.
    if (this.#groups.length > 1) return this.flush();
    let ready = true;
    for (const { frames, channels } of this.#groups)
      while (frames.full || frames.count + channels.length > frames.capacity)
        if (!this.#outlet.frame(frames.take())) ready = false;
    return ready;
  }

  /** `size` NaN: none. The frame must have room. */
  sample(slot: number, timeUs: number, value: number, size: number): void {
    const group = this.#groups[Math.floor(slot / MAX_GROUP_CHANNELS)]!;
    const channel = slot % MAX_GROUP_CHANNELS;
    if (!Number.isNaN(size)) group.frames.add(timeUs, channel, value, size);
    else group.frames.add(timeUs, channel, value);
  }

  /** Hands over all frames; false when the sink wants to be waited for. */
  flush(): boolean {
    let ready = true;
    for (const { frames } of this.#groups)
      while (frames.count > 0) if (!this.#outlet.frame(frames.take())) ready = false;
    return ready;
  }

  #open(): OpenGroup {
    const number = this.#groups.length + 1;
    const name = clipName(number === 1 ? this.#traits.group : `${this.#traits.group}-${number}`);
    const frames = new FrameBuilder(name, this.#outlet.source, FRAME_SAMPLES);
    const group = { name, channels: [], frames, declared: 0 };
    this.#groups.push(group);
    return group;
  }
}
