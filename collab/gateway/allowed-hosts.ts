/**
 * The Host and Origin headers that a request may have.
 *
 * A page of another site can make a browser send requests to this gateway; with DNS rebinding, even under the name of that site. It can forge
 * neither header, so both are checked (Jackson et al. 2007, "Protecting browsers from DNS rebinding attacks").
 */
import { isIP } from "node:net";

export interface HostRules {
  /** The name or address the gateway is bound to. */
  readonly boundHost: string;
  readonly port: number;
  /** Further names, "example.org" (any port) or "example.org:8443". */
  readonly allowedHosts: readonly string[];
  /** Origins of pages elsewhere, "https://example.org", exactly as browsers send them. */
  readonly allowedOrigins: readonly string[];
}

/**
 * Whether a Host header names this gateway: a loopback name with our port, an allowed host, or, when the gateway is bound to
 * more than loopback, the bound name or any IP address with our port (rebinding needs a name).
 */
export function hostAllowed(header: string | undefined, rules: HostRules): boolean {
  const authority = header === undefined ? null : parseAuthority(header);
  if (authority === null) return false;
  if (isListed(authority, rules.allowedHosts)) return true;
  if ((authority.port ?? 80) !== rules.port) return false;
  if (isLoopback(authority.name)) return true;
  if (isLoopback(rules.boundHost)) return false;
  return isIP(authority.name) !== 0 || authority.name === rules.boundHost.toLowerCase();
}

/** Whether an Origin is that of our own page (the same authority as the already allowed Host, or an allowed host), or of an allowed page elsewhere. */
export function originAllowed(origin: string, hostHeader: string, rules: HostRules): boolean {
  if (rules.allowedOrigins.includes(origin)) return true;
  const match = /^https?:\/\/([^/]+)$/i.exec(origin);
  const authority = match === null ? null : parseAuthority(match[1]!);
  if (authority === null) return false;
  if (isListed(authority, rules.allowedHosts)) return true;
  const host = parseAuthority(hostHeader);
  if (host === null || host.name !== authority.name) return false;
  const standard = /^https:/i.test(origin) ? 443 : 80;
  return (authority.port ?? standard) === (host.port ?? standard);
}

/** True for names that never leave this machine: localhost, 127.0.0.0/8, ::1. */
export function isLoopback(name: string): boolean {
  const bare = name.toLowerCase().replace(/^\[(.*)\]$/, "$1");
  if (bare === "localhost" || bare === "::1") return true;
  return isIP(bare) === 4 && bare.startsWith("127.");
}

/** The hosts an error offers to a refused client. */
export function expectedHosts(rules: HostRules): string {
  return [`localhost:${rules.port}`, ...rules.allowedHosts].join(" or ");
}

interface Authority {
  name: string;
  port: number | null;
}

function parseAuthority(text: string): Authority | null {
  const match = /^(?:\[([0-9a-f:.]+)\]|([a-z0-9._-]+))(?::(\d{1,5}))?$/i.exec(text);
  if (match === null) return null;
  const name = (match[1] ?? match[2]!).toLowerCase();
  return { name, port: match[3] === undefined ? null : Number(match[3]) };
}

function isListed(authority: Authority, allowed: readonly string[]): boolean {
  return allowed.some((entry) => {
    const expected = parseAuthority(entry);
    if (expected === null || expected.name !== authority.name) return false;
    return expected.port === null || expected.port === authority.port;
  });
}
