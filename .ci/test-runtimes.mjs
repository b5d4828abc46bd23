/**
 * Fetches the runtimes that the tests compare bit for bit, each once into a folder of `.tools/`: Node 24 and Deno, for this platform.
 * They come from the package registry, whose packages hold nothing but the official binaries; an installation for use goes without.
 * By itself:  node .ci/test-runtimes.mjs
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { FETCHED, findFetched, findNode24, findProgram, RUNS_IN_DENO } from "./runtime.mjs";

/** One version for all: a different one may differ in the last bit of what is not ours. */
const VERSIONS = { node24: "24.21.0", deno: "2.9.5" };

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
  console.log(`Fetching ${packageName} ${version} into ${join(".tools", name)}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const manifest = { private: true, dependencies: { [packageName]: version } };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(folder, "deno.json"), JSON.stringify({ nodeModulesDir: "manual", lock: false }));
  const byNpm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  const byDeno = [process.execPath, "install", "--quiet"];
  const [command = "", ...args] = RUNS_IN_DENO && findProgram("npm") === null ? byDeno : byNpm;
  const shell = process.platform === "win32" && command === "npm";
  spawnSync(command, args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"], shell });
  if (findFetched(name, version) !== null) return;
  rmSync(folder, { recursive: true, force: true });
  console.log(`Cannot fetch ${packageName} ${version}: tests that need it are skipped`);
}

if (import.meta.url === pathToFileURL(resolve(process.argv[1] ?? "")).href) fetchTestRuntimes();
