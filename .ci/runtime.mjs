/**
 * Which JavaScript runtimes are at hand, and how each runs a TypeScript file.
 * Plain JavaScript on node: builtins only: it works before anything is installed, on Node and on Deno.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Oldest Node that tsx and our dependencies run on. */
export const NODE_OLDEST = [20, 15];

/** First Node that runs TypeScript by itself, without a flag. */
const NODE_TYPE_STRIPPING = [22, 18];

/**
 * The runtimes that `.ci/test-runtimes.mjs` fetches: where each is, and in which package it comes.
 *
 * Deno comes as the package @deno/<platform> that holds the bare binary, not as `deno` that chooses among them: that is a script, which
 * starts another process and leaves it behind when it is stopped.
 */
export const FETCHED = {
  node24: fetched(
    "node24",
    `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`,
    "bin",
    "node",
  ),
  deno: fetched(
    "deno",
    `@deno/${process.platform}-${process.arch}${process.platform === "linux" ? "-glibc" : ""}`,
    "deno",
  ),
};

/** @param {string} name @param {string} packageName @param {string[]} place of the binary in its package */
function fetched(name, packageName, ...place) {
  const folder = join(ROOT, ".tools", name);
  return { folder, packageName, path: executable(join(folder, "node_modules", packageName, ...place)) };
}

export const RUNS_IN_DENO = "Deno" in globalThis;

/**
 * @typedef {object} Runtime
 * @property {string} name  "node20", "node24", "deno" …
 * @property {"node" | "deno"} kind
 * @property {string} version
 * @property {string} path  the executable itself
 * @property {string[]} command  to be followed by a .ts file and its arguments
 * @property {string[]} builtCommand  to be followed by a .mjs file and its arguments
 */

/** The runtime this process runs in. @returns {Runtime} */
export function ownRuntime() {
  return RUNS_IN_DENO
    ? denoRuntime(process.execPath, /** @type {any} */ (globalThis).Deno.version.deno)
    : nodeRuntime(process.execPath, process.versions.node);
}

/** The running Node or, under Deno, the one on PATH or the fetched one. @returns {Runtime | null} */
export function findNode() {
  if (!RUNS_IN_DENO) return ownRuntime();
  const onPath = findProgram("node");
  const version = onPath === null ? null : nodeVersion(onPath);
  if (onPath !== null && version !== null && atLeast(version, NODE_OLDEST))
    return nodeRuntime(onPath, version);
  return findNode24();
}

/** Node 24: the running one if it is that, else the fetched one. @returns {Runtime | null} */
export function findNode24() {
  if (!RUNS_IN_DENO && process.versions.node.startsWith("24.")) return ownRuntime();
  return findFetched("node24");
}

/** The running Deno, else the fetched one, else the one on PATH. @returns {Runtime | null} */
export function findDeno() {
  if (RUNS_IN_DENO) return ownRuntime();
  const onPath = findProgram("deno");
  return findFetched("deno") ?? (onPath === null ? null : denoAt(onPath));
}

/** A fetched runtime, of this version if one is given. @param {keyof typeof FETCHED} name @param {string} [version] @returns {Runtime | null} */
export function findFetched(name, version) {
  const { path } = FETCHED[name];
  if (!isExecutable(path)) return null;
  const found = name === "deno" ? denoAt(path) : nodeAt(path);
  return version === undefined || found?.version === version ? found : null;
}

/** @param {string} path @returns {Runtime | null} */
function nodeAt(path) {
  const version = nodeVersion(path);
  return version === null ? null : nodeRuntime(path, version);
}

/** @param {string} path @returns {Runtime | null} */
function denoAt(path) {
  const version = output(path, ["--version"])?.split(" ")[1];
  return version === undefined ? null : denoRuntime(path, version);
}

/** @param {string} path @param {string} version @returns {Runtime} */
function nodeRuntime(path, version) {
  // By its place and not by name: `--import tsx` is looked up from the working directory, which may be anywhere.
  const loader = pathToFileURL(join(ROOT, "node_modules", "tsx", "dist", "loader.mjs")).href;
  const strips = atLeast(version, NODE_TYPE_STRIPPING);
  // Node 22 strips types, and warns at each start that it does.
  const command = strips ? [path, "--disable-warning=ExperimentalWarning"] : [path, "--import", loader];
  return { name: `node${version.split(".")[0]}`, kind: "node", version, path, command, builtCommand: [path] };
}

/** @param {string} path @param {string} version @returns {Runtime} */
function denoRuntime(path, version) {
  const command = [path, "run", "-A"];
  return { name: "deno", kind: "deno", version, path, command, builtCommand: command };
}

/** Null also for the `node` that Deno puts on the PATH of its children: that is Deno, under another name. @param {string} path */
function nodeVersion(path) {
  const answer = output(path, ["-p", "'Deno' in globalThis ? 'Deno' : process.versions.node"])?.trim();
  return answer === undefined || answer === "Deno" ? null : answer;
}

/** @param {string} path @param {string[]} args */
function output(path, args) {
  const { status, stdout } = spawnSync(path, args, { encoding: "utf8" });
  return status === 0 ? stdout : null;
}

/** @param {string} version @param {number[]} expected major and minor */
export function atLeast(version, expected) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = expected;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
}

/** A program on PATH or in one of `places`. @param {string} name @param {string[]} places @returns {string | null} */
export function findProgram(name, places = []) {
  return findPrograms(name, places)[0] ?? null;
}

/** All of that name, in the order of the search. @param {string} name @param {string[]} places @returns {string[]} */
function findPrograms(name, places = []) {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...places].filter(
    (folder) => folder !== "",
  );
  return folders.map((folder) => join(folder, executable(name))).filter(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** @param {string} name */
function executable(name) {
  return process.platform === "win32" ? `${name}.exe` : name;
}
