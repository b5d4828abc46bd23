// runtime: node
// slow
/** `.ci/run` in made-up checkouts: whatever goes wrong, its last line is the counts, and something has failed. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ROOT } from "../../.ci/runtime.mjs";
import { temporaryDirectory } from "../support/recorded-run.ts";

/** What the runner itself is made of. */
const RUNNER = [
  ...[".ci", "tests/support", "package.json", "package-lock.json"],
  ...["actors/command-line/option-values.ts", "protocol/closest-name.ts", "protocol/text-values.ts"],
];

/** A program and a page that build and do nothing. */
const BUILDABLE = {
  "main.ts": "export {};\n",
  "collab/dashboard/main.tsx": "export {};\n",
  "collab/dashboard/push-worker.ts": "export {};\n",
  "collab/dashboard/demo/session.gz": "",
};

const PASSING = `import { test } from "uvu";\ntest("passes", () => {});\ntest.run();\n`;
const WAITING = `import { test } from "uvu";\ntest("waits for ever", () => new Promise(() => setInterval(() => {}, 1e6)));\ntest.run();\n`;

/** A checkout with the runner, the dependencies of this one, and these files. */
function checkout(files: Record<string, string>): string {
  const folder = temporaryDirectory();
  for (const path of RUNNER) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  for (const path of ["node_modules", ".tools"]) symlinkSync(join(ROOT, path), join(folder, path));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

interface Run {
  code: number | string;
  output: string;
  last: string;
}

/** Runs it to its end; after the first output that matches `until` it gets a SIGTERM. */
function runGate(folder: string, until?: RegExp): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(folder, ".ci", "run"), [], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let stopped = false;
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (stopped || until?.test(output) !== true) return;
      stopped = true;
      child.kill("SIGTERM");
    });
    child.stderr.resume();
    child.on("error", reject);
    child.on("close", (code, signal) => {
      resolve({ code: code ?? signal ?? "", output, last: output.trimEnd().split("\n").at(-1) ?? "" });
    });
  });
}

test("the last line is the counts when the page does not build", async () => {
  const folder = checkout({
    ...BUILDABLE,
    "collab/dashboard/main.tsx": "this is no program",
    "tests/passing.test.ts": PASSING,
  });
  const { code, output, last } = await runGate(folder);
  assert.match(output, /^FAIL gate +build/m);
  assert.not.match(output, "passing.test.ts");
  assert.match(last, /^\d+ passed, [1-9]\d* failed$/);
  assert.is(code, 1);
});

test("the last line is the counts when nothing can be installed", async () => {
  const folder = temporaryDirectory();
  for (const path of RUNNER) cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  writeFileSync(join(folder, "package-lock.json"), "no lock");
  const { code, last } = await runGate(folder);
  assert.is(last, "0 passed, 1 failed");
  assert.is(code, 1);
});

test("the last line is the counts when the run is stopped", async () => {
  const folder = checkout({
    ...BUILDABLE,
    "tests/passing.test.ts": PASSING,
    // Begins after the other: on two cores it would leave that one no place.
    "tests/waiting.test.ts": WAITING,
  });
  const { code, output, last } = await runGate(folder, /ok .*passing\.test\.ts/);
  assert.match(output, /^FAIL stopped by SIGTERM$/m);
  assert.match(last, /^[1-9]\d* passed, [1-9]\d* failed$/);
  assert.is(code, 143);
});

test("the last line is the counts when the runner is killed", async () => {
  const folder = checkout({ "tests/support/run.ts": `process.kill(process.pid, "SIGKILL");\n` });
  const { code, last } = await runGate(folder);
  assert.is(last, "0 passed, 1 failed");
  assert.is(code, 137);
});

test.run();
