/** `npm start` and `npm run eigenwatch` run the built program, with the packages that an installation for use has. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
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

/** The files of the built program that one loads with another, and what is in them. */
function loadedWith(file: string, seen = new Map<string, string>()): Map<string, string> {
  if (seen.has(file)) return seen;
  const text = readFileSync(join(ROOT, "dist", file), "utf8");
  seen.set(file, text);
  for (const [, path] of text.matchAll(/^(?:import|export|\} from) ?(?:[^"]*from )?"(\.[^"]+\.mjs)";$/gm))
    loadedWith(join(dirname(file), path!), seen);
  return seen;
}

test("a start loads what reads YAML, sends mail, signs and joins clusters only where it is asked for", () => {
  const main = readFileSync(join(ROOT, "dist", "eigenwatch.mjs"), "utf8");
  const [, up] = /import\("\.\/(program\/up-command-[^"]+)"\)/.exec(main)!;
  const loaded = [...loadedWith(up!).values()].join("\n");
  // It would not be seen if nothing were.
  assert.match(loaded, /^\/\/ collab\/live\/serve\.ts$/m);
  assert.match(loaded, /^\/\/ node_modules\/xstate\//m);
  const large = ["node_modules/nodemailer", "node_modules/yaml", "node_modules/jose", "node_modules/mqtt"];
  for (const part of [...large, "sim/recordings/seal/signing-keys.ts", "collab/live/run-node.ts"])
    assert.not.ok(loaded.includes(`// ${part}`), part);
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
