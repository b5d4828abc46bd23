/** Why the servers of NATS cannot be used, in words that say what to do. */
import { EigenwatchError, type ErrorKind } from "../../protocol/errors.ts";
import { NoAnswer, NobodyAsked } from "../ports/bus.ts";
import type { NatsOptions } from "./nats-options.ts";

interface Advice {
  readonly matches: RegExp;
  readonly value: string;
  readonly expected: string;
  readonly kind: ErrorKind;
}

/** By code and message of the library and of the runtime; the first that matches. */
const ADVICE: readonly Advice[] = [
  {
    matches: /AUTHORIZATION_VIOLATION|BAD_AUTHENTICATION|AUTHENTICATION|authorization/i,
    value: "it refuses to sign us in",
    expected:
      "a token, user and password, NKey or creds file that it knows (--nats-creds FILE, or NATS_CREDS, NATS_USER …)",
    kind: "denied",
  },
  {
    matches: /altname|not valid for name/i,
    value: "its certificate is for another host",
    expected: "the host name in the URL that the certificate is for",
    kind: "denied",
  },
  {
    matches:
      /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|certificate (has )?expired|certificate not valid yet|certificate is not yet valid/i,
    value: "its certificate is not valid at this time",
    expected: "a certificate that has not expired, and a clock that is right",
    kind: "denied",
  },
  {
    matches: /certificate|self.signed|issuer/i,
    value: "its certificate is not trusted",
    expected: "--nats-ca FILE with the certificate of its authority",
    kind: "denied",
  },
  {
    matches: /^TIMEOUT/,
    value: "what listens there does not answer as a NATS server does",
    expected:
      "a NATS server that is not overloaded; one that wants certificates of its clients needs --nats-cert and --nats-key",
    kind: "unavailable",
  },
  {
    matches: /SERVER_OPT_NA|secure|TLS|ssl/i,
    value: "it and this program do not agree on TLS",
    expected: "tls://HOST:PORT where the server has TLS, nats://HOST:PORT where it has none",
    kind: "unavailable",
  },
];

/** The error of a first connection that failed. */
export function connectError(options: NatsOptions, cause: unknown): EigenwatchError {
  if (cause instanceof EigenwatchError) return cause;
  const {
    code = "",
    message = "",
    chainedError,
  } = cause as {
    code?: string;
    message?: string;
    chainedError?: Error;
  };
  const text = `${code} ${message} ${chainedError?.message ?? ""}`;
  const action = `reach NATS at ${options.servers.join(", ")}`;
  for (const { matches, value, expected, kind } of ADVICE)
    if (matches.test(text)) return new EigenwatchError({ action, value, expected, kind }, { cause });
  return new EigenwatchError(
    {
      action,
      // The innermost says all: the code and the message of the library repeat it.
      value: chainedError?.message || message || code,
      expected: "a running server: start one with `nats-server -js`, or name another with --nats",
      kind: "unavailable",
    },
    { cause },
  );
}

/** A right that the session needs is missing: `what`, such as `publish to $JS.API.>`. */
export function notAllowed(options: NatsOptions, what: string): EigenwatchError {
  return new EigenwatchError({
    action: `use NATS at ${options.servers.join(", ")}`,
    value: `its user may not ${what}`,
    expected: "the rights that docs/cluster.md lists under Signing in to NATS",
    kind: "denied",
  });
}

/** The server does not answer for JetStream: it has none, or, without `NobodyThere`, none of a cluster leads at the moment. */
export function withoutJetStream(options: NatsOptions, version: string, cause: unknown): EigenwatchError {
  if (cause instanceof NoAnswer && !(cause instanceof NobodyAsked))
    return new EigenwatchError(
      {
        action: `use NATS at ${options.servers.join(", ")}`,
        value: `nats-server ${version} did not answer for JetStream in time`,
        expected: "a server that is not overloaded, in a cluster one of which most servers run: try again",
        kind: "unavailable",
      },
      { cause },
    );
  return new EigenwatchError(
    {
      action: `use NATS at ${options.servers.join(", ")}`,
      value: `nats-server ${version} does not offer JetStream (${(cause as Error).message})`,
      expected: "a server with JetStream for this account: start it with `nats-server -js`",
      kind: "unavailable",
    },
    { cause },
  );
}
