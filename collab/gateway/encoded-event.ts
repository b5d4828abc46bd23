/** An event with its wire forms, each made at most once, however many clients get it. */
import { encodeMessage } from "../../protocol/codec.ts";
import type { EventMessage } from "../../protocol/messages.ts";

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

  /** As a piece of an SSE stream: the id is the cursor that the browser sends back as Last-Event-ID. JSON has no bare line ends. */
  get eventStream(): Buffer {
    this.#eventStream ??= Buffer.from(`id: ${this.event.sequence}\ndata: ${JSON.stringify(this.event)}\n\n`);
    return this.#eventStream;
  }
}
