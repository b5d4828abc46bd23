/**
 * The checks that every request and every upgrade must pass, in this order: rate, Host, Origin, base path, sign-in.
 *
 * D1  A request that fails a check reaches no route. The answer names what was expected.
 * D2  `/healthz` needs neither rate, Host nor sign-in: its answer costs no more than a refusal. The page's files need no sign-in: they hold no
 *     data.
 * D3  Requests of strangers are counted apart, so that they use up nothing of those who share their address and have signed in. So are pushes of
 *     samples, of which programs send many.
 * D4  A ticket opens an upgrade or the stream of events, and nothing else: a URL that a proxy logged buys no further ticket and no invitation.
 */
import type { IncomingMessage } from "node:http";
import { EigenwatchError } from "../../protocol/errors.ts";
import { expectedHosts, type HostRules, hostAllowed, originAllowed } from "./allowed-hosts.ts";
import { type Auth, type Identity, NOBODY } from "./auth.ts";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";
import { RateLimit } from "./rate-limit.ts";
import type { RequestOrigin } from "./request.ts";

export interface GuardOptions {
  readonly auth: Auth;
  readonly hosts: HostRules;
  /** "" or "/prefix", without a slash at the end. */
  readonly basePath: string;
  /** Use X-Forwarded-For, -Proto and -Prefix. */
  readonly trustProxy: boolean;
  readonly limits: GatewayLimits;
  readonly nowMs: () => number;
}

export class RequestGuard {
  readonly #options: GuardOptions;
  readonly #rates: Record<"stranger" | "signedIn" | "push", RateLimit>;
  /** What was allowed last: the rules stay the same, and so does what most clients send. */
  #allowedHost: string | null = null;
  readonly #healthPath: string;
  readonly #eventsPath: string;
  readonly #pushPath: string;
  /** Everything is below it. */
  readonly #root: string;

  constructor(options: GuardOptions) {
    this.#options = options;
    const { requestsBurst, requestsPerSecond, pushesBurst, pushesPerSecond, addressesMax } = options.limits;
    const rate = (): RateLimit => new RateLimit(requestsBurst, requestsPerSecond, addressesMax);
    const push = new RateLimit(pushesBurst, pushesPerSecond, addressesMax);
    this.#rates = { stranger: rate(), signedIn: rate(), push };
    const { basePath } = options;
    this.#healthPath = `${basePath}/healthz`;
    this.#eventsPath = `${basePath}${EVENT_STREAM_PATH}`;
    this.#pushPath = `${basePath}${PUSH_PATH}`;
    this.#root = `${basePath}/`;
  }

  /**
   * All checks but the sign-in: whether a stranger may come in, its path decides. Throws for a request that fails one. `way`: the event of the
   * HTTP server, because a plain request may have the header Upgrade too. A promise, which may reject, only where something must be waited for:
   * of many pushes a second none waits.
   */
  check(request: IncomingMessage, way: "request" | "upgrade"): RequestOrigin | Promise<RequestOrigin> {
    const { auth, nowMs } = this.#options;
    const target = splitTarget(request.url ?? "");
    const { path, query } = target;
    if (path === "/healthz" || path === this.#healthPath)
      return this.#originOf(request, NOBODY, this.#address(request), "/healthz", query);
    const takesTicket = way === "upgrade" || (request.method === "GET" && path === this.#eventsPath);
    const ticket = takesTicket ? ticketIn(request, query) : null;
    const identity = auth.identify(request, ticket, this.#isElsewhere(request), nowMs());
    return identity instanceof Promise
      ? identity.then((found) => this.#admit(request, found, target))
      : this.#admit(request, identity, target);
  }

  /** The checks that come after who it is. */
  #admit(request: IncomingMessage, identity: Identity, { path, query }: Target): RequestOrigin {
    const address = this.#address(request);
    const isPush = request.method === "POST" && path.startsWith(this.#pushPath);
    this.#charge(identity.kind === "stranger" ? "stranger" : isPush ? "push" : "signedIn", address);
    this.#checkHost(request);
    checkCookie(request, identity);
    const { basePath } = this.#options;
    if (path !== basePath && !path.startsWith(this.#root)) {
      const expected = `a path below ${this.#root}`;
      throw new EigenwatchError({ action: "find", value: path, expected, kind: "notFound" });
    }
    return this.#originOf(request, identity, address, path.slice(basePath.length), query);
  }

  #originOf(
    { headers }: IncomingMessage,
    identity: Identity,
    address: string,
    path: string,
    query: URLSearchParams,
  ): RequestOrigin {
    const { trustProxy } = this.#options;
    return {
      identity,
      address,
      path,
      query,
      cookiePath: trustProxy ? prefixOf(lastOf(headers["x-forwarded-prefix"])) + this.#root : this.#root,
      secure:
        (trustProxy && lastOf(headers["x-forwarded-proto"]) === "https") ||
        headers.origin?.startsWith("https:") === true,
    };
  }

  /** Throws a HttpError for a stranger: 401, and 429 after too many wrong tokens from this address. */
  requireSignIn(from: RequestOrigin): void {
    const refusal = this.refusal(from);
    if (refusal !== null) throw refusal;
  }

  /** What `requireSignIn` throws; null for who has signed in. Charges a wrong token to its address. */
  refusal({ identity, address }: RequestOrigin): EigenwatchError | null {
    const { auth, nowMs } = this.#options;
    return identity.kind === "stranger" ? auth.refusal(identity.wrongToken, address, nowMs()) : null;
  }

  #charge(of: "stranger" | "signedIn" | "push", address: string): void {
    const { limits, nowMs } = this.#options;
    const rate = this.#rates[of];
    if (rate.take(address, nowMs())) return;
    const limit = of === "push" ? "pushesPerSecond" : "requestsPerSecond";
    const expected = `at most ${limits[limit]} ${of === "push" ? "pushes" : "requests"} a second (${limit})`;
    const value = `one more request of ${address}`;
    const parts = { action: "answer", value, expected, kind: "limit" } as const;
    throw new HttpError(429, parts, { "retry-after": String(rate.retrySeconds) });
  }

  #checkHost(request: IncomingMessage): void {
    const { hosts } = this.#options;
    const names = hostsIn(request.rawHeaders);
    const host = names === 1 ? request.headers.host : undefined;
    if (host === undefined || (host !== this.#allowedHost && !hostAllowed(host, hosts))) {
      const value = names > 1 ? `${names} Host headers` : (host ?? "none");
      throw denied("answer for host", value, expectedHosts(hosts));
    }
    this.#allowedHost = host;
    const { origin } = request.headers;
    if (origin !== undefined && !originAllowed(origin, host, hosts)) {
      const expected = `the same origin as ${host}, or ${expectedHosts(hosts)}`;
      throw denied("answer a page of origin", origin, expected);
    }
  }

  /** A page of an origin that may ask us, but is not ours. */
  #isElsewhere({ headers: { origin, host } }: IncomingMessage): boolean {
    if (origin === undefined) return false;
    const { allowedOrigins, ...hosts } = this.#options.hosts;
    return (
      allowedOrigins.includes(origin) && !originAllowed(origin, host ?? "", { ...hosts, allowedOrigins: [] })
    );
  }

  #address(request: IncomingMessage): string {
    const forwarded = this.#options.trustProxy ? lastOf(request.headers["x-forwarded-for"]) : "";
    return forwarded === ""
      ? (request.socket.remoteAddress ?? "unknown")
      : forwarded.slice(0, ADDRESS_CHARACTERS_MAX);
  }
}

/**
 * Another site can make a browser send a cookie, though SameSite and our JSON bodies stand against it. Browsers name the origin of whatever acts
 * (POST, upgrade): a cookie without one did not come from our page.
 */
function checkCookie({ method, headers }: IncomingMessage, identity: Identity): void {
  if (identity.kind === "stranger" || !identity.byCookie || headers.origin !== undefined) return;
  if ((method === "GET" || method === "HEAD") && headers.upgrade === undefined) return;
  throw denied("act for a cookie", "no Origin", "the page's Origin, or Authorization: Bearer");
}

/** In the URL, or as a subprotocol: what a browser can add to a WebSocket. */
function ticketIn({ headers }: IncomingMessage, query: URLSearchParams): string | null {
  const offered = headers["sec-websocket-protocol"]?.split(",").map((each) => each.trim());
  const protocol = offered?.find((each) => each.startsWith(TICKET_PROTOCOL));
  return query.get("ticket") ?? protocol?.slice(TICKET_PROTOCOL.length) ?? null;
}

const TICKET_PROTOCOL = "ticket.";

/** What a browser opens as an EventSource, which takes no headers. */
const EVENT_STREAM_PATH = "/events";

/** Programs push samples below it. */
export const PUSH_PATH = "/api/ingest/";

function denied(action: string, value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action, value, expected, kind: "denied" });
}

/** More than an IPv6 address with a zone and a port has. */
const ADDRESS_CHARACTERS_MAX = 64;

/** The last value: the nearest proxy wrote it. A client may have made up those before it. */
function lastOf(header: string | string[] | undefined): string {
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  return text.slice(text.lastIndexOf(",") + 1).trim();
}

/** The prefix if it is valid in the Path of a cookie, else "". */
function prefixOf(header: string): string {
  const bare = header.replace(/\/+$/, "");
  return /^(\/[\w.~-]+)+$/.test(bare) ? bare : "";
}

/** Names and values in turns. */
function hostsIn(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let k = 0; k < rawHeaders.length; k += 2) {
    const name = rawHeaders[k]!;
    if (name.length === 4 && name.toLowerCase() === "host") count++;
  }
  return count;
}

interface Target {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Nobody changes a query. */
const NO_QUERY = new URLSearchParams();

function splitTarget(target: string): Target {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  if (!path.startsWith("/")) {
    const expected = "a path that begins with /";
    throw new EigenwatchError({ action: "read request target", value: target, expected });
  }
  return { path, query: question < 0 ? NO_QUERY : new URLSearchParams(target.slice(question + 1)) };
}
