/** Requests of a command of this program to the gateway of a running one, as its owner. */
import { readFileSync } from "node:fs";
import type { Command, OptionValues } from "@commander-js/extra-typings";
import { EigenwatchError, type ErrorKind } from "../../protocol/errors.ts";

export interface GatewayFlags {
  url: string;
  tokenFile?: string | undefined;
}

/** The options that say which gateway, and with which token. */
export function withGatewayAddress<Arguments extends unknown[], Options extends OptionValues>(
  command: Command<Arguments, Options>,
) {
  return command
    .option("--url <url>", "address of the running gateway, as people reach it", "http://127.0.0.1:7420/")
    .option(
      "--token-file <file>",
      "the file with its token; without one it must be on loopback, without a token",
    );
}

/** GET without a body, POST with one. Rejects with the error of the gateway. */
export async function askGateway<Answer>(
  { url, tokenFile }: GatewayFlags,
  path: string,
  body?: object,
): Promise<Answer> {
  const address = new URL(path, baseOf(url));
  const token = tokenFile === undefined ? {} : { authorization: `Bearer ${readToken(tokenFile)}` };
  const init =
    body === undefined
      ? { headers: token }
      : {
          method: "POST",
          headers: { ...token, "content-type": "application/json" },
          body: JSON.stringify(body),
        };
  const response = await fetch(address, { ...init, redirect: "error" }).catch((cause: Error) => {
    const expected = "the address of a running `eigenwatch up` or `node`: --url";
    const value = (cause.cause as Error | undefined)?.message ?? cause.message;
    throw new EigenwatchError(
      { action: `reach ${address.origin}`, value, expected, kind: "unavailable" },
      { cause },
    );
  });
  const answer = (await response.json().catch(() => ({}))) as Answer & {
    error?: { action: string; value: string; expected: string; kind: ErrorKind };
  };
  if (response.ok) return answer;
  const {
    action = `ask ${address.href}`,
    value = `status ${response.status}`,
    expected = "a gateway of eigenwatch",
    kind,
  } = answer.error ?? {};
  const hint = response.status === 401 ? "the token of the gateway: --token-file" : expected;
  throw new EigenwatchError({ action, value, expected: hint, ...(kind === undefined ? {} : { kind }) });
}

/** The address of the page, ending with "/". */
export function baseOf(url: string): string {
  try {
    const { origin, pathname, protocol } = new URL(url);
    if (protocol === "http:" || protocol === "https:") return `${origin}${pathname.replace(/\/*$/, "/")}`;
  } catch {
    // Reported below.
  }
  throw new EigenwatchError({ action: "use --url", value: url, expected: "http://HOST:PORT/ or https://…" });
}

function readToken(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (cause) {
    const value = (cause as Error).message;
    throw new EigenwatchError(
      { action: `read the token from ${path}`, value, expected: "a readable file" },
      { cause },
    );
  }
}
