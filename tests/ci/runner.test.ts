// slow
/** The test runner: its counts, and that no broken file passes. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import { scriptCommand, testCommand } from "../support/bundles.ts";
import type { FileReport } from "../support/run-file.ts";
import { directivesOf, findTests } from "../support/test-files.ts";
import { inTurn } from "../support/turns.ts";

/** Runs one fixture; the report is the last line of stdout. */
function run(fixture: string): { status: number | null; report: FileReport | null; output: string } {
  const [path = "", ...args] = testCommand(ownRuntime(), `tests/ci/fixtures/${fixture}`);
  // Emptied, not omitted: on Deno a child inherits variables that `env` does not name.
  const env = { ...process.env, EIGENWATCH_TEST_REPORT: "" };
  const { status, stdout, stderr } = spawnSync(path, args, { cwd: ROOT, encoding: "utf8", env });
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

interface WholeRun {
  status: number | null;
  output: string;
  last: string;
}

/** Runs fixtures through the whole runner, on the runtime that this test runs on. */
function runAll(fixtures: string[], env: Record<string, string> = {}): WholeRun {
  return runRunner(
    fixtures.map((name) => `tests/ci/fixtures/${name}`),
    env,
  );
}

function runRunner(options: string[], env: Record<string, string> = {}): WholeRun {
  const runtime = ownRuntime();
  const [path = "", ...args] = scriptCommand(runtime, "tests/support/run.ts");
  const { status, stdout } = spawnSync(path, [...args, "--only", runtime.kind, "--unbuilt", ...options], {
    encoding: "utf8",
    env: { ...process.env, CI: "", EIGENWATCH_TEST_COUNTS: "", ...env },
  });
  return { status, output: stdout, last: stdout.trimEnd().split("\n").at(-1) ?? "" };
}

/** Runs the tests of a made-up folder: in the checkout, so that they find uvu. */
function runFolder(files: Record<string, string>): WholeRun {
  const folder = `.tools/made-up-tests-${process.pid}`;
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(ROOT, folder, name)), { recursive: true });
      writeFileSync(join(ROOT, folder, name), text);
    }
    return runRunner(["--folder", folder]);
  } finally {
    rmSync(join(ROOT, folder), { recursive: true, force: true });
  }
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

test("a run beside processes that compute all the time ends with them, and says so", () => {
  const { status, output, last } = runRunner(["--busy", "2", "tests/ci/fixtures/passing.ts"]);
  assert.is(status, 0, output);
  assert.match(output, "beside 2 processes that computed all the time");
  assert.is(last, "2 passed, 0 failed");
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
    "needing-chromium.ts: no chromium: install it (Debian, Ubuntu: apt-get install chromium-headless-shell or chromium)",
  );
  assert.is(status, 0);
});

test("whole run runs a file on the one runtime it names", () => {
  const { last } = runAll(["for-node.ts", "passing.ts"]);
  assert.is(last, ownRuntime().kind === "node" ? "3 passed, 0 failed" : "2 passed, 0 failed");
});

test("whole run runs a file on one runtime where either will do", () => {
  const [path = "", ...args] = scriptCommand(ownRuntime(), "tests/support/run.ts");
  const { stdout } = spawnSync(path, [...args, "--unbuilt", "tests/ci/fixtures/for-either.ts"], {
    encoding: "utf8",
    env: { ...process.env, CI: "", EIGENWATCH_TEST_COUNTS: "" },
  });
  assert.match(stdout, /^1 passed, 0 failed$/m);
});

test("slow files begin before the others, and serial ones when all others are through", () => {
  const job = (name: string, slow: boolean, serial: boolean) => ({ name, slow, serial });
  const { together, alone } = inTurn([
    job("quick", false, false),
    job("alone", true, true),
    job("slow", true, false),
  ]);
  assert.equal(
    [together, alone].map((jobs) => jobs.map(({ name }) => name)),
    [["slow", "quick"], ["alone"]],
  );
});

const PASSING = `import { test } from "uvu";\ntest("passes", () => {});\ntest.run();\n`;

test("whole run fails, and names the file, where a test would not run", () => {
  const { status, output, last } = runFolder({
    "good.test.ts": PASSING,
    "lost.test.ts": `import { suite, test } from "uvu";
const lost = suite("lost");
lost("has no run", () => {});
test("has one", () => {});
test.run();
test("comes too late", () => {});`,
    "alone.test.ts": `import { suite } from "uvu";\nsuite("alone")("never runs", () => {});`,
    "timer.test.ts": `${PASSING}setTimeout(() => test("is added by a timer", () => {}), 0);
setTimeout(() => test("is added when all are through", () => {}), 50);`,
    "empty.test.ts": `import { test } from "uvu";\ntest.run();`,
    "value.test.ts": `// runtime: nodejs\n${PASSING}`,
    "key.test.ts": `// runtimes: node\n${PASSING}`,
    "loose.test.ts": `//runtime: node\n${PASSING}`,
    "block.test.ts": `/* runtime: node */\n${PASSING}`,
    "speed.test.ts": `// slow: yes\n${PASSING}`,
    "wait.test.ts": `// timeout: long\n${PASSING}`,
    "needs.test.ts": `// requires: chrome\n${PASSING}`,
    "late.test.ts": `${"\n".repeat(10)}// serial\n${PASSING}`,
    "other.spec.ts": PASSING,
    "deep/go_test.ts": PASSING,
    "deep/module.test.mts": PASSING,
    "deep/cases.ts": PASSING,
  });
  const expected = [
    /FAIL .*lost\.test\.ts .*1 passed, 1 failed/,
    /lost\.test\.ts has tests that no run\(\) of their suite follows: "has no run", "comes too late"/,
    /alone\.test\.ts runs no test; has tests that no run\(\) .*: "never runs"/,
    /FAIL .*timer\.test\.ts .*1 passed, 1 failed/,
    /timer\.test\.ts adds tests when .*: "is added by a timer", "is added when all are through"/,
    /empty\.test\.ts runs no test/,
    /value\.test\.ts:1 \/\/ runtime: nodejs: expected node, deno or either/,
    /key\.test\.ts:1 \/\/ runtimes: node: expected \/\/ runtime: node, deno or either/,
    /loose\.test\.ts:1 \/\/runtime: node: expected \/\/ runtime: node, deno or either/,
    /block\.test\.ts:1 \/\* runtime: node \*\/: expected \/\/ runtime: node, deno or either/,
    /speed\.test\.ts:1 \/\/ slow: yes: expected \/\/ slow/,
    /wait\.test\.ts:1 \/\/ timeout: long: expected a whole number of seconds/,
    /needs\.test\.ts:1 \/\/ requires: chrome: expected names of programs/,
    /late\.test\.ts:11 \/\/ serial: expected it in the first 10 lines/,
    /other\.spec\.ts is not run/,
    /deep\/go_test\.ts is not run/,
    /deep\/module\.test\.mts is not run/,
    /deep\/cases\.ts is not run/,
  ];
  for (const line of expected) assert.match(output, line);
  assert.is(last, "3 passed, 16 failed");
  assert.is(status, 1);
});

test("every file of this checkout that looks like a test is one, and its directives are known", () => {
  const { files, problems } = findTests("tests", ["protocol", "actors", "collab", "sim", ".ci"]);
  assert.ok(files.length > 100);
  // Every folder of tests that the repository has, whatever its name.
  const listed = spawnSync("git", ["ls-files", "tests/**/*.test.ts"], { encoding: "utf8" });
  if (listed.status === 0)
    assert.equal(
      listed.stdout
        .split("\n")
        .filter((file) => file !== "" && !file.startsWith("tests/ci/fixtures/") && !files.includes(file)),
      [],
    );
  assert.equal(problems, []);
  assert.equal(
    files.flatMap((file) => directivesOf(file).problems),
    [],
  );
});

test.run();
