/** Answers of the HTTP side: security headers on everything, errors as `{ error: { action, value, expected } }`. */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";
import type { HttpError } from "./http-error.ts";

/** The page loads nothing but its own files and talks to nobody but us; nobody frames it. */
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

/** Sends a whole answer; of a HEAD request only its headers. */
export function respond(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void {
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const length = status === 204 || status === 304 ? {} : { "content-length": String(bytes.length) };
  response.writeHead(status, { "cache-control": "no-store", ...SECURITY_HEADERS, ...length, ...headers });
  if (request.method === "HEAD" || bytes.length === 0) response.end();
  else response.end(bytes);
}

export function respondJson(request: IncomingMessage, response: ServerResponse, body: unknown): void {
  respond(request, response, 200, JSON_TYPE, JSON.stringify(body));
}

export function respondRefusal(request: IncomingMessage, response: ServerResponse, refusal: HttpError): void {
  // What is left of a refused body is not read: the connection ends with the answer.
  const close: Record<string, string> = request.complete ? {} : { connection: "close" };
  respond(
    request,
    response,
    refusal.status,
    { ...JSON_TYPE, ...close, ...refusal.headers },
    errorBody(refusal),
  );
}

/** Refuses an upgrade, where there is a bare socket and no response object. */
export function refuseUpgrade(socket: Duplex, refusal: HttpError): void {
  const body = errorBody(refusal);
  const headers = {
    ...SECURITY_HEADERS,
    ...JSON_TYPE,
    ...refusal.headers,
    "content-length": Buffer.byteLength(body),
    connection: "close",
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ""}\r\n${lines.join("")}\r\n${body}`,
  );
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

function errorBody({ action, value, expected }: HttpError): string {
  return JSON.stringify({ error: { action, value, expected } });
}
