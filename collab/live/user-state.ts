/**
 * Small files of a running program that other commands of the same user read: in a folder that nobody else can write to.
 *
 *   $XDG_RUNTIME_DIR/eigenwatch │ $XDG_STATE_HOME/eigenwatch │ ~/.local/state/eigenwatch
 *
 * A file of another user could name any process, and a command would signal it: one that others own or may write is refused.
 */
import {
  chmodSync,
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { EigenwatchError } from "../../protocol/errors.ts";

/** Its user alone. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;

/** Write permission of group and others. */
const OTHERS_MAY_WRITE = 0o022;

/** What a file says; null when there is none. Throws an EigenwatchError for one that another user can have written. */
export function readUserState(name: string): string | null {
  const path = join(folder(), name);
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw refused(`read ${path}`, (error as Error).message);
  }
  try {
    checkOwn(path, fstatSync(file));
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** Names of the files that begin so, in order. */
export function userStates(beginning: string): string[] {
  try {
    return readdirSync(folder())
      .filter((name) => name.startsWith(beginning) && name.endsWith(".json"))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw refused(`read ${folder()}`, (error as Error).message);
  }
}

/** Written beside and renamed: a reader sees the whole text, and a link that somebody put there is replaced, not followed. */
export function writeUserState(name: string, text: string): void {
  const into = folder();
  mkdirSync(into, { recursive: true, mode: FOLDER_MODE });
  checkOwn(into, statSync(into));
  const beside = join(into, `${name}.${process.pid}`);
  rmSync(beside, { force: true });
  writeFileSync(beside, text, { flag: "wx", mode: FILE_MODE });
  chmodSync(beside, FILE_MODE);
  renameSync(beside, join(into, name));
}

export function removeUserState(name: string): void {
  rmSync(join(folder(), name), { force: true });
}

function folder(): string {
  const { XDG_RUNTIME_DIR: runtime, XDG_STATE_HOME: state } = process.env;
  return join(runtime || state || join(homedir(), ".local", "state"), "eigenwatch");
}

function checkOwn(path: string, { uid, mode }: { uid: number; mode: number }): void {
  const own = process.getuid?.();
  // Windows has neither.
  if (own === undefined) return;
  if (uid !== own) throw refused(`use ${path}`, `it belongs to user ${uid}, not to ${own}`);
  if ((mode & OTHERS_MAY_WRITE) !== 0)
    throw refused(`use ${path}`, `others may write it (mode ${(mode & 0o777).toString(8)})`);
}

function refused(action: string, value: string): EigenwatchError {
  return new EigenwatchError({
    action,
    value,
    expected:
      "a file and folder that you alone can write; delete it, or set XDG_RUNTIME_DIR to a folder of yours",
    kind: "denied",
  });
}
