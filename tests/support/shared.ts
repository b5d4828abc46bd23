/**
 * Reference data beside the checkout, in `../shared/data`: oracle values, market and detection records.
 *
 *     const file = shared("oracle/states.json.gz");
 *     if (file === null) skipWithoutData();
 *     else test("measure agrees with the oracle", () => { … });
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { skip } from "./skip.ts";

const FOLDER = fileURLToPath(new URL("../../../shared", import.meta.url));

/** Only our data holds it: other people have folders called `shared` too. */
const MARKER = "data/oracle/states.json.gz";

/**
 * The path of a reference file, or null where there is none: a checkout on its own, or beside a folder of somebody else. Throws if our data
 * is there without the file: it is broken, and its test must not be skipped. `folder`: where the data is.
 */
export function shared(name: string, folder = FOLDER): string | null {
  if (!existsSync(join(folder, MARKER))) return null;
  const path = join(folder, "data", name);
  if (!existsSync(path)) throw new Error(`Cannot find reference data ${name}: ${path} does not exist`);
  return path;
}

/** Skips a test, or what stands in its place, and says why. */
export function skipWithoutData(folder = FOLDER): void {
  const foreign = existsSync(folder) ? `: ${folder} holds no ${MARKER}` : "";
  skip(`no reference data beside the checkout${foreign}`);
}
