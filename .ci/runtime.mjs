/**
 * Which JavaScript runtimes are at hand, and how each runs a TypeScript file.
 * Plain JavaScript on node: builtins only: it works before anything is installed, on Node and on Deno.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Oldest Node that tsx and our dependencies run on. */
export const NODE_OLDEST = [20, 15];

/** First Node that runs TypeScript by itself, without a flag. */
const NODE_TYPE_STRIPPING = [22, 18];

/** Where `.ci/node24.mjs` puts its Node, and the package that it comes in. */
export const NODE24_FOLDER = join(ROOT, ".tools", "node24");
export const NODE24_PACKAGE = `node-${process.platform === "win32" ? "win" : process.platform}-${process.arch}`;

const NODE24 = join(NODE24_FOLDER, "node_modules", NODE24_PACKAGE, "bin", executable("node"));

export const RUNS_IN_DENO = "Deno" in globalThis;

/**
 * @typedef {object} Runtime
 * @property {string} name  "node20", "node24", "deno" …
 * @property {"node" | "deno"} kind
 * @property {string} version
 * @property {string} path  the executable itself
 * @property {string[]} command  to be followed by a .ts file and its arguments
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
  const version = existsSync(NODE24) ? nodeVersion(NODE24) : null;
  return version === null ? null : nodeRuntime(NODE24, version);
}

/**
 * The running Deno, else the installed binary, else the one on PATH.
 *
 * We depend on the packages @deno/<platform> that hold the bare binaries, not on `deno` that chooses among them: its
 * `node_modules/.bin/deno` would take the place of the user's Deno in `deno task`, and being a script that starts
 * another process it leaves that behind when it is stopped.
 * @returns {Runtime | null}
 */
export function findDeno() {
  if (RUNS_IN_DENO) return ownRuntime();
  const path = denoOfPackage() ?? findProgram("deno");
  const version = path === null ? undefined : output(path, ["--version"])?.split(" ")[1];
  return path === null || version === undefined ? null : denoRuntime(path, version);
}

/** @returns {string | null} */
function denoOfPackage() {
  const libc = process.platform === "linux" ? "-glibc" : "";
  const folder = join(ROOT, "node_modules", "@deno", `${process.platform}-${process.arch}${libc}`);
  const path = join(folder, executable("deno"));
  return isExecutable(path) ? path : null;
}

/** @param {string} path @param {string} version @returns {Runtime} */
function nodeRuntime(path, version) {
  // By its place and not by name: `--import tsx` is looked up from the working directory, which may be anywhere.
  const loader = pathToFileURL(join(ROOT, "node_modules", "tsx", "dist", "loader.mjs")).href;
  const strips = atLeast(version, NODE_TYPE_STRIPPING);
  // Node 22 strips types, and warns at each start that it does.
  const command = strips ? [path, "--disable-warning=ExperimentalWarning"] : [path, "--import", loader];
  return { name: `node${version.split(".")[0]}`, kind: "node", version, path, command };
}

/** @param {string} path @param {string} version @returns {Runtime} */
function denoRuntime(path, version) {
  return { name: "deno", kind: "deno", version, path, command: [path, "run", "-A"] };
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
