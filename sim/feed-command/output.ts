/** Where a table goes: stdout, a file, or a packed file. */
import { existsSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { PassThrough, type Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { CommandError } from "../../actors/errors.ts";

export interface Output {
  readonly stream: Writable;
  end(): Promise<void>;
}

/** Before any file is made, so that a wrong name for one leaves no other. */
export function refuseWithoutFolder(path: string | null): void {
  if (path !== null && !existsSync(dirname(path)))
    throw new CommandError(`Cannot write to ${path}: its folder is not there`);
}

/** Null: stdout. Throws CommandError when the file cannot be made. */
export async function openOutput(path: string | null, gzipped: boolean): Promise<Output> {
  if (path === null) return { stream: process.stdout, end: () => Promise.resolve() };
  const file = await open(path, "w").catch((error: Error) => {
    throw new CommandError(`Cannot write to ${path}: ${error.message}`);
  });
  const disk = file.createWriteStream();
  if (!gzipped) return { stream: disk, end: () => ended(disk) };
  const plain = new PassThrough();
  const packed = pipeline(plain, createGzip(), disk);
  return {
    stream: plain,
    async end() {
      plain.end();
      await packed;
    },
  };
}

async function ended(stream: Writable): Promise<void> {
  stream.end();
  await finished(stream);
}
