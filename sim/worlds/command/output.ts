/** Where a table goes: stdout, a file, or a compressed file. */
import { existsSync, statSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { PassThrough, type Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { EigenwatchError, type ErrorKind } from "../../../protocol/errors.ts";

export interface Output {
  readonly stream: Writable;
  end(): Promise<void>;
  /** Closes the output and deletes the incomplete file. */
  discard(): Promise<void>;
}

/** Checks a path before any file is created, so that one wrong path leaves no file. */
export function refuseTarget(path: string | null): void {
  if (path === null) return;
  if (!existsSync(dirname(path))) throw unwritable(path, "its folder does not exist");
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw unwritable(path, "it is a folder", "usage", "the name of a file");
}

/** Null: stdout. */
export async function openOutput(path: string | null, gzipped: boolean): Promise<Output> {
  if (path === null)
    return { stream: process.stdout, end: () => Promise.resolve(), discard: () => Promise.resolve() };
  const file = await open(path, "w").catch((error: Error) => {
    throw unwritable(path, error.message);
  });
  // False for a device or a pipe, which must not be deleted.
  const isFile = (await file.stat()).isFile();
  const disk = file.createWriteStream();
  const { stream, packed } = gzipped ? packing(disk) : { stream: disk, packed: Promise.resolve() };
  return {
    stream,
    async end() {
      await Promise.all([ended(stream), packed]).catch((error: Error) => {
        throw unwritable(path, error.message, "failed");
      });
    },
    async discard() {
      stream.destroy();
      disk.destroy();
      if (isFile) await rm(path, { force: true });
    },
  };
}

function unwritable(path: string, value: string, kind: ErrorKind = "usage", expected = ""): EigenwatchError {
  return new EigenwatchError({ action: `write to ${path}`, value, expected, kind });
}

function packing(disk: Writable): { stream: Writable; packed: Promise<void> } {
  const stream = new PassThrough();
  const packed = pipeline(stream, createGzip(), disk);
  // The writer of the stream gets the error there.
  packed.catch(() => {});
  return { stream, packed };
}

async function ended(stream: Writable): Promise<void> {
  stream.end();
  await finished(stream);
}
