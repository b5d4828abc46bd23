/**
 * The one table of commands, the same on both runtimes: `npm run NAME` and `deno task NAME` both come here.
 * Plain JavaScript on node: builtins: it works in a fresh clone, before anything is installed.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { isBuilt, PROGRAM } from "./build.mjs";
import { install } from "./install.mjs";
import { pack } from "./pack.mjs";
import { atLeast, NODE_OLDEST, ownRuntime, ROOT, RUNS_IN_DENO } from "./runtime.mjs";
import { fetchTestRuntimes } from "./test-runtimes.mjs";

/** @type {Record<string, { help: string, run: (args: string[]) => Promise<number> }>} */
const TASKS = {
  start: {
    help: "install, build, watch this machine (or what the arguments of `up` say)",
    run: start,
  },
  test: {
    help: "all tests, each on Node, Deno or both, as its file says; --only node|deno, --long, --install, --gate, --slowest, parts of file names",
    run: test,
  },
  ok: {
    help: "the gate: formatter, linter, types, checks of .ci/checks, regression benchmark, then all tests",
    run: ok,
  },
  check: {
    help: "the checks of .ci/checks: imports, cycles of files and folders, determinism, documents",
    run: check,
  },
  mutants: {
    help: "deliberate bugs in the sources: how many the simulator catches; --help lists the options",
    run: mutants,
  },
  mutation: {
    help: "small random changes of the sources: how many the tests notice; --help lists the options",
    run: mutation,
  },
  docs: {
    help: "write the documents that are made from the program: docs/commands.md and others",
    run: docs,
  },
  bench: { help: "the benchmarks, or the named one", run: bench },
  build: { help: "dashboard and program bundle into dist/", run: buildParts },
  pack: {
    help: "the package that people install: dist/eigenwatch-VERSION.tgz, of what is built and its types",
    run: packAll,
  },
  demo: { help: "records the session that the page plays at ?demo anew", run: demo },
  eigenwatch: {
    help: "the program itself, with its arguments; reads stdin and writes stdout",
    run: eigenwatch,
  },
};

/** How often to check whether npm is gone: the program outlives it by no more than this. */
const ORPHAN_CHECK_MS = 250;

if (!RUNS_IN_DENO && !atLeast(process.versions.node, NODE_OLDEST)) {
  console.error(
    `Cannot run on Node ${process.versions.node}: expected ${NODE_OLDEST.join(".")} or later (https://nodejs.org)`,
  );
  process.exit(1);
}

const [name, ...args] = process.argv.slice(2);
const task = name === undefined || !Object.hasOwn(TASKS, name) ? undefined : TASKS[name];
if (task !== undefined) process.exitCode = await task.run(args);
else {
  printTable();
  if (name !== undefined && !["help", "--help", "-h"].includes(name)) {
    console.error(`\nCannot run task ${name}: expected one of ${Object.keys(TASKS).join(", ")}`);
    process.exitCode = 2;
  }
}

/** @param {string[]} args */
async function start(args) {
  if (!install("stdout", "use")) return 1;
  const built = await buildIfStale([]);
  return built !== 0 ? built : program(["up", ...(args.length > 0 ? args : ["--feed", "host"])]);
}

/** @param {string[]} args */
async function test(args) {
  if (!install("stdout", "development")) {
    // What reads the counts finds them also where nothing could run; `.ci/run` adds its own.
    if (process.env["EIGENWATCH_TEST_COUNTS"] === undefined) console.log("\n0 passed, 1 failed");
    return 1;
  }
  fetchTestRuntimes();
  return script("tests/support/run.ts", args);
}

/** @param {string[]} args */
function ok(args) {
  return test(["--gate", ...args]);
}

/** @param {string[]} args */
function check(args) {
  return development(".ci/check.ts", args);
}

/** @param {string[]} args */
function mutants(args) {
  return development("tests/simulation/mutants/command.ts", args);
}

/** @param {string[]} args */
function mutation(args) {
  return development("tests/mutation/command.ts", args);
}

/** @param {string[]} args */
function docs(args) {
  return development(".ci/docs.ts", args);
}

/** @param {string[]} args */
function bench(args) {
  return development("main.ts", ["bench", ...args]);
}

/** @param {string[]} args */
async function buildParts(args) {
  return install("stdout", "use") ? build(args) : 1;
}

async function packAll() {
  if (!install("stdout", "development")) return 1;
  const built = await build([]);
  return built !== 0 ? built : pack();
}

/** @param {string[]} args */
function demo(args) {
  return development("tests/browser/record-demo.ts", args);
}

/** stdout belongs to the program; messages of this script go to stderr. @param {string[]} args */
async function eigenwatch(args) {
  if (!install("stderr", "use")) return 1;
  const built = await buildIfStale(["--quiet"]);
  return built !== 0 ? built : program(args, callersFolder());
}

/** Runs a file that only a checkout with all packages has. @param {string} file @param {string[]} args */
async function development(file, args) {
  return install("stdout", "development") ? script(file, args) : 1;
}

/** @param {string[]} options @returns {number | Promise<number>} exit code */
function buildIfStale(options) {
  return isBuilt() ? 0 : build(options);
}

/** In a process of its own: Deno looks at node_modules once, and they may have been installed since. @param {string[]} args */
function build(args) {
  return run(ownRuntime().builtCommand, ".ci/build.mjs", args);
}

/** Runs the built program: it is ready in a fraction of the time that its sources take. @param {string[]} args @param {string} [folder] */
function program(args, folder) {
  return run(ownRuntime().builtCommand, PROGRAM, args, folder);
}

/** npm and deno task change into the root; relative paths are meant from where the user stood. */
function callersFolder() {
  const here = process.cwd();
  const initial = process.env["INIT_CWD"];
  return initial !== undefined && join(here, ".") === join(ROOT, ".") ? initial : here;
}

/** Runs a TypeScript file. @param {string} file @param {string[]} args */
function script(file, args) {
  return run(ownRuntime().command, file, args);
}

/**
 * Runs a file with the runtime we run in, stdio inherited, and returns its exit code.
 * @param {string[]} command @param {string} file @param {string[]} args @param {string} folder @returns {Promise<number>}
 */
function run([path = "", ...options], file, args, folder = ROOT) {
  if (!existsSync(join(ROOT, file))) {
    console.error(`Cannot run ${file}: there is no such file in ${ROOT}`);
    return Promise.resolve(1);
  }
  const child = spawn(path, [...options, join(ROOT, file), ...args], { stdio: "inherit", cwd: folder });
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => {
    // A terminal sends Ctrl-C to the whole group: forwarded, the program would receive it twice.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  const orphanWatch = watchForOrphaning(() => child.kill("SIGTERM"));
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(`Cannot start ${path}: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code, signal) => {
      clearInterval(orphanWatch);
      for (const each of signals) process.off(each, forward);
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/**
 * npm starts this script through a shell, which does not forward SIGTERM before it dies: only the changed parent shows it.
 * @param {() => void} onOrphaned
 */
function watchForOrphaning(onOrphaned) {
  if (process.env["npm_lifecycle_event"] === undefined) return undefined;
  const parent = process.ppid;
  const watch = setInterval(() => process.ppid !== parent && onOrphaned(), ORPHAN_CHECK_MS);
  return watch.unref();
}

function printTable() {
  console.log("npm run NAME [-- ARGUMENTS]   or   deno task NAME [ARGUMENTS]\n");
  for (const [name, { help }] of Object.entries(TASKS)) console.log(`  ${name.padEnd(12)} ${help}`);
}
