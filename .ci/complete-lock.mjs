/**
 * Completes package-lock.json: `npm install` leaves out optional packages (binaries of other platforms) that its
 * registry does not hold, and then `npm ci` refuses the lock file. Each is entered with its exact version and its
 * platform, which is what npm needs to pass over it; without a checksum, which only the registry knows.
 *
 *     node .ci/complete-lock.mjs      after a change of dependencies
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "./runtime.mjs";

/**
 * @typedef {{ version?: string, dev?: boolean, optional?: boolean, os?: string[], cpu?: string[], libc?: string[],
 *             optionalDependencies?: Record<string, string> }} Entry
 * @typedef {{ packages: Record<string, Entry> }} Lock
 */

const SYSTEMS = [
  "aix",
  "android",
  "darwin",
  "freebsd",
  "linux",
  "netbsd",
  "openbsd",
  "openharmony",
  "sunos",
  "win32",
];
const PROCESSORS = "arm arm64 ia32 loong64 mips64el ppc64 riscv64 s390x x64".split(" ");

/** Optional dependencies that the lock file should hold and does not. @param {Lock} lock @returns {[string, Entry][]} */
export function missingEntries(lock) {
  /** @type {[string, Entry][]} */
  const missing = [];
  for (const { optionalDependencies = {}, dev } of Object.values(lock.packages))
    for (const [name, version] of Object.entries(optionalDependencies)) {
      const path = `node_modules/${name}`;
      const platform = platformOf(name);
      if (path in lock.packages || platform === null) continue;
      missing.push([path, { version, ...(dev === true ? { dev } : {}), optional: true, ...platform }]);
    }
  return missing;
}

/**
 * Packages of binaries carry their platform in their names: @biomejs/cli-linux-x64-musl. Null for other packages.
 * @param {string} name @returns {Pick<Entry, "os" | "cpu" | "libc"> | null}
 */
function platformOf(name) {
  const words = name.split(/[/-]/);
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  if (os === undefined || cpu === undefined) return null;
  const last = words.at(-1) ?? "";
  const libc =
    os !== "linux" ? undefined : /musl/.test(last) ? "musl" : /gnu|glibc/.test(last) ? "glibc" : undefined;
  return { os: [os], cpu: [cpu], ...(libc === undefined ? {} : { libc: [libc] }) };
}

function complete() {
  const path = join(ROOT, "package-lock.json");
  /** @type {Lock} */
  const lock = JSON.parse(readFileSync(path, "utf8"));
  const missing = missingEntries(lock);
  const entries = Object.entries(lock.packages).concat(missing);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  lock.packages = Object.fromEntries(entries);
  writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
  console.log(`package-lock.json: ${missing.length} entries added`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) complete();
