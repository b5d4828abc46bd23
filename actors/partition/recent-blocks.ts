/**
 * The newest released blocks, for clients that come back: their frames are decoded when somebody asks for them.
 *
 * B1  The blocks kept take at most `bytesMax`, except that the newest one always stays.
 */
import { decodeBlock } from "../../protocol/block.ts";
import { isFrame } from "../../protocol/codec.ts";
import type { DeliveredFrame } from "../ports/session.ts";
import { LoggedFrame } from "./delivered-frame.ts";

interface RecentBlock {
  readonly lastSequence: number;
  readonly bytes: Uint8Array;
}

export class RecentBlocks {
  /** Bytes kept. */
  bytes = 0;
  private blocks: RecentBlock[] = [];
  /** Blocks at the beginning that count as dropped; removed now and then, because shifting one by one would be quadratic. */
  private dropped = 0;
  /** Last input of the newest dropped block. */
  private droppedSequence: number;
  private readonly bytesMax: number;

  /** `lastSequence`: the last input before the first block that will be added. */
  constructor(bytesMax: number, lastSequence: number) {
    this.bytesMax = bytesMax;
    this.droppedSequence = lastSequence;
  }

  add(lastSequence: number, bytes: Uint8Array): void {
    this.blocks.push({ lastSequence, bytes });
    this.bytes += bytes.length;
    while (this.bytes > this.bytesMax && this.dropped < this.blocks.length - 1) {
      const oldest = this.blocks[this.dropped++]!;
      this.bytes -= oldest.bytes.length;
      this.droppedSequence = oldest.lastSequence;
    }
    if (this.dropped > this.blocks.length / 2) {
      this.blocks = this.blocks.slice(this.dropped);
      this.dropped = 0;
    }
  }

  /** Frames with input sequence > `after` and <= `through`, oldest first, at most `limit`. */
  framesAfter(
    after: number,
    limit: number,
    through = Number.POSITIVE_INFINITY,
  ): { complete: boolean; frames: DeliveredFrame[] } {
    const frames: DeliveredFrame[] = [];
    for (let i = this.firstAfter(after); i < this.blocks.length && frames.length < limit; i++) {
      const { bytes } = this.blocks[i]!;
      decodeBlock(bytes).forEach((sequence, _timeUs, message) => {
        if (sequence <= after || sequence > through || frames.length >= limit || !isFrame(message)) return;
        frames.push(new LoggedFrame(sequence, { bytes: message, inputsAt: 0 }, 0, message.length));
      });
    }
    return { complete: after >= this.droppedSequence, frames };
  }

  /** Index of the first kept block that ends after input `after`, by bisection. */
  private firstAfter(after: number): number {
    let low = this.dropped;
    let high = this.blocks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.blocks[middle]!.lastSequence > after) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
