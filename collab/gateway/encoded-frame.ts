/** A delivered frame as a `samples` message, made at most once, however many clients get it. */
import type { DeliveredFrame } from "../../actors/ports/session.ts";
import { encodeMessage } from "../../protocol/codec.ts";

export class EncodedFrame {
  readonly delivered: DeliveredFrame;
  #bytes: Uint8Array | null = null;

  constructor(delivered: DeliveredFrame) {
    this.delivered = delivered;
  }

  get bytes(): Uint8Array {
    const { inputSequence, bytes } = this.delivered;
    this.#bytes ??= encodeMessage({ type: "samples", inputSequence, frame: bytes });
    return this.#bytes;
  }
}
