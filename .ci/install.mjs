/**
 * Brings node_modules in line with package-lock.json: by npm where there is one, else by Deno, which takes the same
 * versions and checksums from package-lock.json. That one file pins both; there is no second lock file to keep in step.
 *
 * Whoever uses the program needs the `dependencies` of package.json, with which it is built; whoever changes it needs all.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atLeast, findProgram, ROOT, RUNS_IN_DENO } from "./runtime.mjs";

const LOCK = join(ROOT, "package-lock.json");

/** What npm wrote about the tree it installed. */
const INSTALLED = join(ROOT, "node_modules", ".package-lock.json");

/** Names the package-lock.json that the tree was made from. */
const STAMP = join(ROOT, "node_modules", ".eigenwatch-lock");

/** First npm that honours all of our .npmrc. */
const NPM_OLDEST = [10, 0];

/** @typedef {"use" | "development"} Purpose */

/** Of the packages for development, one that nothing else brings along. */
const TEST_RUNNER = join(ROOT, "node_modules", "uvu");

/** @param {"stdout" | "stderr"} stream where to say what is done @param {Purpose} needed @returns {boolean} whether the tree is as expected */
export function install(stream, needed) {
  const say = stream === "stdout" ? console.log : console.error;
  if (isCurrent(needed)) return true;
  // Who develops in this tree and starts the program after the lock file changed keeps what tests need.
  const purpose = existsSync(TEST_RUNNER) ? "development" : needed;
  const npm = findProgram("npm");
  const npmVersion =
    npm === null ? null : spawnSync(npm, ["--version"], { encoding: "utf8", cwd: ROOT }).stdout.trim();
  const npmServes = npmVersion !== null && atLeast(npmVersion, NPM_OLDEST);
  if (!npmServes && !RUNS_IN_DENO) {
    const found = npmVersion === null ? "there is no npm on PATH" : `npm is ${npmVersion}`;
    say(`Cannot install dependencies: ${found}; expected npm 10 or later (it comes with Node), or Deno 2`);
    return false;
  }
  const done = npmServes ? byNpm(say, stream, purpose) : byDeno(say, stream, purpose);
  if (done) writeFileSync(STAMP, stampOf(purpose));
  else say("Cannot install dependencies: see the lines above; is the package registry reachable?");
  return done;
}

/** A tree for development serves use as well. @param {Purpose} purpose */
function isCurrent(purpose) {
  const stamp = read(STAMP);
  return stamp === stampOf(purpose) || stamp === stampOf("development") || describesSameTree(purpose);
}

/** @param {Purpose} purpose */
function stampOf(purpose) {
  return `${purpose} ${createHash("sha256").update(readFileSync(LOCK)).digest("hex")}`;
}

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, dev?: boolean, devOptional?: boolean }} Entry */

/** @returns {{ packages: Record<string, Entry> }} */
function readLock() {
  return JSON.parse(readFileSync(LOCK, "utf8"));
}

/** Someone ran npm by hand: what it installed is what the lock file asks for. @param {Purpose} purpose */
function describesSameTree(purpose) {
  const installed = read(INSTALLED);
  if (installed === null) return false;
  const present = JSON.parse(installed).packages;
  return Object.entries(readLock().packages).every(
    ([path, { version, optional, dev, devOptional }]) =>
      path === "" ||
      optional === true ||
      (purpose === "use" && (dev === true || devOptional === true)) ||
      present[path]?.version === version,
  );
}

/** @param {(line: string) => void} say @param {"stdout" | "stderr"} stream @param {Purpose} purpose */
function byNpm(say, stream, purpose) {
  say("Installing dependencies (npm ci)");
  // Without the second, npm keeps TypeScript, which is an optional peer of valibot: 31 MB.
  const omitted = purpose === "use" ? ["--omit=dev", "--legacy-peer-deps"] : [];
  return run("npm", ["ci", "--no-audit", "--no-fund", ...omitted], stream);
}

/**
 * Where there is no deno.lock, Deno takes versions and checksums from package-lock.json, but refuses one with entries
 * that lack a checksum (see complete-lock.mjs): so it works on a copy without them, in a folder of its own.
 * @param {(line: string) => void} say @param {"stdout" | "stderr"} stream @param {Purpose} purpose
 */
function byDeno(say, stream, purpose) {
  say("Installing dependencies (deno install, versions of package-lock.json)");
  const staging = join(ROOT, ".tools", "install");
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const lock = readLock();
  const root = /** @type {{ devDependencies?: object }} */ (lock.packages[""]);
  if (purpose === "use") for (const each of [manifest, root]) delete each.devDependencies;
  for (const [path, { integrity, optional, dev, devOptional }] of Object.entries(lock.packages)) {
    const isLeftOut = purpose === "use" && (dev === true || devOptional === true);
    if (isLeftOut || (optional === true && integrity === undefined)) delete lock.packages[path];
  }
  writeFileSync(join(staging, "package.json"), JSON.stringify(manifest));
  writeFileSync(join(staging, "deno.json"), JSON.stringify({ nodeModulesDir: "manual" }));
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

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
