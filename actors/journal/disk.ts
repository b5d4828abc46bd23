/**
 * The disk as the journal uses it: whole writes at an offset, and what it takes to make them last.
 *
 * D1  After `sync` of a file, its bytes survive a power failure.
 * D2  A file created, renamed or removed is so after `syncDirectory` of its folder.
 * D3  `write` writes everything or rejects; after a rejection any part may have been written.
 */
import { statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { isSignAlive, type LifeSign, raiseSign } from "./life-sign.ts";

export interface Disk {
  /** Creates a folder and those above it, to last; an existing one is left alone. */
  makeDirectory(path: string): Promise<void>;
  /** Names in a folder, unordered. */
  list(directory: string): Promise<string[]>;
  /** "read": the file must exist. "write": it must exist, and is read and written. "create": it must not exist. */
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  rename(from: string, to: string): Promise<void>;
  /** A missing file is no error. */
  remove(path: string): Promise<void>;
  syncDirectory(path: string): Promise<void>;
  /** Bytes a user may still write, or null where the system does not report it. */
  freeBytes(directory: string): Promise<number | null>;
  /** What stands at a path now, or null. */
  stat(path: string): Promise<FileState | null>;
  /** Shows until it is closed that this process is alive (life-sign.ts). Null where the file system has no such thing. */
  raiseSign(path: string): Promise<LifeSign | null>;
  /** False only when the process that raised the sign is gone, or has closed it. */
  isSignAlive(path: string): Promise<boolean>;
  /** Whether only one running kernel can have the folder: it lies on a disk of this machine, not on a network. */
  isLocal(directory: string): Promise<boolean>;
}

/** A file as its folder names it. */
export interface FileState {
  /** Of the file itself, whatever its name; a removed file's may come again. */
  id: string;
  size: number;
  /** When content, name or rights last changed, by the file system's clock. */
  changedNs: bigint;
}

export type OpenMode = "read" | "write" | "create";

export interface DiskFile {
  size(): Promise<number>;
  /** As in FileState. */
  id(): Promise<string>;
  /** Fills `into` with bytes from `offset`; returns how many, fewer than asked only at the end of the file. */
  read(into: Uint8Array, offset: number): Promise<number>;
  write(bytes: Uint8Array, offset: number): Promise<void>;
  truncate(size: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Why promises and not the synchronous calls: a write with fdatasync takes 0.3 ms on a quiet disk and up to seconds on a busy
 * one, and the core must go on meanwhile. File handles cost 0.02-0.05 ms more than bare calls, on Node and on Deno.
 */
export const realDisk: Disk = {
  async makeDirectory(path) {
    const folder = resolve(path);
    if (await isDirectory(folder)) return;
    // Folder by folder: the recursive call reports a read-only file system as a missing folder.
    if (dirname(folder) !== folder) await realDisk.makeDirectory(dirname(folder));
    await mkdir(folder, { mode: FOLDER_MODE }).catch(async (error: NodeJS.ErrnoException) => {
      // Another process may have been faster.
      if (error.code !== "EEXIST" || !(await isDirectory(folder))) throw error;
    });
    await realDisk.syncDirectory(dirname(folder));
  },
  list: (directory) => readdir(directory),
  async open(path, mode) {
    return new RealFile(await open(path, FLAGS[mode], FILE_MODE));
  },
  rename,
  remove: (path) => rm(path, { force: true }),
  async syncDirectory(path) {
    // Windows has no such thing: its directories are journaled by the file system.
    if (process.platform === "win32") return;
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async freeBytes(directory) {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
  /** Synchronously: the system has the folder in memory, and a turn of the thread pool would take ten times as long. */
  async stat(path) {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) return null;
    return { id: `${found.dev}:${found.ino}`, size: Number(found.size), changedNs: found.ctimeNs };
  },
  raiseSign,
  isSignAlive,
  async isLocal(directory) {
    return LOCAL_FILE_SYSTEMS.has((await statfs(directory)).type);
  },
};

/** Only for their owner: a recording holds what the gateway gives out against a token only. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** `statfs` types of Linux whose files no second kernel can have: ext4, XFS, Btrfs, F2FS, ZFS, bcachefs, tmpfs, overlay. */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0xf2f52010, 0x2fc12fc1, 0xca451a4e, 0x01021994, 0x794c7630,
]);

async function isDirectory(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false;
}

/** Reads a small file whole. */
export async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, "read");
  try {
    const bytes = new Uint8Array(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/**
 * Puts a file in place whole or not at all: written under a temporary name, synced, renamed, folder synced.
 * The folder is not synced when `durable` is false: then the file may be gone after a power loss, never half there.
 */
export async function writeWhole(
  disk: Disk,
  directory: string,
  name: string,
  bytes: Uint8Array,
  durable: boolean,
): Promise<void> {
  const temporary = join(directory, `${name}${TEMPORARY_SUFFIX}`);
  await disk.remove(temporary);
  const file = await disk.open(temporary, "create");
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, join(directory, name));
  if (durable) await disk.syncDirectory(directory);
}

/** Suffix of a file that is not renamed yet. After a crash it may remain; opening for writing removes those of a recording. */
export const TEMPORARY_SUFFIX = ".tmp";

const FLAGS = { read: "r", write: "r+", create: "wx+" } as const;

class RealFile implements DiskFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  async id(): Promise<string> {
    const { dev, ino } = await this.#handle.stat({ bigint: true });
    return `${dev}:${ino}`;
  }

  async read(into: Uint8Array, offset: number): Promise<number> {
    let filled = 0;
    while (filled < into.length) {
      const { bytesRead } = await this.#handle.read(into, filled, into.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return filled;
  }

  async write(bytes: Uint8Array, offset: number): Promise<void> {
    let written = 0;
    while (written < bytes.length) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        written,
        bytes.length - written,
        offset + written,
      );
      if (bytesWritten === 0)
        throw new Error(`Cannot write ${bytes.length - written} bytes: the disk took none`);
      written += bytesWritten;
    }
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size);
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
