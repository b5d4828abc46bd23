/**
 * `eigenwatch/collab`: a shared session for programs and pages.
 *
 *   const session = joinSession("ws://127.0.0.1:7420/collab/local");
 *   await session.synced();
 *   session.set("thresholds", "load", { of: { group: "host", channel: "cpu.busy" }, direction: "above", level: 90 });
 *   await session.saved();                        durable: it survives a kill of the server
 *   session.leave();
 *
 *   saving ──what it wrote came back──► saved          offline: there is no connection; what was written waits here
 *
 * J1  `saved` means that all that this copy wrote has come back from the server, which sends a change when it is durable.
 * J2  A value that the schema does not take is refused here, and the server would put it back.
 *
 * The document is an ordinary Y.Doc, and the connection a stock y-websocket provider: use both as their own documentation says.
 */
import * as decoding from "lib0/decoding";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { EigenwatchError } from "../protocol/errors.ts";
import { checkEntry, type Intent, ROOTS, type RootName } from "../protocol/room-document.ts";
import { escapeName } from "../protocol/subjects.ts";

export type SaveState = "saved" | "saving" | "offline";

export interface JoinOptions {
  /** Proves who joins. Absent: the page's own sign-in, or a gateway on loopback that needs none. */
  readonly ticket?: string;
  /** A WebSocket for runtimes that have none, such as that of the package `ws`. */
  readonly WebSocket?: typeof globalThis.WebSocket;
  /** Default: a new one. It may hold changes that were made without a connection. */
  readonly doc?: Y.Doc;
}

/** Why the server ended the connection for good: protocol/close-codes.ts. */
export interface Ended {
  readonly code: number;
  readonly reason: string;
}

type Presence = Record<string, unknown>;

/** Joins the session of a URL `ws://HOST/collab/NAME`. Throws when the URL has another form. */
export function joinSession(url: string, options: JoinOptions = {}): SharedSession {
  return new SharedSession(url, options);
}

export class SharedSession {
  readonly doc: Y.Doc;
  readonly provider: WebsocketProvider;
  /** Set when the server ended the connection for good. */
  ended: Ended | null = null;
  /** The clock up to which what this copy wrote is durable, by writer. */
  readonly #durable = new Map<number, number>();
  /** The clock up to which it wrote, by writer: Yjs may change its writer. */
  readonly #written = new Map<number, number>();
  /** Deletions change no clock: they are saved with the next answer of the server. */
  readonly #listeners = new Set<(state: SaveState) => void>();
  #reported: SaveState = "offline";

  constructor(url: string, { ticket, WebSocket = globalThis.WebSocket, doc = new Y.Doc() }: JoinOptions) {
    const { server, name } = parsed(url);
    this.doc = doc;
    this.#noteWritten();
    this.provider = new WebsocketProvider(server, name, doc, {
      WebSocketPolyfill: WebSocket,
      params: ticket === undefined ? {} : { ticket },
      // Another tab's changes would come without the server having made them durable.
      disableBc: true,
    });
    this.#watch();
    doc.on("update", (_update: Uint8Array, origin: unknown) => {
      if (origin !== this.provider) this.#noteWritten();
      this.#report();
    });
    this.provider.on("status", () => this.#report());
    this.provider.on("sync", () => this.#report());
    this.provider.on("closed", (event) => {
      this.ended = event;
      this.#report();
    });
  }

  /** Whether what this copy wrote is durable. */
  get state(): SaveState {
    if (!this.provider.wsconnected || !this.provider.synced) return "offline";
    for (const [writer, clock] of this.#written)
      if ((this.#durable.get(writer) ?? 0) < clock) return "saving";
    return "saved";
  }

  /** Calls `listener` when the state is another one, and now. Returns what ends it. */
  onState(listener: (state: SaveState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.state);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when the document is that of the server. Rejects when the server ends the connection for good. */
  synced(): Promise<void> {
    return this.#when(() => this.provider.synced);
  }

  /** Resolves when all that this copy has written is durable. Rejects as `synced` does. */
  saved(): Promise<void> {
    return this.#when(() => this.state === "saved");
  }

  /** An entry, as plain JSON; undefined without one. */
  get(root: RootName, id: string): unknown {
    const value = this.doc.getMap(root).get(id);
    return value instanceof Y.Map ? value.toJSON() : value;
  }

  /** Entries of a root by id, as plain JSON. */
  all(root: RootName): Record<string, unknown> {
    return this.doc.getMap(root).toJSON();
  }

  /** Makes an entry have this value; of a root of fields only those that are another. Throws what is wrong with it. */
  set(root: RootName, id: string, value: unknown): void {
    const issue = checkEntry(root, id, value);
    if (issue !== null)
      throw new EigenwatchError({
        action: `set ${root}/${id}`,
        value: issue.field === null ? "the value" : `field ${issue.field}`,
        expected: issue.expected,
      });
    const map = this.doc.getMap(root);
    if (ROOTS[root].shape === "whole") map.set(id, value);
    else this.doc.transact(() => setFields(map, id, value as Record<string, unknown>));
  }

  remove(root: RootName, id: string): void {
    this.doc.getMap(root).delete(id);
  }

  /** Asks the room for what only the first may do. Its effect, if it has one, shows in `alerts` or `workflows`. */
  intend(intent: Intent): void {
    this.set("intents", `${this.doc.clientID}.${Y.getState(this.doc.store, this.doc.clientID)}`, intent);
  }

  /** What this person shows of themselves: nothing of it is kept. The server adds `user`. */
  show(state: Presence): void {
    this.provider.awareness.setLocalState(state);
  }

  /** What people show, by writer. */
  people(): ReadonlyMap<number, Presence> {
    return this.provider.awareness.getStates() as Map<number, Presence>;
  }

  /** Calls `listener` when somebody comes, leaves or shows something else. Returns what ends it. */
  onPeople(listener: () => void): () => void {
    const { awareness } = this.provider;
    awareness.on("change", listener);
    return () => awareness.off("change", listener);
  }

  /** Ends the connection. The document stays, and may be given to another session. */
  leave(): void {
    this.provider.awareness.destroy();
    this.provider.destroy();
  }

  /** Reads what the server says it has: its state when the connection begins, and every change that comes back. */
  #watch(): void {
    const handlers = this.provider.messageHandlers;
    const stock = handlers[SYNC]!;
    handlers[SYNC] = (encoder, decoder, provider, emitSynced, type) => {
      const durable = durableClocks(decoder);
      stock(encoder, decoder, provider, emitSynced, type);
      for (const [writer, clock] of durable)
        if (this.#written.has(writer))
          this.#durable.set(writer, Math.max(clock, this.#durable.get(writer) ?? 0));
      this.#report();
    };
  }

  #noteWritten(): void {
    const { clientID, store } = this.doc;
    const clock = Y.getState(store, clientID);
    if (clock > 0) this.#written.set(clientID, clock);
  }

  #report(): void {
    const { state } = this;
    if (state === this.#reported && this.ended === null) return;
    this.#reported = state;
    for (const listener of [...this.#listeners]) listener(state);
  }

  #when(holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let end = (): void => {};
      const look = (): void => {
        if (this.ended !== null) {
          const { code, reason } = this.ended;
          reject(new EigenwatchError({ action: "share a session", value: `closed with ${code}: ${reason}` }));
        } else if (holds()) resolve();
        else return;
        queueMicrotask(end);
      };
      const offState = this.onState(look);
      this.provider.on("sync", look);
      end = () => {
        offState();
        this.provider.off("sync", look);
      };
    });
  }
}

const SYNC = 0;
const STATE = 0;

/** The clocks that a sync message says the server has, by writer. Leaves the decoder where it was. */
function durableClocks(decoder: decoding.Decoder): ReadonlyMap<number, number> {
  const { pos } = decoder;
  const kind = decoding.readVarUint(decoder);
  const bytes = decoding.readVarUint8Array(decoder);
  decoder.pos = pos;
  if (kind === STATE) return Y.decodeStateVector(bytes);
  return Y.parseUpdateMeta(bytes).to;
}

function setFields(map: Y.Map<unknown>, id: string, fields: Record<string, unknown>): void {
  const live = map.get(id);
  if (!(live instanceof Y.Map)) {
    map.set(id, new Y.Map(Object.entries(fields)));
    return;
  }
  for (const name of [...live.keys()]) if (!Object.hasOwn(fields, name)) live.delete(name);
  for (const [name, value] of Object.entries(fields))
    if (JSON.stringify(live.get(name)) !== JSON.stringify(value)) live.set(name, value);
}

/** The address up to `/collab`, and the name as the provider appends it. */
function parsed(url: string): { server: string; name: string } {
  const found = /^(wss?:\/\/[^?#]*\/collab)\/([^/?#]+)$/.exec(url);
  if (found === null)
    throw new EigenwatchError({
      action: "join a session",
      value: url,
      expected: "ws://HOST:PORT/collab/NAME",
    });
  const [, server, name] = found as unknown as [string, string, string];
  return { server, name: escapeName(decodeURIComponent(name)) };
}
