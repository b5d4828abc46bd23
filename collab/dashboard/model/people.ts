/** Who else looks at the session. Name and role are what the server verified. */
import { computed } from "@preact/signals";
import type { Controls, Me } from "./controls.ts";
import type { Room } from "./room.ts";

/** Somebody who is here, with as many pages as they have open. */
export interface Person {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly pages: number;
  readonly isMe: boolean;
}

type Presences = Iterable<readonly [writer: number, presence: Readonly<Record<string, unknown>>]>;

export class People {
  readonly #room: Room;
  readonly #controls: Controls;
  /** Oneself first, then by name. Empty without a shared document, or until it answers. */
  readonly here = computed<readonly Person[]>(() => {
    const known = peopleOf(this.#room.presences.value, this.#room.writer, this.#controls.me.value);
    if (JSON.stringify(known) !== JSON.stringify(this.#before)) this.#before = known;
    return this.#before;
  });
  /** Names of all who have been here: notes may be of people who have left. */
  readonly #names = new Map<string, string>();
  #before: readonly Person[] = [];

  constructor(room: Room, controls: Controls) {
    this.#room = room;
    this.#controls = controls;
    this.here.subscribe((here) => {
      for (const { id, name } of here) this.#names.set(id, name);
    });
  }

  /** The name that the server verified, where this page has met the person. Reads signals. */
  nameOf(id: string): string | undefined {
    this.here.value;
    const me = this.#controls.me.value;
    return id === me?.id ? me.name : this.#names.get(id);
  }
}

/** Those whom the server has named, each once. It does not send a page's own presence back, that of the writer `own`: this is `me`. */
export function peopleOf(presences: Presences, own: number, me: Me | null): readonly Person[] {
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
