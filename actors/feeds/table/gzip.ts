/**
 * Inflates gzip (RFC 1952) as its bytes arrive: members one after another, then zeros, with which tapes and blocks are filled up.
 *
 *   header ─► data ─► trailer ─┬─► header of the next member
 *                              └─► zeros to the end
 *
 * zlib's own reader of gzip drops what it inflated of a piece in which it meets bytes that are not gzip, and after such bytes it may wait for
 * ever. So zlib inflates the data alone; headers and trailers are read here.
 */

import { crc32, createInflateRaw, type InflateRaw } from "node:zlib";

/** Compressed bytes inflated at a time: they become at most 1,032 times as many (the limit of deflate), 17 MB. */
const PIECE_BYTES = 16_384;
/** Inflated bytes of one chunk: few calls, and little of the memory of a session. */
const CHUNK_BYTES = 65_536;
/** The magic number, the method and the flags. */
const FIXED_HEADER_BYTES = 10;
/** Bytes of a whole header: the longest extra field, and a name and a comment of as much again. */
const MAX_HEADER_BYTES = 131_072;
/** CRC-32 and length of the inflated data. */
const TRAILER_BYTES = 8;
const DEFLATE = 8;
const HEADER_CRC = 2;
const EXTRA = 4;
const NAME = 8;
const COMMENT = 16;
const RESERVED = 0xe0;

export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

export class GzipReader {
  #state: "header" | "data" | "trailer" | "zeros" = "header";
  #members = 0;
  /** Bytes of a header or trailer that is not complete. */
  #held = new Uint8Array(0);
  #deflated: DeflatedData | null = null;

  /** All bytes before damage are returned before its error is thrown. */
  async *inflate(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    let rest = bytes;
    while (rest.length > 0) {
      if (this.#state === "data") {
        const piece = rest.subarray(0, PIECE_BYTES);
        const data = this.#deflated!;
        const taken = await data.write(piece);
        yield* data.take();
        rest = rest.subarray(taken);
        if (data.ended) this.#state = "trailer";
      } else if (this.#state === "zeros") {
        if (rest.some((byte) => byte !== 0)) throw notGzip();
        return;
      } else rest = this.#readFrame(rest);
    }
  }

  /** Throws unless the bytes so far end with a member or the zeros after one. */
  finish(): void {
    const between = this.#state === "header" && this.#held.length === 0;
    if (this.#members > 0 && (between || this.#state === "zeros")) return;
    throw new Error("its gzip data ends in the middle");
  }

  close(): void {
    this.#deflated?.close();
  }

  /** Reads a header or trailer, or the part of it that is there. Returns the bytes after it. */
  #readFrame(bytes: Uint8Array): Uint8Array {
    const held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const length = this.#state === "trailer" ? TRAILER_BYTES : this.#headerLength(held);
    if (this.#state === "zeros") return held;
    if (length === null || held.length < length) {
      if (held.length > MAX_HEADER_BYTES) throw damaged("a header without an end");
      this.#held = Uint8Array.from(held);
      return held.subarray(held.length);
    }
    this.#held = new Uint8Array(0);
    if (this.#state === "trailer") this.#endMember(held);
    else this.#beginMember();
    return held.subarray(length);
  }

  /** Bytes of the header, or null if more are needed. After a member the bytes may be zeros instead. */
  #headerLength(bytes: Uint8Array): number | null {
    if (this.#members > 0 && bytes[0] === 0) {
      this.#state = "zeros";
      return 0;
    }
    const magic = bytes[0] === 0x1f && (bytes.length === 1 || bytes[1] === 0x8b);
    if (!magic) throw notGzip();
    if (bytes.length < FIXED_HEADER_BYTES) return null;
    const flags = bytes[3]!;
    if (bytes[2] !== DEFLATE || (flags & RESERVED) !== 0) throw damaged("unknown compression method");
    let end = FIXED_HEADER_BYTES;
    if (flags & EXTRA) {
      if (bytes.length < end + 2) return null;
      end += 2 + bytes[end]! + 256 * bytes[end + 1]!;
    }
    for (const text of [NAME, COMMENT])
      if (flags & text) {
        const zero = bytes.indexOf(0, end);
        if (zero < 0) return null;
        end = zero + 1;
      }
    return flags & HEADER_CRC ? end + 2 : end;
  }

  #beginMember(): void {
    this.#deflated = new DeflatedData();
    this.#state = "data";
  }

  #endMember(trailer: Uint8Array): void {
    const { checksum, length } = this.#deflated!;
    this.#deflated!.close();
    const view = new DataView(trailer.buffer, trailer.byteOffset, TRAILER_BYTES);
    if (view.getUint32(0, true) !== checksum) throw damaged("incorrect data check");
    if (view.getUint32(4, true) !== length) throw damaged("incorrect length check");
    this.#members++;
    this.#state = "header";
  }
}

/** The deflated data of one member: zlib's stream, one write at a time, for iterating over it would lose what it inflated before an error. */
class DeflatedData {
  /** The data has ended; what follows is not part of it. */
  ended = false;
  /** CRC-32 of what was taken. */
  checksum = 0;
  /** Bytes taken, modulo 2³². */
  length = 0;
  readonly #stream: InflateRaw = createInflateRaw({ chunkSize: CHUNK_BYTES });
  #ready: Uint8Array[] = [];
  #error: Error | null = null;
  #settle: () => void = () => {};

  constructor() {
    this.#stream.on("data", (chunk: Uint8Array) => this.#ready.push(chunk));
    this.#stream.on("end", () => {
      this.ended = true;
      this.#settle();
    });
    this.#stream.on("error", (error: Error) => {
      this.#error = error;
      this.#settle();
    });
  }

  /** Bytes of `piece` that belong to the data: all of them, unless it ends in the piece. */
  async write(piece: Uint8Array): Promise<number> {
    const before = this.#stream.bytesWritten;
    await new Promise<void>((resolve) => {
      this.#settle = resolve;
      this.#stream.write(piece, () => resolve());
    });
    return this.ended ? this.#stream.bytesWritten - before : piece.length;
  }

  /** What has been inflated; then the error that ended it. */
  *take(): Generator<Uint8Array> {
    const ready = this.#ready;
    this.#ready = [];
    for (const chunk of ready) {
      this.checksum = crc32(chunk, this.checksum);
      this.length = (this.length + chunk.length) >>> 0;
      yield chunk;
    }
    if (this.#error !== null) throw damaged(this.#error.message, this.#error);
  }

  close(): void {
    this.#stream.destroy();
  }
}

function damaged(how: string, cause?: Error): Error {
  return new Error(`its gzip data is damaged (${how})`, { cause });
}

function notGzip(): Error {
  return new Error("bytes that are not gzip follow its gzip data");
}
