/**
 * Reads the bytes of a file or stream in chunks, and inflates them if they begin with gzip's magic number.
 *
 * All bytes before an error are returned before the error is thrown, so a truncated file yields what it contains.
 */

import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";

export type ByteSource = string | AsyncIterable<Uint8Array>;

/** Few system calls, and still little of the memory of a session. */
const CHUNK_BYTES = 65_536;
/** Compressed bytes inflated at a time: they become at most 1,032 times as many (the limit of deflate), 17 MB. */
const GZIP_CHUNK_BYTES = 16_384;

export async function* readBytes(source: ByteSource): AsyncGenerator<Uint8Array> {
  const chunks =
    typeof source === "string" ? createReadStream(source, { highWaterMark: CHUNK_BYTES }) : source;
  let gzip: Inflater | null = null;
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
        if (bytes[0] === 0x1f && bytes[1] === 0x8b) gzip = new Inflater();
      }
      if (gzip === null) yield bytes;
      else yield* gzip.inflate(bytes);
    }
    if (first && head !== null) yield head;
    if (gzip !== null) yield* gzip.finish();
  } finally {
    gzip?.close();
  }
}

/** zlib's stream, one write at a time: iterating over it would lose what it inflated before an error. */
class Inflater {
  readonly #stream = createGunzip({ chunkSize: CHUNK_BYTES });
  #ready: Uint8Array[] = [];
  #error: Error | null = null;
  #settle: (() => void) | null = null;

  constructor() {
    this.#stream.on("data", (chunk: Uint8Array) => this.#ready.push(chunk));
    this.#stream.on("end", () => this.#settle?.());
    this.#stream.on("error", (error: Error) => {
      this.#error = error;
      this.#settle?.();
    });
  }

  async *inflate(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += GZIP_CHUNK_BYTES) {
      await this.#until((done) =>
        this.#stream.write(bytes.subarray(at, at + GZIP_CHUNK_BYTES), () => done()),
      );
      yield* this.#take();
    }
  }

  async *finish(): AsyncGenerator<Uint8Array> {
    await this.#until(() => this.#stream.end());
    yield* this.#take();
  }

  close(): void {
    this.#stream.destroy();
  }

  #until(start: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.#settle = resolve;
      start(resolve);
    });
  }

  *#take(): Generator<Uint8Array> {
    const ready = this.#ready;
    this.#ready = [];
    yield* ready;
    if (this.#error === null) return;
    const cut = (this.#error as { code?: string }).code === "Z_BUF_ERROR";
    const what = cut
      ? "its gzip data ends in the middle"
      : `its gzip data is damaged (${this.#error.message})`;
    throw new Error(what, { cause: this.#error });
  }
}
