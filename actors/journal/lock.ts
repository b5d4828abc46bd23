/**
 * A recording has one writer: `journal.lock` names its process. A killed process leaves the file; it is taken over
 * when that process is gone. A later process with the same id is recognised by its start time (Linux).
 *
 * The processes of another machine cannot be seen: a lock from there is respected, and the error says what to delete.
 */
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Disk } from "./disk.ts";
import { readWhole } from "./disk.ts";
import { JournalLocked } from "./errors.ts";

export const LOCK_FILE = "journal.lock";

/** Two openers may meet at a stale lock; the loser looks again, and then sees a living owner. */
const ATTEMPTS = 5;

/** A lock without a readable owner is being written just now, or its writer died in that moment: so long it gets. */
const UNFINISHED_LOCK_MS = 50;

interface Owner {
  pid: number;
  host: string;
  /** Start of the process in clock ticks since boot, "" where the system does not report it. */
  started: string;
}

/** Folders held by this process: its own id in a lock file is stale unless it is here. */
const heldByDisk = new WeakMap<Disk, Set<string>>();

export interface Lock {
  /** Id of the dead process it was taken over from, or null. */
  takenFrom: number | null;
  release(): Promise<void>;
}

/** `wait` resolves after so many ms. */
export async function lockDirectory(
  disk: Disk,
  directory: string,
  wait: (ms: number) => Promise<unknown> = setTimeout,
): Promise<Lock> {
  const held = heldByDisk.get(disk) ?? new Set();
  heldByDisk.set(disk, held);
  if (held.has(directory)) throw locked(directory, "this process");
  // Entered at once: two opens in one process must not both pass.
  held.add(directory);
  try {
    const takenFrom = await take(disk, directory, wait);
    return {
      takenFrom,
      async release() {
        const owner = await readLockOwner(disk, directory);
        // Another process may have deleted it and taken the lock: then it keeps it.
        if (owner?.pid === process.pid && owner.host === hostname())
          await disk.remove(join(directory, LOCK_FILE));
        held.delete(directory);
      },
    };
  } catch (error) {
    held.delete(directory);
    throw error;
  }
}

/** The process named in the lock file, running or not. */
export async function readLockOwner(
  disk: Disk,
  directory: string,
): Promise<{ pid: number; host: string } | null> {
  const owner = await readOwner(disk, join(directory, LOCK_FILE));
  return owner === null ? null : { pid: owner.pid, host: owner.host };
}

/** Whether a living process holds the lock, this one included. */
export async function isBeingWritten(disk: Disk, directory: string): Promise<boolean> {
  if (heldByDisk.get(disk)?.has(resolve(directory))) return true;
  const owner = await readOwner(disk, join(directory, LOCK_FILE));
  return owner !== null && isAlive(owner);
}

async function take(
  disk: Disk,
  directory: string,
  wait: (ms: number) => Promise<unknown>,
): Promise<number | null> {
  const path = join(directory, LOCK_FILE);
  let takenFrom: number | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (await create(disk, path)) return takenFrom;
    const owner = await readOwner(disk, path);
    if (owner === null) await wait(UNFINISHED_LOCK_MS);
    else if (isAlive(owner)) throw locked(directory, `process ${owner.pid} on ${owner.host}`);
    if (await removeStale(disk, path, owner)) takenFrom = owner?.pid ?? takenFrom;
  }
  throw locked(directory, "another process that is opening it");
}

/**
 * Renames the lock before deleting it, so that only one of two openers gets it. An opener that got a fresh lock of the other puts it back.
 */
async function removeStale(disk: Disk, path: string, stale: Owner | null): Promise<boolean> {
  const aside = `${path}.${process.pid}`;
  try {
    await disk.rename(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
  const moved = await readOwner(disk, aside);
  if (JSON.stringify(moved) !== JSON.stringify(stale)) {
    await disk.rename(aside, path);
    return false;
  }
  await disk.remove(aside);
  return true;
}

/** False when another was faster. */
async function create(disk: Disk, path: string): Promise<boolean> {
  const owner: Owner = { pid: process.pid, host: hostname(), started: startOf(process.pid) };
  try {
    const file = await disk.open(path, "create");
    try {
      await file.write(new TextEncoder().encode(JSON.stringify(owner)), 0);
      // After a power loss an empty lock would have to be waited for.
      await file.sync();
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Null when the lock is gone, or its writing was not finished. */
async function readOwner(disk: Disk, path: string): Promise<Owner | null> {
  try {
    const { pid, host, started } = JSON.parse(new TextDecoder().decode(await readWhole(disk, path))) as Owner;
    return { pid, host, started };
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function isAlive(owner: Owner): boolean {
  if (owner.host !== hostname()) return true;
  if (owner.pid === process.pid) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives under another user.
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const started = startOf(owner.pid);
  return started === "" || owner.started === "" || started === owner.started;
}

/** Field 22 of /proc/pid/stat; the name in field 2 may hold spaces, so counting starts after its closing bracket. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function locked(directory: string, owner: string): JournalLocked {
  return new JournalLocked({
    action: `write ${directory}`,
    value: `${owner} writes it`,
    expected: `another folder, or that writer stopped; if it is gone, delete ${LOCK_FILE} there`,
  });
}
