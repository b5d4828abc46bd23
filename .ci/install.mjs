/**
 * Brings node_modules in line with package-lock.json: by npm where there is one, else by Deno, which takes the same
 * versions and checksums from package-lock.json. That one file pins both; there is no second lock file to keep in step.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atLeast, findProgram, ROOT, RUNS_IN_DENO } from "./runtime.mjs";

const LOCK = join(ROOT, "package-lock.json");

/** What npm wrote about the tree it installed. */
const INSTALLED = join(ROOT, "node_modules", ".package-lock.json");

/** Names the package-lock.json that the tree was made from. */
const STAMP = join(ROOT, "node_modules", ".eigenwatch-lock");

/** First npm that honours all of our .npmrc. */
const NPM_OLDEST = [10, 0];

/** @param {"stdout" | "stderr"} stream where to say what is done @returns {boolean} whether the tree is as expected */
export function install(stream) {
  const say = stream === "stdout" ? console.log : console.error;
  if (isCurrent()) return true;
  const npm = findProgram("npm");
  const npmVersion =
    npm === null ? null : spawnSync(npm, ["--version"], { encoding: "utf8", cwd: ROOT }).stdout.trim();
  const npmServes = npmVersion !== null && atLeast(npmVersion, NPM_OLDEST);
  if (!npmServes && !RUNS_IN_DENO) {
    const found = npmVersion === null ? "there is no npm on PATH" : `npm is ${npmVersion}`;
    say(`Cannot install dependencies: ${found}; expected npm 10 or later (it comes with Node), or Deno 2`);
    return false;
  }
  const done = npmServes ? byNpm(say, stream) : byDeno(say, stream);
  if (done) writeFileSync(STAMP, lockHash());
  else say("Cannot install dependencies: see the lines above; is the package registry reachable?");
  return done;
}

function isCurrent() {
  return read(STAMP) === lockHash() || describesSameTree();
}

/** Someone ran npm by hand: what it installed is what the lock file asks for. */
function describesSameTree() {
  const installed = read(INSTALLED);
  if (installed === null) return false;
  const present = JSON.parse(installed).packages;
  /** @type {Record<string, { version?: string, optional?: boolean }>} */
  const expected = JSON.parse(readFileSync(LOCK, "utf8")).packages;
  return Object.entries(expected).every(
    ([path, { version, optional }]) => path === "" || optional === true || present[path]?.version === version,
  );
}

/** @param {(line: string) => void} say @param {"stdout" | "stderr"} stream */
function byNpm(say, stream) {
  say("Installing dependencies (npm ci)");
  return run("npm", ["ci", "--no-audit", "--no-fund"], stream);
}

/**
 * Where there is no deno.lock, Deno takes versions and checksums from package-lock.json, but refuses one with entries
 * that lack a checksum (see complete-lock.mjs): so it works on a copy without them, in a folder of its own.
 * @param {(line: string) => void} say @param {"stdout" | "stderr"} stream
 */
function byDeno(say, stream) {
  say("Installing dependencies (deno install, versions of package-lock.json)");
  const staging = join(ROOT, ".tools", "install");
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  copyFileSync(join(ROOT, "package.json"), join(staging, "package.json"));
  writeFileSync(join(staging, "deno.json"), JSON.stringify({ nodeModulesDir: "manual" }));
  const lock = JSON.parse(readFileSync(LOCK, "utf8"));
  for (const [path, { integrity, optional }] of Object.entries(lock.packages))
    if (optional === true && integrity === undefined) delete lock.packages[path];
  writeFileSync(join(staging, "package-lock.json"), JSON.stringify(lock));
  const done = run(process.execPath, ["install", "--quiet"], stream, staging);
  if (done) {
    rmSync(join(ROOT, "node_modules"), { recursive: true, force: true });
    renameSync(join(staging, "node_modules"), join(ROOT, "node_modules"));
  }
  rmSync(staging, { recursive: true, force: true });
  return done;
}

/** @param {string} command @param {string[]} args @param {"stdout" | "stderr"} stream @param {string} folder */
function run(command, args, stream, folder = ROOT) {
  const out = stream === "stdout" ? 1 : 2;
  // npm is a shell script on Windows.
  const shell = process.platform === "win32" && command === "npm";
  return spawnSync(command, args, { cwd: folder, stdio: ["ignore", out, 2], shell }).status === 0;
}

function lockHash() {
  return createHash("sha256").update(readFileSync(LOCK)).digest("hex");
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
