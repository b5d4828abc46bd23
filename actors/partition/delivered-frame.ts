/** A frame on its way out: the bytes that stand in the log, decoded only when somebody asks for the columns. */
import { decodeAs } from "../../protocol/codec.ts";
import type { Frame } from "../../protocol/frame.ts";
import type { DeliveredFrame } from "../ports/session.ts";

export class LoggedFrame implements DeliveredFrame {
  readonly inputSequence: number;
  readonly bytes: Uint8Array;
  private decoded: Frame | null = null;

  constructor(inputSequence: number, bytes: Uint8Array) {
    this.inputSequence = inputSequence;
    this.bytes = bytes;
  }

  get frame(): Frame {
    this.decoded ??= decodeAs("frame", this.bytes);
    return this.decoded;
  }
}
