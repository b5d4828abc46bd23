/** How to reach the servers of NATS and sign in: addresses from a URL, secrets from elsewhere. */
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Clock } from "../ports/clock.ts";

export interface NatsOptions {
  /** `nats://host:port`, without secrets. Any of them; the others are found through it. */
  readonly servers: readonly string[];
  /** What the servers list this process as. */
  readonly name?: string;
  readonly credentials?: NatsCredentials | null;
  readonly tls?: NatsTls | null;
  /** Copies of each stream and bucket; more than one needs a cluster of as many servers. Default 1. */
  readonly replicas?: number;
  /**
   * A second connection, for what is subscribed to as data: acknowledgements, heartbeats and commands would otherwise wait behind a flood of frames, in
   * the servers' memory. Default false.
   */
  readonly dataConnection?: boolean;
  readonly clock: Clock;
  log(message: string): void;
}

export type NatsCredentials =
  | { readonly kind: "token"; readonly token: string }
  | { readonly kind: "password"; readonly user: string; readonly password: string }
  /** The seed, `SU…`. */
  | { readonly kind: "nkey"; readonly seed: string }
  /** The text of a creds file: a JWT and the seed of its key. */
  | { readonly kind: "creds"; readonly text: string };

/** Certificates and key in PEM. */
export interface NatsTls {
  /** Of the authority that signed the servers' certificates; default: those of the system. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Where `nats://` listens unless it says another port. */
const DEFAULT_PORT = 4222;

export interface ParsedNatsUrl {
  readonly servers: readonly string[];
  /** Token, or user and password, that stood in the URL. */
  readonly credentials: NatsCredentials | null;
  /** `tls://` asks for it. */
  readonly isTls: boolean;
}

/** Parses one URL or several with commas. Throws EigenwatchError. */
export function parseNatsUrl(text: string): ParsedNatsUrl {
  const urls = text.split(",").map((each) => parseOne(each.trim(), text));
  const signedIn = urls.find(({ username }) => username !== "");
  const [user, password] = [signedIn?.username ?? "", signedIn?.password ?? ""].map(decoded);
  let credentials: NatsCredentials | null = null;
  if (user !== undefined && user !== "")
    credentials = password ? { kind: "password", user, password } : { kind: "token", token: user };
  return {
    servers: urls.map(({ hostname, port }) => `nats://${hostname}:${port || DEFAULT_PORT}`),
    credentials,
    isTls: urls.some(({ protocol }) => protocol === "tls:"),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Without the cause: it may show the secret.
    throw new EigenwatchError({
      action: "use the address of NATS (--nats, or NATS_URL)",
      value: "a % in its user, password or token begins no escape",
      expected: "percent-encoding there, %25 for %",
    });
  }
}

function parseOne(text: string, whole: string): URL {
  try {
    const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : `nats://${text}`);
    if (/^(nats|tls):$/.test(url.protocol) && url.hostname !== "" && /^\/?$/.test(url.pathname)) return url;
  } catch {
    // Said below.
  }
  throw new EigenwatchError({
    action: "use the address of NATS",
    // A password may stand before the @.
    value: `"${whole.replace(/[^/,]*@/g, "…@")}"`,
    expected: "nats://HOST:PORT, such as nats://127.0.0.1:4222",
  });
}
