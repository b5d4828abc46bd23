/**
 * Keeps invitations and guests in a file of its own, which only its owner may read: it holds the key that signs them.
 *
 * F1  A save is a new file, written, synchronized and renamed over the old one: after a crash there is the old one or the new one, whole.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import * as v from "valibot";
import { EigenwatchError } from "../../protocol/errors.ts";
import { granted } from "./grant-schemas.ts";
import type { Granted, GrantStore } from "./grants.ts";

const FILE_MODE = 0o600;

/** The file is made at the first save. One process writes it. */
export function grantsInFile(path: string): GrantStore {
  return { load: () => load(path), save: (all) => save(path, all) };
}

function load(path: string): Granted | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw unusable(path, (cause as Error).message, cause);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The text is not shown: it holds the key.
    throw unusable(path, `${text.length} characters that are not JSON`);
  }
  const result = v.safeParse(granted, json);
  if (result.success) return result.output;
  throw unusable(path, `${v.getDotPath(result.issues[0]) ?? "the whole"} does not fit`);
}

function save(path: string, all: Granted): void {
  const next = `${path}.next`;
  try {
    const file = openSync(next, "w", FILE_MODE);
    try {
      writeSync(file, JSON.stringify(all));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(next, path);
    const folder = openSync(dirname(path), "r");
    try {
      fsyncSync(folder);
    } finally {
      closeSync(folder);
    }
  } catch (cause) {
    const value = `${path}: ${(cause as Error).message}`;
    const expected = "a folder that can be written";
    throw new EigenwatchError(
      { action: "keep invitations", value, expected, kind: "unavailable" },
      { cause },
    );
  }
}

function unusable(path: string, value: string, cause?: unknown): EigenwatchError {
  const expected = "a file of invitations; without it, all invitations and guests end";
  return new EigenwatchError({ action: `read invitations from ${path}`, value, expected }, { cause });
}
