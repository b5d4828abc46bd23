/**
 * The newest released blocks, for clients that come back: their frames are decoded when somebody asks for them.
 *
 * B1  The blocks kept take at most `bytesMax`, except that the newest one always stays.
 */
import { decodeBlock } from "../../protocol/block.ts";
import { ByteQueue } from "../../protocol/byte-queue.ts";
import { isFrame } from "../../protocol/codec.ts";
import type { DeliveredFrame } from "../ports/session.ts";
import { LoggedFrame } from "./delivered-frame.ts";

/** The one number of each block in the queue. */
const LAST_SEQUENCE = 0;

export class RecentBlocks {
  /** Bytes kept. */
  bytes = 0;
  private readonly blocks = new ByteQueue(1);
  /** Last input of the newest dropped block. */
  private droppedSequence: number;
  private readonly bytesMax: number;

  /** `lastSequence`: the last input before the first block that will be added. */
  constructor(bytesMax: number, lastSequence: number) {
    this.bytesMax = bytesMax;
    this.droppedSequence = lastSequence;
  }

  add(lastSequence: number, bytes: Uint8Array): void {
    const { blocks } = this;
    blocks.add([lastSequence], bytes);
    this.bytes += bytes.length;
    while (this.bytes > this.bytesMax && blocks.first < blocks.end - 1) {
      this.bytes -= blocks.lengthOf(blocks.first);
      this.droppedSequence = blocks.number(blocks.first, LAST_SEQUENCE);
      blocks.drop();
    }
  }

  /** Frames with input sequence > `after` and <= `through`, oldest first, at most `limit`. */
  framesAfter(
    after: number,
    limit: number,
    through = Number.POSITIVE_INFINITY,
  ): { complete: boolean; frames: DeliveredFrame[] } {
    const frames: DeliveredFrame[] = [];
    for (let i = this.firstAfter(after); i < this.blocks.end && frames.length < limit; i++) {
      decodeBlock(this.blocks.get(i)).forEach((sequence, _timeUs, message) => {
        if (sequence <= after || sequence > through || frames.length >= limit || !isFrame(message)) return;
        frames.push(new LoggedFrame(sequence, { bytes: message, inputsAt: 0 }, 0, message.length));
      });
    }
    return { complete: after >= this.droppedSequence, frames };
  }

  /** Index of the first kept block that ends after input `after`, by bisection. */
  private firstAfter(after: number): number {
    let low = this.blocks.first;
    let high = this.blocks.end;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.blocks.number(middle, LAST_SEQUENCE) > after) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
