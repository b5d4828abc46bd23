/**
 * Notes that people write on moments and stretches of time: threads, each a note with what others answered.
 *
 *   shared document ─► threads ─► list, marks on the charts
 *
 * N1  Who may not change a note has no button for it: its author and owners may.
 */
import { computed, effect, signal } from "@preact/signals";
import type { TimeRange } from "../../charts/time-chart.ts";
import type { Controls } from "./controls.ts";
import type { Room } from "./room.ts";

/** Names differ by this much where two pages write at the same millisecond. */
const RANDOM_DIGITS = 6;

export interface Note extends TimeRange {
  readonly id: string;
  /** The author's id, as the server verified it. */
  readonly by: string;
  /** As the author gave it. */
  readonly name: string;
  readonly body: string;
  /** As group/name; null: about all channels. */
  readonly channel: string | null;
  readonly replyTo: string | null;
  /** When it was written, by the author's clock. */
  readonly atUs: number;
  readonly isResolved: boolean;
}

/** A note and its answers, the oldest first. */
export interface Thread {
  readonly note: Note;
  readonly replies: readonly Note[];
}

export class Notes {
  /** The thread that is shown whole, by the id of its note. */
  readonly open = signal<string | null>(null);
  /** The newest stretch of time first. */
  readonly threads = computed(() => threadsOf(this.#room.entries("annotations")));
  /** Counts changes: pictures compare it. */
  version = 0;
  readonly #room: Room;
  readonly #controls: Controls;
  readonly #end: () => void;

  constructor(room: Room, controls: Controls) {
    this.#room = room;
    this.#controls = controls;
    this.#end = effect(() => {
      this.threads.value;
      this.open.value;
      this.version++;
    });
  }

  stop(): void {
    this.#end();
  }

  /** Returns whether it was taken. */
  write(range: TimeRange, body: string, channel: string | null): boolean {
    const isMoment = range.fromUs === range.untilUs;
    return this.#add({
      fromUs: Math.round(range.fromUs),
      ...(isMoment ? {} : { untilUs: Math.round(range.untilUs) }),
      ...(channel === null ? {} : { channel }),
      body,
    });
  }

  reply({ id, fromUs }: Note, body: string): boolean {
    return this.#add({ fromUs, replyTo: id, body });
  }

  resolve({ id }: Note, isResolved: boolean): boolean {
    const { resolved: _, ...fields } = this.#room.entries("annotations")[id] as Record<string, unknown>;
    return this.#room.set("annotations", id, isResolved ? { ...fields, resolved: true } : fields);
  }

  /** A note goes with its answers as far as the person may remove them; others stay as notes of their own. */
  remove({ note, replies }: Thread): void {
    this.#room.together(() => {
      for (const each of [...replies, note])
        if (this.mayChange(each)) this.#room.remove("annotations", each.id);
    });
  }

  /** Reads signals. */
  mayChange({ by }: Note): boolean {
    const me = this.#controls.me.value;
    return this.#room.whyNot() === "" && me !== null && (by === me.id || me.role === "owner");
  }

  isSaving({ id }: Note): boolean {
    return this.#room.isSaving("annotations", id);
  }

  #add(fields: Record<string, unknown>): boolean {
    const me = this.#controls.me.peek();
    if (me === null) return false;
    const nowMs = Date.now();
    const random = Math.floor(Math.random() * 36 ** RANDOM_DIGITS).toString(36);
    const id = `${nowMs.toString(36)}-${random}`;
    const isWritten = this.#room.set("annotations", id, {
      ...fields,
      by: me.id,
      name: me.name,
      atUs: nowMs * 1000,
    });
    if (isWritten && fields["replyTo"] === undefined) this.open.value = id;
    return isWritten;
  }
}

/** Threads of a document's annotations. An answer whose note is gone is a note of its own; an answer to an answer belongs to its thread. */
export function threadsOf(annotations: Readonly<Record<string, unknown>>): readonly Thread[] {
  const notes = new Map<string, Note>();
  for (const [id, value] of Object.entries(annotations)) {
    const note = noteOf(id, value);
    if (note !== null) notes.set(id, note);
  }
  const replies = new Map<string, Note[]>();
  for (const note of notes.values()) {
    const first = firstOf(note, notes);
    if (first === note) continue;
    const known = replies.get(first.id);
    if (known === undefined) replies.set(first.id, [note]);
    else known.push(note);
  }
  return [...notes.values()]
    .filter((note) => firstOf(note, notes) === note)
    .map((note) => ({
      note,
      replies: (replies.get(note.id) ?? []).sort((a, b) => a.atUs - b.atUs || order(a, b)),
    }))
    .sort((a, b) => b.note.fromUs - a.note.fromUs || order(b.note, a.note));
}

/** The note that a thread begins with. Answers in a circle, which no page writes, begin with the one that is asked for. */
function firstOf(note: Note, notes: ReadonlyMap<string, Note>): Note {
  const seen = new Set([note.id]);
  for (let at = note; ; ) {
    const next = at.replyTo === null ? undefined : notes.get(at.replyTo);
    if (next === undefined) return at;
    if (seen.has(next.id)) return note;
    seen.add(next.id);
    at = next;
  }
}

/** The server has checked what the document's schema names; another recording may hold anything. */
function noteOf(id: string, value: unknown): Note | null {
  if (typeof value !== "object" || value === null) return null;
  const { by, name, body, fromUs, untilUs, channel, replyTo, atUs, resolved } = value as Record<
    string,
    unknown
  >;
  if (typeof by !== "string" || typeof body !== "string" || typeof fromUs !== "number") return null;
  return {
    id,
    by,
    name: typeof name === "string" ? name : "",
    body,
    fromUs,
    untilUs: typeof untilUs === "number" && untilUs >= fromUs ? untilUs : fromUs,
    channel: typeof channel === "string" ? channel : null,
    replyTo: typeof replyTo === "string" ? replyTo : null,
    atUs: typeof atUs === "number" ? atUs : 0,
    isResolved: resolved === true,
  };
}

function order(a: Note, b: Note): number {
  return a.id < b.id ? -1 : 1;
}
