/**
 * The checks every request and every upgrade passes, in this order: rate, Host, Origin, base path, sign-in.
 *
 * D1  A request that fails one is told what was expected, and reaches no route.
 * D2  `/healthz` needs neither Host nor sign-in, and the page's files need no sign-in: they hold no data.
 */
import type { IncomingMessage } from "node:http";
import type { Auth, Identity } from "./auth.ts";
import { type HostRules, hostAllowed, originAllowed, wantedHosts } from "./hosts.ts";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";
import { RateLimit } from "./token-bucket.ts";

export interface DoorOptions {
  readonly auth: Auth;
  readonly hosts: HostRules;
  /** "" or "/prefix", without a slash at the end. */
  readonly basePath: string;
  /** Believe X-Forwarded-For, -Proto and -Prefix. */
  readonly trustProxy: boolean;
  readonly limits: GatewayLimits;
  readonly nowMs: () => number;
}

export interface Visitor {
  readonly address: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly cookiePath: string;
  readonly secure: boolean;
}

export class RequestGuard {
  readonly #options: DoorOptions;
  readonly #requests: RateLimit;

  constructor(options: DoorOptions) {
    this.#options = options;
    const { requestsBurst, requestsPerSecond, addressesMax } = options.limits;
    this.#requests = new RateLimit(requestsBurst, requestsPerSecond, addressesMax);
  }

  /** Who asks for what, or a HttpError (400, 403, 404, 429). */
  enter(request: IncomingMessage): Visitor {
    const { limits, nowMs, trustProxy, basePath } = this.#options;
    const address = this.#address(request);
    if (!this.#requests.take(address, nowMs())) {
      const expected = `at most ${limits.requestsPerSecond} requests a second (requestsPerSecond)`;
      throw new HttpError(429, "answer", `one more request of ${address}`, expected, {
        "retry-after": String(this.#requests.retrySeconds),
      });
    }
    const { path, query } = splitTarget(request.url ?? "");
    const forwarded = (name: string): string => (trustProxy ? lastOf(request.headers[name]) : "");
    const origin = request.headers.origin;
    const visitor = {
      address,
      query,
      cookiePath: `${prefixOf(forwarded("x-forwarded-prefix"))}${basePath}/`,
      secure: forwarded("x-forwarded-proto") === "https" || origin?.startsWith("https:") === true,
    };
    if (path === "/healthz" || path === `${basePath}/healthz`) return { ...visitor, path: "/healthz" };
    this.#checkHost(request);
    if (path === basePath) return { ...visitor, path: "" };
    if (path.startsWith(`${basePath}/`)) return { ...visitor, path: path.slice(basePath.length) };
    throw new HttpError(404, "find", path, `a path below ${basePath}/`);
  }

  /** Who the visitor is; throws a HttpError (401, 429) for a wrong token. */
  identify(request: IncomingMessage, visitor: Visitor): Identity {
    return this.#options.auth.identify(request, visitor.address, this.#options.nowMs());
  }

  #checkHost(request: IncomingMessage): void {
    const { hosts } = this.#options;
    const names = request.rawHeaders.filter(
      (name, at) => at % 2 === 0 && name.toLowerCase() === "host",
    ).length;
    const host = names === 1 ? request.headers.host : undefined;
    if (host === undefined || !hostAllowed(host, hosts))
      throw new HttpError(
        403,
        "answer for host",
        names > 1 ? `${names} Host headers` : (host ?? "none"),
        wantedHosts(hosts),
      );
    const { origin } = request.headers;
    if (origin !== undefined && !originAllowed(origin, host, hosts))
      throw new HttpError(
        403,
        "answer a page of origin",
        origin,
        `the same origin as ${host}, or ${wantedHosts(hosts)}`,
      );
  }

  #address(request: IncomingMessage): string {
    const forwarded = this.#options.trustProxy ? lastOf(request.headers["x-forwarded-for"]) : "";
    return forwarded === ""
      ? (request.socket.remoteAddress ?? "unknown")
      : forwarded.slice(0, ADDRESS_CHARACTERS_MAX);
  }
}

/** An IPv6 address with a zone and a port has fewer. */
const ADDRESS_CHARACTERS_MAX = 64;

/** The last value is the one the nearest proxy wrote; those before it are hearsay. */
function lastOf(header: string | string[] | undefined): string {
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  return text.slice(text.lastIndexOf(",") + 1).trim();
}

/** A prefix that can stand in a cookie's Path, else none. */
function prefixOf(header: string): string {
  const bare = header.replace(/\/+$/, "");
  return /^(\/[\w.~-]+)+$/.test(bare) ? bare : "";
}

function splitTarget(target: string): { path: string; query: URLSearchParams } {
  const question = target.indexOf("?");
  const path = question < 0 ? target : target.slice(0, question);
  if (!path.startsWith("/"))
    throw new HttpError(400, "read request target", target, "a path that begins with /");
  return { path, query: new URLSearchParams(question < 0 ? "" : target.slice(question + 1)) };
}
