/**
 * Who is there, and what they show of themselves: a table that the server owns. Nothing of it is kept or logged.
 *
 *   entry of a client ─► its own? newer? ─► `user` as the server verified it ─► changed entries, to all, at most 20 times a second
 *
 * A1  A connection speaks for its own ids only. All else that it sends is an echo of what it received, and ignored.
 * A2  `user` is {id, name, role} of the ticket, whatever the client wrote there; a colour of its own stays.
 * A3  The clock of an entry only grows for others. Who returns with an old one is shown with a later one, and is not shown to itself: it would
 *     take its own older state for news.
 * A4  When a connection ends, its people leave, for everybody.
 */
import { CLOSE_CODES, type CloseCode } from "../../protocol/close-codes.ts";
import type { Principal } from "../../protocol/principal.ts";
import { ROOM_LIMITS } from "./limits.ts";
import { type PresenceEntry, readPresence } from "./wire.ts";

/** A connection as the table knows it. */
export interface PresenceOwner {
  readonly person: Principal;
}

interface Entry extends PresenceEntry {
  readonly owner: PresenceOwner;
  /** What its clock is ahead of its client's own. */
  readonly ahead: number;
  /** Monotonic ms of when it was last passed on. */
  readonly passedOnMs: number;
}

/** Why a connection is to be closed. */
export interface PresenceRefusal {
  readonly code: CloseCode;
  readonly reason: string;
}

export class Presence {
  private readonly entries = new Map<number, Entry>();
  /** The last clock of ids that have left, oldest first. */
  private readonly left = new Map<number, number>();
  private readonly ids = new Map<PresenceOwner, Set<number>>();
  private readonly changed = new Set<number>();

  /** Takes the entries of a message. Returns why the connection is to be closed, or null. */
  receive(owner: PresenceOwner, bytes: Uint8Array, nowMs: number): PresenceRefusal | null {
    const entries = readPresence(bytes, ROOM_LIMITS.presenceEntries);
    if (entries === null) return { code: CLOSE_CODES.malformed, reason: "bytes that are no presence" };
    if (entries === "tooMany")
      return { code: CLOSE_CODES.tooLarge, reason: `presence of more than ${ROOM_LIMITS.presenceEntries}` };
    for (const entry of entries) {
      const refusal = this.take(owner, entry, entries.length === 1, nowMs);
      if (refusal !== null) return refusal;
    }
    return null;
  }

  /** The connection has ended. */
  leave(owner: PresenceOwner): void {
    for (const writer of this.ids.get(owner) ?? [])
      if (this.entries.get(writer)?.owner === owner) this.remove(writer);
    this.ids.delete(owner);
  }

  /** Everybody who is there but the one who asks. */
  others(owner: PresenceOwner): PresenceEntry[] {
    return [...this.entries.values()].filter((entry) => entry.owner !== owner);
  }

  get hasChanges(): boolean {
    return this.changed.size > 0;
  }

  /** What has changed since the last call, and who must not get their own entry with it. */
  takeChanges(): { entries: PresenceEntry[]; ahead: ReadonlySet<PresenceOwner> } {
    const ahead = new Set<PresenceOwner>();
    const entries = [...this.changed].map((writer) => {
      const entry = this.entries.get(writer);
      if (entry === undefined) return { writer, clock: this.left.get(writer) ?? 0, state: "null" };
      if (entry.ahead > 0) ahead.add(entry.owner);
      return entry;
    });
    this.changed.clear();
    return { entries, ahead };
  }

  /** Those of the entries that are not the owner's. */
  without(owner: PresenceOwner, entries: readonly PresenceEntry[]): PresenceEntry[] {
    const own = this.ids.get(owner);
    return entries.filter(({ writer }) => own?.has(writer) !== true);
  }

  private take(
    owner: PresenceOwner,
    { writer, clock, state }: PresenceEntry,
    isAlone: boolean,
    nowMs: number,
  ): PresenceRefusal | null {
    const known = this.entries.get(writer);
    const isOwn = this.ids.get(owner)?.has(writer) === true;
    if (!isOwn && !this.mayClaim(owner, writer, known, isAlone)) return null;
    // What is somebody else's was not read: the sender only passes it on.
    const shown = shownState(state, owner.person);
    if (typeof shown === "object") return shown;
    if (shown === "null") {
      if (isOwn && known !== undefined) this.remove(writer);
      return null;
    }
    const own = isOwn ? known : undefined;
    const before = own === undefined ? 0 : own.clock - own.ahead;
    if (own !== undefined && clock <= before) return null;
    if (clock - before > ROOM_LIMITS.presenceClockStep) return null;
    const shownBefore = known?.clock ?? this.left.get(writer) ?? -1;
    const ahead = own?.ahead ?? Math.max(0, shownBefore + 1 - clock);
    this.claim(owner, writer);
    const isRenewed = own?.state === shown && nowMs - own.passedOnMs < ROOM_LIMITS.presenceRenewMs;
    const passedOnMs = isRenewed ? own.passedOnMs : nowMs;
    this.entries.set(writer, { writer, clock: clock + ahead, ahead, state: shown, owner, passedOnMs });
    this.left.delete(writer);
    if (!isRenewed) this.changed.add(writer);
    return null;
  }

  /** An id is a connection's when it sends it alone, as clients do with their own, and nobody else who is there has it. */
  private mayClaim(
    owner: PresenceOwner,
    writer: number,
    known: Entry | undefined,
    isAlone: boolean,
  ): boolean {
    if (!isAlone) return false;
    const ids = this.ids.get(owner);
    if (ids !== undefined && ids.size >= ROOM_LIMITS.presenceIds) return false;
    // Who had it before and is known to have left: only a connection without an id returns, all others send echoes.
    if (known === undefined) return ids === undefined || !this.left.has(writer);
    return ids === undefined && known.owner.person.id === owner.person.id;
  }

  private claim(owner: PresenceOwner, writer: number): void {
    const ids = this.ids.get(owner);
    if (ids === undefined) this.ids.set(owner, new Set([writer]));
    else ids.add(writer);
  }

  private remove(writer: number): void {
    const known = this.entries.get(writer);
    this.entries.delete(writer);
    this.left.set(writer, (known?.clock ?? 0) + 1);
    this.changed.add(writer);
    if (this.left.size <= ROOM_LIMITS.presenceLeftMax) return;
    for (const oldest of this.left.keys()) {
      if (this.changed.has(oldest)) continue;
      this.left.delete(oldest);
      return;
    }
  }
}

/** The state as others see it, "null" for one who has left, or why it is refused. */
function shownState(text: string, { id, name, role }: Principal): string | PresenceRefusal {
  if (text.length > ROOM_LIMITS.presenceCharacters)
    return { code: CLOSE_CODES.tooLarge, reason: `presence of ${text.length} characters` };
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    return { code: CLOSE_CODES.malformed, reason: "presence that is no JSON" };
  }
  if (state === null) return "null";
  if (typeof state !== "object" || Array.isArray(state))
    return { code: CLOSE_CODES.malformed, reason: "presence that is no object" };
  const { user } = state as { user?: unknown };
  const colour = typeof user === "object" && user !== null ? (user as { color?: unknown }).color : undefined;
  const shown = typeof colour === "string" && colour.length <= 32 ? { color: colour } : {};
  return JSON.stringify({ ...state, user: { ...shown, id, name, role } });
}
