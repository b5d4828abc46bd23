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
 *                                  └──► put back, if the room does not take it: `onPutBack` says why
 *
 * J1  `saved` means that all that this copy wrote has come back from the server, which sends a change when it is durable.
 * J2  A value that the schema does not take, or a change that the person may not make, is refused here; the server would put it back.
 * J3  `undo` takes back what `set` and `remove` of this copy did, never what others did; it is a change like any other.
 *
 * The document is an ordinary Y.Doc, and the connection a stock y-websocket provider: use both as their own documentation says.
 */
import * as decoding from "lib0/decoding";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { EigenwatchError } from "../protocol/errors.ts";
import {
  type ChangeOfEntry,
  checkEntry,
  type EntryAuthor,
  type Intent,
  type IntentRefusal,
  ROOTS,
  type RootName,
  refusalOf,
} from "../protocol/room-document.ts";
import { escapeName } from "../protocol/subjects.ts";
import { OwnChanges } from "./own-changes.ts";
import { type PutBack, Unsettled } from "./unsettled.ts";

export type SaveState = "saved" | "saving" | "offline";

export interface JoinOptions {
  /** Proves who joins. Absent: the page's own sign-in, or a gateway on loopback that needs none. */
  readonly ticket?: string;
  /** A WebSocket for runtimes that have none, such as that of the package `ws`. */
  readonly WebSocket?: typeof globalThis.WebSocket;
  /** Default: a new one. It may hold changes that were made without a connection. */
  readonly doc?: Y.Doc;
  /** Who joins, as soon as that is known: what they may not change is then refused here. */
  readonly person?: () => EntryAuthor | null;
}

/** What the server put back of what this copy wrote. */
export interface Refused extends PutBack {
  readonly expected: string;
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
  readonly #unsettled: Unsettled;
  readonly #own: OwnChanges;
  /** Entries as they were before the changes that are made together, by root and id; null: none are. */
  #together: Map<string, { root: RootName; id: string; before: unknown }> | null = null;
  readonly #person: () => EntryAuthor | null;
  readonly #listeners = new Set<(state: SaveState) => void>();
  readonly #onChange = new Set<() => void>();
  readonly #onPutBack = new Set<(refused: Refused) => void>();
  #reported: SaveState = "offline";

  constructor(url: string, options: JoinOptions) {
    const { ticket, WebSocket = globalThis.WebSocket, doc = new Y.Doc(), person = () => null } = options;
    const { server, name } = parsed(url);
    this.doc = doc;
    this.#person = person;
    this.#unsettled = new Unsettled(doc, (origin) => origin !== this.provider);
    this.#own = new OwnChanges({
      get: (root, id) => this.get(root, id),
      put: (root, id, value) => this.#refusal(root, id, value) === null && this.#put(root, id, value),
    });
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
      this.#changed();
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
    return this.#unsettled.size > 0 ? "saving" : "saved";
  }

  /** Whether this copy has changed an entry and the server has not answered yet. */
  isSaving(root: RootName, id: string): boolean {
    return this.#unsettled.has(root, id);
  }

  /** Calls `listener` when entries changed, or are not saving any more. Returns what ends it. */
  onChange(listener: () => void): () => void {
    this.#onChange.add(listener);
    return () => this.#onChange.delete(listener);
  }

  /** Calls `listener` with what this copy wrote and the server put back. Returns what ends it. */
  onPutBack(listener: (refused: Refused) => void): () => void {
    this.#onPutBack.add(listener);
    return () => this.#onPutBack.delete(listener);
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
    this.#check("set", root, id, value);
    this.#change(root, id, value);
  }

  /** Throws when the person may not. */
  remove(root: RootName, id: string): void {
    this.#check("remove", root, id, undefined);
    this.#change(root, id, undefined);
  }

  /** Makes several changes one: sent, taken back and made again as a whole. */
  together(change: () => void): void {
    if (this.#together !== null) {
      change();
      return;
    }
    const changed = new Map<string, { root: RootName; id: string; before: unknown }>();
    this.#together = changed;
    try {
      this.doc.transact(change);
    } finally {
      this.#together = null;
      if (changed.size > 0)
        this.#own.add(
          [...changed.values()].map((each) => ({ ...each, after: this.get(each.root, each.id) })),
        );
    }
  }

  /** Takes back the last change of this copy that is not taken back yet. Returns whether there was one. */
  undo(): boolean {
    return this.doc.transact(() => this.#own.undo());
  }

  /** Makes the change again that `undo` took back last. Returns whether there was one. */
  redo(): boolean {
    return this.doc.transact(() => this.#own.redo());
  }

  /**
   * Asks the room for what only the first may do. Its effect shows in `alerts` or `workflows`. Resolves when the room has decided: with null, or with
   * why it refused, such as who was first. Rejects as `synced` does.
   */
  intend(intent: Intent): Promise<IntentRefusal | null> {
    const key = `${this.doc.clientID}.${Y.getState(this.doc.store, this.doc.clientID)}`;
    this.set("intents", key, intent);
    const intents = this.doc.getMap("intents");
    // The room removes a request together with its effect or its answer.
    const decided = this.#when(() => !intents.has(key)).then(
      () => (this.get("answers", key) as IntentRefusal | undefined) ?? null,
    );
    // Whoever drops the promise has asked for no answer.
    decided.catch(() => {});
    return decided;
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
      const { durable, deletions } = answerOf(decoder, this.#unsettled.hasRemovals);
      stock(encoder, decoder, provider, emitSynced, type);
      for (const [writer, clock] of durable)
        if (this.#written.has(writer))
          this.#durable.set(writer, Math.max(clock, this.#durable.get(writer) ?? 0));
      this.#settle(deletions);
      this.#report();
    };
  }

  #settle(deletions: Answer["deletions"]): void {
    const waiting = this.#unsettled.size;
    for (const putBack of this.#unsettled.answered(this.#durable, deletions)) {
      const { root, id, written } = putBack;
      const expected =
        (written === undefined ? undefined : checkEntry(root, id, written)?.expected) ??
        this.#refusal(root, id, written) ??
        "what the session has in force";
      for (const listener of [...this.#onPutBack]) listener({ ...putBack, expected });
    }
    if (this.#unsettled.size !== waiting) this.#changed();
  }

  #changed(): void {
    for (const listener of [...this.#onChange]) listener();
  }

  #change(root: RootName, id: string, value: unknown): void {
    this.together(() => {
      const key = `${root}\n${id}`;
      // The room takes requests away by itself.
      if (root !== "intents" && this.#together?.has(key) === false)
        this.#together.set(key, { root, id, before: this.get(root, id) });
      this.#put(root, id, value);
    });
  }

  #put(root: RootName, id: string, value: unknown): true {
    const map = this.doc.getMap(root);
    if (value === undefined) map.delete(id);
    else if (ROOTS[root].shape === "whole") map.set(id, value);
    else setFields(map, id, value as Record<string, unknown>);
    return true;
  }

  #check(verb: string, root: RootName, id: string, after: unknown): void {
    const expected = this.#refusal(root, id, after);
    if (expected !== null)
      throw new EigenwatchError({ action: `${verb} ${root}/${id}`, value: "this change", expected });
  }

  /** Why the person may not make the entry another one, or null. */
  #refusal(root: RootName, id: string, after: unknown): string | null {
    const person = this.#person();
    if (person === null) return null;
    const change: ChangeOfEntry = { before: this.get(root, id), after, count: this.doc.getMap(root).size };
    return refusalOf(root, change, person);
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
      this.doc.on("update", look);
      end = () => {
        offState();
        this.provider.off("sync", look);
        this.doc.off("update", look);
      };
    });
  }
}

const SYNC = 0;
const STATE = 0;

interface Answer {
  /** The clocks that the server has, by writer. */
  readonly durable: ReadonlyMap<number, number>;
  readonly deletions: ReturnType<typeof Y.decodeUpdate>["ds"] | null;
}

/** What a sync message says the server has; its deletions only on demand. Leaves the decoder where it was. */
function answerOf(decoder: decoding.Decoder, withDeletions: boolean): Answer {
  const { pos } = decoder;
  const kind = decoding.readVarUint(decoder);
  const bytes = decoding.readVarUint8Array(decoder);
  decoder.pos = pos;
  if (kind === STATE) return { durable: Y.decodeStateVector(bytes), deletions: null };
  return {
    durable: Y.parseUpdateMeta(bytes).to,
    deletions: withDeletions ? Y.decodeUpdate(bytes).ds : null,
  };
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
