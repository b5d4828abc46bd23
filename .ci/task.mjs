/**
 * The one table of commands, the same on both runtimes: `npm run NAME` and `deno task NAME` both come here.
 * Plain JavaScript on node: builtins: it works in a fresh clone, before anything is installed.
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { install } from "./install.mjs";
import { fetchNode24 } from "./node24.mjs";
import { atLeast, NODE_OLDEST, ownRuntime, ROOT, RUNS_IN_DENO } from "./runtime.mjs";

/** @type {Record<string, { help: string, run: (args: string[]) => Promise<number> }>} */
const TASKS = {
  start: {
    help: "install, build the dashboard, watch this machine (or what the arguments of `up` say)",
    run: start,
  },
  test: {
    help: "all tests on Node and Deno; --only node|deno, --long, --install, --gate, --slowest, parts of file names",
    run: test,
  },
  ok: { help: "the gate: formatter, linter, types, checks of .ci/checks, then all tests", run: ok },
  check: {
    help: "the checks of .ci/checks: imports, cycles of files and folders, determinism, documents",
    run: check,
  },
  mutants: {
    help: "deliberate bugs in the sources: how many the simulator catches; --help lists the options",
    run: mutants,
  },
  docs: {
    help: "write the documents that are made from the program: docs/commands.md and others",
    run: docs,
  },
  bench: { help: "the benchmarks, or the named one", run: bench },
  build: { help: "dashboard and program bundle into dist/", run: build },
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
  if (!install("stdout")) return 1;
  const built = await script(".ci/build.ts", ["dashboard"]);
  if (built !== 0) return built;
  return script("main.ts", ["up", ...(args.length > 0 ? args : ["--feed", "host"])]);
}

/** @param {string[]} args */
async function test(args) {
  if (!install("stdout")) {
    // What reads the counts finds them also where nothing could run; `.ci/run` adds its own.
    if (process.env["EIGENWATCH_TEST_COUNTS"] === undefined) console.log("\n0 passed, 1 failed");
    return 1;
  }
  fetchNode24();
  return script("tests/support/run.ts", args);
}

/** @param {string[]} args */
function ok(args) {
  return test(["--gate", ...args]);
}

/** @param {string[]} args */
async function check(args) {
  return install("stdout") ? script(".ci/check.ts", args) : 1;
}

/** @param {string[]} args */
async function mutants(args) {
  return install("stdout") ? script("tests/simulation/mutants/command.ts", args) : 1;
}

/** @param {string[]} args */
async function docs(args) {
  return install("stdout") ? script(".ci/docs.ts", args) : 1;
}

/** @param {string[]} args */
async function bench(args) {
  return install("stdout") ? script("main.ts", ["bench", ...args]) : 1;
}

/** @param {string[]} args */
async function build(args) {
  return install("stdout") ? script(".ci/build.ts", args) : 1;
}

/** @param {string[]} args */
async function demo(args) {
  return install("stdout") ? script("tests/browser/record-demo.ts", args) : 1;
}

/** stdout belongs to the program; messages of this script go to stderr. @param {string[]} args */
async function eigenwatch(args) {
  if (!install("stderr")) return 1;
  if (args[0] === "up") {
    const built = await script(".ci/build.ts", ["dashboard", "--quiet"]);
    if (built !== 0) return built;
  }
  return script("main.ts", args, callersFolder());
}

/** npm and deno task change into the root; relative paths are meant from where the user stood. */
function callersFolder() {
  const here = process.cwd();
  const initial = process.env["INIT_CWD"];
  return initial !== undefined && join(here, ".") === join(ROOT, ".") ? initial : here;
}

/**
 * Runs a TypeScript file with the runtime we run in, stdio inherited, and returns its exit code.
 * @param {string} file @param {string[]} args @param {string} folder @returns {Promise<number>}
 */
function script(file, args, folder = ROOT) {
  if (!existsSync(join(ROOT, file))) {
    console.error(`Cannot run ${file}: there is no such file in ${ROOT}`);
    return Promise.resolve(1);
  }
  const [path = "", ...options] = ownRuntime().command;
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
