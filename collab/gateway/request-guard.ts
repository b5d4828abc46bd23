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

  constructor(options: GuardOptions) {
    this.#options = options;
    const { requestsBurst, requestsPerSecond, pushesBurst, pushesPerSecond, addressesMax } = options.limits;
    const rate = (): RateLimit => new RateLimit(requestsBurst, requestsPerSecond, addressesMax);
    const push = new RateLimit(pushesBurst, pushesPerSecond, addressesMax);
    this.#rates = { stranger: rate(), signedIn: rate(), push };
  }

  /**
   * All checks but the sign-in: whether a stranger may come in, its path decides. Throws for a request that fails one. `way`: the event of the
   * HTTP server, because a plain request may have the header Upgrade too.
   */
  async check(request: IncomingMessage, way: "request" | "upgrade"): Promise<RequestOrigin> {
    const { auth, nowMs, trustProxy, basePath } = this.#options;
    const address = this.#address(request);
    const { path, query } = splitTarget(request.url ?? "");
    const isHealth = path === "/healthz" || path === `${basePath}/healthz`;
    const takesTicket =
      way === "upgrade" || (request.method === "GET" && path === `${basePath}${EVENT_STREAM_PATH}`);
    const ticket = takesTicket ? ticketIn(request, query) : null;
    const identity: Identity = isHealth
      ? NOBODY
      : await auth.identify(request, ticket, this.#isElsewhere(request), nowMs());
    const isPush = request.method === "POST" && path.startsWith(`${basePath}${PUSH_PATH}`);
    if (!isHealth)
      this.#charge(identity.kind === "stranger" ? "stranger" : isPush ? "push" : "signedIn", address);
    const forwarded = (name: string): string => (trustProxy ? lastOf(request.headers[name]) : "");
    const origin = request.headers.origin;
    const from = {
      address,
      identity,
      query,
      cookiePath: `${prefixOf(forwarded("x-forwarded-prefix"))}${basePath}/`,
      secure: forwarded("x-forwarded-proto") === "https" || origin?.startsWith("https:") === true,
    };
    if (isHealth) return { ...from, path: "/healthz" };
    this.#checkHost(request);
    checkCookie(request, identity);
    if (path === basePath) return { ...from, path: "" };
    if (path.startsWith(`${basePath}/`)) return { ...from, path: path.slice(basePath.length) };
    const expected = `a path below ${basePath}/`;
    throw new EigenwatchError({ action: "find", value: path, expected, kind: "notFound" });
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
    const names = request.rawHeaders.filter(
      (name, at) => at % 2 === 0 && name.toLowerCase() === "host",
    ).length;
    const host = names === 1 ? request.headers.host : undefined;
    if (host === undefined || !hostAllowed(host, hosts)) {
      const value = names > 1 ? `${names} Host headers` : (host ?? "none");
      throw denied("answer for host", value, expectedHosts(hosts));
    }
    const { origin } = request.headers;
    if (origin !== undefined && !originAllowed(origin, host, hosts)) {
      const expected = `the same origin as ${host}, or ${expectedHosts(hosts)}`;
      throw denied("answer a page of origin", origin, expected);
    }
  }

  /** A page of an origin that may ask us, but is not ours. */
  #isElsewhere({ headers: { origin, host } }: IncomingMessage): boolean {
    const { allowedOrigins, ...hosts } = this.#options.hosts;
    return (
      origin !== undefined &&
      allowedOrigins.includes(origin) &&
      !originAllowed(origin, host ?? "", { ...hosts, allowedOrigins: [] })
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

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  if (!path.startsWith("/")) {
    const expected = "a path that begins with /";
    throw new EigenwatchError({ action: "read request target", value: target, expected });
  }
  return { path, query: new URLSearchParams(question < 0 ? "" : target.slice(question + 1)) };
}
