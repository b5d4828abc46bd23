/** The server that a feed connects to, as a spec names it: `HOST[:PORT]`, or a URL. */
import { readFileSync } from "node:fs";
import { badSpec, SECRET_PARAMETER } from "./feed-kind.ts";

/** The first of `protocols` where none is named. Throws for what is no address, and for one with a password. */
export function serverAddress(spec: string, target: string, protocols: readonly string[]): URL {
  const text = target.includes("://") ? target : `${protocols[0]}://${target}`;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !protocols.includes(url.protocol.slice(0, -1)) || url.host === "")
    throw badSpec(spec, `${target} is no address`, `HOST:PORT, or a URL with ${protocols.join(" or ")}`);
  // They would stand in recordings and logs.
  if (url.password !== "")
    throw badSpec(spec, "the address has a password", "none; an option names a file with it");
  const secret = [...url.searchParams.keys()].find((key) => SECRET_PARAMETER.test(key));
  if (secret !== undefined)
    throw badSpec(spec, `the address has a secret in ${secret}`, "none; an option names a file with it");
  return url;
}

/** The option `ca`: certificates, in PEM, that are trusted instead of the system's; undefined where no file is named. Throws for a file without any. */
export function authoritiesOf(spec: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  let text = "";
  try {
    text = readFileSync(path, "utf8");
  } catch {
    // As a file without any.
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----"))
    throw badSpec(spec, `there is no certificate in ${path}`, "a file with certificates in PEM");
  return text;
}

/** As `authoritiesOf`, for an address whose protocol says whether there is TLS. */
export function authoritiesAt(spec: string, url: URL, path: string | undefined): string | undefined {
  const authorities = authoritiesOf(spec, path);
  if (authorities !== undefined && !/^(rediss|mqtts|wss):$/.test(url.protocol))
    throw badSpec(spec, `ca=${path} without TLS`, `both: ${url.protocol.slice(0, -1)}s://${url.host}`);
  return authorities;
}

/** What feeds are called after such a target: host and port. */
export function hostNamed(target: string): string {
  return target
    .replace(/^[a-z+]+:\/\//, "")
    .replace(/[/?].*$/, "")
    .replace(/^.*@/, "");
}

/** Host name as sockets take it: IPv6 without brackets. */
export function hostOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, "");
}
