/** Bundles of tests behave as their sources: they find what lies beside the source, and an error names the source's place. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";
import { bundleTests } from "../support/bundle-tests.ts";
import { atSources, testCommand } from "../support/bundles.ts";

/** In the checkout, so that the bundles find uvu. */
const made = `.tools/made-up-bundles-${process.pid}`;
const bundles = join(ROOT, made, "bundles");

/** Bundles these files of a made-up folder and runs the first. */
async function runBundled(files: Record<string, string>): Promise<string> {
  try {
    const paths = Object.keys(files).map((name) => `${made}/${name}`);
    mkdirSync(join(ROOT, made), { recursive: true });
    for (const [name, text] of Object.entries(files)) writeFileSync(join(ROOT, made, name), text);
    await bundleTests(
      paths.filter((path) => path.endsWith(".test.ts")),
      bundles,
    );
    const [path = "", ...args] = testCommand(ownRuntime(), paths[0]!, bundles);
    assert.ok(args.some((arg) => arg.startsWith(bundles)));
    const env = { ...process.env, EIGENWATCH_TEST_REPORT: "" };
    const { stdout, stderr } = spawnSync(path, args, { cwd: ROOT, encoding: "utf8", env });
    return atSources(stdout + stderr);
  } finally {
    rmSync(join(ROOT, made), { recursive: true, force: true });
  }
}

test("a module reads what lies beside its source, and a text that mentions its URL stays as it is", async () => {
  const output = await runBundled({
    "beside.test.ts": `import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { beside } from "./beside.ts";
test("reads", () => assert.is(readFileSync(new URL("beside.txt", import.meta.url), "utf8"), beside()));
test("text", () => assert.is("import.meta.url".length, 15));
test.run();
`,
    "beside.ts": `import { readFileSync } from "node:fs";
export const beside = (): string => readFileSync(new URL("./beside.txt", import.meta.url), "utf8");
`,
    "beside.txt": "what lies here",
  });
  assert.match(output, '"passed":2,"failed":0');
});

test("an error names file and line of the source, also where it was thrown in a file that tests share", async () => {
  const failing = (name: string) => `import { test } from "uvu";
import { refuse } from "./refuse.ts";

test("${name}", () => {
  refuse();
});
test.run();
`;
  const output = await runBundled({
    "one.test.ts": failing("one"),
    "two.test.ts": failing("two"),
    "refuse.ts": `interface OnlyAType {
  readonly line: 2;
}
export function refuse(): OnlyAType {
  throw new Error("refused");
}
`,
  });
  assert.match(output, `${made}/refuse.ts:5:`);
  assert.match(output, `${made}/one.test.ts:5:`);
});

test("a source that cannot be read is refused by its name", async () => {
  const refused = await runBundled({ "broken.test.ts": "this is no program" }).then(
    () => "",
    (error: Error) => error.message,
  );
  assert.match(refused, "broken.test.ts:1:");
});

test.run();
