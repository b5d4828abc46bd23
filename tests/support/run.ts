/**
 * Runs the test files, each in a process of its own, on Node and on Deno, and ends with the counts alone on a line:
 *
 *     12 passed, 0 failed
 *
 * `--gate` runs formatter, linter, type check, the checks of `.ci/checks` and `bench regression` too and counts each as one test.
 * `--slowest` ends with the files that take most CPU; `--busy` runs beside so many processes that take all the CPU they get. What tests need is built before: the page, the program that they start, and bundles of
 * the tests themselves; `--unbuilt` leaves that out, and all run from sources. `--folder` has the tests of another folder of the checkout.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, constants } from "node:os";
import { join } from "node:path";
import { Command, Option } from "@commander-js/extra-typings";
import type { Runtime } from "../../.ci/runtime.mjs";
import { findDeno, findNode, ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import { read } from "../../actors/command-line/option-values.ts";
import { wholeNumber } from "../../protocol/text-values.ts";
import { atSources, BUNDLES, testCommand } from "./bundles.ts";
import { provide } from "./programs.ts";
import type { FileReport } from "./run-file.ts";
import { killRunning, runProcess } from "./run-process.ts";
import { type Directives, directivesOf, findTests } from "./test-files.ts";
import { type InTurn, inTurn } from "./turns.ts";

/** A step of the gate that takes longer hangs: the slowest takes ten seconds. */
const GATE_TIMEOUT_S = 300;

/** Files wait, for servers, browsers and leases: two more than there are cores keep those busy. */
const WAITING_FILES = 2;

/** A browser, its page and its server take half a gigabyte: with more at once a machine of many cores and little memory would swap. */
const FILES_AT_ONCE_MAX = 12;

const FILES_AT_ONCE = Math.min(availableParallelism() + WAITING_FILES, FILES_AT_ONCE_MAX);

/** Files that `--slowest` lists: they take most of the CPU of a run. */
const SLOWEST_SHOWN = 25;

/** Beside more, timeouts of whole files come before their ends. */
const BUSY_MAX = 64;

/** Where no test may stand: the runner looks in the folder of tests alone. */
const OTHER_FOLDERS = ["protocol", "actors", "collab", "sim", ".ci"];

const BUSY = join(ROOT, "tests", "support", "busy.mjs");

/** What a file took, for `--slowest`. */
interface Cost {
  name: string;
  seconds: number;
  cpuSeconds: number;
}

/** A test file and the runtimes that it runs on. */
interface Planned {
  file: string;
  directives: Directives;
  runtimes: Runtime[];
}

interface Job extends InTurn {
  name: string;
  runtime: string;
  command: string[];
  timeoutS: number;
  /** A file reports its tests; the exit code of a step of the gate is one test; that of the build counts if it failed. */
  counted: "byReport" | "byExit" | "ifFailed";
}

const command = new Command("npm test --")
  .description("Runs the tests on Node and on Deno, and ends with the counts.")
  .argument("[files...]", "test files, or parts of their paths; without: all")
  .addOption(new Option("--only <runtime>", "run all on this one").choices(["node", "deno"] as const))
  .option("--long", "larger worlds, tables and lists of commands", false)
  .option("--gate", "formatter, linter, types, checks and the regression benchmark too", false)
  .option("--install", "install missing packages of Debian, as root", false)
  .option("--slowest", "end with the files that take most CPU", false)
  .option("--busy <n>", "beside so many processes that compute all the time", read(wholeNumber(1, BUSY_MAX)))
  .option("--unbuilt", "run from sources", false)
  .option("--folder <dir>", "of the tests, in the checkout", "tests")
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  .parse();
const options = command.opts();
const filters = command.args;
if (options.long) process.env["EIGENWATCH_LONG"] = "1";

const total: FileReport = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
/** In the tree, not in the system's temporary folder, where tests and people clean up. */
const folder = join(ROOT, ".tools", "test-runs", String(process.pid));
const reports = join(folder, "reports");
mkdirSync(reports, { recursive: true });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.once(signal, () => stop(`stopped by ${signal}`, 128 + constants.signals[signal]));
for (const thrown of ["uncaughtException", "unhandledRejection"] as const)
  process.once(thrown, (error) => stop(`the runner failed: ${(error as Error).stack ?? error}`, 1));

const busy = Array.from({ length: options.busy ?? 0 }, () =>
  spawn(process.execPath, [BUSY], { stdio: ["pipe", "ignore", "ignore"] }),
);
const costs: Cost[] = [];
const planned = plan();
const isReady = options.unbuilt || (await isBuilt());
const bundles = options.unbuilt || !isReady ? BUNDLES : await bundled();
const tests = isReady ? planned.flatMap((each) => jobsOf(each, bundles)) : [];
const { together, alone } = inTurn([...(options.gate ? gateJobs() : []), ...tests]);
await runAll(together, FILES_AT_ONCE);
await runAll(alone, 1);
conclude();

function plan(): Planned[] {
  const runtimes = chosenRuntimes();
  const files = chosenFiles();
  if (files.length === 0) fail(`no test file matches ${JSON.stringify(filters)}`);
  return files.flatMap((file) => planOf(file, runtimes));
}

/** A filter that is the path of a file means that file, whatever its name; others pick among the test files. */
function chosenFiles(): string[] {
  const named = filters.filter((path) => /\.tsx?$/.test(path) && existsSync(join(ROOT, path)));
  const parts = filters.filter((part) => !named.includes(part));
  if (filters.length > 0 && parts.length === 0) return named;
  const ofCheckout = options.folder === "tests" && filters.length === 0;
  const { files: all, problems } = findTests(options.folder, ofCheckout ? OTHER_FOLDERS : []);
  for (const problem of problems) fail(problem);
  return [...named, ...all.filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))];
}

function chosenRuntimes(): Runtime[] {
  const found = { node: findNode(), deno: findDeno() };
  // In this order: what runs on either takes the last, which is the faster one.
  const chosen: Runtime[] = [];
  for (const kind of ["node", "deno"] as const) {
    if (options.only !== undefined && options.only !== kind) continue;
    const runtime = found[kind];
    if (runtime !== null) chosen.push(runtime);
    else
      skipAll(
        `all tests on ${kind === "node" ? "Node: install Node 20.15 or later" : "Deno: npm ci installs it"}`,
      );
  }
  return chosen;
}

/** None for a file with a wrong directive: it would not run as its author meant. */
function planOf(file: string, runtimes: Runtime[]): Planned[] {
  const { directives, problems } = directivesOf(file);
  for (const problem of problems) fail(problem);
  if (problems.length > 0) return [];
  for (const program of directives.requires) {
    const problem = provide(program, options.install || process.env["CI"] === "true");
    if (problem !== null) {
      skipAll(`${file}: ${problem}`);
      return [];
    }
  }
  const { runtime } = directives;
  const own = runtimes.filter(({ kind }) => runtime === undefined || runtime === kind);
  return [{ file, directives, runtimes: runtime === "either" ? runtimes.slice(-1) : own }];
}

function jobsOf({ file, directives, runtimes }: Planned, bundles: string): Job[] {
  const { timeoutS, serial, slow } = directives;
  return runtimes.map((runtime) => ({
    name: file,
    runtime: runtime.name,
    command: testCommand(runtime, file, bundles),
    timeoutS,
    serial,
    slow,
    counted: "byReport",
  }));
}

/** Bundles the tests. Returns the folder; none where a source cannot be read: then each file runs from its sources, and that one fails. */
async function bundled(): Promise<string> {
  const bundles = join(folder, "bundles");
  try {
    const { bundleTests } = await import("./bundle-tests.ts");
    await bundleTests(
      planned.map(({ file }) => file),
      bundles,
    );
  } catch (error) {
    console.log(`Cannot bundle the tests, they run from their sources: ${(error as Error).message}`);
    return "";
  }
  process.env["EIGENWATCH_TEST_BUNDLES"] = bundles;
  return bundles;
}

/** Builds what tests need; a build that fails is a failed test, and then nothing runs: it would test what was built before. */
async function isBuilt(): Promise<boolean> {
  const { builtCommand } = ownRuntime();
  const parts = ["dashboard", "program"];
  const step = gateStep("build", ...builtCommand, join(ROOT, ".ci", "build.mjs"), ...parts);
  const { failed } = await runJob({ ...step, counted: "ifFailed" });
  if (failed > 0) return false;
  process.env["EIGENWATCH_TEST_PROGRAM"] = join(ROOT, "dist", "eigenwatch.mjs");
  return true;
}

function gateJobs(): Job[] {
  const own = ownRuntime();
  const script = own.builtCommand;
  return [
    gateStep(
      "biome",
      ...script,
      join(ROOT, "node_modules", "@biomejs", "biome", "bin", "biome"),
      "check",
      "--diagnostic-level=error",
      ".",
    ),
    gateStep("tsc", ...script, join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", "."),
    gateStep("checks", ...own.command, join(ROOT, ".ci", "check.ts")),
    gateStep("bench regression", ...own.command, join(ROOT, "main.ts"), "bench", "regression"),
  ];
}

function gateStep(name: string, ...command: string[]): Job {
  return {
    name,
    runtime: "gate",
    command,
    timeoutS: GATE_TIMEOUT_S,
    serial: false,
    slow: true,
    counted: "byExit",
  };
}

async function runAll(queue: Job[], atOnce: number): Promise<void> {
  const rest = [...queue];
  const worker = async () => {
    for (let job = rest.shift(); job !== undefined; job = rest.shift()) await runJob(job);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function runJob(job: Job): Promise<FileReport> {
  const startedMs = Date.now();
  const reportFile = join(reports, `${job.runtime}-${job.name.replaceAll("/", "-")}.json`);
  const { code, output, late } = await runProcess(job.command, job.timeoutS, {
    EIGENWATCH_TEST_REPORT: reportFile,
  });
  const report = job.counted === "byReport" ? readReport(reportFile) : reportOfExit(code, job.counted);
  // Without a report, or after a later failure, the exit of the process decides.
  if (late) addFailure(report, `(no end within ${job.timeoutS} s)`);
  else if (job.counted === "byReport" && report.failed === 0 && (code !== 0 || isEmpty(report)))
    addFailure(report, `(ended with ${code} before its tests were through)`);
  const mark = report.failed > 0 ? "FAIL" : "ok  ";
  const counts = [`${report.passed} passed`];
  if (report.failed > 0) counts.push(`${report.failed} failed`);
  if (report.skipped > 0) counts.push(`${report.skipped} skipped`);
  const seconds = (Date.now() - startedMs) / 1000;
  const cpu = report.cpuSeconds === undefined ? "" : ` (CPU ${report.cpuSeconds.toFixed(1)} s)`;
  const where = `${job.runtime} ${job.name}`;
  console.log(
    `${mark} ${job.runtime.padEnd(6)} ${job.name}  ${counts.join(", ")}  ${seconds.toFixed(1)} s${cpu}`,
  );
  for (const reason of new Set(report.skips)) console.log(`     skipped: ${reason}`);
  if (report.failed > 0) console.log(indent(atSources(output)));
  costs.push({ name: where, seconds, cpuSeconds: report.cpuSeconds ?? 0 });
  total.passed += report.passed;
  total.failed += report.failed;
  total.skipped += report.skipped;
  total.failures.push(...report.failures.map((name) => `${where}: ${name}`));
  total.skips.push(...report.skips.map((reason) => `${where}: ${reason}`));
  return report;
}

function readReport(path: string): FileReport {
  const empty: FileReport = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as FileReport) : empty;
}

function isEmpty({ passed, failed, skipped }: FileReport): boolean {
  return passed + failed + skipped === 0;
}

function reportOfExit(code: number | string, counted: Job["counted"]): FileReport {
  const failed = code === 0 ? 0 : 1;
  const passed = counted === "byExit" ? 1 - failed : 0;
  return { passed, failed, skipped: 0, failures: failed ? ["failed"] : [], skips: [] };
}

function addFailure(report: FileReport, name: string): void {
  report.failed++;
  report.failures.push(name);
}

function fail(what: string): void {
  addFailure(total, what);
  console.log(`FAIL ${what}`);
}

function skipAll(reason: string): void {
  total.skipped++;
  total.skips.push(reason);
  console.log(`skip ${reason}`);
}

function indent(text: string): string {
  return text.trimEnd().replace(/^/gm, "     ");
}

/** Ends the run before its end: with the counts so far and this failure. */
function stop(why: string, code: number): never {
  killRunning();
  fail(why);
  conclude();
  process.exit(code);
}

function conclude(): void {
  for (const child of busy) child.kill("SIGKILL");
  if (busy.length > 0) console.log(`\nbeside ${busy.length} processes that computed all the time`);
  rmSync(folder, { recursive: true, force: true });
  if (options.slowest) printSlowest();
  if (total.failures.length > 0) console.log(`\nfailed:\n${indent(total.failures.join("\n"))}`);
  if (total.skips.length > 0)
    console.log(`\n${total.skipped} skipped:\n${indent([...new Set(total.skips)].join("\n"))}`);
  if (total.passed + total.failed + total.skipped === 0) fail("nothing was run");
  const counts = `${total.passed} passed, ${total.failed} failed`;
  console.log(`\n${counts}`);
  // `.ci/run` looks whether the run came to its end.
  const file = process.env["EIGENWATCH_TEST_COUNTS"] ?? "";
  if (file !== "") writeFileSync(file, counts);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

function printSlowest(): void {
  const row = (name: string, cpu: number, wall: number) =>
    `${cpu.toFixed(1).padStart(8)} s CPU ${wall.toFixed(1).padStart(8)} s  ${name}`;
  const sum = (of: (cost: Cost) => number) => costs.reduce((before, cost) => before + of(cost), 0);
  const most = [...costs].sort((a, b) => b.cpuSeconds - a.cpuSeconds).slice(0, SLOWEST_SHOWN);
  const lines = most.map(({ name, cpuSeconds, seconds }) => row(name, cpuSeconds, seconds));
  const all = row(
    `all ${costs.length}`,
    sum(({ cpuSeconds }) => cpuSeconds),
    sum(({ seconds }) => seconds),
  );
  console.log(`\nmost CPU, with that of the processes they started:\n${[...lines, all].join("\n")}`);
}
