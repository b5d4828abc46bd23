/**
 * The checks that every request and every upgrade must pass, in this order: rate, Host, Origin, base path, sign-in.
 *
 * D1  A request that fails a check reaches no route. The answer names what was expected.
 * D2  `/healthz` needs neither Host nor sign-in, and the page's files need no sign-in: they hold no data.
 */
import type { IncomingMessage } from "node:http";
import { EigenwatchError } from "../../protocol/errors.ts";
import { expectedHosts, type HostRules, hostAllowed, originAllowed } from "./allowed-hosts.ts";
import type { Auth, Identity } from "./auth.ts";
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
  readonly #requests: RateLimit;

  constructor(options: GuardOptions) {
    this.#options = options;
    const { requestsBurst, requestsPerSecond, addressesMax } = options.limits;
    this.#requests = new RateLimit(requestsBurst, requestsPerSecond, addressesMax);
  }

  /** All checks but the sign-in. Throws for a request that fails one. */
  check(request: IncomingMessage): RequestOrigin {
    const { limits, nowMs, trustProxy, basePath } = this.#options;
    const address = this.#address(request);
    if (!this.#requests.take(address, nowMs())) {
      const expected = `at most ${limits.requestsPerSecond} requests a second (requestsPerSecond)`;
      const parts = {
        action: "answer",
        value: `one more request of ${address}`,
        expected,
        kind: "limit",
      } as const;
      throw new HttpError(429, parts, { "retry-after": String(this.#requests.retrySeconds) });
    }
    const { path, query } = splitTarget(request.url ?? "");
    const forwarded = (name: string): string => (trustProxy ? lastOf(request.headers[name]) : "");
    const origin = request.headers.origin;
    const from = {
      address,
      query,
      cookiePath: `${prefixOf(forwarded("x-forwarded-prefix"))}${basePath}/`,
      secure: forwarded("x-forwarded-proto") === "https" || origin?.startsWith("https:") === true,
    };
    if (path === "/healthz" || path === `${basePath}/healthz`) return { ...from, path: "/healthz" };
    this.#checkHost(request);
    if (path === basePath) return { ...from, path: "" };
    if (path.startsWith(`${basePath}/`)) return { ...from, path: path.slice(basePath.length) };
    const expected = `a path below ${basePath}/`;
    throw new EigenwatchError({ action: "find", value: path, expected, kind: "notFound" });
  }

  /** Who sent the request. Throws a HttpError (401, 429) for a wrong token. */
  identify(request: IncomingMessage, address: string): Identity {
    return this.#options.auth.identify(request, address, this.#options.nowMs());
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

  #address(request: IncomingMessage): string {
    const forwarded = this.#options.trustProxy ? lastOf(request.headers["x-forwarded-for"]) : "";
    return forwarded === ""
      ? (request.socket.remoteAddress ?? "unknown")
      : forwarded.slice(0, ADDRESS_CHARACTERS_MAX);
  }
}

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
