/** Where the data of a suite lies: the folder that was given, or a place in the one that EIGENWATCH_DATA names. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { EigenwatchError } from "../../../protocol/errors.ts";
import type { DataNeed } from "./suite.ts";

const VARIABLE = "EIGENWATCH_DATA";

/**
 * `given`: the value of --data. Throws an error that names what is missing and where people get it. "": no folder is named, and the suite has something
 * to do without.
 */
export function dataFolder(
  suite: string,
  { folder, holds, source, optional = false }: DataNeed,
  given: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const base = environment[VARIABLE];
  const path = given ?? (base ? join(base, folder) : null);
  const contents = holds.length === 0 ? "" : ` with ${holds.join(", ")}`;
  const expected = `--data PATH${contents} (${source}), or ${folder} in the folder that ${VARIABLE} names`;
  const refuse = (value: string) =>
    new EigenwatchError({ action: `bench detect --suite ${suite}`, value, expected, kind: "notFound" });
  if (path === null && optional) return "";
  if (path === null) throw refuse("no folder with its data is given");
  if (!existsSync(path)) throw refuse(`there is no folder ${path}`);
  const missing = holds.find((name) => !existsSync(join(path, name)));
  if (missing !== undefined) throw refuse(`${path} has no ${missing}`);
  return path;
}

/** Paths of the files in a folder whose names end so, in order. */
export async function filesIn(folder: string, ending: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}
