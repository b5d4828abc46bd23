/**
 * Reads the bytes of a file or stream in chunks, and inflates them if they begin with gzip's magic number.
 *
 * All bytes before an error are returned before the error is thrown, so a truncated file yields what it contains.
 */

import { createReadStream } from "node:fs";
import { GzipReader, isGzip } from "./gzip.ts";

export type ByteSource = string | AsyncIterable<Uint8Array>;

/** Few system calls, and still little of the memory of a session. */
const CHUNK_BYTES = 65_536;

export async function* readBytes(source: ByteSource): AsyncGenerator<Uint8Array> {
  const chunks =
    typeof source === "string" ? createReadStream(source, { highWaterMark: CHUNK_BYTES }) : source;
  let gzip: GzipReader | null = null;
  let first = true;
  let head: Uint8Array | null = null;
  try {
    for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
      if (chunk.length === 0) continue;
      let bytes = chunk;
      if (first) {
        bytes = head === null ? chunk : Buffer.concat([head, chunk]);
        head = bytes;
        // The magic number has two bytes.
        if (bytes.length < 2) continue;
        first = false;
        if (isGzip(bytes)) gzip = new GzipReader();
      }
      if (gzip === null) yield bytes;
      else yield* gzip.inflate(bytes);
    }
    if (first && head !== null) yield head;
    gzip?.finish();
  } finally {
    gzip?.close();
  }
}
