/**
 * A frame of the log as clients get it: a place in the bytes of its block, decoded only when a client asks for it.
 *
 * Made when the frame is admitted, readable when its block is closed. Frames are many and short-lived: nothing is allocated for one but
 * this object, until a client wants it.
 */
import { decodeAs } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { DeliveredFrame } from "../ports/session.ts";

/** The encoded block, filled in when it is closed. */
export interface BlockBytes {
  bytes: Uint8Array;
  inputsAt: number;
}

export class LoggedFrame implements DeliveredFrame {
  readonly inputSequence: number;
  private readonly block: BlockBytes;
  private readonly offset: number;
  private readonly length: number;
  private decoded: Frame | null = null;

  /** The message begins at `offset` among the inputs of `block`. */
  constructor(inputSequence: number, block: BlockBytes, offset: number, length: number) {
    this.inputSequence = inputSequence;
    this.block = block;
    this.offset = offset;
    this.length = length;
  }

  get bytes(): Uint8Array {
    const at = this.block.inputsAt + this.offset;
    return this.block.bytes.subarray(at, at + this.length);
  }

  get frame(): Frame {
    this.decoded ??= decodeAs("frame", this.bytes);
    return this.decoded;
  }
}
