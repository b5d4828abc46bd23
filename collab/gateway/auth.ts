/**
 * Signing in: who sent a request, as a Principal. A gateway on loopback without a token takes everybody for the owner; any other requires the token.
 *
 *   link …/#token=T ──► page ──POST api/login {token}──► HttpOnly cookie with a random login id
 *   program ──Authorization: Bearer T──►
 *   invitation …/#invite=… ──► page ──POST api/invites/redeem──► the same cookie, for a guest (grants.ts)
 *   any of these ──POST api/tickets──► ticket, in the URL of a WebSocket or of /events
 *
 * A1  The token is compared in constant time, before any rate. It appears in no log, no cookie and no URL that is sent.
 * A2  The cookie holds a random id, of which the gateway keeps only the hash. A login ends by logout, after LOGIN_SECONDS, at a restart, or when
 *     there are more than `loginsMax` newer ones.
 * A3  Wrong tokens of others at the same address do not keep out the right one.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { EigenwatchError } from "../../protocol/errors.ts";
import { type Author, OWNER, type Principal } from "../../protocol/principal.ts";
import type { Grants } from "./grants.ts";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";
import { RateLimit } from "./rate-limit.ts";
import { readTicket, type TicketClaims } from "./signatures.ts";

/** Shortest token a user may choose: 16 random letters withstand 20,000 guesses a second, about all that one process can refuse, for 10^10 years. */
export const TOKEN_CHARACTERS_MIN = 16;

/** A login lasts a week: a wall display is not signed out over the weekend. */
const LOGIN_SECONDS = 604_800;

/** `anybody`: no token is required. `login`: the hash of the login id. `guest`: somebody who has redeemed an invitation. */
export type SignedIn = ({ kind: "anybody" | "token" | "guest" } | { kind: "login"; login: string }) & {
  principal: Principal;
  /** The only session it is for, or null. */
  session: string | null;
  /** Browsers send a cookie by themselves, so it counts only with an Origin where it could do harm (request-guard.ts). */
  byCookie: boolean;
};

/** `stranger`: has not signed in and reaches only open paths; it may have sent a wrong token. */
export type Identity = SignedIn | { kind: "stranger"; principal: null; wrongToken: boolean };

/** Who is charged for what a client makes the core do: a guest, else the address. The owner's token is shared by a team, each at an address of its own. */
export function payerOf(identity: Identity, address: string): string {
  return identity.kind === "guest" ? `guest ${identity.principal.id}` : `address ${address}`;
}

export class Auth {
  /** The name contains the port, because browsers share cookies between ports of a host. */
  readonly cookieName: string;
  readonly #token: Buffer | null;
  readonly #limits: GatewayLimits;
  readonly #failures: RateLimit;
  readonly #grants: Grants;
  /** End of each login by the hash of its id, oldest first. */
  readonly #logins = new Map<string, number>();
  readonly #signOuts = new Set<() => void>();

  constructor(token: string | null, port: number, limits: GatewayLimits, grants: Grants) {
    this.cookieName = `eigenwatch-${port}`;
    this.#token = token === null ? null : sha256(token);
    this.#limits = limits;
    this.#grants = grants;
    this.#failures = new RateLimit(limits.loginsBurst, limits.loginsPerSecond, limits.addressesMax);
  }

  get required(): boolean {
    return this.#token !== null;
  }

  /**
   * Who sent the request: the holder of its ticket, its bearer token, its cookie, in this order. Charges nothing. A page of another origin
   * (`isElsewhere`) counts by ticket or token only. A promise only where something must be waited for.
   */
  identify(
    { headers }: IncomingMessage,
    ticket: string | null,
    isElsewhere: boolean,
    nowMs: number,
  ): Identity | Promise<Identity> {
    if (ticket !== null) return this.#byTicket(ticket, nowMs);
    const { authorization } = headers;
    const bearer = authorization === undefined ? undefined : /^Bearer +(\S+) *$/i.exec(authorization)?.[1];
    const cookie = isElsewhere ? null : readCookie(headers.cookie, this.cookieName);
    const known = this.#holding(bearer, cookie, nowMs);
    if (known !== null) return known;
    // Where everybody may come in, nobody waits for who it is.
    if (this.#isOpen(isElsewhere)) return ANYBODY;
    return bearer === undefined && cookie === null ? NOBODY : this.#late(bearer, cookie, nowMs);
  }

  /** The claims of a ticket for one session, for who has signed in. */
  ticketOf(identity: SignedIn, session: string): TicketClaims {
    const { principal, kind } = identity;
    const grant = identity.kind === "login" ? `login ${identity.login}` : kind;
    return { aud: session, sub: principal.id, name: principal.name, role: principal.role, grant };
  }

  /** Why a stranger is refused: 401 (or for `reason`), and 429 after too many wrong tokens from this address. Charges a wrong token. */
  refusal(
    wrongToken: boolean,
    address: string,
    nowMs: number,
    // The value is not echoed: an almost correct token is a secret too.
    reason: EigenwatchError = unauthorised(
      "a wrong token",
      "the token of the link that was printed at start, or a guest's that holds",
    ),
  ): EigenwatchError {
    if (!wrongToken) return noToken();
    if (this.#failures.take(address, nowMs)) return reason;
    const wait = String(this.#failures.retrySeconds);
    const expected = `a pause of ${wait} s (loginsPerSecond)`;
    const parts = { action: "sign in", value: "too many wrong tokens", expected, kind: "limit" } as const;
    return new HttpError(429, parts, { "retry-after": wait });
  }

  /** Whose token it is. Rejects with the refusal of a missing or wrong one. */
  async checkToken(token: string | undefined, address: string, nowMs: number): Promise<SignedIn> {
    const holder = () => (token === undefined ? null : this.#bearer(token));
    const known = holder();
    if (known !== null) return known;
    if (this.#token === null) return ANYBODY;
    // Another gateway may have let it in a moment ago.
    if (token !== undefined) await this.#grants.catchUp();
    const late = holder();
    if (late !== null) return late;
    throw this.refusal(token !== undefined, address, nowMs);
  }

  /** Whether this identity is still signed in. */
  isSignedIn(identity: Identity, nowMs: number): boolean {
    return this.standing(identity, nowMs) === "holds";
  }

  /** What has become of a sign-in. */
  standing(identity: Identity, nowMs: number): Standing {
    if (identity.kind === "login") return (this.#logins.get(identity.login) ?? 0) > nowMs ? "holds" : "ended";
    if (identity.kind !== "guest") return "holds";
    const guest = this.#grants.guest(identity.principal.id);
    if (guest === null) return "ended";
    return guest.role === identity.principal.role ? "holds" : "otherRole";
  }

  /** Calls `check` when somebody has signed out, or an invitation was taken back. Sign-ins that end by age are not told. */
  onSignOut(check: () => void): void {
    this.#grants.onChange(check);
    this.#signOuts.add(check);
  }

  /** Exchanges the token for a cookie; returns the Set-Cookie value, or null where no token is required. Throws the refusal of a wrong one. */
  login(
    token: string,
    address: string,
    cookie: { path: string; secure: boolean },
    nowMs: number,
  ): string | null {
    if (this.#token === null) return null;
    // A cookie of a login is the owner's: a guest's secret, which other ways in take too, is none.
    if (!this.#isRight(token)) throw this.refusal(true, address, nowMs);
    const id = randomBytes(32).toString("base64url");
    if (this.#logins.size >= this.#limits.loginsMax) this.#forgetOldest();
    this.#logins.set(sha256(id).toString("hex"), nowMs + LOGIN_SECONDS * 1000);
    return this.#setCookie(id, LOGIN_SECONDS, cookie);
  }

  /** Ends a login; returns the Set-Cookie value that removes the cookie. */
  async logout(identity: Identity, cookie: { path: string; secure: boolean }): Promise<string> {
    if (identity.kind === "login") {
      this.#logins.delete(identity.login);
      for (const check of this.#signOuts) check();
    }
    if (identity.kind === "guest") await this.#grants.revoke(identity.principal.id, null);
    return this.#setCookie("", 0, cookie);
  }

  #isRight(token: string): boolean {
    return this.#token !== null && timingSafeEqual(sha256(token), this.#token);
  }

  /** Without a token everybody on this machine is the owner, except a page of another origin. */
  #isOpen(isElsewhere: boolean): boolean {
    return this.#token === null && !isElsewhere;
  }

  /** The holder of the token, without one of the cookie. */
  #holding(bearer: string | undefined, cookie: string | null, nowMs: number): SignedIn | null {
    if (bearer !== undefined) return this.#bearer(bearer);
    return cookie === null ? null : (this.#loginWith(cookie, nowMs) ?? this.#guestWith(cookie, true));
  }

  /** Another gateway may have let it in a moment ago. */
  async #late(bearer: string | undefined, cookie: string | null, nowMs: number): Promise<Identity> {
    await this.#grants.catchUp();
    return this.#holding(bearer, cookie, nowMs) ?? (bearer === undefined ? NOBODY : WRONG);
  }

  async #byTicket(ticket: string, nowMs: number): Promise<Identity> {
    const known = await this.#holderOf(ticket, nowMs);
    if (known !== null) return known;
    await this.#grants.catchUp();
    return (await this.#holderOf(ticket, nowMs)) ?? WRONG;
  }

  #bearer(bearer: string): SignedIn | null {
    return this.#isRight(bearer) ? TOKEN : this.#guestWith(bearer, false);
  }

  #guestWith(secret: string, byCookie: boolean): SignedIn | null {
    const guest = this.#grants.guestWith(secret);
    if (guest === null) return null;
    const { id, name, role, session } = guest;
    return { kind: "guest", principal: { id, name, role }, session, byCookie };
  }

  #loginWith(id: string, nowMs: number): SignedIn | null {
    const login = sha256(id).toString("hex");
    const endsAtMs = this.#logins.get(login);
    if (endsAtMs === undefined) return null;
    if (endsAtMs > nowMs) return { kind: "login", principal: OWNER, login, session: null, byCookie: true };
    this.#logins.delete(login);
    return null;
  }

  /** A ticket is as good as the sign-in it was given for is now. */
  async #holderOf(ticket: string, nowMs: number): Promise<SignedIn | null> {
    const claims = await readTicket(this.#grants, ticket);
    if (claims === null) return null;
    const { sub: id, name, role, grant } = claims;
    const of = { principal: { id, name, role }, session: claims.aud, byCookie: false };
    const [kind, login = ""] = grant.split(" ");
    const held: SignedIn | null =
      kind === "login"
        ? { kind, login, ...of }
        : kind === "guest" || kind === "token" || (kind === "anybody" && this.#token === null)
          ? { kind, ...of }
          : null;
    return held !== null && this.isSignedIn(held, nowMs) ? held : null;
  }

  #forgetOldest(): void {
    for (const login of this.#logins.keys()) {
      this.#logins.delete(login);
      return;
    }
  }

  /** The cookie of a guest, until its invitation ends. */
  guestCookie(secret: string, endsAtMs: number, cookie: { path: string; secure: boolean }): string {
    return this.#setCookie(secret, Math.max(0, Math.floor((endsAtMs - this.#grants.nowMs()) / 1000)), cookie);
  }

  #setCookie(id: string, seconds: number, { path, secure }: { path: string; secure: boolean }): string {
    const flags = `Path=${path}; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure ? "; Secure" : ""}`;
    return `${this.cookieName}=${id}; ${flags}`;
  }
}

/** A sign-in holds, has ended, or its person has another role now and may come in with that. */
export type Standing = "holds" | "ended" | "otherRole";

/** Nobody yet. */
export const NOBODY: Identity = { kind: "stranger", principal: null, wrongToken: false };

const WRONG: Identity = { kind: "stranger", principal: null, wrongToken: true };
const ANYBODY: SignedIn = { kind: "anybody", principal: OWNER, session: null, byCookie: false };
const TOKEN: SignedIn = { kind: "token", principal: OWNER, session: null, byCookie: false };

/** Who sends a command, for the log of the session: the principal, the way of signing in, and the address. */
export function authorOf(identity: SignedIn, address: string): Author {
  const { id, name, role } = identity.principal;
  const who =
    identity.kind === "login"
      ? `login ${identity.login.slice(0, 8)}`
      : identity.kind === "guest"
        ? `guest ${name}`
        : identity.kind;
  return { author: `${who} at ${address}`, authorId: id, authorRole: role };
}

/** A random token of 256 bits, safe in a URL. */
export function randomToken(): string {
  return randomBytes(32).toString("base64url");
}

function noToken(): HttpError {
  return unauthorised("no token", "Authorization: Bearer TOKEN, or the cookie of POST api/login");
}

function unauthorised(value: string, expected: string): HttpError {
  const parts = { action: "sign in", value, expected, kind: "denied" } as const;
  return new HttpError(401, parts, { "www-authenticate": 'Bearer realm="eigenwatch"' });
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}

function readCookie(header: string | undefined, name: string): string | null {
  for (const pair of header?.split(";") ?? []) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim();
  }
  return null;
}
