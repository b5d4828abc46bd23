/** The options of the library: where to connect, how to sign in, and how soon a lost connection is noticed and made again. */
import type * as Nats from "nats";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { NatsCredentials, NatsOptions } from "./nats-options.ts";
import { checkTls } from "./nats-tls.ts";

/** The connection is tried again after this, and at most as long as a node's lease apart: a server that restarts takes half a second. */
const RECONNECT_MS = 200;
const RECONNECT_JITTER_MS = 100;

/** A connection on which a server is not heard for two pings is given up: a cable that was cut says nothing. */
const PING_MS = 1_500;

/** For the first connection: a name that does not resolve, an address that swallows packets. */
const CONNECT_MS = 5_000;

export function natsOptions(nats: typeof Nats, options: NatsOptions): Nats.ConnectionOptions {
  const { servers, name, credentials, tls } = options;
  if (tls) checkTls(tls);
  const signIn = credentials ? authenticatorOf(nats, credentials) : null;
  return {
    servers: [...servers],
    timeout: CONNECT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    reconnectJitter: RECONNECT_JITTER_MS,
    reconnectJitterTLS: RECONNECT_JITTER_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    // Rights that were taken away may be given back: the log says what is wrong meanwhile.
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(name === undefined ? {} : { name }),
    ...(signIn === null ? {} : { authenticator: signIn }),
    ...(tls ? { tls: { ...tls } } : {}),
  };
}

function authenticatorOf(nats: typeof Nats, credentials: NatsCredentials): Nats.Authenticator {
  const encoder = new TextEncoder();
  switch (credentials.kind) {
    case "token":
      return nats.tokenAuthenticator(credentials.token);
    case "password":
      return nats.usernamePasswordAuthenticator(credentials.user, credentials.password);
    case "nkey":
      checkSeed(nats, credentials.seed);
      return nats.nkeyAuthenticator(encoder.encode(credentials.seed));
    case "creds":
      if (!/-----BEGIN NATS USER JWT-----/.test(credentials.text))
        throw unusable("the creds file has no NATS USER JWT", "a file that `nsc generate creds` wrote");
      return nats.credsAuthenticator(encoder.encode(credentials.text));
    default:
      return unreachable(credentials);
  }
}

function checkSeed(nats: typeof Nats, seed: string): void {
  try {
    nats.nkeys.fromSeed(new TextEncoder().encode(seed));
  } catch {
    throw unusable("the NKey is no seed", "a seed of a user, which begins with SU");
  }
}

function unusable(value: string, expected: string): EigenwatchError {
  return new EigenwatchError({ action: "sign in to NATS", value, expected });
}

function unreachable(credentials: never): never {
  throw new Error(`unknown credentials ${JSON.stringify(Object.keys(credentials))}`);
}
