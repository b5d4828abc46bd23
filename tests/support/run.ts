/**
 * Runs the test files, each in a process of its own, on Node and on Deno, and ends with the counts alone on a line:
 *
 *     12 passed, 0 failed
 *
 *     run.ts [--only node|deno] [--long] [--gate] [--install] [file or part of its path]…
 *
 * Comments in the first lines of a test file state what it needs:
 *
 *     // requires: chromium      skipped and reported where the program is missing
 *     // runtime: node           on this runtime only
 *     // serial                  alone, after all others, because it measures time
 *     // timeout: 300            seconds, in place of TIMEOUT_S
 *
 * `--gate` runs formatter, linter, type check and the checks of `.ci/checks` first and counts each as one test.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { parseArgs } from "node:util";
import type { Runtime } from "../../.ci/runtime.mjs";
import { findDeno, findNode, ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import { provide } from "./programs.ts";
import type { FileReport } from "./run-file.ts";
import { killRunning, runProcess } from "./run-process.ts";

/** A file that takes longer hangs: usual files take seconds. */
const TIMEOUT_S = 120;

/** The smallest machines in use have two cores; with more files at once, timing tests disturb each other. */
const FILES_AT_ONCE = 2;

/** Directives are in the first lines, so that the text of a test is never one. */
const DIRECTIVE_LINES = 10;

interface Job {
  name: string;
  runtime: string;
  command: string[];
  timeoutS: number;
  serial: boolean;
  /** A gate step has no report: its exit code is its one test. */
  reports: boolean;
}

interface Directives {
  requires: string[];
  runtime: string | undefined;
  serial: boolean;
  timeoutS: number;
}

const { values: options, positionals: filters } = parseArgs({
  allowPositionals: true,
  options: {
    only: { type: "string" },
    long: { type: "boolean", default: false },
    gate: { type: "boolean", default: false },
    install: { type: "boolean", default: false },
  },
});
if (options.only !== undefined && !["node", "deno"].includes(options.only)) {
  console.error(`Cannot run tests --only ${options.only}: expected node or deno`);
  process.exit(2);
}
if (options.long) process.env["EIGENWATCH_LONG"] = "1";

const total: FileReport = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
/** In the tree, not in the system's temporary folder, where tests and people clean up. */
const reports = join(ROOT, ".tools", "test-reports", String(process.pid));
mkdirSync(reports, { recursive: true });
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop(signal));

const jobs = plan();
if (options.gate) await runAll(gateJobs(), 1);
await runAll(
  jobs.filter((job) => !job.serial),
  FILES_AT_ONCE,
);
await runAll(
  jobs.filter((job) => job.serial),
  1,
);
conclude();

function plan(): Job[] {
  const runtimes = chosenRuntimes();
  const files = chosenFiles();
  if (files.length === 0) fail(`no test file matches ${JSON.stringify(filters)}`);
  return files.flatMap((file) => jobsOf(file, runtimes));
}

/** A filter that is the path of a file means that file, whatever its name; others pick among the test files. */
function chosenFiles(): string[] {
  const named = filters.filter((path) => /\.tsx?$/.test(path) && existsSync(join(ROOT, path)));
  const parts = filters.filter((part) => !named.includes(part));
  if (filters.length > 0 && parts.length === 0) return named;
  const all = testFiles(join(ROOT, "tests"));
  return [...named, ...all.filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))];
}

function chosenRuntimes(): Runtime[] {
  const found = { node: findNode(), deno: findDeno() };
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

/** Paths relative to the root, in a total order, with "/" on every platform. */
function testFiles(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.test\.tsx?$/.test(name))
    .map((name) => relative(ROOT, join(folder, name)).split(sep).join("/"));
  return files.sort((a, b) => (a < b ? -1 : 1));
}

function jobsOf(file: string, runtimes: Runtime[]): Job[] {
  const { requires, runtime: expected, serial, timeoutS } = directives(file);
  for (const program of requires) {
    const problem = provide(program, options.install || process.env["CI"] === "true");
    if (problem !== null) {
      skipAll(`${file}: ${problem}`);
      return [];
    }
  }
  return runtimes
    .filter(({ kind }) => expected === undefined || expected === kind)
    .map((runtime) => ({
      name: file,
      runtime: runtime.name,
      command: [...runtime.command, join(ROOT, "tests", "support", "run-file.ts"), file],
      timeoutS,
      serial,
      reports: true,
    }));
}

function directives(file: string): Directives {
  const head = readFileSync(join(ROOT, file), "utf8").split("\n", DIRECTIVE_LINES).join("\n");
  const value = (name: string) => new RegExp(`^// ${name}: *(.+?) *$`, "m").exec(head)?.[1];
  return {
    requires: value("requires")?.split(/[ ,]+/) ?? [],
    runtime: value("runtime"),
    serial: /^\/\/ serial\b/m.test(head),
    timeoutS: Number(value("timeout") ?? TIMEOUT_S),
  };
}

function gateJobs(): Job[] {
  const step = (name: string, ...command: string[]): Job => ({
    name,
    runtime: "gate",
    command,
    timeoutS: TIMEOUT_S,
    serial: true,
    reports: false,
  });
  const own = ownRuntime();
  const script = own.kind === "deno" ? own.command : [own.path];
  return [
    step(
      "biome",
      ...script,
      join(ROOT, "node_modules", "@biomejs", "biome", "bin", "biome"),
      "check",
      "--diagnostic-level=error",
      ".",
    ),
    step("tsc", ...script, join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", "."),
    step("checks", ...own.command, join(ROOT, ".ci", "check.ts")),
  ];
}

async function runAll(queue: Job[], atOnce: number): Promise<void> {
  const rest = [...queue];
  const worker = async () => {
    for (let job = rest.shift(); job !== undefined; job = rest.shift()) await runJob(job);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function runJob(job: Job): Promise<void> {
  const startedMs = Date.now();
  const reportFile = join(reports, `${job.runtime}-${job.name.replaceAll("/", "-")}.json`);
  const { code, output, late } = await runProcess(job.command, job.timeoutS, {
    EIGENWATCH_TEST_REPORT: reportFile,
  });
  const report = job.reports ? readReport(reportFile) : gateReport(code);
  // Without a report, or after a later failure, the exit of the process decides.
  if (late) addFailure(report, `(no end within ${job.timeoutS} s)`);
  else if (report.failed === 0 && (code !== 0 || isEmpty(report)))
    addFailure(report, `(ended with ${code} before its tests were through)`);
  const mark = report.failed > 0 ? "FAIL" : "ok  ";
  const counts = [`${report.passed} passed`];
  if (report.failed > 0) counts.push(`${report.failed} failed`);
  if (report.skipped > 0) counts.push(`${report.skipped} skipped`);
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1);
  const cpu = report.cpuSeconds === undefined ? "" : ` (CPU ${report.cpuSeconds.toFixed(1)} s)`;
  console.log(`${mark} ${job.runtime.padEnd(6)} ${job.name}  ${counts.join(", ")}  ${seconds} s${cpu}`);
  for (const reason of new Set(report.skips)) console.log(`     skipped: ${reason}`);
  if (report.failed > 0) console.log(indent(output));
  const where = `${job.runtime} ${job.name}`;
  total.passed += report.passed;
  total.failed += report.failed;
  total.skipped += report.skipped;
  total.failures.push(...report.failures.map((name) => `${where}: ${name}`));
  total.skips.push(...report.skips.map((reason) => `${where}: ${reason}`));
}

function readReport(path: string): FileReport {
  const empty: FileReport = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as FileReport) : empty;
}

function isEmpty({ passed, failed, skipped }: FileReport): boolean {
  return passed + failed + skipped === 0;
}

function gateReport(code: number | string): FileReport {
  const failed = code === 0 ? 0 : 1;
  return { passed: 1 - failed, failed, skipped: 0, failures: failed ? ["failed"] : [], skips: [] };
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

function stop(signal: "SIGINT" | "SIGTERM"): void {
  killRunning();
  rmSync(reports, { recursive: true, force: true });
  process.exit(signal === "SIGINT" ? 130 : 143);
}

function conclude(): void {
  rmSync(reports, { recursive: true, force: true });
  if (total.failures.length > 0) console.log(`\nfailed:\n${indent(total.failures.join("\n"))}`);
  if (total.skips.length > 0)
    console.log(`\n${total.skipped} skipped:\n${indent([...new Set(total.skips)].join("\n"))}`);
  if (total.passed + total.failed + total.skipped === 0) fail("nothing was run");
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}
