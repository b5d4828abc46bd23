/**
 * The samples of a recording in a stretch of time, frame by frame, those of all partitions in the order of the log.
 *
 *   newest snapshot before the stretch ─► what was declared there ─► inputs ─► frames with the names of their channels
 */
import { decodeInput, inputs, nearestCore, SYSTEM } from "../../../actors/mod.ts";
import type { Journal } from "../../../actors/ports/journal.ts";
import { isFrame } from "../../../protocol/codec.ts";
import { createScratchFrame, type Frame } from "../../../protocol/frame.ts";
import type { Channels } from "../../../protocol/messages.ts";
import { mergedByTime } from "../partitions.ts";

export interface NamedFrame {
  /** Of the input. */
  readonly timeUs: number;
  readonly channels: Channels["channels"];
  /** Valid until the next one. */
  readonly frame: Frame;
}

export interface Stretch {
  /** Included. */
  readonly fromUs: number;
  /** Not included. */
  readonly untilUs: number;
}

/** A frame that holds samples of the stretch enters the log at most so long after it. */
const LATE_US = 60_000_000;

/** Frames that may hold samples of the stretch: `isIn` tells of a sample. */
export function namedFrames(journals: readonly Journal[], stretch: Stretch): AsyncGenerator<NamedFrame> {
  return mergedByTime(journals.map((journal) => framesOf(journal, stretch)));
}

export function isIn({ fromUs, untilUs }: Stretch, timeUs: number): boolean {
  return timeUs >= fromUs && timeUs < untilUs;
}

async function* framesOf(journal: Journal, { fromUs, untilUs }: Stretch): AsyncGenerator<NamedFrame> {
  const { core, nextBlock } = await nearestCore(journal, SYSTEM, { timeUs: fromUs });
  const declared = new Map(core.declarations().map((each) => [each.group, each.channels]));
  const scratch = createScratchFrame();
  for await (const { timeUs, bytes } of inputs(journal, { block: nextBlock })) {
    if (timeUs >= untilUs + LATE_US) return;
    // The last sample of a frame is not after its input.
    if (isFrame(bytes) && timeUs < fromUs) continue;
    const input = decodeInput(bytes, scratch);
    if (input.type === "channels") declared.set(input.group, input.channels);
    if (input.type !== "frame") continue;
    const channels = declared.get(input.group);
    if (channels !== undefined) yield { timeUs, channels, frame: input };
  }
}
