/**
 * What a session hands its shadow, over a pipe:
 *
 *   u32 length of the rest │ u8 kind │ f64 block │ payload        little-endian
 *
 *   start        begin anew behind `block`: f64 settledFrom (verifier.ts), then the state (none: the beginning). A running check ends.
 *   block, derived, checkpoint
 *                as they go into the journal, byte for byte
 *
 * The end of the pipe is the end.
 */
import type { JournalEntry } from "../../actors/ports/journal.ts";

export type ShadowMessage =
  | { kind: "start"; block: number; settledFrom: number; state: Uint8Array | null }
  | { kind: "block" | "derived" | "checkpoint"; block: number; bytes: Uint8Array };

export type MessageKind = ShadowMessage["kind"];

const KINDS: readonly MessageKind[] = ["start", "block", "derived", "checkpoint"];

const HEAD_BYTES = 13;

const NO_BYTES = new Uint8Array(0);

/** Gathers whole messages into one buffer that is used again, so that one write call takes many. */
export class MessageBatch {
  length = 0;
  private readonly capacity: number;
  private bytes: Uint8Array<ArrayBuffer>;
  private view: DataView;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  add(kind: MessageKind, block: number, payload: Uint8Array): void {
    const at = this.length;
    this.length += HEAD_BYTES + payload.length;
    if (this.length > this.bytes.length) this.grow(at);
    this.view.setUint32(at, HEAD_BYTES - 4 + payload.length, true);
    this.view.setUint8(at + 4, KINDS.indexOf(kind));
    this.view.setFloat64(at + 5, block, true);
    this.bytes.set(payload, at + HEAD_BYTES);
  }

  /** The messages so far, in bytes of their own; the batch is empty then. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    // A state may have been many times as long.
    if (this.bytes.length > 4 * this.capacity) this.replace(new Uint8Array(this.capacity));
    return taken;
  }

  private grow(filled: number): void {
    const bytes = new Uint8Array(Math.max(this.length, 2 * this.bytes.length));
    bytes.set(this.bytes.subarray(0, filled));
    this.replace(bytes);
  }

  private replace(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }
}

/** `settledFrom`: see ShadowVerifier. */
export function startPayload(settledFrom: number, state: Uint8Array = NO_BYTES): Uint8Array {
  const payload = new Uint8Array(8 + state.length);
  new DataView(payload.buffer).setFloat64(0, settledFrom, true);
  payload.set(state, 8);
  return payload;
}

/** The messages of a pipe, one after the other, each with bytes of its own. */
export async function* readMessages(pipe: AsyncIterable<Uint8Array>): AsyncGenerator<ShadowMessage> {
  const head = new Uint8Array(HEAD_BYTES);
  let headFilled = 0;
  let payload: Uint8Array<ArrayBuffer> | null = null;
  let filled = 0;
  for await (const chunk of pipe) {
    for (let at = 0; at < chunk.length; ) {
      if (payload === null) {
        const take = Math.min(HEAD_BYTES - headFilled, chunk.length - at);
        head.set(chunk.subarray(at, at + take), headFilled);
        headFilled += take;
        at += take;
        if (headFilled < HEAD_BYTES) continue;
        payload = new Uint8Array(new DataView(head.buffer).getUint32(0, true) - (HEAD_BYTES - 4));
        filled = 0;
      }
      const take = Math.min(payload.length - filled, chunk.length - at);
      payload.set(chunk.subarray(at, at + take), filled);
      filled += take;
      at += take;
      if (filled < payload.length) continue;
      yield messageOf(head, payload);
      payload = null;
      headFilled = 0;
    }
  }
}

function messageOf(head: Uint8Array<ArrayBuffer>, payload: Uint8Array<ArrayBuffer>): ShadowMessage {
  const view = new DataView(head.buffer);
  const kind = KINDS[view.getUint8(4)]!;
  const block = view.getFloat64(5, true);
  if (kind !== "start") return { kind, block, bytes: payload };
  const settledFrom = new DataView(payload.buffer).getFloat64(0, true);
  return { kind, block, settledFrom, state: payload.length > 8 ? payload.subarray(8) : null };
}

/** As a fold of the journal takes it; of a block, only what a fold looks at. */
export function entryOf(message: Exclude<ShadowMessage, { kind: "start" }>): JournalEntry {
  const { kind, block, bytes } = message;
  if (kind !== "block") return { kind, block, bytes };
  const nowhere = { firstSequence: 0, lastSequence: 0, timeUs: 0, hash: NO_BYTES };
  return { kind, block: { ...nowhere, number: block, bytes } };
}
