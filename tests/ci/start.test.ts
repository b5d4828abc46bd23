/** `npm start` and `npm run eigenwatch` run the built program, with the packages that an installation for use has. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { isBuilt } from "../../.ci/build.mjs";
import { ownRuntime, ROOT } from "../../.ci/runtime.mjs";

interface LockEntry {
  dev?: boolean;
  devOptional?: boolean;
}

function readJson<Shape>(path: string): Shape {
  return JSON.parse(readFileSync(join(ROOT, path), "utf8")) as Shape;
}

const { packages } = readJson<{ packages: Record<string, LockEntry> }>("package-lock.json");
const isForUse = ({ dev, devOptional }: LockEntry) => dev !== true && devOptional !== true;

test("npm run eigenwatch runs the built program", () => {
  const [path = "", ...options] = ownRuntime().builtCommand;
  const { status, stderr } = spawnSync(path, [...options, ".ci/task.mjs", "eigenwatch", "bench"], {
    cwd: ROOT,
    encoding: "utf8",
  });
  assert.match(stderr, /Cannot run benches in the built program/);
  assert.is(status, 2);
});

test("program and page are built from packages that an installation for use has", () => {
  assert.ok(isBuilt(), "the test before builds what is stale");
  const parts = ["program", "dashboard"].map((part) =>
    readJson<{ packages: string[] }>(`dist/.${part}.json`),
  );
  const built = parts.flatMap((part) => part.packages);
  assert.ok(built.includes("node_modules/ws") && built.includes("node_modules/preact"), built.join(" "));
  const needed = ["node_modules/esbuild", ...built];
  assert.equal(
    needed.filter((path) => packages[path] === undefined || !isForUse(packages[path])),
    [],
  );
});

test("an installation for use has no package of a tool or of another runtime", () => {
  const tools = /biome|typescript|playwright|tsx|oxc|@deno/;
  const used = Object.keys(packages).filter((path) => isForUse(packages[path]!) && tools.test(path));
  // npm leaves out the binaries of TypeScript with TypeScript.
  assert.equal(
    used.filter((path) => !path.startsWith("node_modules/@typescript/typescript-")),
    [],
  );
});

test.run();
