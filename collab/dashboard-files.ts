/** Where the built dashboard lies. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** dist/dashboard beside the sources, or beside the bundle; null when it is not built. */
export function dashboardDirectory(): string | null {
  const here = dirname(fileURLToPath(import.meta.url));
  const candidates = [join(here, "dashboard"), join(here, "..", "dist", "dashboard")];
  return candidates.find((path) => existsSync(join(path, "main.js"))) ?? null;
}
