/**
 * Runs one test file in this process and writes its counts, as JSON, to the file named by EIGENWATCH_TEST_REPORT
 * (to stdout without it):  node --import tsx tests/support/run-file.ts tests/x.test.ts
 * A bundle of it is followed by its name:  node …/tests/support/run-file.mjs …/tests/x.test.mjs tests/x.test.ts
 *
 * uvu's own `exec()` returns no counts, passes a suite whose hook threw, and reports nothing for a file without tests.
 * Here all three fail, and so do a remaining `test.only`, a test that no `run()` follows, one that a timer adds when the file is loaded, and
 * a file that keeps the process alive after its tests.
 *
 * With EIGENWATCH_TEST_STOP=1 the process ends with the first failing test, for those who only ask whether there is one.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

export interface FileReport {
  passed: number;
  failed: number;
  skipped: number;
  failures: string[];
  skips: string[];
  /** CPU time of the file's process, and on Linux of those that it started and that have ended. Only in a report that is written to a file. */
  cpuSeconds?: number;
}

/** Sockets and children end within milliseconds of the last test; a busy machine takes seconds for it. */
const LINGER_MS_MAX = 6_000;

/** What `runner(ctx, name)` of uvu returns: formatted errors or true, passed, skipped, total. */
type SuiteRun = () => Promise<[string | true, number, number, number]>;
type Hook = (state: unknown) => unknown;
interface SuiteContext {
  tests: Registered[];
  only: Registered[];
  before: Hook[];
  after: Hook[];
  bEach: Hook[];
  aEach: Hook[];
}

declare global {
  var UVU_DEFER: number | undefined;
  var UVU_INDEX: number | undefined;
  var UVU_QUEUE: (string | null | SuiteRun)[][] | undefined;
}

interface Registered {
  name: string;
  handler: Hook;
}

const HOOK_NAMES = { before: "before", after: "after", bEach: "before.each", aEach: "after.each" } as const;

const STOPS_AT_FAILURE = process.env["EIGENWATCH_TEST_STOP"] === "1";

/** Lists of tests of suites that were not queued. */
const unqueued = new Set<unknown[]>();

/** The file is loaded: its suites are queued, and what is added to them now never runs. */
let isLoaded = false;
/** Names of tests that came later. */
const late: string[] = [];

/** Counts of the running suite. */
let skippedInside = 0;
let hookThrows = 0;

const report: FileReport = { passed: 0, failed: 0, skipped: 0, failures: [], skips: [] };

const [, , path, file = path] = process.argv;
if (path === undefined)
  throw new Error("Cannot run tests: no file given; expected a path such as tests/x.test.ts");
neverReuseConnections();
await runFile(pathToFileURL(resolve(path)).href);
finish();

/**
 * A server closes a connection that is idle for 5 s. A test that a busy machine held for as long would send its next request into that, and
 * fail with "fetch failed".
 */
function neverReuseConnections(): void {
  const { fetch } = globalThis;
  globalThis.fetch = (input, init) => {
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set("connection", "close");
    return fetch(input, { ...init, headers });
  };
}

async function runFile(url: string): Promise<void> {
  globalThis.UVU_DEFER = 1;
  globalThis.UVU_INDEX = 0;
  globalThis.UVU_QUEUE = [[]];
  globalThis.EIGENWATCH_SKIPS = [];
  const restore = watchSuites();
  try {
    await import(url);
  } catch (error) {
    fail("(the file could not be loaded)", error);
  } finally {
    restore();
    isLoaded = true;
  }
  report.skips = globalThis.EIGENWATCH_SKIPS;
  report.skipped = report.skips.length;
  const lost = ([...unqueued].flat() as Registered[]).map(({ name }) => JSON.stringify(name)).join(", ");
  for (const run of globalThis.UVU_QUEUE[0] as SuiteRun[]) await runSuite(run);
  const left = lost === "" ? "" : ` has tests that no run() of their suite follows: ${lost}`;
  if (report.passed + report.failed + report.skipped === 0)
    fail("(no tests)", new Error(`${file} runs no test${left === "" ? "" : `;${left}`}`));
  // A suite without `run()`, and tests after it: uvu alone leaves them out and says nothing.
  else if (left !== "") fail("(never run)", new Error(`${file}${left}`));
}

async function runSuite(run: SuiteRun): Promise<void> {
  skippedInside = 0;
  hookThrows = 0;
  const [errors, passed, skipped, total] = await run();
  if (errors !== true) process.stdout.write(`\n${errors}\n`);
  report.passed += passed - skippedInside;
  // A throwing `before` ends its suite and uvu swallows the error: the tests that never ran have failed.
  report.failed += Math.max(total - passed, hookThrows);
  report.skipped += skipped + skippedInside;
  for (let i = 0; i < skipped; i++) report.skips.push("test.skip");
}

/**
 * uvu keeps a suite's tests and hooks in a closure and exposes them only in the `bind` call with which `test.run()` queues the suite.
 * Watching that call while the file loads gives the names of failures and the errors of hooks; watching how tests are added to the lists of
 * their suites gives those that are never queued. `test.run()` also gives its suite new lists, by `Object.assign`; they stay watched.
 */
function watchSuites(): () => void {
  const { bind } = Function.prototype;
  const { push } = Array.prototype;
  const { assign } = Object;
  Array.prototype.push = function (this: unknown[], ...items: unknown[]) {
    if (items.length === 1 && isTest(items[0])) unqueued.add(this);
    return Reflect.apply(push, this, items);
  };
  Function.prototype.bind = function (this: (...args: unknown[]) => unknown, ...args: unknown[]) {
    const context = args[1] as SuiteContext | undefined;
    if (this.name === "runner" && Array.isArray(context?.bEach)) watch(context);
    return Reflect.apply(bind, this, args);
  } as typeof bind;
  Object.assign = (target: object, ...sources: unknown[]) => {
    const [fresh] = sources as [Partial<SuiteContext> | undefined];
    for (const list of [fresh?.tests, fresh?.only]) if (Array.isArray(fresh?.bEach) && list) watchLate(list);
    return Reflect.apply(assign, Object, [target, ...sources]);
  };
  return () => {
    Function.prototype.bind = bind;
    Array.prototype.push = push;
    Object.assign = assign;
  };
}

/** Notes the tests that are added to a list of a suite when the file is loaded. */
function watchLate(list: Registered[]): void {
  const push = (...tests: Registered[]): number => {
    if (isLoaded) late.push(...tests.map(({ name }) => name));
    return Array.prototype.push.apply(list, tests);
  };
  Object.defineProperty(list, "push", { value: push });
}

/** What uvu adds to the list of a suite. */
function isTest(item: unknown): item is Registered {
  if (typeof item !== "object" || item === null) return false;
  const keys = Object.keys(item);
  return keys.length === 2 && keys[0] === "name" && keys[1] === "handler";
}

function watch(context: SuiteContext): void {
  unqueued.delete(context.tests);
  unqueued.delete(context.only);
  if (context.only.length > 0)
    fail("(test.only)", new Error("test.only is for running a file by itself; it hides other tests"));
  for (const test of [...context.tests, ...context.only]) test.handler = watchedTest(test.name, test.handler);
  for (const key of ["before", "after", "bEach", "aEach"] as const)
    context[key] = context[key].map((hook) => watchedHook(key, hook));
}

function watchedTest(name: string, handler: Hook): Hook {
  return async (state) => {
    const skips = report.skips.length;
    try {
      await handler(state);
    } catch (error) {
      report.failures.push(name);
      if (STOPS_AT_FAILURE) process.exit(1);
      throw error;
    }
    if (report.skips.length > skips) skippedInside++;
  };
}

function watchedHook(key: keyof typeof HOOK_NAMES, hook: Hook): Hook {
  return async (state) => {
    try {
      await hook(state);
    } catch (error) {
      report.failures.push(`(${HOOK_NAMES[key]} hook threw)`);
      console.error(`${HOOK_NAMES[key]} hook threw:`, error);
      hookThrows++;
      // Rethrowing the error of an `after` hook would lose uvu's counts; other hooks must stop the test or suite.
      if (key !== "after") throw error;
    }
  };
}

function fail(name: string, error: unknown): void {
  report.failed++;
  report.failures.push(name);
  console.error(`${name}:`, error);
}

/** Writes the report, then waits for the event loop to empty. Whatever keeps it alive was left open by a test. */
function finish(): void {
  writeReport();
  if (report.failed > 0) process.exitCode = 1;
  // At the very end: a timer may add a test while others run, and when all are through.
  process.once("exit", () => {
    if (late.length === 0) return;
    const names = late.map((name) => JSON.stringify(name)).join(", ");
    fail(
      "(never run)",
      new Error(`${file} adds tests when it is loaded and its suites are queued: ${names}`),
    );
    writeReport();
    process.exitCode = 1;
  });
  const linger = setTimeout(() => {
    fail(
      "(left open)",
      new Error(`${file} keeps the process alive: close its timers, servers, sockets and workers`),
    );
    writeReport();
    process.exit(1);
  }, LINGER_MS_MAX);
  linger.unref();
}

function writeReport(): void {
  const path = process.env["EIGENWATCH_TEST_REPORT"] ?? "";
  if (path === "") console.log(JSON.stringify(report));
  else writeFileSync(path, JSON.stringify({ ...report, cpuSeconds: cpuSeconds() }));
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + childCpuSeconds();
}

/** Of the children that were waited for: fields 16 and 17 of /proc/self/stat, in ticks of 10 ms; 0 where there is no /proc. */
function childCpuSeconds(): number {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    // The name of the program, in brackets, may hold spaces.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[13]) + Number(fields[14])) / 100;
  } catch {
    return 0;
  }
}
