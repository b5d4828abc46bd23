/** A delivered frame as a `samples` message, made at most once, however many clients get it. */
import type { DeliveredFrame } from "../../actors/ports/session.ts";
import { encodeSamples } from "../../protocol/samples.ts";

export class EncodedFrame {
  readonly delivered: DeliveredFrame;
  #bytes: Uint8Array | null = null;

  constructor(delivered: DeliveredFrame) {
    this.delivered = delivered;
  }

  get bytes(): Uint8Array {
    const { inputSequence, bytes } = this.delivered;
    this.#bytes ??= encodeSamples(inputSequence, bytes);
    return this.#bytes;
  }
}
