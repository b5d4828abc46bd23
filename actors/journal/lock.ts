/**
 * A recording has one writer. `journal.lock` says who it is, and each opener shows itself before it looks for others:
 *
 *   sign (life-sign.ts) ─► mark `journal.lock.TOKEN` ─► ask all others ─alone─► rename the mark to `journal.lock`
 *                                                            └─not alone─► take sign and mark away, refuse
 *
 * K1  Of two openers at least one sees the other: each raises its mark before it lists those of the others. If both see each other, the one
 *     with the higher token gives way, and the other one waits until it is gone or holds the lock.
 * K2  Marks are listed before the lock is read: a mark that became the lock in between is seen there.
 * K3  A mark and a lock are complete files from the start, and a sign is raised before them: who is named and not alive is gone for good.
 * K4  Names with a token are never used again, so what a dead process left can be removed at any time. The lock itself is only ever
 *     replaced, by the one opener that is alone.
 * K5  The writer asks before each batch whether the lock is still its own (`check`): a person may delete it, and some file systems of
 *     several machines forget it.
 *
 * Whether an owner is alive is asked of its sign, which is the same question in every container of this machine. Another machine's
 * processes cannot be asked: their lock is respected, and the error says what to delete.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Disk, FileState } from "./disk.ts";
import { readWhole } from "./disk.ts";
import { JournalLocked, RecordingTaken } from "./errors.ts";
import type { LifeSign } from "./life-sign.ts";

export const LOCK_FILE = "journal.lock";

/** An opener that gives way is gone within a few of these. */
const CONTEST_POLL_MS = 5;

/** Two seconds for an opener that has to give way: longer means that it was stopped. */
const CONTEST_POLLS = 400;

/** Signs that were removed under an opener: a former writer cleaned up between its two first steps. Twice in a row is no accident. */
const RAISE_ATTEMPTS = 3;

const MARK_NAME = /^journal\.lock\.([0-9a-f]{16})(\.sign|\.tmp)?$/;

export interface LockOwner {
  pid: number;
  /** Start of the process in clock ticks since boot, "" where the system does not report it. */
  started: string;
  host: string;
  /** Id of this run of the kernel, "" where the system does not report it. */
  boot: string;
  /** PID namespace, "" where there is none: process ids are those of this namespace. */
  namespace: string;
  /** Random: no two openings have the same. */
  token: string;
  /** Whether it gives a sign of life. */
  signs: boolean;
}

type Life = "alive" | "gone" | "unknown";

/** Tokens of this process, for what an error says. */
const ours = new Set<string>();

export interface Lock {
  /** Id of the dead process it was taken over from, or null. */
  readonly takenFrom: number | null;
  /** Rejects with RecordingTaken when the lock is not this one any more. */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** `wait` resolves after so many ms. */
export async function lockDirectory(
  disk: Disk,
  directory: string,
  wait: (ms: number) => Promise<unknown> = setTimeout,
): Promise<Lock> {
  for (let attempt = 0; attempt < RAISE_ATTEMPTS; attempt++) {
    const mark = await Mark.raise(disk, directory);
    try {
      const before = await outlast(disk, directory, mark.owner, wait);
      // Asked last: from now on nobody else is alone, and only a writer removes signs.
      if (await mark.isSeen()) return await mark.become(before);
    } catch (error) {
      await mark.lower();
      throw error;
    }
    await mark.lower();
  }
  throw new JournalLocked({
    action: `write ${directory}`,
    value: "its sign of life is removed as soon as it is given",
    expected: `nobody else to delete ${LOCK_FILE}.* there`,
  });
}

/** The process named in the lock file, running or not. */
export async function readLockOwner(
  disk: Disk,
  directory: string,
): Promise<{ pid: number; host: string } | null> {
  const owner = await readOwner(disk, join(directory, LOCK_FILE));
  return owner === null ? null : { pid: owner.pid, host: owner.host };
}

/** Whether a process holds the lock, this one included, as far as can be seen: one of another machine counts. */
export async function isBeingWritten(disk: Disk, directory: string): Promise<boolean> {
  const owner = await readOwner(disk, join(directory, LOCK_FILE));
  return owner !== null && (await lifeOf(disk, directory, owner)) !== "gone";
}

/** Names that belong to the lock or to openers. */
export function isLockFile(name: string): boolean {
  return name === LOCK_FILE || MARK_NAME.test(name);
}

/** What an opener shows, and later the lock. */
class Mark implements Lock {
  readonly owner: LockOwner;
  takenFrom: number | null = null;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #sign: LifeSign | null;
  #seen: FileState | null = null;

  private constructor(disk: Disk, directory: string, owner: LockOwner, sign: LifeSign | null) {
    this.#disk = disk;
    this.#directory = directory;
    this.#sign = sign;
    this.owner = owner;
  }

  static async raise(disk: Disk, directory: string): Promise<Mark> {
    const token = randomBytes(8).toString("hex");
    const sign = await disk.raiseSign(join(directory, signName(token)));
    const owner = { ...thisProcess(), token, signs: sign !== null };
    ours.add(token);
    const mark = new Mark(disk, directory, owner, sign);
    try {
      await mark.write();
    } catch (error) {
      await mark.lower();
      throw error;
    }
    return mark;
  }

  /** Not synced: after a loss of power nobody is alive, and a lock that cannot be read is taken over. */
  private async write(): Promise<void> {
    const path = join(this.#directory, markName(this.owner.token));
    const file = await this.#disk.open(`${path}.tmp`, "create");
    try {
      await file.write(new TextEncoder().encode(JSON.stringify(this.owner)), 0);
    } finally {
      await file.close();
    }
    await this.#disk.rename(`${path}.tmp`, path);
  }

  async isSeen(): Promise<boolean> {
    const { token, signs } = this.owner;
    return !signs || this.#disk.isSignAlive(join(this.#directory, signName(token)));
  }

  /** `before`: who held the lock and is gone. */
  async become(before: LockOwner | null): Promise<Lock> {
    const path = join(this.#directory, LOCK_FILE);
    await this.#disk.rename(join(this.#directory, markName(this.owner.token)), path);
    this.#seen = await this.#disk.stat(path);
    this.takenFrom = before?.pid ?? null;
    // They are in nobody's way: the next writer tries again.
    await removeRemains(this.#disk, this.#directory, this.owner.token, before).catch(() => {});
    return this;
  }

  async lower(): Promise<void> {
    const { token } = this.owner;
    await this.#disk.remove(join(this.#directory, `${markName(token)}.tmp`)).catch(() => {});
    await this.#disk.remove(join(this.#directory, markName(token))).catch(() => {});
    await this.#sign?.close();
    ours.delete(token);
  }

  async check(): Promise<void> {
    const path = join(this.#directory, LOCK_FILE);
    const now = await this.#disk.stat(path);
    if (now !== null && now.id === this.#seen?.id && now.changedNs === this.#seen.changedNs) return;
    const owner = await readOwner(this.#disk, path);
    if (owner?.token !== this.owner.token)
      throw new RecordingTaken({
        action: `write ${this.#directory}`,
        value: owner === null ? `its ${LOCK_FILE} is gone` : `${nameOf(owner)} holds its lock now`,
        expected: "the lock of this process",
      });
    this.#seen = now;
  }

  async release(): Promise<void> {
    const path = join(this.#directory, LOCK_FILE);
    const owner = await readOwner(this.#disk, path);
    // Somebody may have deleted it, and another process have its own now.
    if (owner?.token === this.owner.token) await this.#disk.remove(path);
    // After the lock: while it is there, its owner must not look dead.
    await this.#sign?.close();
    ours.delete(this.owner.token);
  }
}

/** Resolves when no other opener and no owner is left (K1, K2), with the owner that is gone. Rejects with JournalLocked for one who stays. */
async function outlast(
  disk: Disk,
  directory: string,
  mine: LockOwner,
  wait: (ms: number) => Promise<unknown>,
): Promise<LockOwner | null> {
  let rivals: LockOwner[] = [];
  for (let poll = 0; poll < CONTEST_POLLS; poll++) {
    rivals = await rivalsOf(disk, directory, mine);
    const holder = await readOwner(disk, join(directory, LOCK_FILE));
    if (holder !== null) await refuseUnlessGone(disk, directory, holder, LOCK_FILE);
    const first = rivals.find(({ token }) => token < mine.token);
    if (first !== undefined) await refuseUnlessGone(disk, directory, first, markName(first.token));
    else if (rivals.length === 0) return holder;
    await wait(CONTEST_POLL_MS);
  }
  const [rival] = rivals;
  throw locked(directory, rival!, markName(rival!.token), "unknown");
}

/** Other openers that are not known to be gone. */
async function rivalsOf(disk: Disk, directory: string, mine: LockOwner): Promise<LockOwner[]> {
  const rivals: LockOwner[] = [];
  for (const name of await disk.list(directory)) {
    const [, token, ending] = MARK_NAME.exec(name) ?? [];
    if (token === undefined || ending !== undefined || token === mine.token) continue;
    const owner = await readOwner(disk, join(directory, name));
    if (owner !== null && (await lifeOf(disk, directory, owner)) !== "gone") rivals.push(owner);
  }
  return rivals;
}

async function refuseUnlessGone(
  disk: Disk,
  directory: string,
  owner: LockOwner,
  file: string,
): Promise<void> {
  const life = await lifeOf(disk, directory, owner);
  if (life !== "gone") throw locked(directory, owner, file, life);
}

/** What dead openers and the owner before left (K4). */
async function removeRemains(
  disk: Disk,
  directory: string,
  mine: string,
  before: LockOwner | null,
): Promise<void> {
  const names = await disk.list(directory);
  const tokens = new Set(
    names.map((name) => MARK_NAME.exec(name)?.[1]).filter((token) => token !== undefined),
  );
  if (before !== null) tokens.add(before.token);
  for (const token of tokens) {
    if (token === mine) continue;
    const owner = await readOwner(disk, join(directory, markName(token)));
    const isGone =
      owner === null
        ? names.includes(signName(token)) && !(await disk.isSignAlive(join(directory, signName(token))))
        : (await lifeOf(disk, directory, owner)) === "gone";
    if (!isGone) continue;
    for (const name of [markName(token), `${markName(token)}.tmp`, signName(token)])
      await disk.remove(join(directory, name));
  }
}

/** Null when there is none, or none that can be read: an own one is always complete (K3). */
async function readOwner(disk: Disk, path: string): Promise<LockOwner | null> {
  try {
    const read: Partial<LockOwner> | null = JSON.parse(new TextDecoder().decode(await readWhole(disk, path)));
    if (typeof read?.pid !== "number" || typeof read.host !== "string") return null;
    return { started: "", boot: "", namespace: "", token: "", signs: false, ...read } as LockOwner;
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

async function lifeOf(disk: Disk, directory: string, owner: LockOwner): Promise<Life> {
  const here = thisProcess();
  const isOfThisKernel = owner.boot === here.boot && (here.boot !== "" || owner.host === here.host);
  // The disk of a machine has one kernel at a time: this machine under the same name was started again, or shows each container a boot id of
  // its own. Its sign tells the two apart.
  if (!isOfThisKernel && !(owner.boot !== "" && owner.host === here.host && (await disk.isLocal(directory))))
    return "unknown";
  if (owner.signs) return (await disk.isSignAlive(join(directory, signName(owner.token)))) ? "alive" : "gone";
  if (!isOfThisKernel) return "gone";
  if (owner.namespace !== here.namespace || owner.host !== here.host) return "unknown";
  return ours.has(owner.token) || isRunning(owner) ? "alive" : "gone";
}

/** For an owner without a sign, in this PID namespace. */
function isRunning(owner: LockOwner): boolean {
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

let known: Omit<LockOwner, "token" | "signs"> | null = null;

function thisProcess(): Omit<LockOwner, "token" | "signs"> {
  known ??= {
    pid: process.pid,
    started: startOf(process.pid),
    host: hostname(),
    boot: textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()),
    namespace: textOf(() => readlinkSync("/proc/self/ns/pid")),
  };
  return known;
}

/** Field 22 of /proc/pid/stat; the name in field 2 may hold spaces, so counting starts after its closing bracket. */
function startOf(pid: number): string {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

/** "" where the system has no such file. */
function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

function markName(token: string): string {
  return `${LOCK_FILE}.${token}`;
}

function signName(token: string): string {
  return `${LOCK_FILE}.${token}.sign`;
}

function locked(directory: string, owner: LockOwner, file: string, life: Life): JournalLocked {
  const remedy = `; if it is gone, delete ${file} there: from here it cannot be seen`;
  return new JournalLocked({
    action: `write ${directory}`,
    value: `${nameOf(owner)} writes it`,
    expected: `another folder, or that writer stopped${life === "unknown" ? remedy : ""}`,
  });
}

function nameOf(owner: LockOwner): string {
  if (ours.has(owner.token)) return "this process";
  const here = thisProcess();
  const elsewhere = owner.boot === here.boot && owner.namespace !== here.namespace;
  return `process ${owner.pid}${elsewhere ? " of another container" : ""} on ${owner.host}`;
}
