/** A gzipped body that somebody sends, within a limit. */
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const inflate = promisify(gunzip);

/** Null: there is more than `bytesMax`, and the rest is not inflated. Throws an Error that says why the body is no gzip. */
export async function boundedGunzip(body: Uint8Array, bytesMax: number): Promise<Buffer | null> {
  try {
    return await inflate(body, { maxOutputLength: bytesMax });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE") return null;
    throw error;
  }
}
