/**
 * The messages of stock y-websocket clients, one in each WebSocket frame.
 *
 *   0 0 state vector    what the sender has: the other answers with what it lacks
 *   0 1 update          that answer
 *   0 2 update          a change
 *   1 entries           presence
 *   3                   a request for everybody's presence
 *
 * Clients read only the first message of a frame, so changes that leave together are merged into one update.
 */
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import * as Y from "yjs";

export type RoomMessage =
  | { readonly kind: "state"; readonly vector: Map<number, number> }
  | { readonly kind: "update"; readonly update: Uint8Array }
  | { readonly kind: "presence"; readonly entries: Uint8Array }
  | { readonly kind: "presenceRequest" };

const SYNC = 0;
const PRESENCE = 1;
const PRESENCE_REQUEST = 3;
const STATE = 0;
const ANSWER = 1;
const CHANGE = 2;

/** Null for bytes that are no message, or more than one. */
export function readRoomMessage(bytes: Uint8Array): RoomMessage | null {
  try {
    const decoder = decoding.createDecoder(bytes);
    const message = read(decoder);
    return decoding.hasContent(decoder) ? null : message;
  } catch {
    return null;
  }
}

function read(decoder: decoding.Decoder): RoomMessage | null {
  switch (decoding.readVarUint(decoder)) {
    case SYNC:
      return readSync(decoder);
    case PRESENCE:
      return { kind: "presence", entries: decoding.readVarUint8Array(decoder) };
    case PRESENCE_REQUEST:
      return { kind: "presenceRequest" };
    default:
      return null;
  }
}

function readSync(decoder: decoding.Decoder): RoomMessage | null {
  const kind = decoding.readVarUint(decoder);
  if (kind > CHANGE) return null;
  const bytes = decoding.readVarUint8Array(decoder);
  return kind === STATE
    ? { kind: "state", vector: Y.decodeStateVector(bytes) }
    : { kind: "update", update: bytes };
}

/** What the sender has. */
export function stateMessage(vector: Uint8Array): Uint8Array {
  return syncMessage(STATE, vector);
}

/** What somebody lacks who sent their state. */
export function answerMessage(update: Uint8Array): Uint8Array {
  return syncMessage(ANSWER, update);
}

export function changeMessage(update: Uint8Array): Uint8Array {
  return syncMessage(CHANGE, update);
}

function syncMessage(kind: number, bytes: Uint8Array): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, SYNC);
    encoding.writeVarUint(encoder, kind);
    encoding.writeVarUint8Array(encoder, bytes);
  });
}

/** What one client shows of its person; `state`: JSON, "null" when it has left. */
export interface PresenceEntry {
  readonly writer: number;
  readonly clock: number;
  readonly state: string;
}

export function presenceMessage(entries: readonly PresenceEntry[]): Uint8Array {
  const bytes = encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, entries.length);
    for (const { writer, clock, state } of entries) {
      encoding.writeVarUint(encoder, writer);
      encoding.writeVarUint(encoder, clock);
      encoding.writeVarString(encoder, state);
    }
  });
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, PRESENCE);
    encoding.writeVarUint8Array(encoder, bytes);
  });
}

/** Null for bytes that are no entries; at most `most` are read, one more is "tooMany". */
export function readPresence(bytes: Uint8Array, most: number): PresenceEntry[] | "tooMany" | null {
  try {
    const decoder = decoding.createDecoder(bytes);
    const count = decoding.readVarUint(decoder);
    if (count > most) return "tooMany";
    const entries: PresenceEntry[] = [];
    for (let k = 0; k < count; k++)
      entries.push({
        writer: decoding.readVarUint(decoder),
        clock: decoding.readVarUint(decoder),
        state: decoding.readVarString(decoder),
      });
    return decoding.hasContent(decoder) ? null : entries;
  } catch {
    return null;
  }
}
