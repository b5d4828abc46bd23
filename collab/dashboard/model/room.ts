/**
 * The page's copy of the session's shared document: its entries as signals, and what the person writes. That of a recording is only read.
 *
 *   the gateway names a shared document ─► its library is loaded ─► joined ─► entries, saved · saving · offline
 *
 * The library is loaded then and not with the page: a session without a document, such as a recording, does not need it.
 */
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import type { Role } from "../../../protocol/principal.ts";
import type { Intent, RootName } from "../../../protocol/room-document.ts";
import type { SaveState, SharedSession } from "../../shared-session.ts";
import type { Controls } from "./controls.ts";

type Entries = Readonly<Record<string, unknown>>;
type Presences = ReadonlyMap<number, Readonly<Record<string, unknown>>>;

const NO_ENTRIES: Entries = {};
const NOBODY: Presences = new Map();

/** Roots by what people call an entry of them. */
const NOUNS: Readonly<Partial<Record<RootName, string>>> = {
  annotations: "note",
  thresholds: "threshold",
  panels: "arrangement of the panels",
};

export class Room {
  /** Null: the session has no shared document. */
  readonly saving = signal<SaveState | null>(null);
  /** The document is here, and what is written goes to all; what is written without a connection goes when there is one. */
  readonly isJoined = signal(false);
  /** Its entries are here. */
  readonly isThere = computed(() => this.isJoined.value || this.#controls.document.value !== null);
  /** What people show of themselves, by writer; empty without a connection. */
  readonly presences = signal<Presences>(NOBODY);
  /** Why the last change was refused or put back, "" when it was not. */
  readonly failure = signal("");
  readonly #version = signal(0);
  readonly #entries = new Map<RootName, ReadonlySignal<Entries>>();
  readonly #controls: Controls;
  readonly #end: () => void;
  #session: SharedSession | null = null;
  #address = "";

  constructor(controls: Controls) {
    this.#controls = controls;
    this.#end = controls.shared.subscribe((shared) => void this.#join(shared?.address ?? ""));
  }

  stop(): void {
    this.#end();
    void this.#join("");
  }

  /** Of this page, as the document knows it. */
  get writer(): number {
    return this.#session?.doc.clientID ?? 0;
  }

  /** Entries of a root by id, as plain JSON. Reads signals: who shows them follows their changes. */
  entries(root: RootName): Entries {
    let entries = this.#entries.get(root);
    if (entries === undefined) {
      entries = computed(() => {
        this.#version.value;
        const recorded = this.#controls.document.value?.[root];
        return this.isJoined.value ? (this.#session?.all(root) ?? NO_ENTRIES) : (recorded ?? NO_ENTRIES);
      });
      this.#entries.set(root, entries);
    }
    return entries.value;
  }

  /** Whether this page has changed the entry and that is not durable yet. Reads signals. */
  isSaving(root: RootName, id: string): boolean {
    this.#version.value;
    return this.#session?.isSaving(root, id) ?? false;
  }

  /** Why the person may not write, "" when they may. Reads signals. */
  whyNot(): string {
    if (!this.isJoined.value) return "There is no connection to the shared document";
    const { role } = this.#controls.me.value ?? { role: "less" };
    return role === "editor" || role === "owner" ? "" : `Needs the role editor or owner; yours is ${role}`;
  }

  /** Returns whether it was taken; else `failure` says why not. It may still be put back, which `failure` says too. */
  set(root: RootName, id: string, value: unknown): boolean {
    return this.#act((session) => session.set(root, id, value));
  }

  remove(root: RootName, id: string): boolean {
    return this.#act((session) => session.remove(root, id));
  }

  /** Asks the room for what only the first may do. Resolves with whether it did it; else `failure` says why not. */
  async intend(intent: Intent): Promise<boolean> {
    let decided: ReturnType<SharedSession["intend"]> | undefined;
    const isAsked = this.#act((session) => {
      decided = session.intend(intent);
    });
    const refusal = isAsked ? await decided!.catch((error: Error) => ({ expected: error.message })) : null;
    if (refusal === null) return isAsked;
    const found = "found" in refusal && refusal.found !== undefined ? `${refusal.found}; ` : "";
    this.failure.value = `Not done: ${found}expected ${refusal.expected}`;
    return false;
  }

  /** Makes several changes one, which is taken back as a whole. */
  together(change: () => void): void {
    if (this.#session === null) change();
    else this.#session.together(change);
  }

  /** Takes back the last change of this page. Returns whether there was one. */
  undo(): boolean {
    return this.#session?.undo() ?? false;
  }

  redo(): boolean {
    return this.#session?.redo() ?? false;
  }

  /** What this page shows of itself. */
  show(state: Record<string, unknown>): void {
    this.#session?.show(state);
  }

  #act(change: (session: SharedSession) => void): boolean {
    const session = this.#session;
    this.failure.value = session === null ? "There is no connection to the shared document" : "";
    if (session === null) return false;
    try {
      change(session);
    } catch (error) {
      this.failure.value = (error as Error).message;
    }
    return this.failure.peek() === "";
  }

  /** Joins the document at an address; "" leaves. One that the server ended for good, as after a change of role, is joined anew. */
  async #join(address: string): Promise<void> {
    const stays = address === this.#address && (this.#session?.ended ?? null) === null;
    if (stays) return;
    this.#address = address;
    this.#session?.leave();
    this.#session = null;
    batch(() => {
      this.isJoined.value = false;
      this.presences.value = NOBODY;
      this.saving.value = address === "" ? null : "offline";
    });
    if (address === "") return;
    const { joinSession } = await import("../../shared-session.ts");
    // The session changed while the library was loaded.
    if (address !== this.#address || this.#session !== null) return;
    const session = joinSession(new URL(address, document.baseURI).href.replace(/^http/, "ws"), {
      person: () => {
        const me = this.#controls.me.peek();
        return me === null ? null : { id: me.id, role: me.role as Role };
      },
    });
    this.#session = session;
    const look = () => {
      if (session === this.#session) this.#look(session);
    };
    session.onPeople(look);
    session.onChange(() => this.#version.value++);
    session.onPutBack(({ root, expected, written }) => {
      const what = `${written === undefined ? "The removal of a" : "Your"} ${NOUNS[root] ?? `change of ${root}`}`;
      this.failure.value = `${what} was put back: expected ${expected}`;
    });
    session.onState(look);
  }

  #look(session: SharedSession): void {
    const { state, ended } = session;
    batch(() => {
      this.saving.value = state;
      // A connection that breaks takes nothing away; one that the server refuses does.
      this.isJoined.value = ended === null && (state !== "offline" || this.isJoined.peek());
      this.presences.value = state === "offline" ? NOBODY : new Map(session.people());
    });
  }
}
