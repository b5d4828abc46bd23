/**
 * What a copy of a shared document has changed and the server has not answered yet, entry by entry.
 *
 *   changed here ──it comes back, durable──► as it was written
 *                                       └──► another value, of the room: put back
 *
 * The room's writer is that of `meta`, which nobody else writes.
 */
import * as Y from "yjs";
import { ROOT_NAMES, type RootName, withoutStamps } from "../protocol/room-document.ts";

/** A change that the server has put back. */
export interface PutBack {
  readonly root: RootName;
  readonly id: string;
  /** The entry as it was written; undefined: it was removed. */
  readonly written: unknown;
}

interface Change extends PutBack {
  readonly writer: number;
  /** It is durable when the server has the writer's changes up to here. */
  readonly clock: number;
  /** A removal changes no clock: it is durable when this item comes back as deleted. */
  readonly removed: Y.ID | null;
}

type Deletions = ReturnType<typeof Y.decodeUpdate>["ds"];

export class Unsettled {
  readonly #doc: Y.Doc;
  readonly #changes = new Map<string, Change>();

  /** `isOwn`: whether a transaction of this origin is this copy's. */
  constructor(doc: Y.Doc, isOwn: (origin: unknown) => boolean) {
    this.#doc = doc;
    for (const root of ROOT_NAMES) {
      // The room removes each intent: that is no answer to what it asks for.
      if (root === "intents") continue;
      doc.getMap(root).observeDeep((events, { origin }) => {
        if (!isOwn(origin)) return;
        for (const event of events) {
          const [first] = event.path;
          const ids = first === undefined ? [...(event as Y.YMapEvent<unknown>).keysChanged] : [first];
          for (const id of ids) this.#note(root, String(id));
        }
      });
    }
  }

  get size(): number {
    return this.#changes.size;
  }

  /** Whether removals wait: then an answer's deletions count. */
  get hasRemovals(): boolean {
    return [...this.#changes.values()].some(({ removed }) => removed !== null);
  }

  has(root: RootName, id: string): boolean {
    return this.#changes.has(keyOf(root, id));
  }

  /** Takes an answer of the server that is in the document. `durable`: clocks by writer. Returns what it put back. */
  answered(durable: ReadonlyMap<number, number>, deletions: Deletions | null): PutBack[] {
    const putBack: PutBack[] = [];
    for (const [key, change] of this.#changes) {
      const { root, id, written, writer, clock, removed } = change;
      const isBack =
        removed === null
          ? (durable.get(writer) ?? 0) >= clock
          : deletions !== null && holds(deletions, removed);
      if (!isBack) continue;
      this.#changes.delete(key);
      if (!isSame(root, this.#value(root, id), written) && this.#isOfRoom(root, id))
        putBack.push({ root, id, written });
    }
    return putBack;
  }

  #note(root: RootName, id: string): void {
    const { clientID, store } = this.#doc;
    const written = this.#value(root, id);
    const item = this.#doc.getMap(root)._map.get(id);
    const removed = written === undefined && item !== undefined ? item.id : null;
    const change = { root, id, written, writer: clientID, clock: Y.getState(store, clientID), removed };
    this.#changes.set(keyOf(root, id), change);
  }

  #value(root: RootName, id: string): unknown {
    const value = this.#doc.getMap(root).get(id);
    return value instanceof Y.Map ? value.toJSON() : value;
  }

  /** Whether the room wrote, or removed, what the entry is now. */
  #isOfRoom(root: RootName, id: string): boolean {
    const room = this.#doc.getMap("meta")._map.get("epoch")?.id.client;
    const item = this.#doc.getMap(root)._map.get(id);
    if (item === undefined || room === undefined) return false;
    if (item.deleted || item.id.client === room) return true;
    const { content } = item;
    if (!(content instanceof Y.ContentType)) return false;
    return [...content.type._map.values()].some((field) => field.id.client === room);
  }
}

/** But for what the server adds. */
function isSame(root: RootName, a: unknown, b: unknown): boolean {
  return JSON.stringify(withoutStamps(root, a)) === JSON.stringify(withoutStamps(root, b));
}

function holds({ clients }: Deletions, { client, clock }: Y.ID): boolean {
  return (clients.get(client) ?? []).some((range) => range.clock <= clock && clock < range.clock + range.len);
}

function keyOf(root: RootName, id: string): string {
  return `${root}\n${id}`;
}
