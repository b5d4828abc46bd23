/** The folder of the built dashboard. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** dist/dashboard of the checkout, or dashboard/ next to the built program; null when it is not built. */
export function dashboardDirectory(): string | null {
  const here = dirname(fileURLToPath(import.meta.url));
  // The built program has its parts in a folder of their own.
  const candidates = [join(here, "..", "dashboard"), join(here, "..", "dist", "dashboard")];
  return candidates.find((path) => existsSync(join(path, "main.js"))) ?? null;
}
