/**
 * The dashboard's files. They are read into memory at the start, so no request can reach another file.
 *
 * Their names contain no hash of the content. So they are served with `no-cache` and an ETag: a browser asks each time and gets 304.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { extname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { EigenwatchError } from "../../protocol/errors.ts";
import { respond } from "./response.ts";

export interface StaticFile {
  readonly type: string;
  readonly etag: string;
  readonly bytes: Uint8Array;
  /** Null where it saves less than a tenth. Made at the first request, because the start must not wait for it. */
  readonly gzip: Uint8Array | null;
}

/** Path as requested ("/", "/main.js") → file. Throws when the folder is missing or larger than `bytesMax`. */
export function readStaticFiles(folder: string, bytesMax: number): Map<string, StaticFile> {
  const files = new Map<string, StaticFile>();
  let total = 0;
  const visit = (path: string): void => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const inner = `${path}/${entry.name}`;
      if (entry.name.startsWith(".")) continue;
      if (entry.isDirectory()) visit(inner);
      if (!entry.isFile()) continue;
      const bytes = readFileSync(join(folder, inner));
      total += bytes.length;
      if (total > bytesMax)
        throw new EigenwatchError({
          action: `serve ${folder}`,
          value: `more than ${total} bytes`,
          expected: `at most ${bytesMax} (staticBytesMax)`,
        });
      files.set(inner, describe(entry.name, bytes));
    }
  };
  visit("");
  const index = files.get("/index.html");
  if (index !== undefined) files.set("/", index);
  return files;
}

export function serveFile(request: IncomingMessage, response: ServerResponse, file: StaticFile): void {
  const headers = {
    "content-type": file.type,
    etag: file.etag,
    "cache-control": "no-cache",
    vary: "accept-encoding",
  };
  if (matches(request.headers["if-none-match"], file.etag)) {
    respond(request, response, 304, headers, "");
    return;
  }
  const zipped = /\bgzip\b/.test(String(request.headers["accept-encoding"] ?? "")) && file.gzip !== null;
  if (zipped) respond(request, response, 200, { ...headers, "content-encoding": "gzip" }, file.gzip);
  else respond(request, response, 200, headers, file.bytes);
}

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".map": "application/json; charset=utf-8",
  ".webmanifest": "application/manifest+json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

function describe(name: string, bytes: Uint8Array): StaticFile {
  let gzip: Uint8Array | null | undefined;
  return {
    type: TYPES[extname(name).toLowerCase()] ?? "application/octet-stream",
    // Weak: the compressed and the plain form share it.
    etag: `W/"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
    bytes,
    get gzip() {
      if (gzip === undefined) gzip = worthwhile(gzipSync(bytes, { level: 9 }), bytes);
      return gzip;
    },
  };
}

function worthwhile(gzip: Uint8Array, bytes: Uint8Array): Uint8Array | null {
  return gzip.length < bytes.length * 0.9 ? gzip : null;
}

function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header
    .split(",")
    .some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === etag.slice(2));
}
