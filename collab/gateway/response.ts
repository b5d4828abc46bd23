/** HTTP answers: security headers on all of them, errors as `{ error: { action, value, expected, kind } }`. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { CommandUnanswered } from "../../actors/ports/commands.ts";
import type { EigenwatchError } from "../../protocol/errors.ts";
import { answerTo } from "./http-error.ts";

/** The page loads only its own files, connects only to this gateway, and cannot be framed. */
const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": [
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** Of answers that are whole. */
const COMMON_HEADERS: Readonly<Record<string, string>> = { "cache-control": "no-store", ...SECURITY_HEADERS };

/** Headers that a page of an allowed origin elsewhere needs, to read our answers. Cookies are not among what it may send. */
export function allowOrigin(
  { headers: { origin } }: IncomingMessage,
  response: ServerResponse,
  allowed: readonly string[],
): void {
  if (allowed.length > 0) response.setHeader("vary", "Origin");
  if (origin === undefined || !allowed.includes(origin)) return;
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("access-control-allow-headers", "authorization, content-type, last-event-id");
  response.setHeader("access-control-allow-methods", "GET, HEAD, POST");
}

/** A browser asks whether a page elsewhere may send what it wants to. */
export function isPreflight({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined && headers["access-control-request-method"] !== undefined;
}

/** Sends a whole answer; to a HEAD request only the headers. */
export function respond(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void {
  const bytes = Buffer.byteLength(body);
  const all: Record<string, string> = { ...COMMON_HEADERS, ...headers };
  if (status !== 204 && status !== 304) all["content-length"] ??= String(bytes);
  response.writeHead(status, all);
  if (request.method === "HEAD" || bytes === 0) response.end();
  // Text leaves in one write with the headers.
  else response.end(body);
}

export function respondJson(
  request: IncomingMessage,
  response: ServerResponse,
  body: unknown,
  headers?: Readonly<Record<string, string>>,
): void {
  const all = headers === undefined ? JSON_TYPE : { ...JSON_TYPE, ...headers };
  respond(request, response, 200, all, JSON.stringify(body));
}

/** Does what an answer needs; `gone` says that nobody waits for it any more: then an error is of no interest either. */
export async function whileWaited(
  response: ServerResponse,
  act: (gone: AbortSignal) => Promise<void>,
): Promise<void> {
  const gone = new AbortController();
  const leave = (): void => gone.abort();
  if (response.destroyed) leave();
  response.once("close", leave);
  try {
    await act(gone.signal);
  } catch (error) {
    if (!gone.signal.aborted) throw error;
  } finally {
    response.off("close", leave);
  }
}

export function respondError(
  request: IncomingMessage,
  response: ServerResponse,
  error: EigenwatchError,
): void {
  const { status, headers } = answerTo(error);
  // The rest of a refused body is not read: the connection ends with the answer.
  const close: Record<string, string> = request.complete ? {} : { connection: "close" };
  respond(request, response, status, { ...JSON_TYPE, ...close, ...headers }, errorBody(error));
}

/**
 * Answers with an error where there is only a socket: for an upgrade, and for bytes that are not HTTP. The client may still be sending: what
 * comes is read and dropped, for otherwise the client might lose the answer. After `graceMs` at most the socket is gone.
 */
export function refuseOnSocket(socket: Duplex, error: EigenwatchError, graceMs: number): void {
  socket.end(errorOnSocket(error));
  socket.resume();
  const grace = setTimeout(() => socket.destroy(), graceMs);
  grace.unref();
  socket.once("end", () => socket.destroy());
  socket.once("close", () => clearTimeout(grace));
}

/** Ends a socket at once, with an error for a client that has not sent a request yet. */
export function endWithError(socket: Socket, error: EigenwatchError): void {
  if (socket.writableLength > 0 || !socket.writable) socket.destroy();
  else socket.end(errorOnSocket(error), () => socket.destroy());
}

function errorOnSocket(error: EigenwatchError): string {
  const { status, headers: own } = answerTo(error);
  const body = errorBody(error);
  const headers = {
    ...SECURITY_HEADERS,
    ...JSON_TYPE,
    ...own,
    "content-length": Buffer.byteLength(body),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("")}\r\n${body}`;
}

export function startStream(response: ServerResponse, type: string): void {
  response.writeHead(200, {
    "content-type": type,
    "cache-control": "no-store",
    "x-accel-buffering": "no",
    ...SECURITY_HEADERS,
  });
}

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" } as const;

/** Longest echo of a value from outside: enough to recognise it. */
const SHOWN_MAX = 120;

function errorBody(error: EigenwatchError): string {
  const { action, value, expected, kind } = error;
  const shown = value.length > SHOWN_MAX ? `${value.slice(0, SHOWN_MAX)}…` : value;
  const happened = error instanceof CommandUnanswered ? { happened: error.happened } : {};
  return JSON.stringify({ error: { action, value: shown, expected, kind, ...happened } });
}
