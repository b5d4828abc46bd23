/**
 * Invitations, and the guests who have redeemed them: who else may come in, with which role, and until when.
 *
 *   owner ──invite──► invitation ──redeem (each counts one use)──► guest ──┬─ revoked, or its invitation is
 *                          └── expired · used up · revoked                 ├─ its role is changed
 *                                                                          └─ expired, with its invitation
 *
 * J1  An invitation is a signed text (signatures.ts) and a record here: without the record, after a revocation, it opens nothing.
 * J2  A use is counted in the store before the guest gets its secret, so that a restart gives no use back.
 * J3  The store has only the hash of a guest's secret.
 * J4  Whoever holds a sign-in of a guest is told of every change at once (`onChange`).
 * J5  Where several gateways share them, a change counts where it stands in their common log: of two last uses of one invitation one is refused.
 */
import { createHash, randomBytes } from "node:crypto";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Principal, Role } from "../../protocol/principal.ts";
import { visibleText } from "../../protocol/visible-text.ts";
import type { GatewayLimits } from "./limits.ts";

export interface Invitation {
  /** "invite-…" */
  readonly id: string;
  readonly session: string;
  readonly role: Role;
  readonly uses: number;
  readonly used: number;
  /** Unix time, ms: the invitation and its guests end then. */
  readonly endsAtMs: number;
  /** Of its guests; absent: each says its own. */
  readonly name?: string | undefined;
}

export interface Guest extends Principal {
  readonly invitation: string;
  readonly session: string;
  readonly endsAtMs: number;
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
}

/** What is kept. */
export interface Granted {
  /** Signs invitations and tickets: 32 bytes, base64url. */
  readonly key: string;
  readonly invitations: readonly Invitation[];
  readonly guests: readonly Guest[];
}

/** Where one gateway keeps it. */
export interface GrantStore {
  load(): Granted | null;
  /** Returns when it is durable; throws when it cannot be. */
  save(granted: Granted): void;
}

/** A change of it. `atMs`: Unix time of the gateway that was asked. */
export type GrantChange =
  | { readonly type: "key"; readonly key: string }
  | { readonly type: "invited"; readonly invitation: Invitation }
  | { readonly type: "redeemed"; readonly guest: Guest; readonly atMs: number }
  | { readonly type: "revoked"; readonly id: string; readonly session: string | null }
  | { readonly type: "role"; readonly id: string; readonly role: Role; readonly session: string | null };

/** Where several gateways keep it: the changes, in one order for all. The first is a key. */
export interface GrantLog {
  /** Hands over all changes so far, before it returns, and then each that comes. `take` returns why one counts for nothing; `begin`: all come anew. */
  fold(fold: { begin(): void; take(change: GrantChange): EigenwatchError | null; taken(): void }): void;
  /** Resolves with what `take` returned for it. Rejects, kind "unavailable", when it is not known to be in the log. */
  append(change: GrantChange): Promise<EigenwatchError | null>;
  /** Resolves when all that was in the log when this was called has been handed over, or that cannot be known for now. */
  catchUp(): Promise<void>;
}

/** Invitations that end with the process. */
export function grantsInMemory(): GrantStore {
  return { load: () => null, save() {} };
}

export interface NewInvitation {
  readonly session: string;
  readonly role: Role;
  readonly uses: number;
  readonly seconds: number;
  readonly name?: string | undefined;
}

export class Grants {
  readonly #store: GrantStore | GrantLog;
  readonly #limits: GatewayLimits;
  readonly #wallMs: () => number;
  readonly #listeners = new Set<() => void>();
  #key: Uint8Array | null = null;
  #invitations = new Map<string, Invitation>();
  #guests = new Map<string, Guest>();

  constructor(store: GrantStore | GrantLog, limits: GatewayLimits, wallMs: () => number) {
    this.#store = store;
    this.#limits = limits;
    this.#wallMs = wallMs;
    if (!("load" in store)) {
      store.fold({
        begin: () => this.#clear(),
        take: (change) => this.#apply(change),
        taken: () => this.#tell(),
      });
      return;
    }
    const kept = store.load();
    if (kept === null) return;
    this.#key = Buffer.from(kept.key, "base64url");
    for (const each of kept.invitations) this.#invitations.set(each.id, each);
    for (const each of kept.guests) this.#guests.set(each.id, each);
  }

  /** Made at first use. */
  get key(): Uint8Array {
    this.#key ??= randomBytes(32);
    return this.#key;
  }

  nowMs(): number {
    return this.#wallMs();
  }

  /** Resolves when what other gateways granted before this call counts here too. */
  async catchUp(): Promise<void> {
    if (!("load" in this.#store)) await this.#store.catchUp();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Those that have not ended. */
  list(): { invitations: Invitation[]; guests: Guest[] } {
    const holds = ({ endsAtMs }: { endsAtMs: number }): boolean => endsAtMs > this.#wallMs();
    return {
      invitations: [...this.#invitations.values()].filter(holds),
      guests: [...this.#guests.values()].filter(holds),
    };
  }

  async invite({ seconds, ...asked }: NewInvitation): Promise<Invitation> {
    const { invitationsMax } = this.#limits;
    this.#forgetEnded();
    if (this.#invitations.size >= invitationsMax)
      throw tooMany("invite", `${invitationsMax} invitations`, "invitationsMax");
    const id = newId("invite");
    const invitation = { id, ...asked, used: 0, endsAtMs: this.#wallMs() + seconds * 1000 };
    await this.#change({ type: "invited", invitation });
    return invitation;
  }

  /** Uses an invitation whose signature was verified. Throws ("denied") when it is revoked, expired or used up. */
  async redeem(id: string, name: string): Promise<{ guest: Guest; secret: string }> {
    if (!this.#invitations.has(id)) await this.catchUp();
    const invitation = this.#invitations.get(id);
    const atMs = this.#wallMs();
    const reason = whyNot(invitation, atMs);
    if (invitation === undefined || reason !== null) throw refusedInvitation(reason ?? REVOKED);
    this.#forgetEnded();
    if (this.#guests.size >= this.#limits.guestsMax)
      throw tooMany("redeem the invitation", `${this.#guests.size} guests`, "guestsMax");
    const secret = randomBytes(32).toString("base64url");
    const guest: Guest = {
      id: newId("guest"),
      name: invitation.name ?? checkName(name),
      role: invitation.role,
      invitation: id,
      session: invitation.session,
      endsAtMs: invitation.endsAtMs,
      secretHash: hashOf(secret),
    };
    await this.#change({ type: "redeemed", guest, atMs });
    return { guest: this.#guests.get(guest.id) ?? guest, secret };
  }

  /** The guest with this secret. It is found by its hash, so the time that takes says nothing about it. */
  guestWith(secret: string): Guest | null {
    const hash = hashOf(secret);
    for (const guest of this.#guests.values()) if (guest.secretHash === hash) return this.guest(guest.id);
    return null;
  }

  /** Null when it was revoked or has ended. */
  guest(id: string): Guest | null {
    const guest = this.#guests.get(id);
    return guest !== undefined && guest.endsAtMs > this.#wallMs() ? guest : null;
  }

  /** Ends an invitation with all its guests, or one guest. Throws ("notFound") when there is none; `session` limits which. */
  revoke(id: string, session: string | null): Promise<void> {
    return this.#change({ type: "revoked", id, session });
  }

  /** Changes the role of an invitation and all its guests, or of one guest. Throws as `revoke` does. */
  setRole(id: string, role: Role, session: string | null): Promise<void> {
    return this.#change({ type: "role", id, role, session });
  }

  /** Why the change counts for nothing, or null. The same for the same changes before it. */
  #apply(change: GrantChange): EigenwatchError | null {
    switch (change.type) {
      case "key":
        this.#key ??= Buffer.from(change.key, "base64url");
        return null;
      case "invited":
        this.#invitations.set(change.invitation.id, change.invitation);
        return null;
      case "redeemed":
        return this.#redeemed(change.guest, change.atMs);
      case "revoked": {
        const found = this.#find(change.id, change.session, "revoke");
        if (found instanceof EigenwatchError) return found;
        if (found.invitation !== null) this.#invitations.delete(found.invitation.id);
        for (const guest of found.guests) this.#guests.delete(guest.id);
        return null;
      }
      case "role": {
        const { id, role, session } = change;
        const found = this.#find(id, session, "change the role of");
        if (found instanceof EigenwatchError) return found;
        const { invitation, guests } = found;
        if (invitation !== null) this.#invitations.set(invitation.id, { ...invitation, role });
        for (const guest of guests) this.#guests.set(guest.id, { ...guest, role });
        return null;
      }
      default:
        return unreachable(change);
    }
  }

  #redeemed(guest: Guest, atMs: number): EigenwatchError | null {
    const invitation = this.#invitations.get(guest.invitation);
    const reason = whyNot(invitation, atMs);
    if (invitation === undefined || reason !== null) return refusedInvitation(reason ?? REVOKED);
    this.#invitations.set(invitation.id, { ...invitation, used: invitation.used + 1 });
    // It may have changed since the gateway looked.
    this.#guests.set(guest.id, { ...guest, role: invitation.role });
    return null;
  }

  #find(id: string, session: string | null, action: string) {
    const within = (each: Invitation | Guest | undefined) =>
      each !== undefined && (session === null || each.session === session) ? each : null;
    const invitation = within(this.#invitations.get(id)) as Invitation | null;
    const guest = within(this.#guests.get(id)) as Guest | null;
    if (invitation === null && guest === null) {
      const expected = "the id of an invitation or a guest: see `eigenwatch invites`";
      return new EigenwatchError({
        action: `${action} ${id}`,
        value: "there is none",
        expected,
        kind: "notFound",
      });
    }
    const guests =
      guest === null ? [...this.#guests.values()].filter((each) => each.invitation === id) : [guest];
    return { invitation, guests };
  }

  /** A change counts when it is stored: when that fails, nothing has changed. */
  async #change(change: GrantChange): Promise<void> {
    if (!("load" in this.#store)) {
      const refusal = await this.#store.append(change);
      if (refusal !== null) throw refusal;
      return;
    }
    const before = { invitations: new Map(this.#invitations), guests: new Map(this.#guests) };
    const refusal = this.#apply(change);
    if (refusal !== null) throw refusal;
    try {
      this.#store.save({
        key: Buffer.from(this.key).toString("base64url"),
        invitations: [...this.#invitations.values()],
        guests: [...this.#guests.values()],
      });
    } catch (cause) {
      this.#invitations = before.invitations;
      this.#guests = before.guests;
      throw cause;
    }
    this.#tell();
  }

  #clear(): void {
    this.#key = null;
    this.#invitations.clear();
    this.#guests.clear();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #forgetEnded(): void {
    const nowMs = this.#wallMs();
    for (const [id, { endsAtMs }] of this.#invitations) if (endsAtMs <= nowMs) this.#invitations.delete(id);
    for (const [id, { endsAtMs }] of this.#guests) if (endsAtMs <= nowMs) this.#guests.delete(id);
  }
}

const REVOKED = "it was revoked";

function whyNot(invitation: Invitation | undefined, atMs: number): string | null {
  if (invitation === undefined) return REVOKED;
  if (invitation.endsAtMs <= atMs) return "it has expired";
  return invitation.used >= invitation.uses ? `its uses are used up (${invitation.uses})` : null;
}

/** Bytes of a name: with the kind of sign-in and the address it is still a name of the log (MAX_NAME_BYTES). */
export const GUEST_NAME_BYTES_MAX = 48;

/** A name that people can read: what could hide or reorder other text is refused. */
export function checkName(name: string): string {
  const trimmed = name.normalize("NFC").trim();
  const bytes = Buffer.byteLength(trimmed);
  if (bytes > 0 && bytes <= GUEST_NAME_BYTES_MAX && visibleText(trimmed) === trimmed) return trimmed;
  const value =
    bytes === 0 ? "no name" : bytes > GUEST_NAME_BYTES_MAX ? `${bytes} bytes` : "hidden characters";
  const expected = `a name of 1 to ${GUEST_NAME_BYTES_MAX} visible bytes`;
  throw new EigenwatchError({ action: "take the name of a guest", value, expected });
}

export function refusedInvitation(value: string): EigenwatchError {
  const expected = "an invitation that holds: ask whoever sent it for another";
  return new EigenwatchError({ action: "redeem the invitation", value, expected, kind: "denied" });
}

function tooMany(action: string, value: string, limit: string): EigenwatchError {
  return new EigenwatchError({ action, value, expected: `fewer (${limit}): revoke some`, kind: "limit" });
}

function newId(kind: "invite" | "guest"): string {
  return `${kind}-${randomBytes(6).toString("hex")}`;
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret, "utf8").digest("hex");
}

function unreachable(value: never): never {
  throw new Error(`unknown ${JSON.stringify(value)}`);
}
