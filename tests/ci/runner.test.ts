/** The test runner: its counts, and that no broken file passes. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import type { FileReport } from "../support/run-file.ts";

/** Runs one fixture; the report is the last line of stdout. */
function run(fixture: string): { status: number | null; report: FileReport | null; output: string } {
  const [path, ...args] = ownRuntime().command as [string, ...string[]];
  // Emptied, not omitted: on Deno a child inherits variables that `env` does not name.
  const env = { ...process.env, EIGENWATCH_TEST_REPORT: "" };
  const { status, stdout, stderr } = spawnSync(
    path,
    [...args, join(ROOT, "tests/support/run-file.ts"), join(ROOT, "tests/ci/fixtures", fixture)],
    { encoding: "utf8", env },
  );
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  const last = lines.at(-1);
  return { status, report: last === undefined ? null : JSON.parse(last), output: stdout + stderr };
}

const report = (passed: number, failed: number, failures: string[]): FileReport => {
  return { passed, failed, skipped: 0, failures, skips: [] };
};

test("runner counts passing tests of a suite", () => {
  const { status, report: counted } = run("passing.ts");
  assert.equal(counted, report(2, 0, []));
  assert.is(status, 0);
});

test("runner names the failing test and exits 1", () => {
  const { status, report: counted } = run("failing.ts");
  assert.equal(counted, report(1, 1, ["one and one are three"]));
  assert.is(status, 1);
});

test("runner fails all tests after a throwing before hook and shows its error", () => {
  const { status, report: counted, output } = run("throwing-before.ts");
  assert.equal(counted, report(0, 2, ["(before hook threw)"]));
  assert.match(output, "the database is away");
  assert.is(status, 1);
});

test("runner keeps the counts of a suite whose after hook throws, and fails it", () => {
  const { status, report: counted } = run("throwing-after.ts");
  assert.equal(counted, report(1, 1, ["(after hook threw)"]));
  assert.is(status, 1);
});

test("runner fails a file that queues no test", () => {
  const { status, report: counted } = run("no-tests.ts");
  assert.equal(counted, report(0, 1, ["(no tests)"]));
  assert.is(status, 1);
});

test("runner counts skips of all three kinds with their reasons", () => {
  const { status, report: counted } = run("skipping.ts");
  assert.equal(counted, {
    passed: 1,
    failed: 0,
    skipped: 3,
    failures: [],
    skips: ["no reference data", "no /proc here", "test.skip"],
  });
  assert.is(status, 0);
});

test("runner fails a file with test.only, which hides other tests", () => {
  const { status, report: counted } = run("only.ts");
  assert.is(counted?.failed, 1);
  assert.is(status, 1);
});

test("runner exits with failure when a test never settles", () => {
  const { status, report: counted } = run("never-settling.ts");
  assert.is(counted, null);
  assert.is.not(status, 0);
});

test("runner fails a file that keeps the process alive", () => {
  const { status, report: counted } = run("leaving-open.ts");
  assert.equal(counted, report(1, 1, ["(left open)"]));
  assert.is(status, 1);
});

/** Runs fixtures through the whole runner, on the runtime that this test runs on. */
function runAll(
  fixtures: string[],
  env: Record<string, string> = {},
): { status: number | null; output: string; last: string } {
  const { kind, command } = ownRuntime();
  const [path, ...args] = command as [string, ...string[]];
  const files = fixtures.map((name) => `tests/ci/fixtures/${name}`);
  const { status, stdout } = spawnSync(
    path,
    [...args, join(ROOT, "tests/support/run.ts"), "--only", kind, ...files],
    { encoding: "utf8", env: { ...process.env, CI: "", ...env } },
  );
  return { status, output: stdout, last: stdout.trimEnd().split("\n").at(-1) ?? "" };
}

test("whole run ends with the counts alone on the last line and exits by them", () => {
  const good = runAll(["passing.ts"]);
  assert.is(good.last, "2 passed, 0 failed");
  assert.is(good.status, 0);
  const bad = runAll(["passing.ts", "failing.ts", "skipping.ts"]);
  assert.is(bad.last, "4 passed, 1 failed");
  assert.is(bad.status, 1);
  assert.match(bad.output, "one and one are three");
  assert.match(bad.output, "3 skipped:");
  assert.match(bad.output, "no /proc here");
});

test("whole run fails a file that ends before its tests and one that never ends", () => {
  const { status, output, last } = runAll(["never-settling.ts", "hanging.ts"]);
  assert.is(last, "0 passed, 2 failed");
  assert.match(output, "(no end within 1 s)");
  assert.is(status, 1);
});

test("whole run fails when no test file matches", () => {
  const { status, last } = runAll(["no-such-file"]);
  assert.is(last, "0 passed, 1 failed");
  assert.is(status, 1);
});

test("whole run skips, counts and names a file whose program is missing", () => {
  const { status, output, last } = runAll(["needing-chromium.ts"], { CHROMIUM: "/nowhere/chromium" });
  assert.is(last, "0 passed, 0 failed");
  assert.match(output, "1 skipped:");
  assert.match(
    output,
    "needing-chromium.ts: no chromium: install it (Debian, Ubuntu: apt-get install chromium)",
  );
  assert.is(status, 0);
});

test("whole run runs a file on the one runtime it names", () => {
  const { last } = runAll(["for-node.ts", "passing.ts"]);
  assert.is(last, ownRuntime().kind === "node" ? "3 passed, 0 failed" : "2 passed, 0 failed");
});

test.run();
