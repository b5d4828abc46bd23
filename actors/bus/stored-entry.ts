/** An entry of a stream that is kept in this process: one object for all readers, each of which gets bytes of its own. */
import type { StreamEntry } from "../ports/bus.ts";

export class StoredEntry implements StreamEntry {
  readonly sequence: number;
  readonly storedUs: number;
  readonly traceparent?: string;
  readonly #bytes: Uint8Array;

  /** The bytes belong to the entry from now on: nobody changes them. */
  constructor(sequence: number, bytes: Uint8Array, storedUs: number, traceparent?: string) {
    this.sequence = sequence;
    this.storedUs = storedUs;
    if (traceparent !== undefined) this.traceparent = traceparent;
    this.#bytes = bytes;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#bytes);
  }
}
