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
 * A5  In a cluster each gateway speaks for its own connections only. Of one person's entry at two gateways, as after a change of gateway, the later
 *     clock counts. Entries of a gateway that is silent leave.
 */
import { CLOSE_CODES, type CloseCode } from "../../protocol/close-codes.ts";
import type { Principal } from "../../protocol/principal.ts";
import { ROOM_LIMITS } from "./limits.ts";
import { type PresenceEntry, readPresence } from "./wire.ts";

/** A connection as the table knows it. */
export interface PresenceOwner {
  readonly person: Principal;
}

/** Who speaks for an entry: a connection here, or another gateway by its name. */
type Holder = PresenceOwner | string;

/** An entry as gateways tell it each other. `person`: the id of whose it is. */
export interface SharedEntry extends PresenceEntry {
  readonly person: string;
}

interface Entry extends SharedEntry {
  readonly owner: Holder;
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
  private readonly ids = new Map<Holder, Set<number>>();
  private readonly changed = new Set<number>();
  /** Of these, what connections of this gateway changed, with the person. */
  private readonly changedHere = new Map<number, string>();

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

  /** Takes what another gateway says of its connections. */
  hear(gateway: string, entries: readonly SharedEntry[], nowMs: number): void {
    for (const { writer, clock, person, state } of entries) {
      const known = this.entries.get(writer);
      const isTheirs = known?.owner === gateway;
      if (state === "null") {
        if (isTheirs) this.remove(writer);
        continue;
      }
      if (known !== undefined && !isTheirs && known.person !== person) continue;
      if (clock <= (known?.clock ?? this.left.get(writer) ?? -1)) continue;
      if (known !== undefined && !isTheirs) this.ids.get(known.owner)?.delete(writer);
      this.claim(gateway, writer);
      this.show({ writer, clock, ahead: 0, state, owner: gateway, person, passedOnMs: nowMs });
    }
  }

  /** Entries of other gateways that nobody has renewed since then leave. */
  expire(sinceMs: number): void {
    for (const { owner, writer, passedOnMs } of [...this.entries.values()])
      if (typeof owner === "string" && passedOnMs < sinceMs) this.remove(writer);
  }

  /** Everybody who is connected to this gateway. */
  here(): SharedEntry[] {
    return [...this.entries.values()].filter(({ owner }) => typeof owner !== "string").map(shared);
  }

  /** Everybody who is there but the one who asks. */
  others(owner: PresenceOwner): PresenceEntry[] {
    return [...this.entries.values()].filter((entry) => entry.owner !== owner);
  }

  get hasChanges(): boolean {
    return this.changed.size > 0;
  }

  /** What has changed since the last call, who must not get their own entry with it, and what of it other gateways do not know. */
  takeChanges(): {
    entries: PresenceEntry[];
    ahead: ReadonlySet<PresenceOwner>;
    here: readonly SharedEntry[];
  } {
    const ahead = new Set<PresenceOwner>();
    const here: SharedEntry[] = [];
    const entries = [...this.changed].map((writer) => {
      const entry = this.entries.get(writer) ?? { writer, clock: this.left.get(writer) ?? 0, state: "null" };
      if ("ahead" in entry && entry.ahead > 0 && typeof entry.owner !== "string") ahead.add(entry.owner);
      const person = this.changedHere.get(writer);
      if (person !== undefined) here.push(shared({ ...entry, person }));
      return entry;
    });
    this.changed.clear();
    this.changedHere.clear();
    return { entries, ahead, here };
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
    const entry = { writer, clock: clock + ahead, ahead, state: shown, owner, person: owner.person.id };
    if (isRenewed) this.entries.set(writer, { ...entry, passedOnMs: own.passedOnMs });
    else this.show({ ...entry, passedOnMs: nowMs });
    return null;
  }

  private show(entry: Entry): void {
    const { writer, owner, person } = entry;
    this.entries.set(writer, entry);
    this.left.delete(writer);
    this.changed.add(writer);
    if (typeof owner === "string") this.changedHere.delete(writer);
    else this.changedHere.set(writer, person);
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
    return ids === undefined && known.person === owner.person.id;
  }

  private claim(owner: Holder, writer: number): void {
    const ids = this.ids.get(owner);
    if (ids === undefined) this.ids.set(owner, new Set([writer]));
    else ids.add(writer);
  }

  private remove(writer: number): void {
    const known = this.entries.get(writer);
    this.entries.delete(writer);
    this.left.set(writer, (known?.clock ?? 0) + 1);
    this.changed.add(writer);
    if (known !== undefined && typeof known.owner !== "string") this.changedHere.set(writer, known.person);
    if (this.left.size <= ROOM_LIMITS.presenceLeftMax) return;
    for (const oldest of this.left.keys()) {
      if (this.changed.has(oldest)) continue;
      this.left.delete(oldest);
      return;
    }
  }
}

function shared({ writer, clock, person, state }: SharedEntry): SharedEntry {
  return { writer, clock, person, state };
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
