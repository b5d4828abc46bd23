/**
 * Who else looks at the session, and whether what was changed in its shared document is durable.
 *
 *   the gateway names a shared document ─► its library is loaded ─► joined ─► people, saved · saving · offline
 *
 * The library is loaded then and not with the page: a session without a document, such as a recording, does not need it.
 */
import { batch, signal } from "@preact/signals";
import type { SaveState, SharedSession } from "../../shared-session.ts";
import type { Controls, Me } from "./controls.ts";

/** Somebody who is here, with as many pages as they have open. Name and role are what the server verified. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly pages: number;
  readonly isMe: boolean;
}

export class People {
  /** Oneself first, then by name. Empty without a shared document, or until it answers. */
  readonly here = signal<readonly Person[]>([]);
  /** Null: the session has no shared document. */
  readonly saving = signal<SaveState | null>(null);
  readonly #controls: Controls;
  readonly #ends: (() => void)[];
  #session: SharedSession | null = null;
  #address = "";

  constructor(controls: Controls) {
    this.#controls = controls;
    this.#ends = [
      controls.shared.subscribe((shared) => void this.#join(shared?.address ?? "")),
      controls.me.subscribe(() => this.#look()),
    ];
  }

  stop(): void {
    for (const end of this.#ends) end();
    void this.#join("");
  }

  /** Joins the document at an address; "" leaves. One that the server ended for good, as after a change of role, is joined anew. */
  async #join(address: string): Promise<void> {
    const isJoined = address === this.#address && (this.#session?.ended ?? null) === null;
    if (isJoined) return;
    this.#address = address;
    this.#session?.leave();
    this.#session = null;
    batch(() => {
      this.here.value = [];
      this.saving.value = address === "" ? null : "offline";
    });
    if (address === "") return;
    const { joinSession } = await import("../../shared-session.ts");
    // The session changed while the library was loaded.
    if (address !== this.#address || this.#session !== null) return;
    const session = joinSession(new URL(address, document.baseURI).href.replace(/^http/, "ws"));
    this.#session = session;
    session.onPeople(() => this.#look());
    session.onState((state) => {
      if (session !== this.#session) return;
      this.saving.value = state;
      this.#look();
    });
  }

  #look(): void {
    const session = this.#session;
    if (session === null) return;
    const isOffline = session.state === "offline";
    const known = isOffline ? [] : peopleOf(session.people(), session.doc.clientID, this.#controls.me.peek());
    if (JSON.stringify(known) !== JSON.stringify(this.here.peek())) this.here.value = known;
  }
}

/** Those whom the server has named, each once. It does not send a page's own presence back, that of the writer `own`: this is `me`. */
export function peopleOf(
  presences: Iterable<readonly [writer: number, presence: Readonly<Record<string, unknown>>]>,
  own: number,
  me: Me | null,
): readonly Person[] {
  const byId = new Map<string, Person>();
  for (const [writer, presence] of presences) {
    const user = writer === own ? me : presence["user"];
    if (typeof user !== "object" || user === null) continue;
    const { id, name, role } = user as Record<string, unknown>;
    if (typeof id !== "string" || typeof name !== "string") continue;
    const pages = (byId.get(id)?.pages ?? 0) + 1;
    byId.set(id, { id, name, role: String(role ?? ""), pages, isMe: id === me?.id });
  }
  return [...byId.values()].sort(
    (a, b) => Number(b.isMe) - Number(a.isMe) || a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1),
  );
}

/** "AB" for "Anna Berg", "A" for "Anna". */
export function initialsOf(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== "");
  const first = (word: string | undefined) => [...(word ?? "")][0] ?? "";
  return (first(words[0]) + (words.length > 1 ? first(words.at(-1)) : "")).toUpperCase();
}

/** Of `count` colours the one of a person, the same on every page. */
export function colourOf(id: string, count: number): number {
  let hash = 0;
  for (let k = 0; k < id.length; k++) hash = (hash * 31 + id.charCodeAt(k)) >>> 0;
  return hash % count;
}
