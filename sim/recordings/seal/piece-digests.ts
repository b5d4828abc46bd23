/** SHA-256 of a file piece by piece: a changed byte is known within its piece. */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";

/** Small enough to look at, large enough that a recording of 10 GB has 2,500. */
export const PIECE_BYTES = 4 << 20;

/** Of the first `bytes` of a file, hexadecimal. */
export async function digests(path: string, bytes: number): Promise<string[]> {
  const file = await open(path, "r");
  try {
    const piece = new Uint8Array(Math.min(PIECE_BYTES, Math.max(bytes, 1)));
    const found: string[] = [];
    for (let at = 0; at < bytes; at += PIECE_BYTES) {
      const filled = await fill(file, piece.subarray(0, Math.min(PIECE_BYTES, bytes - at)), at);
      found.push(createHash("sha256").update(filled).digest("hex"));
    }
    return found;
  } finally {
    await file.close();
  }
}

async function fill(file: FileHandle, into: Uint8Array, from: number): Promise<Uint8Array> {
  let filled = 0;
  while (filled < into.length) {
    const { bytesRead } = await file.read(into, filled, into.length - filled, from + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return into.subarray(0, filled);
}
