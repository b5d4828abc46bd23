/** Deliveries of a session with their wire forms. Each form is made at its first use and then shared by all clients. */
import type { DeliveredFrame } from "../../actors/ports/session.ts";
import { encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage, MetricsMessage } from "../../protocol/messages.ts";
import { encodeSamples } from "../../protocol/samples.ts";

export class EncodedEvent {
  readonly event: EventMessage;
  #bytes: Uint8Array | null = null;
  #eventStream: Buffer | null = null;

  constructor(event: EventMessage) {
    this.event = event;
  }

  /** As a message of the WebSocket. */
  get bytes(): Uint8Array {
    this.#bytes ??= encodeMessage(this.event);
    return this.#bytes;
  }

  /** As part of an SSE stream. Browsers send the id back as Last-Event-ID. JSON contains no raw line ends. */
  get eventStream(): Buffer {
    this.#eventStream ??= Buffer.from(`id: ${this.event.sequence}\ndata: ${JSON.stringify(this.event)}\n\n`);
    return this.#eventStream;
  }
}

/** A frame as a `samples` message. */
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

/** Every block may bring new metrics, and most have no reader: they are gathered and encoded only for one. */
export class EncodedMetrics {
  readonly metrics: MetricsMessage;
  #bytes: Uint8Array | null = null;

  constructor(metrics: MetricsMessage) {
    this.metrics = metrics;
  }

  get bytes(): Uint8Array {
    this.#bytes ??= encodeMessage({ ...this.metrics });
    return this.#bytes;
  }
}
