/** What a route reads of its request: parameters of the query and the JSON body, each checked here. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { EigenwatchError } from "../../protocol/errors.ts";
import type { Identity, SignedIn } from "./auth.ts";
import { HttpError } from "./http-error.ts";
import type { GatewayLimits } from "./limits.ts";

/** What the request guard found out about a request. */
export interface RequestOrigin {
  readonly identity: Identity;
  /** Of the client, or of the proxy before us. */
  readonly address: string;
  /** Below the base path, beginning with "/". */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The folder of the page as the browser sees it, ending with "/": the path of cookies. */
  readonly cookiePath: string;
  /** The browser speaks https, to us or to the proxy. */
  readonly secure: boolean;
}

/** One HTTP request that passed the guard. */
export interface RequestContext extends RequestOrigin {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Who sent a request to a path that is not open to strangers (OPEN_PATHS in routes.ts). */
export function signedIn({ identity }: RequestOrigin): SignedIn {
  if (identity.kind === "stranger") throw new Error("a request of a stranger");
  return identity;
}

/** A query parameter that is a whole number from `min` to `max`; `fallback` when it is absent. Throws when it is anything else. */
export function wholeParameter(
  query: URLSearchParams,
  name: string,
  fallback: number,
  min: number,
  max: number,
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  const expected = `a whole number from ${min} to ${max}`;
  throw new EigenwatchError({ action: `read parameter ${name}`, value: text, expected });
}

/**
 * The body of a POST: JSON, whole, within its limit. The content type must be JSON: a form on a page of another site cannot send that without
 * the browser asking us first.
 */
export async function readJson(
  request: IncomingMessage,
  limits: GatewayLimits,
  limit: BodyLimit,
): Promise<unknown> {
  const body = await readBytes(request, limits, ["application/json"], limit);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    // The text is not echoed: it may hold the token.
    const value = `${body.length} bytes that are not JSON`;
    throw new EigenwatchError({ action: "read body", value, expected: "JSON", kind: "input" });
  }
}

type BodyLimit = "bodyBytesMax" | "controlBytesMax" | "ingestBytesMax";

/** The body of a POST of one of these content types, whole and within its limit. */
export function readBytes(
  request: IncomingMessage,
  limits: GatewayLimits,
  types: readonly string[],
  limit: BodyLimit,
): Promise<Buffer> {
  if (types.includes(mediaType(request))) return readBody(request, limits[limit], limit);
  const value = String(request.headers["content-type"] ?? "") || "no content-type";
  throw new HttpError(415, { action: "read body", value, expected: types.join(", ") });
}

/** The content type, without its parameters. */
export function mediaType({ headers }: IncomingMessage): string {
  const type = headers["content-type"] ?? "";
  const end = type.indexOf(";");
  return (end < 0 ? type : type.slice(0, end)).trim().toLowerCase();
}

/** By events: an iterator costs as much again as all else that is done for a small body. */
function readBody(request: IncomingMessage, bytesMax: number, limit: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    if (request.destroyed) return reject(brokenOff(0));
    const chunks: Buffer[] = [];
    let length = 0;
    let isSettled = false;
    request.on("data", (chunk: Buffer) => {
      if (isSettled) return;
      length += chunk.length;
      chunks.push(chunk);
      if (length <= bytesMax) return;
      isSettled = true;
      chunks.length = 0;
      // The socket stays open: the answer must still leave.
      request.pause();
      reject(tooLong(bytesMax, limit));
    });
    request.on("end", () => {
      if (isSettled) return;
      isSettled = true;
      resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
    });
    for (const event of BROKEN)
      request.on(event, () => {
        if (isSettled) return;
        isSettled = true;
        reject(brokenOff(length));
      });
  });
}

const BROKEN = ["error", "close"] as const;

/** The client broke off: not an error of the server. */
function brokenOff(length: number): EigenwatchError {
  const value = `${length} bytes, then no more`;
  return new EigenwatchError({ action: "read body", value, expected: "the whole body", kind: "input" });
}

function tooLong(bytesMax: number, limit: string): HttpError {
  const value = `more than ${bytesMax} bytes`;
  const expected = `at most ${bytesMax} (${limit})`;
  return new HttpError(413, { action: "read body", value, expected, kind: "limit" });
}
