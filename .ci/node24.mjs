/**
 * Fetches Node 24 for this platform into .tools/node24, once, for the tests that compare runtimes bit for bit.
 * It comes from the package registry, whose package holds nothing but the official binary; nothing depends on it.
 * By itself:  node .ci/node24.mjs
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { findNode24, findProgram, NODE24_FOLDER, NODE24_PACKAGE, RUNS_IN_DENO } from "./runtime.mjs";

/** One version for all: a different one may differ in the last bit of what is not ours. */
const VERSION = "24.21.0";

/** Says what it does; when it fails, the tests that need Node 24 are skipped and named. @returns {boolean} */
export function fetchNode24() {
  if (findNode24() !== null) return true;
  console.log(`Fetching Node ${VERSION} into .tools/node24`);
  mkdirSync(NODE24_FOLDER, { recursive: true });
  const manifest = { private: true, dependencies: { [NODE24_PACKAGE]: VERSION } };
  writeFileSync(join(NODE24_FOLDER, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(NODE24_FOLDER, "deno.json"), JSON.stringify({ nodeModulesDir: "manual", lock: false }));
  const byNpm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"];
  const byDeno = [process.execPath, "install", "--quiet"];
  const [command = "", ...args] = RUNS_IN_DENO && findProgram("npm") === null ? byDeno : byNpm;
  const shell = process.platform === "win32" && command === "npm";
  spawnSync(command, args, { cwd: NODE24_FOLDER, stdio: ["ignore", "ignore", "inherit"], shell });
  if (findNode24() !== null) return true;
  rmSync(NODE24_FOLDER, { recursive: true, force: true });
  console.log(`Cannot fetch Node ${VERSION}: tests that need it are skipped`);
  return false;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) process.exitCode = fetchNode24() ? 0 : 1;
