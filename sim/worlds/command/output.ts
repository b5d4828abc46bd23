/** Where a table goes: stdout, a file, or a packed file. */
import { existsSync, statSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import process from "node:process";
import { PassThrough, type Writable } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { CommandError } from "../../../actors/mod.ts";

export interface Output {
  readonly stream: Writable;
  end(): Promise<void>;
  /** Something went wrong: a file that was begun is no table, and goes. */
  discard(): Promise<void>;
}

/** Before any file is made, so that a wrong name for one leaves no other. */
export function refuseTarget(path: string | null): void {
  if (path === null) return;
  if (!existsSync(dirname(path))) throw new CommandError(`Cannot write to ${path}: its folder is not there`);
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory())
    throw new CommandError(`Cannot write to ${path}: it is a folder; expected the name of a file`);
}

/** Null: stdout. Throws CommandError when the file cannot be made. */
export async function openOutput(path: string | null, gzipped: boolean): Promise<Output> {
  if (path === null)
    return { stream: process.stdout, end: () => Promise.resolve(), discard: () => Promise.resolve() };
  const file = await open(path, "w").catch((error: Error) => {
    throw new CommandError(`Cannot write to ${path}: ${error.message}`);
  });
  // Not a device, a pipe, or what else a name may lead to.
  const isFile = (await file.stat()).isFile();
  const disk = file.createWriteStream();
  const { stream, packed } = gzipped ? packing(disk) : { stream: disk, packed: Promise.resolve() };
  return {
    stream,
    async end() {
      await Promise.all([ended(stream), packed]).catch((error: Error) => {
        throw new CommandError(`Cannot write to ${path}: ${error.message}`, 1);
      });
    },
    async discard() {
      stream.destroy();
      disk.destroy();
      if (isFile) await rm(path, { force: true });
    },
  };
}

function packing(disk: Writable): { stream: Writable; packed: Promise<void> } {
  const stream = new PassThrough();
  const packed = pipeline(stream, createGzip(), disk);
  // Who writes into the stream is told of it there.
  packed.catch(() => {});
  return { stream, packed };
}

async function ended(stream: Writable): Promise<void> {
  stream.end();
  await finished(stream);
}
