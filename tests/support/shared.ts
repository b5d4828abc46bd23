/**
 * Reference data in `../shared/data`, next to the checkout: oracle values, market and detection records.
 *
 *     const file = shared("oracle/states.json.gz");
 *     if (file === null) skip("no reference data next to the checkout");
 *     else test("measure agrees with the oracle", () => { … });
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SHARED = fileURLToPath(new URL("../../../shared", import.meta.url));

/**
 * The path of one reference file, or null without `../shared` (a checkout on its own).
 * Throws if `../shared` exists without the file: the data is broken, and its test must not be skipped.
 */
export function shared(name: string): string | null {
  if (!existsSync(SHARED)) return null;
  const path = join(SHARED, "data", name);
  if (!existsSync(path)) throw new Error(`Cannot find reference data ${name}: ${path} does not exist`);
  return path;
}
